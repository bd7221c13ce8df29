//! JWS algorithms (RFC 7518 §3, RFC 8037) for `jsonwebtoken`, over ring.

use jsonwebtoken::crypto::{self, CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error as JwtError, ErrorKind};
use jsonwebtoken::jwk::ThumbprintHash;
use jsonwebtoken::signature::{Error as SignatureError, Signer, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind, EncodingKey};
use ring::rand::SystemRandom;
use ring::signature as alg;
use ring::{digest, hmac};

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| {
        same_family(algorithm, key.family())?;
        Ok(Box::new(RingSigner(*algorithm, key.clone())))
    },
    verifier_factory: |algorithm, key| {
        same_family(algorithm, key.family())?;
        Ok(Box::new(RingVerifier(*algorithm, key.clone())))
    },
    key_utils: KeyUtils {
        rsa_pub_components_from_private_key: |_| Err(unsupported()),
        rsa_pub_components_from_public_key: |_| Err(unsupported()),
        ec_pub_components_from_private_key: |_, _| Err(unsupported()),
        ed_pub_components_from_private_key: |_, _| Err(unsupported()),
        compute_digest: |data, hash| {
            let algorithm = match hash {
                ThumbprintHash::SHA256 => &digest::SHA256,
                ThumbprintHash::SHA384 => &digest::SHA384,
                ThumbprintHash::SHA512 => &digest::SHA512,
                _ => return Err(unsupported()),
            };
            Ok(digest::digest(algorithm, data).as_ref().to_vec())
        },
    },
};

/// Whether the base64url `signature` of `message` was made with the key.
pub fn verify(algorithm: Algorithm, key: &DecodingKey, message: &str, signature: &str) -> bool {
    install();
    crypto::verify(signature, message.as_bytes(), key, algorithm).unwrap_or(false)
}

/// The base64url signature of `message`; `None` where the key does not fit the algorithm.
pub fn sign(algorithm: Algorithm, key: &EncodingKey, message: &str) -> Option<String> {
    install();
    crypto::sign(message.as_bytes(), key, algorithm).ok()
}

/// The hash that goes with an algorithm (OIDC Core §3.1.3.6: `at_hash`).
pub fn hash(algorithm: Algorithm, data: &[u8]) -> digest::Digest {
    let hash = match algorithm {
        Algorithm::HS384 | Algorithm::RS384 | Algorithm::PS384 | Algorithm::ES384 => {
            &digest::SHA384
        }
        Algorithm::HS512 | Algorithm::RS512 | Algorithm::PS512 | Algorithm::EdDSA => {
            &digest::SHA512
        }
        _ => &digest::SHA256,
    };
    digest::digest(hash, data)
}

/// Makes ring the crate's provider; only the first call in a process does anything.
fn install() {
    let _ = PROVIDER.install_default();
}

fn unsupported() -> JwtError {
    ErrorKind::UnsupportedAlgorithm.into()
}

fn same_family(
    algorithm: &Algorithm,
    family: jsonwebtoken::AlgorithmFamily,
) -> Result<(), JwtError> {
    match algorithm.family() == family {
        true => Ok(()),
        false => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

struct RingVerifier(Algorithm, DecodingKey);

impl JwtVerifier for RingVerifier {
    fn algorithm(&self) -> Algorithm {
        self.0
    }
}

impl Verifier<Vec<u8>> for RingVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), SignatureError> {
        let RingVerifier(algorithm, key) = self;
        let verified = match (key.kind(), rsa_verification(*algorithm)) {
            (DecodingKeyKind::RsaModulusExponent { n, e }, Some(rsa)) => {
                alg::RsaPublicKeyComponents { n, e }.verify(rsa, message, signature)
            }
            (DecodingKeyKind::SecretOrDer(bytes), None) => match hmac_algorithm(*algorithm) {
                Some(hmac) => hmac::verify(&hmac::Key::new(hmac, bytes), message, signature),
                None => {
                    let curve = curve_verification(*algorithm).ok_or_else(SignatureError::new)?;
                    alg::UnparsedPublicKey::new(curve, bytes).verify(message, signature)
                }
            },
            _ => return Err(SignatureError::new()),
        };
        verified.map_err(|_| SignatureError::new())
    }
}

/// 2,048 to 8,192 bits; ring refuses anything else.
fn rsa_verification(algorithm: Algorithm) -> Option<&'static alg::RsaParameters> {
    match algorithm {
        Algorithm::RS256 => Some(&alg::RSA_PKCS1_2048_8192_SHA256),
        Algorithm::RS384 => Some(&alg::RSA_PKCS1_2048_8192_SHA384),
        Algorithm::RS512 => Some(&alg::RSA_PKCS1_2048_8192_SHA512),
        Algorithm::PS256 => Some(&alg::RSA_PSS_2048_8192_SHA256),
        Algorithm::PS384 => Some(&alg::RSA_PSS_2048_8192_SHA384),
        Algorithm::PS512 => Some(&alg::RSA_PSS_2048_8192_SHA512),
        _ => None,
    }
}

