//! Server metadata: accepted only with the issuer that was asked, and only with safe endpoints.
#![no_main]

use hallpass::protocol::metadata::{ServerMetadata, well_known_urls};
use hallpass_fuzz::check_error;
use libfuzzer_sys::fuzz_target;

const ISSUER: &str = "https://issuer.example/tenant";
const TEMPLATE: &str = "https://issuer.example/{tenantid}";

fuzz_target!(|bytes: &[u8]| {
    for template in [None, Some(TEMPLATE)] {
        match ServerMetadata::parse_for(bytes, ISSUER, template) {
            Ok(metadata) => check(&metadata, template),
            Err(error) => check_error(&error),
        }
    }
    if let Ok(issuer) = std::str::from_utf8(bytes) {
        match well_known_urls(issuer) {
            Ok(urls) => assert!(urls.iter().all(|url| url.scheme() == "https" || loopback(url))),
            Err(error) => check_error(&error),
        }
    }
});

fn check(metadata: &ServerMetadata, template: Option<&str>) {
    let issuer = metadata.issuer.as_deref();
    assert!(issuer == Some(ISSUER) || issuer == template);
    let endpoints = [
        &metadata.authorization_endpoint,
        &metadata.token_endpoint,
        &metadata.jwks_uri,
        &metadata.userinfo_endpoint,
        &metadata.registration_endpoint,
        &metadata.revocation_endpoint,
        &metadata.introspection_endpoint,
        &metadata.device_authorization_endpoint,
        &metadata.pushed_authorization_request_endpoint,
        &metadata.end_session_endpoint,
    ];
    for endpoint in endpoints.into_iter().flatten() {
        let url = url::Url::parse(endpoint).expect("a checked endpoint");
        assert_eq!(url.scheme(), "https", "an https issuer sends tokens to {url}");
        assert!(url.username().is_empty() && url.password().is_none());
    }
}

fn loopback(url: &url::Url) -> bool {
    url.scheme() == "http"
        && match url.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
}
