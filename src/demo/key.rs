//! The provider's signing key: ES256 (RFC 7518 §3.4), made at start, never written anywhere.

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

use super::exchange::{Reply, base64url, json_reply};
use crate::error::{Code, Error, Result};

/// A P-256 key pair with its `kid`.
pub struct SigningKey {
    pair: EcdsaKeyPair,
    kid: String,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({})", self.kid)
    }
}

impl SigningKey {
    /// A fresh key; its `kid` is the start of the public key's hash.
    pub fn generate() -> Result<SigningKey> {
        let failed = |_| Error::new(Code::Internal, "cannot make a signing key");
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).map_err(failed)?;
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random)
            .map_err(|_| Error::new(Code::Internal, "cannot load the signing key"))?;
        let hash = ring::digest::digest(&ring::digest::SHA256, pair.public_key().as_ref());
        let kid = base64url(&hash.as_ref()[..9]);
        Ok(SigningKey { pair, kid })
    }

    /// The key's identifier in the JWK Set.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public key as a JWK (RFC 7517).
    pub fn jwk(&self) -> Value {
        // An uncompressed point: 0x04, then x and y of 32 bytes each.
        let point = self.pair.public_key().as_ref();
        let (x, y) = point[1..].split_at(32);
        json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256",
            "kid": self.kid, "x": base64url(x), "y": base64url(y),
        })
    }

    /// A JWS in compact form (RFC 7515 §7.1) over any header and claims.
    pub fn sign(&self, header: &Value, claims: &Value) -> Result<String> {
        let input = format!(
            "{}.{}",
            base64url(header.to_string().as_bytes()),
            base64url(claims.to_string().as_bytes())
        );
        let signature = self
            .pair
            .sign(&SystemRandom::new(), input.as_bytes())
            .map_err(|_| Error::new(Code::Internal, "cannot sign"))?;
        Ok(format!("{input}.{}", base64url(signature.as_ref())))
    }

    /// Signs claims under this key's own header.
    pub fn sign_claims(&self, claims: &Value) -> Result<String> {
        let header = json!({"alg": "ES256", "typ": "JWT", "kid": self.kid});
        self.sign(&header, claims)
    }

    pub(super) fn jwks(&self) -> Reply {
        json_reply(200, &json!({"keys": [self.jwk()]}))
    }
}
