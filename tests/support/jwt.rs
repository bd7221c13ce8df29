//! JWTs as an attacker, or a careless server, would make them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hallpass::demo::SigningKey;
use serde_json::{Value, json};

/// Signing input to signature.
pub type Signer = Box<dyn Fn(&[u8]) -> Vec<u8>>;
/// A whole token to what is sent in its place.
pub type Replacement = Box<dyn Fn(String) -> String>;

/// An ID Token that was taken apart and may be put together differently.
pub struct Forgery {
    /// JOSE header.
    pub header: Value,
    /// Claims.
    pub claims: Value,
    /// Signs in place of the honest key.
    pub signer: Option<Signer>,
    /// Replaces the whole token in the end.
    pub replace: Option<Replacement>,
}

impl Forgery {
    /// Takes an honest token apart.
    pub fn of(jwt: &str) -> Forgery {
        let mut parts = jwt.split('.').map(|part| {
            let bytes = URL_SAFE_NO_PAD.decode(part).expect("base64url");
            serde_json::from_slice::<Value>(&bytes)
        });
        let mut next = || parts.next().expect("three parts").expect("JSON");
        Forgery {
            header: next(),
            claims: next(),
            signer: None,
            replace: None,
        }
    }

    /// Sets a claim, or takes it out with `null`.
    pub fn claim(&mut self, name: &str, value: Value) {
        set(&mut self.claims, name, value);
    }

    /// Appends to a string claim, as the OpenID suite does.
    pub fn append(&mut self, name: &str, suffix: &str) {
        let old = self.claims[name].as_str().unwrap_or_default();
        self.claims[name] = format!("{old}{suffix}").into();
    }

    /// Sets a header member, or takes it out with `null`.
    pub fn head(&mut self, name: &str, value: Value) {
        set(&mut self.header, name, value);
    }

    /// Puts it together.
    pub fn sign(self, honest: &SigningKey) -> String {
        let jwt = match self.signer {
            None => honest
                .sign(&self.header, &self.claims)
                .expect("a signature"),
            Some(signer) => {
                let input = format!("{}.{}", encode(&self.header), encode(&self.claims));
                let signature = URL_SAFE_NO_PAD.encode(signer(input.as_bytes()));
                format!("{input}.{signature}")
            }
        };
        match self.replace {
            None => jwt,
            Some(replace) => replace(jwt),
        }
    }
}

fn set(object: &mut Value, name: &str, value: Value) {
    let members = object.as_object_mut().expect("an object");
    if value.is_null() {
        members.remove(name);
    } else {
        members.insert(name.to_owned(), value);
    }
}

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// `alg: none`.
pub fn none(forgery: &mut Forgery) {
    forgery.header = json!({"alg": "none", "typ": "JWT"});
    forgery.signer = Some(Box::new(|_| Vec::new()));
}

/// HS256 under these key bytes.
pub fn hs256(forgery: &mut Forgery, key: &[u8]) {
    forgery.header["alg"] = "HS256".into();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key);
    forgery.signer = Some(Box::new(move |input| {
        ring::hmac::sign(&key, input).as_ref().to_vec()
    }));
}

/// Flips every bit the suite flips: the signature XOR 0x5A.
pub fn break_signature(forgery: &mut Forgery) {
    forgery.replace = Some(Box::new(|jwt| {
        let (input, signature) = jwt.rsplit_once('.').expect("three parts");
        let mut bytes = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
        bytes.iter_mut().for_each(|byte| *byte ^= 0x5a);
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(bytes))
    }));
}
