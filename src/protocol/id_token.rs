//! ID Token validation (OpenID Connect Core §3.1.3.7), each check a named function.

use jsonwebtoken::Algorithm;
use serde_json::{Map, Value};

use super::jwk::JwkSet;
use super::jwt::{self, Jwt, JwtError};
use crate::error::{Code, Error, Result};
use crate::secret::{Secret, printable};

pub(super) mod check;
mod claim;

pub use check::fill_issuer_template;

/// Seconds by which the server's clock and ours may differ.
pub const SKEW: i64 = 60;
/// Seconds since `iat` at most: a token that comes straight from the token endpoint is new.
pub const MAX_AGE_OF_ISSUE: i64 = 86_400;

/// The claims of a validated ID Token.
#[derive(Debug, Clone, PartialEq)]
pub struct IdTokenClaims {
    /// `iss`
    pub issuer: String,
    /// `sub`
    pub subject: String,
    /// `aud`
    pub audience: Vec<String>,
    /// `iat`, seconds
    pub issued_at: i64,
    /// `auth_time`, seconds
    pub auth_time: Option<i64>,
    /// `azp`
    pub authorized_party: Option<String>,
    /// All claims as they came.
    pub all: Map<String, Value>,
}

/// What an ID Token must say.
#[derive(Debug, Clone, Default)]
pub struct Expected<'a> {
    /// The issuer as the metadata names it, compared exactly.
    pub issuer: &'a str,
    /// The service's template, whose `{tenantid}` the token's `tid` fills; counts only where the
    /// metadata names it literally in place of an issuer (Entra).
    pub issuer_template: Option<&'a str>,
    /// Our `client_id`.
    pub client_id: &'a str,
    /// See [`acceptable_algorithms`].
    pub algorithms: &'a [Algorithm],
    /// The client secret, for the symmetric ones of `algorithms`.
    pub client_secret: Option<&'a Secret>,
    /// The nonce that was sent; `None` where none was.
    pub nonce: Option<&'a str>,
    /// `max_age` that was asked for, in seconds.
    pub max_age: Option<u64>,
    /// `acr_values` that were asked for.
    pub acr_values: Option<&'a str>,
    /// The access token that came along, for `at_hash`.
    pub access_token: Option<&'a Secret>,
}

