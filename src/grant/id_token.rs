//! The ID Token of a token response: keys fetched, every claim checked (OIDC Core §3.1.3.7, §12.2).

use std::cell::Cell;

use url::Url;

use super::Client;
use super::document::{Fetched, cached, fetch};
use crate::error::{Code, Error, Result};
use crate::port::Ports;
use crate::protocol::id_token::{
    Expected, IdTokenClaims, Refusal, acceptable_algorithms, of_stored, validate,
    validate_refreshed,
};
use crate::protocol::jwk::JwkSet;
use crate::protocol::token::TokenSet;
use crate::secret::Secret;

/// What was asked for, and so must be found.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// The nonce that was sent.
    pub nonce: Option<&'a Secret>,
    /// `openid` was asked for: an answer without an ID Token is an error (T26).
    pub required: bool,
    /// `max_age` that was asked for, in seconds.
    pub max_age: Option<u64>,
    /// `acr_values` that were asked for.
    pub acr_values: Option<&'a str>,
}

/// Validates the ID Token of a sign-in, where there is one.
pub async fn check(
    ports: &Ports<'_>,
    client: &Client,
    token: &TokenSet,
    wanted: &Wanted<'_>,
) -> Result<Option<IdTokenClaims>> {
    let Some(jwt) = &token.id_token else {
        if !wanted.required {
            return Ok(None);
        }
        return Err(Error::new(
            Code::IdTokenInvalid,
            "openid was asked for and the answer has no id_token",
        )
        .with_hint("see that the client may use OpenID Connect, or ask without the scope openid"));
    };
    let can_check = client.metadata.issuer.is_some() && client.metadata.jwks_uri.is_some();
    if !wanted.required && !can_check {
        // Nobody asked for it, nothing is made of it.
        return Ok(None);
    }
    with_keys(ports, client, token, wanted, &|keys, expected| {
        validate(jwt.expose(), keys, expected, ports.clock.now())
    })
    .await
    .map(Some)
}

/// What can be said of the ID Token that came with a refresh.
#[derive(Debug)]
pub enum Refreshed {
    /// It is what it must be, or there is none.
    Good,
    /// Nothing speaks against it but a clock, or nothing could be found out: not to be used, and
    /// no reason to give the session up.
    Unproven(Error),
    /// None of the keys at hand is the right one: it can be told after asking the server.
    KeysNeeded,
}

/// Where keys may come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeysFrom {
    /// The cache alone: nothing is waited for.
    Cache,
    /// The server too.
    Server,
}

/// Validates the ID Token that came with a refresh against the one before: still the same person
/// (OIDC Core §12.2). Where no ID Token came there is nothing to check.
pub async fn check_refreshed(
    ports: &Ports<'_>,
    client: &Client,
    token: &TokenSet,
    before: Option<&Secret>,
    from: KeysFrom,
) -> Result<Refreshed> {
    let (Some(jwt), Some(before)) = (&token.id_token, before) else {
        return Ok(Refreshed::Good);
    };
    let before = of_stored(before.expose())?;
    let unproven = Cell::new(false);
    let check = |keys: &JwkSet, expected: &Expected<'_>| {
        let checked = validate_refreshed(jwt.expose(), keys, expected, &before, ports.clock.now());
        let open = matches!(&checked, Err(Refusal::NoKey(_) | Refusal::Time(_)));
        unproven.set(open);
        checked
    };
    let lacking = Cell::new(false);
    let keys = (from, &lacking);
    match with_keys_from(ports, client, token, &Wanted::default(), keys, &check).await {
        Ok(_) => Ok(Refreshed::Good),
        Err(_) if lacking.get() => Ok(Refreshed::KeysNeeded),
        Err(error) if error.code() != Code::IdTokenInvalid || unproven.get() => {
            Ok(Refreshed::Unproven(error))
        }
        Err(error) => Err(error),
    }
}

/// Has the keys at hand that [`check_refreshed`] will want. Fetched only after the answer, they
/// would keep a rotated refresh token from the store for as long.
pub async fn fetch_keys_ahead(ports: &Ports<'_>, client: &Client) {
    let lacking = Cell::new(false);
    let keys = async {
        Keys::of(client, (KeysFrom::Server, &lacking))?
            .get(ports)
            .await
    };
    if let Err(error) = keys.await {
        ports
            .ui
            .trace(&format!("no keys ahead of the ID Token: {error}"));
    }
}

