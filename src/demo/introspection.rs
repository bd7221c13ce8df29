//! Revocation (RFC 7009) and introspection (RFC 7662).

use serde_json::json;

use super::Provider;
use super::client::authenticate;
use super::exchange::{Call, Refusal, Reply, json_reply, reply};

/// 200 whatever the token (RFC 7009 §2.2).
pub(super) fn revoke(provider: &mut Provider, call: &mut Call<'_>) -> Result<Reply, Refusal> {
    call.allow(&["POST"])?;
    let form = call.form()?;
    let client = authenticate(provider, call, &form)?;
    let token = form.require("token")?.to_owned();
    provider.grants.revoke(&token, &client.client_id);
    Ok(reply(200, "text/plain; charset=utf-8", Vec::new()))
}

/// `active: false` for whatever does not work (RFC 7662 §2.2).
pub(super) fn introspect(provider: &mut Provider, call: &mut Call<'_>) -> Result<Reply, Refusal> {
    call.allow(&["POST"])?;
    let form = call.form()?;
    let client = authenticate(provider, call, &form)?;
    let token = form.require("token")?;
    let access = provider.grants.access_token(token, call.now);
    let (grant, token_type, times) = match access {
        Some(found) => (
            &found.grant,
            "Bearer",
            Some((found.issued_at, found.expires_at)),
        ),
        None => match provider.grants.live_refresh_token(token) {
            Some(grant) => (grant, "refresh_token", None),
            None => return Ok(json_reply(200, &json!({"active": false}))),
        },
    };
    // Tokens of other clients are nobody's business.
    if grant.client_id != client.client_id {
        return Ok(json_reply(200, &json!({"active": false})));
    }
    let mut body = json!({
        "active": true,
        "iss": provider.options.issuer,
        "client_id": grant.client_id,
        "scope": grant.scope.join(" "),
        "token_type": token_type,
    });
    if let Some(subject) = &grant.subject {
        body["sub"] = subject.as_str().into();
    }
    if let Some((issued_at, expires_at)) = times {
        body["iat"] = issued_at.into();
        body["exp"] = expires_at.into();
    }
    Ok(json_reply(200, &body))
}
