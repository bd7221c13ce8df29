//! What went wrong below HTTP, told so that a person can act on it. Never with a URL: its query
//! may hold a code or a token.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::{AlertDescription, CertificateError, InvalidMessage};
use url::Url;

use super::AddressFamily;
use super::lookup::LookupFailed;
use super::proxy::Proxies;
use crate::port::HttpError;
use crate::secret::printable;

/// Who was talked to; put into words only where something failed.
#[derive(Clone)]
pub(super) struct Peer {
    pub(super) url: Url,
    pub(super) proxies: Arc<Proxies>,
    pub(super) connect_timeout: Duration,
    pub(super) family: AddressFamily,
}

impl Peer {
    /// `host:port` of the request.
    fn host(&self) -> String {
        authority(&self.url)
    }

    /// `host:port` of the proxy, where one is used.
    fn proxy(&self) -> Option<String> {
        self.proxies.choose(&self.url).as_ref().map(authority)
    }
}

pub(super) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// A request that got no answer.
pub(super) fn of_request(error: reqwest::Error, peer: &Peer) -> HttpError {
    let error = error.without_url();
    // A stream of ours that broke knows better than hyper what happened.
    if let Some(own) = chain(&error).find_map(|cause| cause.downcast_ref::<HttpError>()) {
        return HttpError::Ambiguous(own.to_string());
    }
    let cause = cause(&error, peer);
    if error.is_connect() || error.is_builder() {
        let through = match peer.proxy() {
            Some(proxy) => format!(" through the proxy {proxy}"),
            None => String::new(),
        };
        return HttpError::NotSent(cause.told(&format!("cannot reach {}{through}", peer.host())));
    }
    let what = cause.told(&format!("{} did not answer", peer.host()));
    if cause.text.contains("too large") || cause.text.contains("too many headers") {
        return HttpError::Limit(what);
    }
    HttpError::Ambiguous(what)
}

/// An answer whose body broke off.
pub(super) fn of_body(error: reqwest::Error, peer: &Peer) -> HttpError {
    let error = error.without_url();
    let cause = cause(&error, peer);
    HttpError::Ambiguous(cause.told(&format!("the answer of {} broke off", peer.host())))
}

struct Cause {
    text: String,
    hint: Option<String>,
}

impl Cause {
    fn new(text: impl Into<String>) -> Self {
        Cause {
            text: text.into(),
            hint: None,
        }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Both lines, as [`HttpError`] takes them.
    fn told(&self, what: &str) -> String {
        match &self.hint {
            Some(hint) => format!("{what}: {}\n{hint}", self.text),
            None => format!("{what}: {}", self.text),
        }
    }
}

/// The error and its causes. An [`io::Error`]'s own `source` skips the error it wraps.
fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| below(*error))
}

fn below<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    let wrapped = error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref);
    match wrapped {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}

fn cause(error: &reqwest::Error, peer: &Peer) -> Cause {
    for cause in chain(error) {
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            return of_tls(tls);
        }
        if let Some(lookup) = cause.downcast_ref::<LookupFailed>() {
            return Cause::new(printable(&lookup.reason, 200)).hint(
                "check the host's spelling, the network, and whether a proxy is needed (-x)",
            );
        }
        if let Some(io) = cause.downcast_ref::<io::Error>()
            && io.get_ref().is_none()
        {
            return of_io(io, peer);
        }
    }
    if error.is_connect() && error.is_timeout() {
        return no_connection_in_time(peer);
    }
    let Some(last) = chain(error).last() else {
        return Cause::new("unknown cause");
    };
    of_words(&last.to_string(), peer)
}

/// Causes that have no type we can name, by hyper's words for them.
fn of_words(words: &str, peer: &Peer) -> Cause {
    if words.contains("proxy authorization required") {
        return Cause::new("the proxy wants a user name and password")
            .hint("give them in the proxy's URL: http://USER:PASSWORD@HOST:PORT");
    }
    if words == "unsuccessful tunnel" || words == "tunnel error: unsuccessful" {
        return Cause::new("the proxy refused to connect");
    }
    if words.contains("connection closed before message completed") {
        return Cause::new("it closed the connection");
    }
    // Left without an address of the wanted family, hyper has nothing to try.
    if peer.family != AddressFamily::Any && words == "Network unreachable" {
        return no_address(peer);
    }
    Cause::new(printable(words, 200))
}

fn no_connection_in_time(peer: &Peer) -> Cause {
    let seconds = peer.connect_timeout.as_secs_f64();
    Cause::new(format!("no connection within {seconds} s"))
        .hint("is the network up? --connect-timeout gives it longer")
}