/// Runs a check with the server's keys; where none fits, the keys are fetched anew, once
/// (must 52): a server may have rotated them a moment ago.
pub(super) async fn with_keys<T>(
    ports: &Ports<'_>,
    client: &Client,
    token: &TokenSet,
    wanted: &Wanted<'_>,
    check: &dyn Fn(&JwkSet, &Expected<'_>) -> Result<T, Refusal>,
) -> Result<T> {
    let keys = (KeysFrom::Server, &Cell::new(false));
    with_keys_from(ports, client, token, wanted, keys, check).await
}

/// [`with_keys`], from where keys may come; the cell tells that the server would have been asked.
async fn with_keys_from<T>(
    ports: &Ports<'_>,
    client: &Client,
    token: &TokenSet,
    wanted: &Wanted<'_>,
    keys: (KeysFrom, &Cell<bool>),
    check: &dyn Fn(&JwkSet, &Expected<'_>) -> Result<T, Refusal>,
) -> Result<T> {
    let configured = client
        .service
        .values
        .id_token_signed_response_alg
        .as_deref();
    let algorithms = acceptable_algorithms(
        client
            .metadata
            .id_token_signing_alg_values_supported
            .as_deref(),
        configured,
        client.secret.is_some(),
    )?;
    let issuer = client.metadata.issuer.as_deref().ok_or_else(|| {
        Error::new(
            Code::ServiceIncomplete,
            format!(
                "service \"{}\" has no issuer to check the ID Token against",
                client.service.name
            ),
        )
        .with_hint(format!(
            "`hallpass edit {} --issuer https://…`, or leave out the scope openid",
            client.service.name
        ))
    })?;
    let expected = Expected {
        issuer,
        issuer_template: client.service.values.issuer_template.as_deref(),
        client_id: &client.client_id,
        algorithms: &algorithms,
        client_secret: client.secret.as_ref(),
        nonce: wanted.nonce.map(|nonce| nonce.expose().as_str()),
        max_age: wanted.max_age,
        acr_values: wanted.acr_values,
        access_token: Some(&token.access_token),
    };
    let source = Keys::of(client, keys)?;
    let keys = source.get(ports).await?;
    match check(&keys, &expected) {
        Ok(found) => Ok(found),
        Err(Refusal::NoKey(_)) if source.came_from_cache.get() => {
            let keys = source.fetch(ports).await?;
            check(&keys, &expected).map_err(Error::from)
        }
        Err(refusal) => Err(refusal.into()),
    }
}

/// The server's JWK Set (RFC 7517 §5), through the cache.
struct Keys<'a> {
    url: Url,
    came_from_cache: Cell<bool>,
    from: KeysFrom,
    /// The server would have been asked.
    lacking: &'a Cell<bool>,
}

impl<'a> Keys<'a> {
    fn of(client: &Client, (from, lacking): (KeysFrom, &'a Cell<bool>)) -> Result<Self> {
        Ok(Keys {
            url: client.endpoint("jwks_uri")?,
            came_from_cache: Cell::new(false),
            from,
            lacking,
        })
    }

    fn cache_key(&self) -> String {
        format!("keys {}", self.url)
    }

    async fn get(&self, ports: &Ports<'_>) -> Result<JwkSet> {
        if let Some(document) = cached(ports, &self.cache_key())
            && let Ok(keys) = JwkSet::parse(&document)
        {
            self.came_from_cache.set(true);
            return Ok(keys);
        }
        self.fetch(ports).await
    }

    async fn fetch(&self, ports: &Ports<'_>) -> Result<JwkSet> {
        if self.from == KeysFrom::Cache {
            self.lacking.set(true);
            return Err(Error::new(Code::MetadataInvalid, "no such key at hand"));
        }
        match fetch(ports, &self.url).await? {
            Fetched::Document(document) => {
                let keys = JwkSet::parse(&document)?;
                ports.cache.put(&self.cache_key(), &document);
                Ok(keys)
            }
            Fetched::NotHere(status) => Err(Error::new(
                Code::MetadataInvalid,
                format!(
                    "no keys to check the ID Token: {} answered {}",
                    self.url,
                    status.as_u16()
                ),
            )
            .with_hint(
                "the server's jwks_uri is wrong, or the server is not well; try again later",
            )),
        }
    }
}

#[cfg(test)]
#[path = "id_token_tests.rs"]
mod tests;
