//! JSON Web Key Sets (RFC 7517): public signature keys, the usable ones of what a server offers.

use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey};
use serde_json::{Map, Value};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::json;
use crate::error::{Code, Error, Result};
use crate::secret::printable;

/// Bytes of a set at most.
const LIMIT: usize = 1 << 20;
/// Keys of a set at most.
const MAX_KEYS: usize = 512;
/// RSA modulus in bits, as ring takes it.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// A set's usable keys.
#[derive(Debug, Clone, Default)]
pub struct JwkSet {
    keys: Vec<Jwk>,
    skipped: Vec<Skipped>,
}

/// One public signature key.
#[derive(Debug, Clone)]
pub struct Jwk {
    kid: Option<String>,
    /// Only for this algorithm, where the key says so.
    alg: Option<String>,
    kind: Kind,
    key: DecodingKey,
}

/// What algorithms a key can serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rsa,
    P256,
    P384,
    Ed25519,
}

/// Why a key of a set is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Skipped {
    /// Meant for something else, or of a kind not known here (RFC 7517 §5): nothing wrong.
    NotForUs,
    /// Members are missing or no base64url.
    Malformed,
    /// RSA outside [`RSA_BITS`].
    Weak,
    /// A private or symmetric key that everybody can read.
    NotPublic,
}

impl JwkSet {
    /// Reads a set. Keys that cannot be used are left out; a set that is none is an error.
    pub fn parse(document: &[u8]) -> Result<JwkSet> {
        let refuse = |why: &str| {
            Error::new(Code::MetadataInvalid, format!("the server's key set {why}"))
                .with_hint("check jwks_uri of the server")
        };
        let object =
            json::parse_object(document, LIMIT).map_err(|why| refuse(&format!("is {why}")))?;
        if object.repeated.iter().any(|name| name == "keys") {
            return Err(refuse("has keys more than once"));
        }
        let keys = match object.members.get("keys") {
            Some(Value::Array(keys)) => keys,
            Some(other) => return Err(refuse(&format!("has keys as {}", json::kind(other)))),
            None => return Err(refuse("has no keys")),
        };
        if keys.len() > MAX_KEYS {
            return Err(refuse(&format!("has more than {MAX_KEYS} keys")));
        }
        let mut set = JwkSet::default();
        for key in keys {
            match key.as_object().ok_or(Skipped::Malformed).and_then(read) {
                Ok(key) => set.keys.push(key),
                Err(why) => set.skipped.push(why),
            }
        }
        Ok(set)
    }

    /// Keys that may have made a signature: of the algorithm's type, and of this `kid` where one
    /// is given (keys without one stay possible).
    pub(super) fn candidates<'a>(
        &'a self,
        algorithm: Algorithm,
        kid: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Jwk> {
        self.keys.iter().filter(move |jwk| {
            let named = match (kid, jwk.kid.as_deref()) {
                (Some(wanted), Some(kid)) => wanted == kid,
                _ => true,
            };
            named && jwk.serves(algorithm)
        })
    }

    /// How many keys can be used.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether no key can be used.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// What else the set holds, for the message that no key fits.
    pub(super) fn why_skipped(&self) -> String {
        let mut out = String::new();
        for (why, words) in [
            (Skipped::Weak, "weaker than 2048 bits"),
            (Skipped::NotPublic, "not public"),
            (Skipped::Malformed, "malformed"),
        ] {
            let count = self
                .skipped
                .iter()
                .filter(|skipped| **skipped == why)
                .count();
            if count > 0 {
                out.push_str(&format!("; {count} of its keys left out: {words}"));
            }
        }
        out
    }
}

impl Jwk {
    pub(super) fn key(&self) -> &DecodingKey {
        &self.key
    }

    /// The key's type is matched to the algorithm, never the other way round.
    fn serves(&self, algorithm: Algorithm) -> bool {
        let kind = match (algorithm, algorithm.family()) {
            (Algorithm::ES256, _) => Kind::P256,
            (Algorithm::ES384, _) => Kind::P384,
            (_, AlgorithmFamily::Rsa) => Kind::Rsa,
            (_, AlgorithmFamily::Ed) => Kind::Ed25519,
            _ => return false,
        };
        let named = self
            .alg
            .as_deref()
            .is_none_or(|alg| super::jwt::algorithm(alg) == Some(algorithm));
        self.kind == kind && named
    }
}

