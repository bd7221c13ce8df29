//! Authorization requests: what is in them, and what may not be.

use super::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn fresh() -> Fresh {
    Fresh::from_random(&std::array::from_fn(|i| i as u8))
}

fn request<'a>(fresh: &'a Fresh, scope: &'a [String]) -> AuthorizationRequest<'a> {
    AuthorizationRequest {
        client_id: "cli",
        redirect_uri: "http://127.0.0.1:8123/callback",
        scope,
        scope_separator: " ",
        fresh,
        with_nonce: true,
        with_code_challenge: true,
        response_mode: None,
        resource: &[],
        max_age: None,
        acr_values: None,
        extra: &[],
    }
}

fn decoded(url: &Url) -> Vec<(String, String)> {
    url.query_pairs().into_owned().collect()
}

#[test]
fn code_challenge_is_the_one_of_rfc_7636_appendix_b() {
    let mut fresh = fresh();
    fresh.code_verifier = Secret::from("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    assert_eq!(
        fresh.code_challenge(),
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    );
}

/// must 3, 5: different bytes give different values, all 43 unreserved characters.
#[test]
fn state_nonce_and_verifier_are_43_unreserved_characters_and_differ() {
    let mut seen = BTreeSet::new();
    for round in 0..1000u32 {
        let mut bytes = [0u8; RANDOM_BYTES];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = (round.wrapping_mul(2_654_435_761) >> (index % 24)) as u8 ^ index as u8;
        }
        bytes[..4].copy_from_slice(&round.to_be_bytes());
        bytes[32..36].copy_from_slice(&round.to_le_bytes());
        bytes[64..68].copy_from_slice(&(!round).to_be_bytes());
        let fresh = Fresh::from_random(&bytes);
        for value in [&fresh.state, &fresh.nonce, &fresh.code_verifier] {
            let text = value.expose();
            assert_eq!(text.len(), 43);
            assert!(
                text.bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
            );
            assert!(seen.insert(text.clone()));
        }
    }
}

/// must 2, 6.
#[test]
fn asks_for_a_code_with_s256() {
    let fresh = fresh();
    let scope = ["openid".to_owned()];
    let url = request(&fresh, &scope)
        .url(&Url::parse("https://as.example/auth").unwrap())
        .unwrap();
    let pairs: BTreeMap<_, _> = decoded(&url).into_iter().collect();
    assert_eq!(pairs["response_type"], "code");
    assert_eq!(pairs["code_challenge_method"], "S256");
    assert_eq!(pairs["code_challenge"], fresh.code_challenge());
    assert_eq!(&pairs["nonce"], fresh.nonce.expose());
    assert!(!url.as_str().contains(fresh.code_verifier.expose()));
}

/// must 4.
#[test]
fn plain_only_is_refused_and_silence_means_s256() {
    let list = |items: &[&str]| items.iter().map(|s| s.to_string()).collect::<Vec<_>>();
    assert!(code_challenge_wanted(None, None).unwrap());
    assert!(code_challenge_wanted(None, Some(&[])).unwrap());
    assert!(code_challenge_wanted(None, Some(&list(&["plain", "S256"]))).unwrap());
    let error = code_challenge_wanted(None, Some(&list(&["plain"]))).unwrap_err();
    assert_eq!(error.code(), Code::MetadataInvalid);
    assert!(code_challenge_wanted(Some(&list(&["S256"])), Some(&list(&["plain"]))).unwrap());
    assert!(!code_challenge_wanted(Some(&[]), None).unwrap());
}

/// must 10.
#[test]
fn the_endpoints_own_query_stays_and_nothing_is_doubled() {
    let fresh = fresh();
    let extra = [
        ("prompt".to_owned(), "consent".to_owned()),
        ("prompt".to_owned(), "login".to_owned()),
    ];
    let mut request = request(&fresh, &[]);
    request.extra = &extra;
    let endpoint =
        Url::parse("https://as.example/auth?tenant=1&x=a%2Bb&prompt=none&client_id=cli").unwrap();
    let url = request.url(&endpoint).unwrap();
    assert!(url.query().unwrap().starts_with("tenant=1&x=a%2Bb&"));
    let names: Vec<_> = decoded(&url).into_iter().map(|(name, _)| name).collect();
    let unique: BTreeSet<_> = names.iter().collect();
    assert_eq!(unique.len(), names.len(), "{names:?}");
    assert!(decoded(&url).contains(&("prompt".into(), "login".into())));
}

#[test]
fn an_endpoint_that_fixes_a_protocol_parameter_is_refused() {
    let fresh = fresh();
    let endpoint = Url::parse("https://as.example/auth?state=fixed").unwrap();
    let error = request(&fresh, &[]).url(&endpoint).unwrap_err();
    assert_eq!(error.code(), Code::MetadataInvalid);
}

/// must 13.
#[test]
fn extra_parameters_cannot_override_the_protocol() {
    let fresh = fresh();
    for name in [
        "state",
        "redirect_uri",
        "code_challenge",
        "request_uri",
        "nonce",
    ] {
        let extra = [(name.to_owned(), "x".to_owned())];
        let mut request = request(&fresh, &[]);
        request.extra = &extra;
        assert_eq!(request.parameters().unwrap_err().code(), Code::Usage);
    }
}

/// must 12.
#[test]
fn resource_repeats_and_must_be_absolute_without_fragment() {
    let fresh = fresh();
    let resource = ["https://a.example/".to_owned(), "urn:x:y".to_owned()];
    let mut request = request(&fresh, &[]);
    request.resource = &resource;
    let sent: Vec<_> = request
        .parameters()
        .unwrap()
        .into_iter()
        .filter(|(name, _)| name == "resource")
        .map(|(_, value)| value)
        .collect();
    assert_eq!(sent, resource);
    for bad in [
        "/relative",
        "https://a.example/#f",
        "api.example.com",
        "https://a b/",
    ] {
        assert!(check_resource(bad).is_err(), "{bad}");
    }
}

proptest! {
    /// must 11: whatever is put in comes out again, by a form decoder and by a URI decoder.
    #[test]
    fn values_survive_both_ways_of_decoding(scope in "\\PC{0,20}", value in "\\PC{0,40}") {
        let fresh = fresh();
        let scopes = [format!("a{scope}")];
        let extra = [("login_hint".to_owned(), value.clone())];
        let mut request = request(&fresh, &scopes);
        request.extra = &extra;
        let url = request.url(&Url::parse("https://as.example/auth?q=1").unwrap()).unwrap();
        let pairs: BTreeMap<_, _> = decoded(&url).into_iter().collect();
        prop_assert_eq!(&pairs["scope"], &scopes[0]);
        prop_assert_eq!(&pairs["login_hint"], &value);
        prop_assert!(!url.query().unwrap().contains('+'));
    }
}
