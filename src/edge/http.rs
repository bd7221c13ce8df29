//! Http over reqwest, rustls and ring; built only when a request goes out.

mod body;
mod failure;
mod lookup;
mod proxy;
#[cfg(test)]
mod tests;
mod timing;
mod trust;

use std::cell::OnceCell;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::port::{Body, BoxFuture, Connection, Http, HttpError, Request, Response};

pub use body::{file, standard_input};
use failure::Peer;
use proxy::Proxies;

/// Name resolution, TCP and TLS together; below the 30 s of a whole exchange, so that a host that
/// drops packets is told as "not sent" and may be tried again.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// Headers an answer may carry; hyper's default of 100 is met by real APIs.
const MAX_HEADERS: usize = 256;

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
    /// `http://`, `https://`, `socks5://`, `socks5h://` (`-x`); else from the environment. Empty
    /// means none.
    pub proxy: Option<String>,
    /// `--noproxy`-like list; `*` is all. In place of the environment's.
    pub no_proxy: Option<String>,
    /// Only HTTP/1.1, only HTTP/2.
    pub version: HttpVersion,
    /// `-4`, `-6`.
    pub family: AddressFamily,
    /// Requests carry a User-Agent of their own, or none.
    pub names_agent: bool,
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
    /// Also on `http://`, with prior knowledge (RFC 9113 §3.3).
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

/// A reqwest client for `http` and one for `https`, each built on first use: reading the trust
/// anchors costs more than a whole plain request.
pub struct Client {
    options: HttpOptions,
    environment: fn(&str) -> Option<String>,
    plain: OnceCell<Built>,
    secure: OnceCell<Built>,
}

struct Built {
    client: reqwest::Client,
    proxies: Arc<Proxies>,
    connects: timing::Connects,
    connect_timeout: Duration,
}

/// What the environment says of the way to servers, in words; for `doctor`.
pub struct Surroundings {
    /// Whom TLS trusts.
    pub trust: Result<String, HttpError>,
    /// The proxies; `None` is none.
    pub proxy: Result<Option<String>, HttpError>,
}

/// Reads the trust anchors and the proxies of the environment.
pub fn surroundings() -> Surroundings {
    Surroundings {
        trust: trust::told(&super::env::var),
        proxy: Proxies::read(None, None, &super::env::var).map(|proxies| proxies.told()),
    }
}

impl Client {
    /// Builds nothing yet.
    pub fn new(options: HttpOptions) -> Self {
        Client::with_environment(options, super::env::var)
    }

    /// [`Client::new`] with another source of `SSL_CERT_FILE`, `https_proxy` and the like.
    pub fn with_environment(options: HttpOptions, environment: fn(&str) -> Option<String>) -> Self {
        Client {
            options,
            environment,
            plain: OnceCell::new(),
            secure: OnceCell::new(),
        }
    }

    fn built(&self, url: &Url) -> Result<&Built, HttpError> {
        let secure = url.scheme() == "https";
        let slot = if secure { &self.secure } else { &self.plain };
        if let Some(built) = slot.get() {
            return Ok(built);
        }
        let built = self.build(secure)?;
        Ok(slot.get_or_init(|| built))
    }

