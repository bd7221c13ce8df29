//! JSON Web Tokens in compact form (RFC 7519, RFC 7515 §7.1), taken apart within strict bounds.

use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde_json::{Map, Value};

use super::json::{self, JsonError};
use super::jwk::JwkSet;
use super::signature;
use crate::secret::{Secret, printable};

/// Bytes of a token at most.
pub const MAX_BYTES: usize = 256 << 10;

/// Why a token was refused. Holds none of the token but what its header says, made printable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    #[error("is larger than {MAX_BYTES} bytes")]
    TooLarge,
    #[error("is no JWT: it does not have three parts")]
    NotThreeParts,
    #[error("is encrypted (JWE), which hallpass does not support")]
    Encrypted,
    #[error("has a {0} that is not base64url without padding")]
    Base64(&'static str),
    #[error("has a {0} that is {1}")]
    Json(&'static str, JsonError),
    #[error("has {1} more than once in its {0}")]
    Repeated(&'static str, String),
    #[error("has a header {0}")]
    Header(&'static str),
    #[error("is not signed (alg none)")]
    Unsigned,
    #[error("is signed with {0}, which is not expected here")]
    Algorithm(String),
    #[error("is signed with a key that is not in the server's key set{0}")]
    NoKey(String),
    #[error("has a wrong signature")]
    Signature,
}

/// A token taken apart; nothing is believed yet.
#[derive(Debug, Clone)]
pub struct Jwt<'a> {
    /// The JOSE header.
    pub header: Map<String, Value>,
    /// The claims.
    pub claims: Map<String, Value>,
    message: &'a str,
    signature: &'a str,
}

/// Header and claims of a token, for people to look at.
#[derive(Debug, Clone, PartialEq)]
pub struct Unverified {
    /// The JOSE header.
    pub header: Map<String, Value>,
    /// The claims.
    pub claims: Map<String, Value>,
}

/// Shows what a token says; checks nothing but its form.
pub fn decode_unverified(jwt: &str) -> Result<Unverified, JwtError> {
    let jwt = Jwt::decode(jwt.trim())?;
    Ok(Unverified {
        header: jwt.header,
        claims: jwt.claims,
    })
}

/// The algorithm of a JOSE name, where we implement it.
pub fn algorithm(name: &str) -> Option<Algorithm> {
    match name {
        // RFC 9864's name for the only curve of EdDSA in use here.
        "Ed25519" => Some(Algorithm::EdDSA),
        name => Algorithm::from_str(name).ok(),
    }
}

/// Whether an algorithm signs with a secret both sides hold.
pub fn is_symmetric(algorithm: Algorithm) -> bool {
    algorithm.family() == jsonwebtoken::AlgorithmFamily::Hmac
}

impl<'a> Jwt<'a> {
    /// Takes a token apart; its size, form and JSON are bounded.
    pub fn decode(jwt: &'a str) -> Result<Jwt<'a>, JwtError> {
        if jwt.len() > MAX_BYTES {
            return Err(JwtError::TooLarge);
        }
        // Never more than six pieces, however many dots there are.
        let parts: Vec<&str> = jwt.splitn(6, '.').collect();
        let [header, claims, signature] = match parts[..] {
            [header, claims, signature] => [header, claims, signature],
            [_, _, _, _, _] => return Err(JwtError::Encrypted),
            _ => return Err(JwtError::NotThreeParts),
        };
        decode_part("signature", signature)?;
        Ok(Jwt {
            message: &jwt[..header.len() + 1 + claims.len()],
            header: object("header", header)?,
            claims: object("payload", claims)?,
            signature,
        })
    }

    /// Checks header and signature against the server's keys, or against `secret` for the
    /// symmetric ones of `allowed`. Keys that the header brings along (`jwk`, `jku`, `x5u`, `x5c`)
    /// are never looked at.
    pub fn verify(
        &self,
        allowed: &[Algorithm],
        keys: &JwkSet,
        secret: Option<&Secret>,
    ) -> Result<Algorithm, JwtError> {
        let algorithm = self.algorithm(allowed)?;
        if is_symmetric(algorithm) {
            let secret = secret.ok_or_else(|| self.unexpected())?;
            let key = jsonwebtoken::DecodingKey::from_secret(secret.expose().as_bytes());
            return match signature::verify(algorithm, &key, self.message, self.signature) {
                true => Ok(algorithm),
                false => Err(JwtError::Signature),
            };
        }
        let kid = match self.header.get("kid") {
            None => None,
            Some(Value::String(kid)) => Some(kid.as_str()),
            Some(_) => return Err(JwtError::Header("whose kid is not a string")),
        };
        let mut candidates = keys.candidates(algorithm, kid).peekable();
        if candidates.peek().is_none() {
            return Err(JwtError::NoKey(keys.why_skipped()));
        }
        let verifies = |key: &jsonwebtoken::DecodingKey| {
            signature::verify(algorithm, key, self.message, self.signature)
        };
        if candidates.any(|jwk| verifies(jwk.key())) {
            return Ok(algorithm);
        }
        // Without a kid nobody can tell a forged token from one signed by a key we do not have yet.
        Err(match kid {
            Some(_) => JwtError::Signature,
            None => JwtError::NoKey(String::new()),
        })
    }

    fn algorithm(&self, allowed: &[Algorithm]) -> Result<Algorithm, JwtError> {
        for (name, why) in [
            (
                "crit",
                "with crit, naming extensions that are not known here",
            ),
            ("zip", "with zip: compressed tokens are not read"),
            ("enc", "with enc: it is encrypted"),
        ] {
            if self.header.contains_key(name) {
                return Err(JwtError::Header(why));
            }
        }
        let name = match self.header.get("alg") {
            Some(Value::String(name)) => name,
            _ => return Err(JwtError::Header("without alg")),
        };
        if name.eq_ignore_ascii_case("none") {
            return Err(JwtError::Unsigned);
        }
        algorithm(name)
            .filter(|algorithm| allowed.contains(algorithm))
            .ok_or_else(|| self.unexpected())
    }

    fn unexpected(&self) -> JwtError {
        let name = self.header.get("alg").and_then(Value::as_str);
        JwtError::Algorithm(printable(name.unwrap_or_default(), 40))
    }
}

fn decode_part(name: &'static str, part: &str) -> Result<Vec<u8>, JwtError> {
    URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| JwtError::Base64(name))
}

fn object(name: &'static str, part: &str) -> Result<Map<String, Value>, JwtError> {
    let bytes = decode_part(name, part)?;
    let object =
        json::parse_object(&bytes, MAX_BYTES).map_err(|error| JwtError::Json(name, error))?;
    match object.repeated.first() {
        Some(member) => Err(JwtError::Repeated(name, printable(member, 60))),
        None => Ok(object.members),
    }
}

#[cfg(test)]
#[path = "jwt_tests.rs"]
mod tests;
