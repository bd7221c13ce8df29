//! TLS with certificate authorities that live as long as the test.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair,
    date_time_ymd,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use super::super::{Client, HttpOptions, HttpVersion};
use super::server::{Server, read_request, read_until};
use super::{fetch, get};
use crate::port::HttpError;

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A certificate authority and its PEM file.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    file: tempfile::NamedTempFile,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        params
            .distinguished_name
            .push(DnType::CommonName, format!("CA {number}"));
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(issuer.pem().as_bytes()).unwrap();
        Authority { issuer, file }
    }

    fn path(&self) -> String {
        self.file.path().to_str().unwrap().to_owned()
    }

    fn issue(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Issued {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        change(&mut params);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Issued { certificate, key }
    }
}

struct Issued {
    certificate: Certificate,
    key: KeyPair,
}

impl Issued {
    fn config(&self, clients_of: Option<&Authority>) -> ServerConfig {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = match clients_of {
            Some(authority) => {
                let mut roots = RootCertStore::empty();
                roots.add(authority.issuer.der().clone()).unwrap();
                builder.with_client_cert_verifier(
                    WebPkiClientVerifier::builder_with_provider(roots.into(), provider)
                        .build()
                        .unwrap(),
                )
            }
            None => builder.with_no_client_auth(),
        };
        let key = PrivateKeyDer::try_from(self.key.serialize_der()).unwrap();
        let chain = vec![self.certificate.der().clone()];
        builder.with_single_cert(chain, key).unwrap()
    }

    fn pem(&self) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(self.certificate.pem().as_bytes()).unwrap();
        file.write_all(self.key.serialize_pem().as_bytes()).unwrap();
        file
    }
}

/// Serves one connection; returns the request, or what went wrong.
fn serve(config: ServerConfig) -> Server<Result<String, String>> {
    Server::run(move |listener| {
        let (stream, _) = listener.accept().map_err(|error| error.to_string())?;
        let mut connection = ServerConnection::new(Arc::new(config)).unwrap();
        let mut stream_ref = &stream;
        while connection.is_handshaking() {
            connection
                .complete_io(&mut stream_ref)
                .map_err(|error| error.to_string())?;
        }
        let h2 = connection.alpn_protocol() == Some(b"h2");
        let mut tls = StreamOwned::new(connection, stream);
        if h2 {
            return Ok(read_until(&mut tls, "\r\n\r\n"));
        }
        let request = read_request(&mut tls);
        let _ =
            tls.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
        tls.conn.send_close_notify();
        let _ = tls.flush();
        Ok(request)
    })
}

fn secure(server: &Server<Result<String, String>>) -> String {
    format!("https://{}/cb?code=hunter2", server.address)
}

fn trusting(authority: &Authority) -> HttpOptions {
    HttpOptions {
        cacert: Some(authority.path()),
        ..HttpOptions::default()
    }
}

fn client(options: HttpOptions) -> Client {
    Client::with_environment(options, |_| None)
}

/// The error of a request to a server with this certificate.
fn refused(issued: &Issued, options: HttpOptions) -> HttpError {
    let server = serve(issued.config(None));
    let error = fetch(&client(options), get(&secure(&server))).unwrap_err();
    assert!(server.saw().is_err(), "no request was sent");
    assert!(matches!(error, HttpError::NotSent(_)), "{error:?}");
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    error
}

#[test]
fn a_ca_named_by_flag_is_trusted() {
    let authority = Authority::new();
    let server = serve(authority.issue("127.0.0.1", |_| {}).config(None));
    let answer = fetch(&client(trusting(&authority)), get(&secure(&server))).unwrap();
    assert_eq!(&answer.body()[..], b"ok");
    server.saw().unwrap();
}

#[test]
fn an_unknown_ca_is_refused_and_the_hint_names_the_flag() {
    let (known, unknown) = (Authority::new(), Authority::new());
    let error = refused(&unknown.issue("127.0.0.1", |_| {}), trusting(&known));
    assert!(error.to_string().contains("not trusted"), "{error}");
    assert!(error.hint().unwrap().contains("--cacert"));
}

#[test]
fn a_self_signed_certificate_is_refused_and_the_hint_names_the_flag() {
    let key = KeyPair::generate().unwrap();
    for is_ca in [IsCa::NoCa, IsCa::Ca(BasicConstraints::Unconstrained)] {
        let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        params.is_ca = is_ca;
        let issued = Issued {
            certificate: params.self_signed(&key).unwrap(),
            key: KeyPair::try_from(key.serialize_der()).unwrap(),
        };
        let error = refused(&issued, trusting(&Authority::new()));
        assert!(error.to_string().contains("self-signed"), "{error}");
        assert!(error.hint().unwrap().contains("--cacert"));
    }
}