fn read(members: &Map<String, Value>) -> Result<Jwk, Skipped> {
    // RFC 7518 §6: private members of every key type; `k` is a symmetric key.
    if ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]
        .iter()
        .any(|name| members.contains_key(*name))
    {
        return Err(Skipped::NotPublic);
    }
    if optional(members, "use")?.is_some_and(|usage| usage != "sig") {
        return Err(Skipped::NotForUs);
    }
    match members.get("key_ops") {
        None => {}
        Some(Value::Array(operations)) if operations.iter().any(|op| op == "verify") => {}
        Some(_) => return Err(Skipped::NotForUs),
    }
    let (kind, key) = match text(members, "kty")? {
        "RSA" => (Kind::Rsa, rsa(members)?),
        "EC" => elliptic(members)?,
        "OKP" => (Kind::Ed25519, edwards(members)?),
        _ => return Err(Skipped::NotForUs),
    };
    Ok(Jwk {
        kid: optional(members, "kid")?.map(|kid| printable(kid, 512)),
        alg: optional(members, "alg")?.map(str::to_owned),
        kind,
        key,
    })
}

fn rsa(members: &Map<String, Value>) -> Result<DecodingKey, Skipped> {
    // A leading zero octet is against RFC 7518 §6.3.1.1 and seen in the wild; ring takes none.
    let n = without_leading_zeros(bytes(members, "n")?);
    let e = without_leading_zeros(bytes(members, "e")?);
    let bits = match n.first() {
        Some(first) => n.len() * 8 - first.leading_zeros() as usize,
        None => return Err(Skipped::Malformed),
    };
    if !RSA_BITS.contains(&bits) {
        return Err(Skipped::Weak);
    }
    // ring checks the exponent's size at each use; even ones and 1 are no exponents.
    if e.len() > 8 || e.last().is_none_or(|last| last % 2 == 0) || e == [1] {
        return Err(Skipped::Malformed);
    }
    Ok(DecodingKey::from_rsa_raw_components(&n, &e))
}

fn elliptic(members: &Map<String, Value>) -> Result<(Kind, DecodingKey), Skipped> {
    let (kind, size) = match text(members, "crv")? {
        "P-256" => (Kind::P256, 32),
        "P-384" => (Kind::P384, 48),
        _ => return Err(Skipped::NotForUs),
    };
    let (x, y) = (bytes(members, "x")?, bytes(members, "y")?);
    if x.len() != size || y.len() != size {
        return Err(Skipped::Malformed);
    }
    // An uncompressed point (SEC 1 §2.3.3).
    let point = [&[4], x.as_slice(), y.as_slice()].concat();
    Ok((kind, DecodingKey::from_ec_der(&point)))
}

fn edwards(members: &Map<String, Value>) -> Result<DecodingKey, Skipped> {
    if text(members, "crv")? != "Ed25519" {
        return Err(Skipped::NotForUs);
    }
    let x = bytes(members, "x")?;
    match x.len() {
        32 => Ok(DecodingKey::from_ed_der(&x)),
        _ => Err(Skipped::Malformed),
    }
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Result<&'a str, Skipped> {
    optional(members, name)?.ok_or(Skipped::Malformed)
}

fn optional<'a>(members: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Skipped> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Skipped::Malformed),
    }
}

fn bytes(members: &Map<String, Value>, name: &str) -> Result<Vec<u8>, Skipped> {
    URL_SAFE_NO_PAD
        .decode(text(members, name)?)
        .map_err(|_| Skipped::Malformed)
}

