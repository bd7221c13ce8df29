//! Dynamic client registration (RFC 7591), the part a native client needs.

use serde_json::{Value, json};

use super::Provider;
use super::client::DemoClient;
use super::exchange::{Call, Refusal, Reply, json_reply};
use crate::secret::Secret;

pub(super) fn register(provider: &mut Provider, call: &mut Call<'_>) -> Result<Reply, Refusal> {
    call.allow(&["POST"])?;
    let wanted: Value = serde_json::from_slice(call.request.body())
        .map_err(|_| invalid_metadata("the body is not JSON"))?;
    let redirect_uris = redirect_uris(&wanted)?;
    let method = match wanted["token_endpoint_auth_method"].as_str() {
        Some("none") => "none",
        // RFC 7591 §2: what is omitted means client_secret_basic.
        Some("client_secret_basic") | None => "client_secret_basic",
        Some("client_secret_post") => "client_secret_post",
        Some(_) => return Err(invalid_metadata("unknown token_endpoint_auth_method")),
    };
    let client_secret = match method {
        "none" => None,
        _ => Some(Secret::from(call.token("demo_secret_")?)),
    };
    let client = DemoClient {
        client_id: call.token("demo_client_")?[..28].to_owned(),
        client_name: wanted["client_name"].as_str().unwrap_or("a client").into(),
        client_secret,
        token_endpoint_auth_method: method,
        redirect_uris,
    };
    let mut answer = json!({
        "client_id": client.client_id,
        "client_id_issued_at": call.now,
        "client_name": client.client_name,
        "redirect_uris": client.redirect_uris,
        "token_endpoint_auth_method": method,
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "application_type": "native",
    });
    if let Some(secret) = &client.client_secret {
        answer["client_secret"] = secret.expose().as_str().into();
        answer["client_secret_expires_at"] = 0.into();
    }
    provider.add_client(client);
    Ok(json_reply(201, &answer))
}

/// Loopback URIs only: this provider serves native clients.
fn redirect_uris(wanted: &Value) -> Result<Vec<String>, Refusal> {
    let bad = || {
        Refusal::new(
            400,
            "invalid_redirect_uri",
            "redirect_uris must be loopback http URIs without a fragment",
        )
    };
    let list = wanted["redirect_uris"].as_array().ok_or_else(bad)?;
    let uris: Vec<String> = list
        .iter()
        .filter_map(|uri| uri.as_str().map(str::to_owned))
        .collect();
    let any_loopback = DemoClient::public("");
    let good = !uris.is_empty()
        && uris.len() == list.len()
        && uris
            .iter()
            .all(|uri| any_loopback.accepts_redirect(uri) && !uri.contains('*'));
    if good { Ok(uris) } else { Err(bad()) }
}

fn invalid_metadata(description: &str) -> Refusal {
    Refusal::new(400, "invalid_client_metadata", description)
}
