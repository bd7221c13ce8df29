//! Http over reqwest, rustls and ring; built only when a request goes out.

use std::time::Duration;

/// What `call`'s flags change about the connection to an API. The authorization server's client
/// always uses the default plus `cacert`, `proxy` and the address family.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HttpOptions {
    /// Skip certificate checks (`-k`).
    pub insecure: bool,
    /// PEM file of trust anchors in place of the system's (`--cacert`).
    pub cacert: Option<String>,
    /// PEM files of a client certificate and its key (`--cert`, `--key`).
    pub cert: Option<String>,
    pub key: Option<String>,
    /// `http://`, `https://`, `socks5://`, `socks5h://` (`-x`); else from the environment.
    pub proxy: Option<String>,
    /// `--noproxy`-like list; `*` is all.
    pub no_proxy: Option<String>,
    /// Only HTTP/1.1, only HTTP/2.
    pub version: HttpVersion,
    /// `-4`, `-6`.
    pub family: AddressFamily,
    /// `--connect-timeout`.
    pub connect_timeout: Option<Duration>,
}

/// HTTP version to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HttpVersion {
    /// As ALPN decides.
    #[default]
    Any,
    Http1,
    Http2,
}

/// Address family to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AddressFamily {
    #[default]
    Any,
    V4,
    V6,
}

/// One reqwest client, built on first use.
pub struct Client {
    options: HttpOptions,
    inner: std::cell::OnceCell<reqwest::Client>,
}

impl Client {
    /// Builds nothing yet.
    pub fn new(options: HttpOptions) -> Self {
        Client {
            options,
            inner: std::cell::OnceCell::new(),
        }
    }
}

impl crate::port::Http for Client {
    fn send<'a>(
        &'a self,
        request: crate::port::Request,
    ) -> crate::port::BoxFuture<'a, Result<crate::port::Response, crate::port::HttpError>> {
        let _ = (&self.options, &self.inner, request);
        todo!()
    }
}
