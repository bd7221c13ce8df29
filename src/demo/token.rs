//! Token answers (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3) and ID Tokens (§2).

use serde_json::{Value, json};

use super::exchange::{Call, Refusal, Reply, base64url, json_reply};
use super::grants::Grant;
use super::{Options, Provider, SigningKey};

/// What an answer is made for.
pub(super) struct Issue {
    pub grant: Grant,
    /// The family the tokens belong to; `None` where nothing can be refreshed.
    pub family: Option<usize>,
    /// Whether a refresh token goes with it.
    pub refresh_token: bool,
    /// Whether this renews a session: then no `nonce` (OpenID Connect Core §12.2).
    pub renewal: bool,
}

/// Hands out the tokens.
pub(super) fn answer(
    provider: &mut Provider,
    call: &mut Call<'_>,
    issue: Issue,
) -> Result<Reply, Refusal> {
    let Issue {
        grant,
        family,
        refresh_token,
        renewal,
    } = issue;
    let lifetime = provider.options.access_token_lifetime;
    let access_token = provider
        .grants
        .issue_access_token(call, grant.clone(), family, lifetime)?;
    let mut body = json!({
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": lifetime,
        "scope": grant.scope.join(" "),
    });
    if let (Some(family), true) = (family, refresh_token) {
        let token = provider.grants.issue_refresh_token(call, family)?;
        body["refresh_token"] = token.into();
    }
    if grant.has("openid") && grant.subject.is_some() {
        let claims = id_token_claims(&provider.options, &grant, &access_token, call.now, renewal);
        body["id_token"] = sign(&provider.key, &claims)?.into();
    }
    Ok(json_reply(200, &body))
}

fn sign(key: &SigningKey, claims: &Value) -> Result<String, Refusal> {
    key.sign_claims(claims)
        .map_err(|_| Refusal::new(500, "server_error", "cannot sign the ID Token"))
}

fn id_token_claims(
    options: &Options,
    grant: &Grant,
    access_token: &str,
    now: i64,
    renewal: bool,
) -> Value {
    let mut claims = json!({
        "iss": options.issuer,
        "sub": grant.subject,
        "aud": grant.client_id,
        "exp": now + 600,
        "iat": now,
        "auth_time": grant.auth_time,
        "at_hash": at_hash(access_token),
    });
    if let (Some(nonce), false) = (&grant.nonce, renewal) {
        claims["nonce"] = nonce.as_str().into();
    }
    if let Some(acr) = &grant.acr {
        claims["acr"] = acr.as_str().into();
    }
    add_person(&mut claims, options, grant);
    claims
}

/// Claims about the person, as the scope allows (OpenID Connect Core §5.4).
pub(super) fn add_person(claims: &mut Value, options: &Options, grant: &Grant) {
    if grant.has("profile") {
        claims["name"] = options.name.as_str().into();
        let short = options.email.split('@').next().unwrap_or_default();
        claims["preferred_username"] = short.into();
    }
    if grant.has("email") {
        claims["email"] = options.email.as_str().into();
        claims["email_verified"] = true.into();
    }
}

/// Left half of the SHA-256 of the access token (OpenID Connect Core §3.1.3.6).
pub(super) fn at_hash(access_token: &str) -> String {
    let hash = ring::digest::digest(&ring::digest::SHA256, access_token.as_bytes());
    base64url(&hash.as_ref()[..16])
}
