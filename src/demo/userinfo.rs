//! UserInfo (OpenID Connect Core §5.3), and the check of access tokens that the API shares.

use serde_json::json;

use super::Provider;
use super::exchange::{Call, Refusal, Reply, json_reply};
use super::grants::Grant;
use super::token::add_person;

pub(super) fn userinfo(provider: &mut Provider, call: &mut Call<'_>) -> Result<Reply, Refusal> {
    call.allow(&["GET", "POST"])?;
    let grant = authorized(provider, call, "openid")?;
    let mut claims = json!({ "sub": grant.subject });
    add_person(&mut claims, &provider.options, &grant);
    Ok(json_reply(200, &claims))
}

/// The grant behind the request's Bearer token, which must carry `scope`; else the challenge of
/// RFC 6750 §3.
pub(super) fn authorized(
    provider: &Provider,
    call: &Call<'_>,
    scope: &str,
) -> Result<Grant, Refusal> {
    let Some(token) = call.bearer() else {
        let mut refusal = Refusal::new(401, "unauthorized", "an access token is needed");
        // Without credentials the challenge carries no error code (RFC 6750 §3.1).
        refusal.header = Some((
            http::header::WWW_AUTHENTICATE,
            "Bearer realm=\"demo\"".to_owned(),
        ));
        return Err(refusal);
    };
    let Some(found) = provider.grants.access_token(token, call.now) else {
        return Err(Refusal::challenge(
            401,
            "invalid_token",
            "the access token expired or was revoked",
        ));
    };
    if !scope.is_empty() && !found.grant.has(scope) {
        let mut refusal = Refusal::new(
            403,
            "insufficient_scope",
            format!("this needs the scope {scope}"),
        );
        refusal.header = Some((
            http::header::WWW_AUTHENTICATE,
            format!("Bearer realm=\"demo\", error=\"insufficient_scope\", scope=\"{scope}\""),
        ));
        return Err(refusal);
    }
    Ok(found.grant.clone())
}
