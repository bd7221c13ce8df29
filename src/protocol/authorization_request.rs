//! Authorization request (RFC 6749 §4.1.1, RFC 7636 §4.3, RFC 8707 §2.1, OIDC Core §3.1.2.1).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest;
use url::Url;

use crate::error::{Code, Error, Result};
use crate::secret::{Secret, printable};

/// Random bytes that one sign-in needs: 256 bits each for state, nonce and code verifier.
pub const RANDOM_BYTES: usize = 96;

/// The values that tie an answer to its request; new for every sign-in.
#[derive(Debug, Clone)]
pub struct Fresh {
    /// `state`: the answer must bring it back.
    pub state: Secret,
    /// `nonce`: the ID Token must carry it.
    pub nonce: Secret,
    /// `code_verifier`: 43 unreserved characters (RFC 7636 §4.1).
    pub code_verifier: Secret,
}

impl Fresh {
    /// Encodes random bytes; each third is one value.
    pub fn from_random(bytes: &[u8; RANDOM_BYTES]) -> Self {
        let part = |index: usize| {
            Secret::new(URL_SAFE_NO_PAD.encode(&bytes[index * 32..(index + 1) * 32]))
        };
        Fresh {
            state: part(0),
            nonce: part(1),
            code_verifier: part(2),
        }
    }

    /// `code_challenge` for the method S256 (RFC 7636 §4.2).
    pub fn code_challenge(&self) -> String {
        let hash = digest::digest(&digest::SHA256, self.code_verifier.expose().as_bytes());
        URL_SAFE_NO_PAD.encode(hash)
    }
}

/// Whether PKCE is used, from `code_challenge_methods_supported` (must 4).
///
/// Absent: S256 all the same. `configured` is what a preset or the person says and stands above
/// the server's document; an empty configured list means that the server breaks on PKCE.
pub fn code_challenge_wanted(
    configured: Option<&[String]>,
    published: Option<&[String]>,
) -> Result<bool> {
    let methods = match (configured, published) {
        (Some([]), _) => return Ok(false),
        (Some(methods), _) => methods,
        (None, Some([]) | None) => return Ok(true),
        (None, Some(methods)) => methods,
    };
    if methods.iter().any(|method| method == "S256") {
        return Ok(true);
    }
    let listed = printable(&methods.join(" "), 100);
    Err(Error::new(
        Code::MetadataInvalid,
        format!("code_challenge_methods_supported lists only {listed}, not S256"),
    )
    .with_hint("ask the operator of the server for PKCE with S256; plain is no protection"))
}

/// What goes to the authorization endpoint.
#[derive(Debug, Clone)]
pub struct AuthorizationRequest<'a> {
    pub client_id: &'a str,
    pub redirect_uri: &'a str,
    /// One entry each; nothing is sent where there is none.
    pub scope: &'a [String],
    /// What stands between scopes on the wire.
    pub scope_separator: &'a str,
    pub fresh: &'a Fresh,
    /// Whether `nonce` is sent: when `openid` is asked for.
    pub with_nonce: bool,
    /// Whether `code_challenge` is sent.
    pub with_code_challenge: bool,
    /// `response_mode`, where it is not the default.
    pub response_mode: Option<&'a str>,
    /// RFC 8707, repeatable.
    pub resource: &'a [String],
    /// Seconds (OIDC Core §3.1.2.1).
    pub max_age: Option<u64>,
    pub acr_values: Option<&'a str>,
    /// The person's and the preset's parameters; a later one replaces an earlier one.
    pub extra: &'a [(String, String)],
}

/// Parameters that belong to the protocol: nobody may set them as an extra.
const PROTOCOL_PARAMETERS: &[&str] = &[
    "response_type",
    "client_id",
    "client_secret",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "response_mode",
    "resource",
    "max_age",
    "acr_values",
    "request",
    "request_uri",
];

/// Whether an extra parameter of this name would override the protocol.
pub fn is_protocol_parameter(name: &str) -> bool {
    PROTOCOL_PARAMETERS.contains(&name)
}

