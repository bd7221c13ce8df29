//! Server metadata, honest and hostile.

use super::*;
use proptest::prelude::*;
use serde_json::json;

const ISSUER: &str = "https://as.example/o";

fn with(name: &str, value: Value) -> Result<ServerMetadata> {
    let mut document = json!({
        "issuer": ISSUER,
        "authorization_endpoint": "https://as.example/auth?tenant=1",
        "token_endpoint": "https://tokens.example/token",
        "scopes_supported": ["openid"],
        "unknown": {"a": [1]},
    });
    document[name] = value;
    ServerMetadata::parse(document.to_string().as_bytes(), ISSUER)
}

fn message(result: Result<ServerMetadata>) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.code(), Code::MetadataInvalid);
    error.to_string()
}

#[test]
fn a_document_is_read_with_another_host_for_its_endpoints() {
    let metadata = with("x", json!(1)).unwrap();
    assert_eq!(metadata.issuer.as_deref(), Some(ISSUER));
    let token_endpoint = metadata.token_endpoint.as_deref();
    assert_eq!(token_endpoint, Some("https://tokens.example/token"));
    assert_eq!(metadata.scopes_supported.unwrap(), ["openid"]);
    assert!(!metadata.require_pushed_authorization_requests);
}

/// M2, must 90
#[test]
fn the_issuer_is_compared_exactly() {
    for other in [
        "https://as.example/o1",
        "https://as.example/o/",
        "https://AS.example/o",
    ] {
        assert!(message(with("issuer", json!(other))).contains(other));
    }
    let slash = with("issuer", json!("https://as.example/o/")).unwrap_err();
    assert!(slash.hint().unwrap().contains("\"https://as.example/o/\""));
    assert!(message(with("issuer", json!(null))).contains("has no issuer"));
    assert!(message(with("issuer", json!(7))).contains("issuer as number"));
}

#[test]
fn entra_names_its_template_in_place_of_an_issuer() {
    let literal = "https://login.microsoftonline.com/{tenantid}/v2.0";
    let document = json!({ "issuer": literal }).to_string();
    let asked = "https://login.microsoftonline.com/common/v2.0";
    let error = ServerMetadata::parse(document.as_bytes(), asked).unwrap_err();
    assert!(error.hint().unwrap().contains("issuer_template"));
    let found = ServerMetadata::parse_for(document.as_bytes(), asked, Some(literal)).unwrap();
    assert_eq!(found.issuer.as_deref(), Some(literal));
}

/// M3
#[test]
fn documents_that_are_no_documents_are_refused() {
    for document in [
        &b"<html>Sign in to the Wi-Fi</html>"[..],
        b"",
        b"[]",
        b"\xff\xfe{\0}\0",
        &vec![b' '; LIMIT + 1],
    ] {
        let text = message(ServerMetadata::parse(document, ISSUER));
        assert!(!text.contains("Wi-Fi"));
    }
    let bom = format!("\u{feff}{}", json!({ "issuer": ISSUER }));
    ServerMetadata::parse(bom.as_bytes(), ISSUER).unwrap();
}

/// M4, M5, must 93
#[test]
fn bad_endpoints_are_refused_by_name() {
    for bad in [
        "http://as.example/token",
        "http://127.0.0.1/token",
        "https://u:p@as.example/token",
        "file:///bin/sh",
        "javascript:alert(1)",
        "-flag",
        "https://as.example/\nx",
    ] {
        assert!(message(with("token_endpoint", json!(bad))).contains("token_endpoint"));
        assert!(message(with("jwks_uri", json!(bad))).contains("jwks_uri"));
    }
    let loopback = json!({
        "issuer": "http://127.0.0.1:9000", "token_endpoint": "http://127.0.0.1:9000/token",
    });
    let loopback = loopback.to_string();
    ServerMetadata::parse(loopback.as_bytes(), "http://127.0.0.1:9000").unwrap();
}

/// M8
#[test]
fn wrong_types_are_refused_by_name() {
    for (name, value) in [
        ("token_endpoint", json!(["https://as.example/"])),
        ("scopes_supported", json!("openid")),
        ("scopes_supported", json!([1])),
        ("require_pushed_authorization_requests", json!("true")),
    ] {
        assert!(message(with(name, value)).contains(name));
    }
    assert!(with("userinfo_endpoint", json!(null)).is_ok());
    let twice = format!(r#"{{"issuer":"x","issuer":"{ISSUER}"}}"#);
    assert!(message(ServerMetadata::parse(twice.as_bytes(), ISSUER)).contains("issuer"));
}

/// must 91
#[test]
fn both_forms_of_the_well_known_url_are_built() {
    let urls = |issuer| -> Vec<String> {
        let urls = well_known_urls(issuer).unwrap();
        urls.into_iter().map(String::from).collect()
    };
    assert_eq!(
        urls("https://as.example/o/"),
        [
            "https://as.example/o/.well-known/openid-configuration",
            "https://as.example/.well-known/oauth-authorization-server/o",
            "https://as.example/.well-known/openid-configuration/o",
        ]
    );
    assert_eq!(
        urls("http://127.0.0.1:4400/"),
        [
            "http://127.0.0.1:4400/.well-known/openid-configuration",
            "http://127.0.0.1:4400/.well-known/oauth-authorization-server",
        ]
    );
    assert!(well_known_urls("http://as.example").is_err());
    assert!(well_known_urls("https://as.example/?a=1").is_err());
}

proptest! {
    #[test]
    fn any_document_is_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = ServerMetadata::parse(&bytes, ISSUER);
    }

    #[test]
    fn whatever_is_accepted_is_https(url in "\\PC{0,30}|(https?|file)://[a-z@:./#?\\-\n ]{0,20}") {
        if let Ok(metadata) = with("token_endpoint", json!(url)) {
            prop_assert!(metadata.token_endpoint.unwrap().to_lowercase().starts_with("https:"));
        }
    }
}