fn curve_verification(algorithm: Algorithm) -> Option<&'static dyn alg::VerificationAlgorithm> {
    match algorithm {
        Algorithm::ES256 => Some(&alg::ECDSA_P256_SHA256_FIXED),
        Algorithm::ES384 => Some(&alg::ECDSA_P384_SHA384_FIXED),
        Algorithm::EdDSA => Some(&alg::ED25519),
        _ => None,
    }
}

fn hmac_algorithm(algorithm: Algorithm) -> Option<hmac::Algorithm> {
    match algorithm {
        Algorithm::HS256 => Some(hmac::HMAC_SHA256),
        Algorithm::HS384 => Some(hmac::HMAC_SHA384),
        Algorithm::HS512 => Some(hmac::HMAC_SHA512),
        _ => None,
    }
}

struct RingSigner(Algorithm, EncodingKey);

impl JwtSigner for RingSigner {
    fn algorithm(&self) -> Algorithm {
        self.0
    }
}

impl Signer<Vec<u8>> for RingSigner {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, SignatureError> {
        let RingSigner(algorithm, key) = self;
        let (key, random) = (key.as_bytes(), SystemRandom::new());
        if let Some(hmac) = hmac_algorithm(*algorithm) {
            let tag = hmac::sign(&hmac::Key::new(hmac, key), message);
            return Ok(tag.as_ref().to_vec());
        }
        let refuse = |_| SignatureError::new();
        if let Some(padding) = rsa_padding(*algorithm) {
            let pair = alg::RsaKeyPair::from_pkcs8(key).map_err(refuse)?;
            let mut signature = vec![0; pair.public().modulus_len()];
            pair.sign(padding, &random, message, &mut signature)
                .map_err(|_| SignatureError::new())?;
            return Ok(signature);
        }
        let curve = match algorithm {
            Algorithm::ES256 => &alg::ECDSA_P256_SHA256_FIXED_SIGNING,
            Algorithm::ES384 => &alg::ECDSA_P384_SHA384_FIXED_SIGNING,
            _ => {
                let pair = alg::Ed25519KeyPair::from_pkcs8_maybe_unchecked(key).map_err(refuse)?;
                return Ok(pair.sign(message).as_ref().to_vec());
            }
        };
        let pair = alg::EcdsaKeyPair::from_pkcs8(curve, key, &random).map_err(refuse)?;
        let signature = pair.sign(&random, message);
        Ok(signature
            .map_err(|_| SignatureError::new())?
            .as_ref()
            .to_vec())
    }
}

fn rsa_padding(algorithm: Algorithm) -> Option<&'static dyn alg::RsaEncoding> {
    match algorithm {
        Algorithm::RS256 => Some(&alg::RSA_PKCS1_SHA256),
        Algorithm::RS384 => Some(&alg::RSA_PKCS1_SHA384),
        Algorithm::RS512 => Some(&alg::RSA_PKCS1_SHA512),
        Algorithm::PS256 => Some(&alg::RSA_PSS_SHA256),
        Algorithm::PS384 => Some(&alg::RSA_PSS_SHA384),
        Algorithm::PS512 => Some(&alg::RSA_PSS_SHA512),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    /// RFC 7515 appendix A.1
    #[test]
    fn the_rfcs_hmac_example_verifies() {
        let key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
        let key = DecodingKey::from_secret(&URL_SAFE_NO_PAD.decode(key).unwrap());
        let message = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
            eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let signature = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert!(verify(Algorithm::HS256, &key, message, signature));
        assert!(!verify(Algorithm::HS256, &key, "x", signature));
        assert!(!verify(Algorithm::RS256, &key, message, signature));
    }

    /// RFC 7515 appendix A.3
    #[test]
    fn the_rfcs_es256_example_verifies() {
        let key = DecodingKey::from_ec_components(
            "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        )
        .unwrap();
        let message = "eyJhbGciOiJFUzI1NiJ9.\
            eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
        assert!(verify(Algorithm::ES256, &key, message, signature));
        assert!(!verify(Algorithm::ES384, &key, message, signature));
        // J15: zero r and s, wrong length
        let zero = URL_SAFE_NO_PAD.encode([0; 64]);
        assert!(!verify(Algorithm::ES256, &key, message, &zero));
        assert!(!verify(Algorithm::ES256, &key, message, &signature[4..]));
        assert!(!verify(Algorithm::ES256, &key, message, ""));
    }

    /// RFC 8037 appendix A.4
    #[test]
    fn the_rfcs_eddsa_example_verifies() {
        let key = DecodingKey::from_ed_components("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        let message = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        let key = key.unwrap();
        assert!(verify(Algorithm::EdDSA, &key, message, signature));
        assert!(!verify(Algorithm::EdDSA, &key, "x", signature));
        let short = DecodingKey::from_ed_der(&[1; 31]);
        assert!(!verify(Algorithm::EdDSA, &short, message, signature));
    }
}
