//! Keys and signed tokens for unit tests.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey};
use ring::rand::SystemRandom;
use ring::signature as alg;
use ring::signature::KeyPair;
use serde_json::{Value, json};

use super::signature;

/// The published example key of RFC 7515 appendix A.2 as PKCS#8; it protects nothing.
const RSA_PKCS8: &str = "\
    MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCh+BYK4uPJtGXOjS1lYmM2K5J9vinh8CR3/BYlzJCh\
    NuOL2TSXxbbqY913EeZ8dCn5VrD7io8ImtxLaYk8wTM/U+3QGbh3hCUv7JFP5IV3aVlL6kKA0ywPVb9ilE8TA5a8bpvf\
    br3SvaNnjuygxmj3AbONv/s4yDQs4v5tJ/reSlpIdJed1LnPmt7Ex1sFhSwsD174pcF1A5L5ROjtZMEQxrZHYJqkeDrr\
    nGya11UxMFBji4NmXG9veoKjlnAqH2QbgtPr8jkiGUkftoaHLFcW9Qr4NY2ai50Xw0Byj3+H2JoY2PyrZ62EWQwuz3WT\
    OTY8BwNNb2BvniHgVFbK5emhAgMBAAECggEAEq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO9\
    7IjlA7/GQ5sLKMgvfTeXZx9SE+7YwVol2NXOoAJe46sui395IW/GO+pWJ1O0BkTGoVEn2bKVRUCgu+GjBVaYLU6f3l9k\
    JfFNS3E0QbVdxzubSu3Mkqzjkn439X0M/V51gfpRLI9JYanrC4D4qAdGcopV/0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQ\
    UShb1juUO1ZdiYoFaFQT5Tw8bGUl/x/jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR/RQyGWSeWjnczT0QU91p1Dh\
    OVRuOopznQKBgQDgHMQQ60imZV1URk0KpLttoLhyt3SmqdEf/kgHePDdtzEafpAu+cS191R2JiuoF2yzWXnwFDcqGigp\
    5BNr0AHQfD8/Lk8l1Mk09jxxCfui5nYooNyac8YFjm3vItzVCVDnEd3BbVWG8qf6deqElMGAg+C2V0L4oNXnP7LZcPAZ\
    RwKBgQC5A8R+CZW2MvRTLLHzwZkUXV866cff7tx6kqa0finGG0KgeqlaZPxgCZnFp7AeAcCMtiynVlJ7vMVgePsLq6Xt\
    ON4tB5kP9jAPrq3rbAOal78eUH5OcED6eNuCV8ixEu1eWcPNCS/l1OW1EnXUEoEHKl54Xrrz2uNwkgMTP1FZ1wKBgAcC\
    n1dwJKufzBWQxWQp1vsM5fggqPN1qGb5y0MAk3g7/Ls5bkUp5u9SN0Ai3Ya6hNnvWJMb7sXQX6U/zyO2M/hTip7tUeh7\
    CXgwo59dkpN75gJLVds29+DAncu3KXU4f2Fa+7bLNrur53k8KwPOq2bbuTG69QtV7Jr5MR0AHWKNAoGBAIf/evpitUf+\
    4JYbLpvNXWcY052Mpz22aR84mY3nh3F2LF2mjMJDpTg7FmuyPcVw6EcGyoAe9fa65iNqCq+jdw6PVNGo2hxfjSiZ8IIz\
    HdsPXI89//pMjZcQK9r+CCoRjaZjOYiIDktVWZzmevJuv6WywUqd57LE3Zar3dLSIkx1AoGAIYd7DHOhrWvxkwPQsRM2\
    tOgrjbcrfvtQJipd+DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq2MowX7fhd/QJQ3ydy5cY7YIBi87w93IKLEdfnbJtoO\
    PLUW0ITrJReOgo1cq9SbsxYawBgfp/gh6A5603k2+ZQwVK0JKSHuLFkuQ3U=";

/// One signing key and what a server would publish of it.
pub struct TestKey {
    pub algorithm: Algorithm,
    pub jwk: Value,
    key: EncodingKey,
}

impl TestKey {
    /// The RSA key, for any of its algorithms.
    pub fn rsa(algorithm: Algorithm, kid: &str) -> TestKey {
        let pkcs8 = STANDARD.decode(RSA_PKCS8).unwrap();
        let pair = alg::RsaKeyPair::from_pkcs8(&pkcs8).unwrap();
        let public = alg::RsaPublicKeyComponents::<Vec<u8>>::from(pair.public());
        let jwk = json!({
            "kty": "RSA", "kid": kid, "use": "sig",
            "n": base64url(&public.n), "e": base64url(&public.e),
        });
        TestKey {
            algorithm,
            jwk,
            key: EncodingKey::from_rsa_der(&pkcs8),
        }
    }

    /// A fresh P-256 or P-384 key.
    pub fn ec(algorithm: Algorithm, kid: &str) -> TestKey {
        let (curve, crv, size) = match algorithm {
            Algorithm::ES384 => (&alg::ECDSA_P384_SHA384_FIXED_SIGNING, "P-384", 48),
            _ => (&alg::ECDSA_P256_SHA256_FIXED_SIGNING, "P-256", 32),
        };
        let random = SystemRandom::new();
        let pkcs8 = alg::EcdsaKeyPair::generate_pkcs8(curve, &random).unwrap();
        let pair = alg::EcdsaKeyPair::from_pkcs8(curve, pkcs8.as_ref(), &random).unwrap();
        let (x, y) = pair.public_key().as_ref()[1..].split_at(size);
        let jwk = json!({
            "kty": "EC", "crv": crv, "kid": kid, "x": base64url(x), "y": base64url(y),
        });
        TestKey {
            algorithm,
            jwk,
            key: EncodingKey::from_ec_der(pkcs8.as_ref()),
        }
    }

    /// A fresh Ed25519 key.
    pub fn ed(kid: &str) -> TestKey {
        let pkcs8 = alg::Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let pair = alg::Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap();
        let x = base64url(pair.public_key().as_ref());
        TestKey {
            algorithm: Algorithm::EdDSA,
            jwk: json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": x}),
            key: EncodingKey::from_ed_der(pkcs8.as_ref()),
        }
    }

    /// A shared secret.
    pub fn secret(algorithm: Algorithm, secret: &[u8]) -> TestKey {
        TestKey {
            algorithm,
            jwk: json!({}),
            key: EncodingKey::from_secret(secret),
        }
    }

    /// Signs claims under a header with this key's `alg` and `kid`.
    pub fn sign(&self, claims: &Value) -> String {
        let name = format!("{:?}", self.algorithm);
        let mut header = json!({"alg": name, "typ": "JWT"});
        if let Some(kid) = self.jwk.get("kid") {
            header["kid"] = kid.clone();
        }
        self.sign_with(&header, claims)
    }

    /// Signs claims under any header.
    pub fn sign_with(&self, header: &Value, claims: &Value) -> String {
        let message = unsigned(header, claims);
        let signature = signature::sign(self.algorithm, &self.key, &message).unwrap();
        format!("{message}.{signature}")
    }
}

/// A document with these keys' public halves.
pub fn jwks(keys: &[&TestKey]) -> Vec<u8> {
    let keys: Vec<_> = keys.iter().map(|key| &key.jwk).collect();
    json!({ "keys": keys }).to_string().into_bytes()
}

/// Header and payload of a token, not signed yet.
pub fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| base64url(value.to_string().as_bytes());
    format!("{}.{}", part(header), part(claims))
}

pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
