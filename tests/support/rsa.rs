//! RSA keys made on the spot, because the suite's tests want RS256 and no private key is kept in
//! the repository. ring signs but makes no RSA keys.

use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use num_bigint::BigUint;
use ring::rand::SecureRandom;
use ring::rsa::{KeyPair, KeyPairComponents, PublicKeyComponents};
use serde_json::{Value, json};

use super::jwt::Forgery;

const EXPONENT: u32 = 65_537;

/// A 2048-bit key pair.
pub struct RsaKey {
    pair: KeyPair,
    n: Vec<u8>,
}

impl RsaKey {
    /// The key most tests use; made once a run.
    pub fn first() -> &'static RsaKey {
        static KEY: OnceLock<RsaKey> = OnceLock::new();
        KEY.get_or_init(RsaKey::generate)
    }

    /// Another one.
    pub fn second() -> &'static RsaKey {
        static KEY: OnceLock<RsaKey> = OnceLock::new();
        KEY.get_or_init(RsaKey::generate)
    }

    fn generate() -> RsaKey {
        let e = BigUint::from(EXPONENT);
        let one = BigUint::from(1_u32);
        loop {
            let (a, b) = (prime(), prime());
            let (p, q) = if a > b { (a, b) } else { (b, a) };
            let totient = (&p - &one) * (&q - &one);
            let (Some(d), Some(inverse)) = (e.modinv(&totient), q.modinv(&p)) else {
                continue;
            };
            let n = &p * &q;
            let (dp, dq) = (&d % (&p - &one), &d % (&q - &one));
            let parts = [&n, &e, &d, &p, &q, &dp, &dq, &inverse].map(BigUint::to_bytes_be);
            let [n, e, d, p, q, dp, dq, inverse] = &parts;
            let components = KeyPairComponents {
                public_key: PublicKeyComponents { n, e },
                d,
                p,
                q,
                dP: dp,
                dQ: dq,
                qInv: inverse,
            };
            if let Ok(pair) = KeyPair::from_components(&components) {
                return RsaKey { pair, n: n.clone() };
            }
        }
    }

    /// The public key as a JWK.
    pub fn jwk(&self, kid: &str) -> Value {
        json!({
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid,
            "n": URL_SAFE_NO_PAD.encode(&self.n), "e": "AQAB",
        })
    }

    /// The modulus, big-endian.
    pub fn modulus(&self) -> &[u8] {
        &self.n
    }

    /// Lets this key sign the token, RS256.
    pub fn signs(&'static self, forgery: &mut Forgery, kid: &str) {
        forgery.header = json!({"alg": "RS256", "typ": "JWT", "kid": kid});
        forgery.signer = Some(Box::new(|input| self.sign(input)));
    }

    /// A PKCS #1 v1.5 signature over the SHA-256 of `input`.
    pub fn sign(&self, input: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.pair.public().modulus_len()];
        let random = ring::rand::SystemRandom::new();
        let padding = &ring::signature::RSA_PKCS1_SHA256;
        let signed = self.pair.sign(padding, &random, input, &mut signature);
        signed.expect("it signs");
        signature
    }
}

/// A prime of 1024 bits whose two upper bits are set.
fn prime() -> BigUint {
    let random = ring::rand::SystemRandom::new();
    loop {
        let mut bytes = [0; 128];
        random.fill(&mut bytes).expect("random bytes");
        bytes[0] |= 0xc0;
        bytes[127] |= 1;
        let candidate = BigUint::from_bytes_be(&bytes);
        let coprime = (&candidate - 1_u32) % EXPONENT != BigUint::ZERO;
        if coprime && is_prime(&candidate) {
            return candidate;
        }
    }
}

/// Small divisors, then Miller–Rabin.
fn is_prime(candidate: &BigUint) -> bool {
    let small = (3_u32..2000).step_by(2);
    if small.into_iter().any(|d| candidate % d == BigUint::ZERO) {
        return false;
    }
    let one = BigUint::from(1_u32);
    let last = candidate - &one;
    let twos = last.trailing_zeros().expect("not zero");
    let odd = &last >> twos;
    [2_u32, 3, 5, 7, 11, 13, 17, 19].iter().all(|base| {
        let mut x = BigUint::from(*base).modpow(&odd, candidate);
        if x == one || x == last {
            return true;
        }
        (1..twos).any(|_| {
            x = &x * &x % candidate;
            x == last
        })
    })
}

#[test]
fn a_key_signs_what_its_jwk_verifies() {
    let key = RsaKey::first();
    let signature = key.sign(b"text");
    let public = ring::signature::RsaPublicKeyComponents {
        n: key.modulus(),
        e: &[1, 0, 1],
    };
    let scheme = &ring::signature::RSA_PKCS1_2048_8192_SHA256;
    assert!(public.verify(scheme, b"text", &signature).is_ok());
    assert!(public.verify(scheme, b"other", &signature).is_err());
}