fn no_address(peer: &Peer) -> Cause {
    let family = match peer.family {
        AddressFamily::V4 => "IPv4 ",
        AddressFamily::V6 => "IPv6 ",
        AddressFamily::Any => "",
    };
    Cause::new(format!("it has no {family}address that can be used"))
}

fn of_io(error: &io::Error, peer: &Peer) -> Cause {
    use io::ErrorKind as Kind;
    match error.kind() {
        Kind::ConnectionRefused => Cause::new("connection refused")
            .hint("is the server running, and are host and port right?"),
        Kind::ConnectionReset => Cause::new("the connection was reset"),
        Kind::BrokenPipe | Kind::UnexpectedEof | Kind::ConnectionAborted => {
            Cause::new("the connection broke")
        }
        Kind::TimedOut => no_connection_in_time(peer),
        Kind::NetworkUnreachable => {
            Cause::new("the network is unreachable").hint("is the network up?")
        }
        Kind::HostUnreachable => Cause::new("the host is unreachable"),
        Kind::AddrNotAvailable | Kind::InvalidInput if peer.family != AddressFamily::Any => {
            no_address(peer)
        }
        _ => {
            let text = error.to_string();
            let text = text.split(" (os error").next().unwrap_or_default();
            Cause::new(printable(text, 200))
        }
    }
}

fn of_tls(error: &rustls::Error) -> Cause {
    use rustls::Error as Tls;
    match error {
        Tls::InvalidCertificate(certificate) => of_certificate(certificate),
        Tls::InvalidMessage(InvalidMessage::InvalidContentType) => {
            Cause::new("it does not speak TLS on that port").hint("is it http:// and not https://?")
        }
        Tls::AlertReceived(
            AlertDescription::CertificateRequired | AlertDescription::HandshakeFailure,
        ) => Cause::new(format!("TLS was refused ({error})"))
            .hint("the server may want a client certificate: --cert FILE --key FILE"),
        Tls::AlertReceived(
            AlertDescription::BadCertificate
            | AlertDescription::UnknownCA
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateRevoked
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::AccessDenied,
        ) => Cause::new("it refused the client certificate")
            .hint("check --cert: is it the one the server knows, and still valid?"),
        Tls::AlertReceived(AlertDescription::ProtocolVersion) | Tls::PeerIncompatible(_) => {
            Cause::new("no TLS version or cipher in common").hint(
                "the server is too old: TLS 1.2 with forward secrecy is the least spoken here",
            )
        }
        Tls::AlertReceived(AlertDescription::NoApplicationProtocol)
        | Tls::NoApplicationProtocol => Cause::new("it does not speak the HTTP version asked for"),
        other => Cause::new(format!(
            "TLS failed: {}",
            printable(&other.to_string(), 200)
        )),
    }
}

fn of_certificate(error: &CertificateError) -> Cause {
    use CertificateError as Bad;
    const CLOCK: &str =
        "check this machine's clock; if it is right, the server's certificate is bad";
    match error {
        Bad::Expired | Bad::ExpiredContext { .. } => {
            Cause::new("its certificate has expired").hint(CLOCK)
        }
        Bad::NotValidYet | Bad::NotValidYetContext { .. } => {
            Cause::new("its certificate is not valid yet").hint(CLOCK)
        }
        Bad::NotValidForName => Cause::new("its certificate is for another host name"),
        Bad::NotValidForNameContext { presented, .. } => {
            let names: Vec<_> = presented
                .iter()
                .take(3)
                .map(|name| printable(bare_name(name), 100))
                .collect();
            Cause::new(format!(
                "its certificate is for {}, not for this host",
                if names.is_empty() {
                    "no name".to_owned()
                } else {
                    names.join(", ")
                }
            ))
        }
        Bad::Revoked => Cause::new("its certificate was revoked"),
        // What `openssl req -x509` makes unless told otherwise; curl takes it.
        _ if error.to_string().contains("CaUsedAsEndEntity") => {
            Cause::new("its certificate is a self-signed one of a CA, which no server may show as its own").hint(
                "make it anew with `openssl req -x509 … -addext basicConstraints=critical,CA:FALSE`, then --cacert FILE trusts it",
            )
        }
        // A CA of a known name with another key: an in-house CA that was made anew, or a forgery.
        Bad::UnknownIssuer | Bad::BadSignature => {
            Cause::new("its certificate is self-signed, or from a CA that is not trusted here").hint(
                "if you know its CA, name the CA's PEM file: --cacert FILE, or SSL_CERT_FILE for every command",
            )
        }
        other => Cause::new(format!(
            "its certificate is not valid: {}",
            printable(&other.to_string(), 200)
        )),
    }
}

/// webpki writes names like `DnsName("a.example")`.
fn bare_name(name: &str) -> &str {
    name.split('"').nth(1).unwrap_or(name)
}