/// A resource indicator is an absolute URI without fragment (RFC 8707 §2).
pub fn check_resource(resource: &str) -> Result<()> {
    let absolute = Url::parse(resource).is_ok_and(|url| url.fragment().is_none());
    let clean = !resource
        .chars()
        .any(|c| c.is_whitespace() || c.is_control());
    if absolute && clean {
        return Ok(());
    }
    Err(Error::new(
        Code::Usage,
        format!(
            "resource {:?} is not an absolute URI without fragment",
            printable(resource, 200)
        ),
    )
    .with_hint("a resource indicator looks like https://api.example.com/ (RFC 8707)"))
}

impl AuthorizationRequest<'_> {
    /// Every parameter in wire order, none twice but `resource`.
    pub fn parameters(&self) -> Result<Vec<(String, String)>> {
        let mut out: Vec<(String, String)> = Vec::new();
        let mut push = |name: &str, value: &str| out.push((name.to_owned(), value.to_owned()));
        push("response_type", "code");
        push("client_id", self.client_id);
        push("redirect_uri", self.redirect_uri);
        if !self.scope.is_empty() {
            push("scope", &self.scope.join(self.scope_separator));
        }
        push("state", self.fresh.state.expose());
        if self.with_nonce {
            push("nonce", self.fresh.nonce.expose());
        }
        if self.with_code_challenge {
            push("code_challenge", &self.fresh.code_challenge());
            push("code_challenge_method", "S256");
        }
        if let Some(mode) = self.response_mode {
            push("response_mode", mode);
        }
        for resource in self.resource {
            check_resource(resource)?;
            push("resource", resource);
        }
        if let Some(seconds) = self.max_age {
            push("max_age", &seconds.to_string());
        }
        if let Some(values) = self.acr_values {
            push("acr_values", values);
        }
        for (index, (name, value)) in self.extra.iter().enumerate() {
            if is_protocol_parameter(name) {
                return Err(Error::new(
                    Code::Usage,
                    format!(
                        "authorization parameter {:?} belongs to the protocol",
                        printable(name, 60)
                    ),
                )
                .with_hint("hallpass sets it itself; see the flags of `hallpass login --help`"));
            }
            if !self.extra[index + 1..]
                .iter()
                .any(|(later, _)| later == name)
            {
                out.push((name.clone(), value.clone()));
            }
        }
        Ok(out)
    }

    /// The URL for the browser. The endpoint's own query stays (RFC 6749 §3.1) but where a
    /// parameter of ours has the same name; a protocol parameter that it fixes to another value
    /// is an error.
    pub fn url(&self, authorization_endpoint: &Url) -> Result<Url> {
        with_parameters(authorization_endpoint, &self.parameters()?)
    }
}

/// Adds parameters to an endpoint's own, percent-encoded so that form and URI decoders agree.
pub fn with_parameters(endpoint: &Url, parameters: &[(String, String)]) -> Result<Url> {
    let mut query = String::new();
    let own = endpoint.query().unwrap_or_default();
    for raw in own.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = url::form_urlencoded::parse(raw.as_bytes())
            .next()
            .unwrap_or_default();
        match parameters.iter().find(|(ours, _)| *ours == name) {
            None => push_part(&mut query, raw),
            Some((_, ours)) if *ours == value || !is_protocol_parameter(&name) => {}
            Some(_) => {
                return Err(Error::new(
                    Code::MetadataInvalid,
                    format!(
                        "authorization_endpoint already carries a {} of its own",
                        printable(&name, 60)
                    ),
                )
                .with_hint("remove it from authorization_endpoint; hallpass adds it"));
            }
        }
    }
    for (name, value) in parameters {
        push_part(&mut query, &format!("{}={}", encode(name), encode(value)));
    }
    let mut url = endpoint.clone();
    url.set_query(Some(&query));
    Ok(url)
}

fn push_part(query: &mut String, part: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    query.push_str(part);
}

/// Form encoding with `%20` for a space: not every server takes `+` in a query.
fn encode(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
}

#[cfg(test)]
mod tests {
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
            Url::parse("https://as.example/auth?tenant=1&x=a%2Bb&prompt=none&client_id=cli")
                .unwrap();
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
}
