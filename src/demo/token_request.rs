//! The token endpoint (RFC 6749 §3.2): one function a grant.

use super::Provider;
use super::client::{DemoClient, authenticate};
use super::device;
use super::exchange::{Call, Parameters, Refusal, Reply, sha256_base64url};
use super::grants::Grant;
use super::token::{self, Issue};

pub(super) fn token(provider: &mut Provider, call: &mut Call<'_>) -> Result<Reply, Refusal> {
    call.allow(&["POST"])?;
    if call.request.uri().query().is_some() {
        return Err(Refusal::invalid_request("parameters belong in the body"));
    }
    let form = call.form()?;
    let client = authenticate(provider, call, &form)?;
    match form.require("grant_type")? {
        "authorization_code" => authorization_code(provider, call, &form, &client),
        "refresh_token" => refresh_token(provider, call, &form, &client),
        "client_credentials" => client_credentials(provider, call, &form, &client),
        device::GRANT_TYPE => device::token(provider, call, &form, &client),
        _ => Err(Refusal::new(
            400,
            "unsupported_grant_type",
            "this server does not know that grant",
        )),
    }
}

/// RFC 6749 §4.1.3 with PKCE (RFC 7636 §4.6).
fn authorization_code(
    provider: &mut Provider,
    call: &mut Call<'_>,
    form: &Parameters,
    client: &DemoClient,
) -> Result<Reply, Refusal> {
    let code = form.require("code")?;
    let issued = provider.grants.code(code, call.now)?;
    if issued.grant.client_id != client.client_id {
        return Err(Refusal::invalid_grant("the code belongs to another client"));
    }
    if form.require("redirect_uri")? != issued.redirect_uri {
        return Err(Refusal::invalid_grant(
            "redirect_uri is not that of the authorization request",
        ));
    }
    let verifier = form.require("code_verifier")?;
    check_verifier(verifier)?;
    if sha256_base64url(verifier) != issued.code_challenge {
        return Err(Refusal::invalid_grant(
            "code_verifier does not match the code_challenge",
        ));
    }
    check_resource(form, &issued.grant)?;
    let family = provider.grants.begin(issued.grant.clone());
    provider.grants.code_used(code, family);
    let issue = Issue {
        refresh_token: issued.grant.has("offline_access"),
        grant: issued.grant,
        family: Some(family),
        renewal: false,
    };
    token::answer(provider, call, issue)
}

/// RFC 6749 §6, rotating (RFC 9700 §4.14).
fn refresh_token(
    provider: &mut Provider,
    call: &mut Call<'_>,
    form: &Parameters,
    client: &DemoClient,
) -> Result<Reply, Refusal> {
    let token = form.require("refresh_token")?;
    let (family, mut grant) = provider.grants.refresh(token, &client.client_id)?;
    check_resource(form, &grant)?;
    let wanted = form.list("scope");
    if let Some(more) = wanted.iter().find(|scope| !grant.has(scope)) {
        return Err(Refusal::new(
            400,
            "invalid_scope",
            format!("{more} was never granted"),
        ));
    }
    if !wanted.is_empty() {
        grant.scope = wanted;
    }
    let issue = Issue {
        grant,
        family: Some(family),
        refresh_token: provider.options.rotate,
        renewal: true,
    };
    token::answer(provider, call, issue)
}

/// RFC 6749 §4.4: confidential clients only, nothing to refresh.
fn client_credentials(
    provider: &mut Provider,
    call: &mut Call<'_>,
    form: &Parameters,
    client: &DemoClient,
) -> Result<Reply, Refusal> {
    if client.client_secret.is_none() {
        return Err(Refusal::new(
            400,
            "unauthorized_client",
            "a public client cannot act for itself",
        ));
    }
    let mut scope = form.list("scope");
    scope.retain(|s| s.starts_with("notes:"));
    let grant = Grant {
        client_id: client.client_id.clone(),
        scope,
        resource: form.all("resource"),
        auth_time: call.now,
        ..Grant::default()
    };
    let issue = Issue {
        grant,
        family: None,
        refresh_token: false,
        renewal: false,
    };
    token::answer(provider, call, issue)
}

/// RFC 7636 §4.1: 43 to 128 unreserved characters.
fn check_verifier(verifier: &str) -> Result<(), Refusal> {
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    if (43..=128).contains(&verifier.len()) && verifier.bytes().all(unreserved) {
        return Ok(());
    }
    Err(Refusal::invalid_request(
        "code_verifier must be 43 to 128 unreserved characters",
    ))
}

/// RFC 8707 §2.2: a token request may narrow the resources, never widen them.
fn check_resource(form: &Parameters, grant: &Grant) -> Result<(), Refusal> {
    match form
        .all("resource")
        .iter()
        .find(|wanted| !grant.resource.contains(wanted))
    {
        None => Ok(()),
        Some(_) => Err(Refusal::new(
            400,
            "invalid_target",
            "the resource was not part of the authorization request",
        )),
    }
}