    fn build(&self, secure: bool) -> Result<Built, HttpError> {
        keep_heap();
        let options = &self.options;
        let proxies = Arc::new(Proxies::read(
            options.proxy.as_deref(),
            options.no_proxy.as_deref(),
            &self.environment,
        )?);
        let connects = timing::Connects::default();
        let mut tls = if secure || proxies.any_https() {
            trust::configuration(options, &self.environment)?
        } else {
            trust::unused()?
        };
        tls.resumption = connects.sessions();
        let connect_timeout = options.connect_timeout.unwrap_or(CONNECT_TIMEOUT);
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .connect_timeout(connect_timeout)
            .http1_max_headers(MAX_HEADERS)
            .dns_resolver(lookup::Lookup(connects.clone()))
            .connector_layer(connects.clone())
            .tls_backend_preconfigured(tls);
        if !options.names_agent {
            builder = builder.user_agent(concat!("hallpass/", env!("CARGO_PKG_VERSION")));
        }
        if !proxies.is_empty() {
            let chosen = Arc::clone(&proxies);
            builder = builder.proxy(reqwest::Proxy::custom(move |url| chosen.choose(url)));
        }
        builder = match options.version {
            HttpVersion::Any => builder,
            HttpVersion::Http1 => builder.http1_only(),
            HttpVersion::Http2 => builder.http2_prior_knowledge(),
        };
        // Binding to the unspecified address of one family leaves only that family's addresses,
        // literals included.
        builder = match options.family {
            AddressFamily::Any => builder,
            AddressFamily::V4 => builder.local_address(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
            AddressFamily::V6 => builder.local_address(IpAddr::V6(Ipv6Addr::UNSPECIFIED)),
        };
        let client = builder.build().map_err(|error| {
            HttpError::NotSent(format!("cannot set up HTTP: {}", error.without_url()))
        })?;
        Ok(Built {
            client,
            proxies,
            connects,
            connect_timeout,
        })
    }

    /// Hands the request over; what is left to do is to wait. Apart from the waiting, because a
    /// future keeps room for all that it ever held.
    fn begin(
        &self,
        request: Request,
    ) -> Result<
        (
            impl Future<Output = reqwest::Result<reqwest::Response>> + use<>,
            Waiting<'_>,
        ),
        HttpError,
    > {
        let url = target(&request)?;
        let (parts, body) = request.into_parts();
        let built = self.built(&url)?;
        let peer = Peer {
            url: url.clone(),
            proxies: Arc::clone(&built.proxies),
            connect_timeout: built.connect_timeout,
            family: self.options.family,
        };
        let mut outgoing = reqwest::Request::new(parts.method, url);
        *outgoing.headers_mut() = parts.headers;
        if let Body::Stream { length, .. } = body {
            body::frame(outgoing.headers_mut(), length);
        }
        *outgoing.body_mut() = body::outgoing(body);
        let waiting = Waiting {
            connects: &built.connects,
            before: built.connects.count(),
            peer,
        };
        Ok((built.client.execute(outgoing), waiting))
    }
}

/// What is known of a request that was handed over.
struct Waiting<'a> {
    connects: &'a timing::Connects,
    /// Connections made before.
    before: u64,
    peer: Peer,
}

impl Waiting<'_> {
    fn arrived(self, answer: reqwest::Result<reqwest::Response>) -> Result<Response, HttpError> {
        let answer = answer.map_err(|error| failure::of_request(error, &self.peer))?;
        let connection = Connection {
            connect: self.connects.last_since(self.before),
            remote: answer.remote_addr(),
        };
        let mut answer = body::incoming(answer, self.peer);
        answer.extensions_mut().insert(connection);
        Ok(answer)
    }
}

impl Http for Client {
    fn send<'a>(&'a self, request: Request) -> BoxFuture<'a, Result<Response, HttpError>> {
        let begun = self.begin(request);
        Box::pin(async move {
            let (answer, waiting) = begun?;
            waiting.arrived(answer.await)
        })
    }
}

/// Makes glibc keep up to 2 MiB of free heap: by default it gives everything above 128 KiB back
/// to the system and faults it in again for the next piece of a body, a quarter of the CPU time of
/// a large HTTP/2 download. Freeing one mapped block raises that threshold to twice the block's
/// size (mallopt(3), "dynamic mmap threshold"); elsewhere it does nothing.
fn keep_heap() {
    drop(std::hint::black_box(Vec::<u8>::with_capacity(1 << 20)));
}

/// The request's target as a URL: absolute, http or https, and without user information, which
/// would travel further than its owner thinks (must 48).
fn target(request: &Request) -> Result<Url, HttpError> {
    let refuse = |why: &str| Err(HttpError::NotSent(format!("the request's URL {why}")));
    let Ok(url) = crate::port::target::of(request) else {
        return refuse("is not an absolute URL");
    };
    if !matches!(url.scheme(), "http" | "https") {
        return refuse("is neither http nor https");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("carries a user name or password");
    }
    Ok(url)
}
