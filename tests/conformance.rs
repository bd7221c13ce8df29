//! The OpenID Foundation's relying-party tests by name, and the hostile behaviours of the
//! research by row: each is one mutation of an honest provider.

mod basic;
mod callback;
mod challenge;
mod config;
mod fapi2;
mod id_token;
mod metadata;
mod refresh;
mod token;

use serde_json::json;

use crate::support::rsa::RsaKey;
use crate::support::sandbox::Transcript;
use crate::support::{Authority, Sandbox};

/// A provider and the relying party that signs in to it as service `demo`.
pub struct Parties {
    pub authority: Authority,
    pub sandbox: Sandbox,
}

/// An honest provider (ES256) and a public client of it.
pub fn parties() -> Parties {
    parties_with("")
}

/// With more lines in the service's table.
pub fn parties_with(lines: &str) -> Parties {
    let authority = Authority::honest();
    let body = format!("{}{lines}", authority.service());
    let sandbox = Sandbox::new().service("demo", &body);
    Parties { authority, sandbox }
}

/// A provider that signs with RS256 under this `kid`.
pub fn rs256(kid: &'static str) -> Parties {
    let parties = parties();
    parties.authority.metadata(|document| {
        document["id_token_signing_alg_values_supported"] = json!(["RS256"]);
    });
    let key = RsaKey::first();
    parties
        .authority
        .mutate("/jwks", move |keys| *keys = json!({"keys": [key.jwk(kid)]}));
    parties
        .authority
        .id_token(move |forgery| key.signs(forgery, kid));
    parties
}

impl Parties {
    /// The sign-in must work, and so must UserInfo after it.
    #[track_caller]
    pub fn sign_in(&self) -> Transcript {
        let transcript = self.sandbox.hallpass("login demo").ok();
        self.sandbox.hallpass("userinfo demo").ok();
        transcript
    }

    /// The suite's "expecting nothing": the sign-in fails with this code naming this, UserInfo is
    /// not called, nothing is stored.
    #[track_caller]
    pub fn refuse(&self, code: i32, names: &str) -> Transcript {
        let transcript = self.sandbox.hallpass("login demo").fails(code).says(names);
        self.nothing_came_of_it();
        transcript
    }

    /// No further request, nothing stored.
    #[track_caller]
    pub fn nothing_came_of_it(&self) {
        let paths = self.authority.paths();
        assert!(!paths.iter().any(|p| p == "/userinfo"), "{paths:?}");
        self.sandbox.hallpass("token demo").fails(4);
    }
}
