//! Whom TLS trusts, and what it shows of itself.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ConfigBuilder, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::WantsClientCert,
};

use super::{HttpOptions, HttpVersion};
use crate::port::HttpError;

/// Where Linux distributions and the BSDs keep all their anchors in one file. The first that
/// exists is read; reading every file of the folder beside it would double the cost.
#[cfg(not(any(target_os = "macos", windows)))]
const BUNDLES: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/var/lib/ca-certificates/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
];

type Builder<State> = ConfigBuilder<ClientConfig, State>;

fn builder() -> Result<Builder<rustls::WantsVerifier>, HttpError> {
    ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(cannot)
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// For a client that speaks no TLS: trusts nobody, reads nothing.
pub(super) fn unused() -> Result<ClientConfig, HttpError> {
    Ok(builder()?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth())
}

/// What the options and the system say.
pub(super) fn configuration(
    options: &HttpOptions,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<ClientConfig, HttpError> {
    let verified = if options.insecure {
        let anyone = Anyone(provider().signature_verification_algorithms);
        builder()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(anyone))
    } else {
        trusting(builder()?, options, environment)?
    };
    let mut config = match &options.cert {
        Some(cert) => {
            let (chain, key) = identity(cert, options.key.as_deref())?;
            verified
                .with_client_auth_cert(chain, key)
                .map_err(|error| {
                    HttpError::NotSent(format!(
                        "the client certificate {cert} cannot be used: {error}\n\
                     is the key the one that belongs to the certificate?"
                    ))
                })?
        }
        None => verified.with_no_client_auth(),
    };
    config.alpn_protocols = match options.version {
        HttpVersion::Any => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        HttpVersion::Http1 => vec![b"http/1.1".to_vec()],
        HttpVersion::Http2 => vec![b"h2".to_vec()],
    };
    Ok(config)
}

fn trusting(
    builder: Builder<rustls::WantsVerifier>,
    options: &HttpOptions,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Builder<WantsClientCert>, HttpError> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = &options.cacert {
        add_file(&mut roots, Path::new(path), "the CA file")?;
        return Ok(builder.with_root_certificates(roots));
    }
    let file = environment("SSL_CERT_FILE");
    let folders = environment("SSL_CERT_DIR");
    if file.is_none() && folders.is_none() {
        return with_system(builder);
    }
    if let Some(path) = file {
        add_file(&mut roots, Path::new(&path), "the CA file of SSL_CERT_FILE")?;
    }
    for folder in folders.iter().flat_map(std::env::split_paths) {
        add_folder(&mut roots, &folder);
    }
    if roots.is_empty() {
        return Err(HttpError::NotSent(
            "SSL_CERT_DIR names no folder with certificates\n\
             unset it, or name a PEM file with SSL_CERT_FILE or --cacert"
                .to_owned(),
        ));
    }
    Ok(builder.with_root_certificates(roots))
}

/// Whom TLS trusts here, tried out and told in words; for `doctor`.
pub(super) fn told(environment: &dyn Fn(&str) -> Option<String>) -> Result<String, HttpError> {
    trusting(builder()?, &HttpOptions::default(), environment)?;
    let named = ["SSL_CERT_FILE", "SSL_CERT_DIR"].map(|name| (name, environment(name)));
    let named: Vec<_> = named
        .iter()
        .filter_map(|(name, value)| Some(format!("{} of {name}", value.as_ref()?)))
        .collect();
    Ok(match named.is_empty() {
        true => "the system's CA certificates".to_owned(),
        false => format!("only the CA certificates in {}", named.join(" and ")),
    })
}

#[cfg(any(target_os = "macos", windows))]
fn with_system(
    builder: Builder<rustls::WantsVerifier>,
) -> Result<Builder<WantsClientCert>, HttpError> {
    use rustls_platform_verifier::BuilderVerifierExt;
    builder.with_platform_verifier().map_err(cannot)
}

#[cfg(not(any(target_os = "macos", windows)))]
fn with_system(
    builder: Builder<rustls::WantsVerifier>,
) -> Result<Builder<WantsClientCert>, HttpError> {
    let Some(bundle) = BUNDLES.iter().map(Path::new).find(|path| path.exists()) else {
        return Err(HttpError::NotSent(
            "this system has no CA certificates, so no server can be trusted\n\
             install the package ca-certificates, or name a PEM file with SSL_CERT_FILE or --cacert"
                .to_owned(),
        ));
    };
    let mut roots = RootCertStore::empty();
    add_file(&mut roots, bundle, "the system's CA file")?;
    Ok(builder.with_root_certificates(roots))
}

/// Every certificate of a PEM file; one that cannot be an anchor is passed over, as an old one in
/// a system's bundle must not end everything, but a file without any is an error.
fn add_file(roots: &mut RootCertStore, path: &Path, what: &str) -> Result<(), HttpError> {
    let refuse = |why: String| {
        HttpError::NotSent(format!(
            "{what} {} {why}\nit must be a PEM file with the certificates of the CAs to trust",
            path.display()
        ))
    };
    let file = File::open(path).map_err(|error| refuse(format!("cannot be read: {error}")))?;
    let certificates = CertificateDer::pem_reader_iter(BufReader::with_capacity(1 << 18, file));
    let (added, _) = roots.add_parsable_certificates(certificates.flatten());
    if added == 0 {
        return Err(refuse("holds no CA certificate".to_owned()));
    }
    Ok(())
}

/// A folder as OpenSSL's `c_rehash` makes it; what is not a certificate is passed over.
fn add_folder(roots: &mut RootCertStore, folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if let Ok(certificates) = CertificateDer::pem_file_iter(entry.path()) {
            roots.add_parsable_certificates(certificates.flatten());
        }
    }
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// A client certificate with its chain, and its key: from `key`, or from the same file.
fn identity(cert: &str, key: Option<&str>) -> Result<Identity, HttpError> {
    let chain: Vec<_> = CertificateDer::pem_file_iter(cert)
        .and_then(|certificates| certificates.collect())
        .map_err(|error| unusable("the client certificate", cert, &error))?;
    if chain.is_empty() {
        return Err(HttpError::NotSent(format!(
            "the client certificate {cert} holds no certificate\nit must be a PEM file"
        )));
    }
    let path = key.unwrap_or(cert);
    let key = PrivateKeyDer::from_pem_file(path)
        .map_err(|error| unusable("the key of the client certificate", path, &error))?;
    Ok((chain, key))
}

fn unusable(what: &str, path: &str, error: &rustls::pki_types::pem::Error) -> HttpError {
    use rustls::pki_types::pem::Error;
    match error {
        Error::Io(error) => HttpError::NotSent(format!("{what} {path} cannot be read: {error}")),
        // The parser's words may repeat a line of the file, so they are not shown.
        _ => HttpError::NotSent(format!(
            "{what} {path} is not usable PEM\n\
             a PKCS#12 file or a key with a passphrase must be converted first: openssl pkcs12, openssl pkey"
        )),
    }
}

fn cannot(error: rustls::Error) -> HttpError {
    HttpError::NotSent(format!("cannot set up TLS: {error}"))
}

/// `-k`: any certificate will do; the handshake must still be signed with its key.
#[derive(Debug)]
struct Anyone(WebPkiSupportedAlgorithms);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}