#[test]
fn another_host_and_other_times_are_refused_by_name() {
    let authority = Authority::new();
    let error = refused(
        &authority.issue("other.example", |_| {}),
        trusting(&authority),
    );
    assert!(
        error.to_string().contains("is for other.example"),
        "{error}"
    );
    let old = authority.issue("127.0.0.1", |params| {
        params.not_after = date_time_ymd(2020, 1, 1)
    });
    let error = refused(&old, trusting(&authority));
    assert!(error.to_string().contains("has expired"), "{error}");
    assert!(error.hint().unwrap().contains("clock"));
    let early = authority.issue("127.0.0.1", |params| {
        params.not_before = date_time_ymd(2999, 1, 1);
        params.not_after = date_time_ymd(3000, 1, 1);
    });
    let error = refused(&early, trusting(&authority));
    assert!(error.to_string().contains("not valid yet"), "{error}");
}

#[test]
fn insecure_takes_any_certificate() {
    let server = serve(Authority::new().issue("other.example", |_| {}).config(None));
    let options = HttpOptions {
        insecure: true,
        ..HttpOptions::default()
    };
    fetch(&client(options), get(&secure(&server))).unwrap();
    server.saw().unwrap();
}

#[test]
fn a_ca_file_that_is_missing_or_empty_is_named_but_only_for_https() {
    let empty = tempfile::NamedTempFile::new().unwrap();
    for path in ["missing.pem", empty.path().to_str().unwrap()] {
        let options = HttpOptions {
            cacert: Some(path.to_owned()),
            ..HttpOptions::default()
        };
        let client = client(options);
        let error = fetch(&client, get("https://127.0.0.1:9/")).unwrap_err();
        assert!(error.to_string().contains(path), "{error}");
        let plain = super::server::answering(&["HTTP/1.1 204 N\r\n\r\n"]);
        fetch(&client, get(&plain.url("/"))).unwrap();
        plain.saw();
    }
}

#[test]
fn ssl_cert_file_replaces_the_systems_anchors() {
    thread_local! {
        static FILE: std::cell::RefCell<String> = const { std::cell::RefCell::new(String::new()) };
    }
    let authority = Authority::new();
    FILE.with(|file| *file.borrow_mut() = authority.path());
    let client = Client::with_environment(HttpOptions::default(), |name| {
        (name == "SSL_CERT_FILE").then(|| FILE.with(|file| file.borrow().clone()))
    });
    let server = serve(authority.issue("127.0.0.1", |_| {}).config(None));
    fetch(&client, get(&secure(&server))).unwrap();
    server.saw().unwrap();
}

#[test]
fn a_client_certificate_is_shown_when_named_and_asked_for_when_not() {
    let authority = Authority::new();
    let clients = Authority::new();
    let issued = authority.issue("127.0.0.1", |_| {});
    let mine = clients.issue("client", |_| {}).pem();
    let server = serve(issued.config(Some(&clients)));
    let options = HttpOptions {
        cert: mine.path().to_str().map(str::to_owned),
        ..trusting(&authority)
    };
    fetch(&client(options), get(&secure(&server))).unwrap();
    server.saw().unwrap();

    let server = serve(issued.config(Some(&clients)));
    let error = fetch(&client(trusting(&authority)), get(&secure(&server))).unwrap_err();
    assert!(server.saw().is_err());
    assert!(
        error.hint().unwrap_or_default().contains("--cert"),
        "{error:?}"
    );
}

#[test]
fn a_client_certificate_that_is_no_pem_is_named() {
    let mut bad = tempfile::NamedTempFile::new().unwrap();
    bad.write_all(b"hunter2").unwrap();
    let options = HttpOptions {
        cert: bad.path().to_str().map(str::to_owned),
        insecure: true,
        ..HttpOptions::default()
    };
    let error = fetch(&client(options), get("https://127.0.0.1:9/")).unwrap_err();
    assert!(
        error.to_string().contains(bad.path().to_str().unwrap()),
        "{error}"
    );
    assert!(!format!("{error:?}").contains("hunter2"));
}

#[test]
fn the_http_version_is_settled_by_alpn() {
    let authority = Authority::new();
    let spoken = |version| {
        let mut config = authority.issue("127.0.0.1", |_| {}).config(None);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let server = serve(config);
        let options = HttpOptions {
            version,
            ..trusting(&authority)
        };
        let _ = fetch(&client(options), get(&secure(&server)));
        server.saw().unwrap()
    };
    assert!(spoken(HttpVersion::Any).starts_with("PRI * HTTP/2.0"));
    assert!(spoken(HttpVersion::Http2).starts_with("PRI * HTTP/2.0"));
    assert!(spoken(HttpVersion::Http1).starts_with("GET /cb"));
}

#[test]
fn plain_http_on_a_tls_port_is_told() {
    let server = Server::run(|listener| {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    let options = HttpOptions {
        insecure: true,
        ..HttpOptions::default()
    };
    let url = server.url("/").replace("http:", "https:");
    let error = fetch(&client(options), get(&url)).unwrap_err();
    server.saw();
    assert!(error.to_string().contains("does not speak TLS"), "{error}");
}
