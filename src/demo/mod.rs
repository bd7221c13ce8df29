//! The embedded authorization server and API of `hallpass demo`: pure request → response.
//!
//! It plays by the rules (RFC 6749, 7636, 8252, 8414, 8628, 7009, 7662, 7591, 8707, 9207, OpenID
//! Connect Core) and checks what a client sends, so it also is the honest half of the tests'
//! scripted server. State lives in memory; time and random bytes are arguments.

mod api;
mod authorization;
mod client;
mod device;
mod device_page;
mod exchange;
mod grants;
mod introspection;
mod journal;
mod key;
mod metadata;
mod page;
mod registration;
mod token;
mod token_request;
mod userinfo;

use std::collections::BTreeMap;

use url::Url;

use crate::error::{Code, Error, Result};

pub use client::DemoClient;
pub use exchange::{Refusal, Reply};
pub use journal::Exchange;
pub use key::SigningKey;

use exchange::Call;

/// The public client that every demo provider knows; any loopback redirect URI is registered.
pub const CLIENT_ID: &str = "hallpass-demo";

/// Scope that the demo client may ask for.
pub const SCOPES: &[&str] = &[
    "openid",
    "profile",
    "email",
    "offline_access",
    "notes:read",
    "notes:write",
];

/// Who decides at the authorization endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Consent {
    /// A page with two buttons.
    #[default]
    Ask,
    /// Nobody: every valid request is granted at once.
    Grant,
}

/// How a provider behaves; may be changed while it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Issuer identifier; its path is the prefix of every endpoint.
    pub issuer: String,
    /// Who decides.
    pub consent: Consent,
    /// Seconds an access token lives.
    pub access_token_lifetime: u64,
    /// Whether a refresh token is replaced when it is used (RFC 9700 §4.14).
    pub rotate: bool,
    /// `sub` of the one person here.
    pub subject: String,
    /// Their `name`.
    pub name: String,
    /// Their `email`.
    pub email: String,
}

impl Options {
    /// One hour, rotation, a consent page, Ada.
    pub fn new(issuer: impl Into<String>) -> Self {
        Options {
            issuer: issuer.into(),
            consent: Consent::Ask,
            access_token_lifetime: 3600,
            rotate: true,
            subject: "ada-1815".into(),
            name: "Ada Lovelace".into(),
            email: "ada@example.com".into(),
        }
    }
}

/// Where random bytes come from: 32 at a time.
pub type RandomBytes<'a> = &'a mut dyn FnMut() -> Result<[u8; 32]>;

/// The provider and its API.
pub struct Provider {
    /// How it behaves.
    pub options: Options,
    key: SigningKey,
    clients: BTreeMap<String, DemoClient>,
    requests: authorization::Requests,
    devices: device::Devices,
    grants: grants::Grants,
    notes: Vec<api::Note>,
    journal: Vec<Exchange>,
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Provider({})", self.options.issuer)
    }
}

impl Provider {
    /// A provider with a fresh signing key and the public client [`CLIENT_ID`].
    pub fn new(options: Options) -> Result<Provider> {
        let issuer = Url::parse(&options.issuer)
            .map_err(|error| Error::new(Code::Usage, "bad issuer").with_source(error))?;
        if issuer.query().is_some() || issuer.fragment().is_some() {
            return Err(Error::new(
                Code::Usage,
                "an issuer has no query and no fragment",
            ));
        }
        let mut provider = Provider {
            options,
            key: SigningKey::generate()?,
            clients: BTreeMap::new(),
            requests: authorization::Requests::default(),
            devices: device::Devices::default(),
            grants: grants::Grants::default(),
            notes: api::first_notes(),
            journal: Vec::new(),
        };
        provider.add_client(DemoClient::public(CLIENT_ID));
        Ok(provider)
    }

    /// Registers a client, replacing one of the same id.
    pub fn add_client(&mut self, client: DemoClient) {
        self.clients.insert(client.client_id.clone(), client);
    }

    /// The key that signs ID Tokens.
    pub fn signing_key(&self) -> &SigningKey {
        &self.key
    }

    /// Base of the API's URLs, with its trailing slash.
    pub fn api_base_url(&self) -> String {
        format!("{}/api/", self.options.issuer.trim_end_matches('/'))
    }

    /// Makes every access token unusable although its time is not up; sessions stay renewable.
    pub fn forget_access_tokens(&mut self) {
        self.grants.forget_access_tokens();
    }

    /// Refresh tokens that still work.
    pub fn live_refresh_tokens(&self) -> usize {
        self.grants.live_refresh_tokens()
    }

    /// What went over the wire since the last call, secrets shortened.
    pub fn take_journal(&mut self) -> Vec<Exchange> {
        std::mem::take(&mut self.journal)
    }

    /// Answers one request. `now` is in seconds since 1970.
    pub fn handle(
        &mut self,
        request: &http::Request<Vec<u8>>,
        now: i64,
        random: RandomBytes<'_>,
    ) -> http::Response<Vec<u8>> {
        let mut call = Call::new(request, now, random);
        let reply = self
            .route(&mut call)
            .unwrap_or_else(|refusal| refusal.into_reply());
        let response = exchange::finish(reply, request.method() == http::Method::HEAD);
        journal::record(&mut self.journal, &call, &response);
        response
    }

    fn route(&mut self, call: &mut Call<'_>) -> Result<Reply, Refusal> {
        let prefix = issuer_path(&self.options.issuer);
        let path = call.request.uri().path().to_owned();
        if path == format!("/.well-known/oauth-authorization-server{prefix}")
            || path == format!("{prefix}/.well-known/openid-configuration")
        {
            call.allow(&["GET", "HEAD"])?;
            return Ok(metadata::document(&self.options.issuer));
        }
        let Some(local) = path.strip_prefix(&prefix) else {
            return Err(Refusal::not_found());
        };
        match local {
            "" | "/" => call.allow(&["GET"]).map(|()| page::home(&self.options)),
            "/jwks" => call.allow(&["GET", "HEAD"]).map(|()| self.key.jwks()),
            "/authorize" => authorization::authorize(self, call),
            "/consent" => authorization::decide(self, call),
            "/token" => token_request::token(self, call),
            "/userinfo" => userinfo::userinfo(self, call),
            "/revoke" => introspection::revoke(self, call),
            "/introspect" => introspection::introspect(self, call),
            "/device_authorization" => device::authorize(self, call),
            "/device" => device_page::device(self, call),
            "/register" => registration::register(self, call),
            _ => match local.strip_prefix("/api/") {
                Some(resource) => api::resource(self, call, resource),
                None => Err(Refusal::not_found()),
            },
        }
    }
}

/// The issuer's path without a trailing slash: the prefix of every endpoint.
fn issuer_path(issuer: &str) -> String {
    Url::parse(issuer)
        .map(|url| url.path().trim_end_matches('/').to_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