fn without_leading_zeros(bytes: Vec<u8>) -> Vec<u8> {
    bytes.into_iter().skip_while(|byte| *byte == 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    /// RFC 7515 appendix A.2 and A.3
    const N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
    const X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
    const Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";

    fn set(keys: &[Value]) -> JwkSet {
        JwkSet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
    }

    fn rsa(more: Value) -> Value {
        let mut key = json!({"kty": "RSA", "n": N, "e": "AQAB"});
        let members = key.as_object_mut().unwrap();
        members.extend(more.as_object().unwrap().clone());
        key
    }

    fn ec(curve: &str) -> Value {
        json!({"kty": "EC", "crv": curve, "x": X, "y": Y})
    }

    fn found(set: &JwkSet, algorithm: Algorithm, kid: Option<&str>) -> usize {
        set.candidates(algorithm, kid).count()
    }

    #[test]
    fn a_key_serves_only_algorithms_of_its_type() {
        let set = set(&[rsa(json!({})), ec("P-256")]);
        for algorithm in [
            Algorithm::RS256,
            Algorithm::RS512,
            Algorithm::PS384,
            Algorithm::ES256,
        ] {
            assert_eq!(found(&set, algorithm, None), 1, "{algorithm:?}");
        }
        for algorithm in [Algorithm::ES384, Algorithm::EdDSA, Algorithm::HS256] {
            assert_eq!(found(&set, algorithm, None), 0, "{algorithm:?}");
        }
        let only = self::set(&[rsa(json!({"alg": "RS256"}))]);
        assert_eq!(found(&only, Algorithm::RS256, None), 1);
        assert_eq!(found(&only, Algorithm::PS256, None), 0);
    }

    #[test]
    fn keys_are_found_by_kid() {
        let set = set(&[
            rsa(json!({"kid": "a"})),
            rsa(json!({"kid": "b"})),
            rsa(json!({"kid": "b"})),
        ]);
        assert_eq!(found(&set, Algorithm::RS256, Some("a")), 1);
        assert_eq!(found(&set, Algorithm::RS256, Some("b")), 2);
        assert_eq!(found(&set, Algorithm::RS256, Some("c")), 0);
        assert_eq!(found(&set, Algorithm::RS256, None), 3);
    }

    /// M7
    #[test]
    fn keys_that_cannot_be_used_are_left_out() {
        let n_512 = URL_SAFE_NO_PAD.encode([0xff; 64]);
        for (key, why) in [
            (json!({"kty": "XYZ"}), Skipped::NotForUs),
            (rsa(json!({"use": "enc"})), Skipped::NotForUs),
            (rsa(json!({"key_ops": ["encrypt"]})), Skipped::NotForUs),
            (ec("secp256k1"), Skipped::NotForUs),
            (ec("P-384"), Skipped::Malformed),
            (
                json!({"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}),
                Skipped::Malformed,
            ),
            (
                json!({"kty": "OKP", "crv": "X25519", "x": X}),
                Skipped::NotForUs,
            ),
            (rsa(json!({"n": n_512})), Skipped::Weak),
            (rsa(json!({"n": ""})), Skipped::Malformed),
            (rsa(json!({"n": "a=="})), Skipped::Malformed),
            (rsa(json!({"e": "AQ"})), Skipped::Malformed),
            (rsa(json!({"e": "Ag"})), Skipped::Malformed),
            (rsa(json!({"d": "AQAB"})), Skipped::NotPublic),
            (json!({"kty": "oct", "k": "c2VjcmV0"}), Skipped::NotPublic),
            (json!("key"), Skipped::Malformed),
            (rsa(json!({"kid": 7})), Skipped::Malformed),
        ] {
            let set = set(&[key.clone(), rsa(json!({}))]);
            assert_eq!(set.skipped, [why], "{key}");
            assert_eq!(set.len(), 1);
        }
        let weak = set(&[rsa(json!({"n": n_512}))]);
        assert!(weak.is_empty() && weak.why_skipped().contains("2048"));
    }

    #[test]
    fn a_leading_zero_octet_is_tolerated() {
        let with_zero = [&[0][..], &URL_SAFE_NO_PAD.decode(N).unwrap()].concat();
        let n = URL_SAFE_NO_PAD.encode(with_zero);
        assert_eq!(set(&[rsa(json!({ "n": n }))]).len(), 1);
    }

    /// M7
    #[test]
    fn sets_are_bounded_and_must_be_sets() {
        let many = vec![ec("P-256"); MAX_KEYS + 1];
        let many = json!({ "keys": many }).to_string();
        for bad in [
            "",
            "<html>",
            "[]",
            "{}",
            r#"{"keys":{}}"#,
            r#"{"keys":[],"keys":[]}"#,
            &many,
        ] {
            let error = JwkSet::parse(bad.as_bytes()).unwrap_err();
            assert_eq!(error.code(), Code::MetadataInvalid);
        }
        assert!(set(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn any_document_is_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = JwkSet::parse(&bytes);
        }

        #[test]
        fn any_key_is_used_or_left_out(
            kty in "RSA|EC|OKP|oct|x", crv in "P-256|P-384|Ed25519|x",
            n in "[A-Za-z0-9_=-]{0,20}|[A-Za-z0-9_-]{43}", e in "AQAB|[A-Z]{0,4}",
            kid in prop_oneof![Just(json!(null)), Just(json!("a"))],
        ) {
            let key = json!({"kty": kty, "crv": crv, "n": n, "e": e, "x": n, "y": n, "kid": kid});
            let set = set(&[key]);
            prop_assert_eq!(set.keys.len() + set.skipped.len(), 1);
        }
    }
}