/// Why an ID Token was refused.
#[derive(Debug)]
pub enum Refusal {
    /// No key of the set fits: worth fetching the set anew, once.
    NoKey(Error),
    /// Its times do not fit our clock; of a refreshed one everything else was found to be right.
    Time(Error),
    /// For good.
    Invalid(Error),
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Error {
        match refusal {
            Refusal::NoKey(error) | Refusal::Time(error) | Refusal::Invalid(error) => error,
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        Refusal::Invalid(error)
    }
}

/// The algorithms to accept: the one configured; else the asymmetric ones that the metadata lists
/// and we implement; RS256 where it lists none at all.
///
/// `configured` is `id_token_signed_response_alg`; a symmetric one needs a confidential client.
pub fn acceptable_algorithms(
    listed: Option<&[String]>,
    configured: Option<&str>,
    confidential: bool,
) -> Result<Vec<Algorithm>> {
    if let Some(name) = configured {
        return match jwt::algorithm(name) {
            Some(algorithm) if confidential || !jwt::is_symmetric(algorithm) => Ok(vec![algorithm]),
            _ => Err(Error::new(
                Code::ConfigInvalid,
                format!(
                    "id_token_signed_response_alg {:?} cannot be used",
                    printable(name, 40)
                ),
            )
            .with_hint(
                "use RS256, PS256, ES256, EdDSA or their longer kin; HS256 needs a client secret",
            )),
        };
    }
    let Some(listed) = listed else {
        return Ok(vec![Algorithm::RS256]);
    };
    Ok(listed
        .iter()
        .filter_map(|name| jwt::algorithm(name))
        .filter(|algorithm| !jwt::is_symmetric(*algorithm))
        .collect())
}

/// Every check of OIDC Core §3.1.3.7 on a token that came from the token endpoint.
pub fn validate(
    jwt: &str,
    keys: &JwkSet,
    expected: &Expected<'_>,
    now: i64,
) -> Result<IdTokenClaims, Refusal> {
    let (claims, algorithm) = signed_claims(jwt, keys, expected)?;
    let token = parties(&claims, expected)?;
    times(&claims, &token, now).map_err(Refusal::Time)?;
    check::nonce(&claims, expected.nonce)?;
    check::acr(&claims, expected.acr_values)?;
    check::auth_time(&token, expected.max_age, now)?;
    check::at_hash(&claims, algorithm, expected.access_token)?;
    Ok(token)
}

/// The checks of OIDC Core §12.2 on a token that came with a refresh, against the one before.
///
/// `expected.nonce` is the nonce of the sign-in, where it is still known: it need not come, but
/// must not be another.
pub fn validate_refreshed(
    jwt: &str,
    keys: &JwkSet,
    expected: &Expected<'_>,
    before: &IdTokenClaims,
    now: i64,
) -> Result<IdTokenClaims, Refusal> {
    let (claims, algorithm) = signed_claims(jwt, keys, expected)?;
    let token = parties(&claims, expected)?;
    if claims.contains_key("nonce") && expected.nonce.is_some() {
        check::nonce(&claims, expected.nonce)?;
    }
    check::same_person(&token, before)?;
    check::at_hash(&claims, algorithm, expected.access_token)?;
    // Last: a clock that is wrong must be told from another person's token.
    check::not_before_the_one_before(&token, before).map_err(Refusal::Time)?;
    times(&claims, &token, now).map_err(Refusal::Time)?;
    Ok(token)
}

/// The claims of a token that was validated when it came and has been in our store since.
pub fn of_stored(jwt: &str) -> Result<IdTokenClaims> {
    let jwt = Jwt::decode(jwt).map_err(|why| claim::invalid(&why.to_string()))?;
    read(&jwt.claims)
}

fn signed_claims(
    jwt: &str,
    keys: &JwkSet,
    expected: &Expected<'_>,
) -> Result<(Map<String, Value>, Algorithm), Refusal> {
    let refuse = |why: JwtError| {
        let error = claim::invalid(&why.to_string());
        match why {
            JwtError::NoKey(_) => Refusal::NoKey(error),
            _ => Refusal::Invalid(error),
        }
    };
    let jwt = Jwt::decode(jwt).map_err(refuse)?;
    let algorithm = jwt
        .verify(expected.algorithms, keys, expected.client_secret)
        .map_err(refuse)?;
    Ok((jwt.claims, algorithm))
}

/// Who issued it, for whom and about whom.
fn parties(claims: &Map<String, Value>, expected: &Expected<'_>) -> Result<IdTokenClaims> {
    let token = read(claims)?;
    check::issuer(claims, &token.issuer, expected)?;
    check::audience(&token.audience, expected.client_id)?;
    check::authorized_party(token.authorized_party.as_deref(), expected.client_id)?;
    check::subject(&token.subject)?;
    Ok(token)
}

fn times(claims: &Map<String, Value>, token: &IdTokenClaims, now: i64) -> Result<()> {
    check::expiry(claims, now)?;
    check::issued_at(token.issued_at, now)?;
    check::not_before(claims, now)
}

/// Types and presence of the claims that are always needed.
fn read(claims: &Map<String, Value>) -> Result<IdTokenClaims> {
    Ok(IdTokenClaims {
        issuer: claim::required(claims, "iss")?.to_owned(),
        subject: claim::required(claims, "sub")?.to_owned(),
        audience: claim::audience(claims)?,
        issued_at: claim::required_time(claims, "iat")?,
        auth_time: claim::time(claims, "auth_time")?,
        authorized_party: claim::text(claims, "azp")?.map(str::to_owned),
        all: claims.clone(),
    })
}

#[cfg(test)]
mod tests;
