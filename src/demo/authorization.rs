//! The authorization endpoint (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2) and the decision of
//! the person in front of it.

use std::collections::BTreeMap;

use url::Url;

use super::client::DemoClient;
use super::exchange::{Call, Parameters, Refusal, Reply, see_other};
use super::grants::Grant;
use super::{Consent, Provider, SCOPES, page};

/// Seconds a consent page may be looked at.
const PAGE_LIFETIME: i64 = 600;

/// Requests that wait for a decision, by the ticket in their page.
pub(super) type Requests = BTreeMap<String, AuthorizationRequest>;

/// A valid authorization request.
#[derive(Debug, Clone)]
pub(super) struct AuthorizationRequest {
    pub client_name: String,
    pub redirect_uri: String,
    pub grant: Grant,
    state: Option<String>,
    code_challenge: String,
    form_post: bool,
    /// Guards the decision against other sites: only our page knows it.
    pub csrf_token: String,
    expires_at: i64,
}

/// Shows the consent page, or grants at once.
pub(super) fn authorize(provider: &mut Provider, call: &mut Call<'_>) -> Result<Reply, Refusal> {
    call.allow(&["GET", "POST"])?;
    let parameters = match call.request.method().as_str() {
        "POST" => call.form(),
        _ => call.query(),
    };
    // Until client and redirect URI are known to be right nothing is sent there (§4.1.2.1).
    let target = parameters
        .and_then(|parameters| Ok((find_target(provider, &parameters)?, parameters)))
        .map(|((client, redirect_uri), parameters)| (client, redirect_uri, parameters));
    let (client, redirect_uri, parameters) = match target {
        Ok(found) => found,
        Err(refusal) => return Ok(page::problem(refusal.status, &refusal.description)),
    };
    let request = match check(call, &parameters, &client, &redirect_uri) {
        Ok(request) => request,
        Err(refusal) => {
            let back = Back {
                issuer: &provider.options.issuer,
                redirect_uri: &redirect_uri,
                state: parameters.get("state"),
                form_post: parameters.get("response_mode") == Some("form_post"),
            };
            return back.error(refusal.error, &refusal.description);
        }
    };
    match provider.options.consent {
        Consent::Grant => grant(provider, call, request),
        Consent::Ask if parameters.list("prompt").iter().any(|p| p == "none") => request
            .back(&provider.options.issuer)
            .error("consent_required", "somebody has to look at the page"),
        Consent::Ask => {
            let ticket = call.token("")?;
            let shown = page::consent(&provider.options, &ticket, &request);
            let now = call.now;
            provider.requests.retain(|_, kept| kept.expires_at > now);
            provider.requests.insert(ticket, request);
            Ok(shown)
        }
    }
}

/// Takes the decision that the consent page sends.
pub(super) fn decide(provider: &mut Provider, call: &mut Call<'_>) -> Result<Reply, Refusal> {
    call.allow(&["POST"])?;
    let form = call.form()?;
    let ticket = form.get("ticket").unwrap_or_default();
    let known = provider
        .requests
        .get(ticket)
        .filter(|request| request.expires_at > call.now);
    let Some(request) = known else {
        return Ok(page::problem(
            400,
            "This sign-in is over or was never begun. Start again from the terminal.",
        ));
    };
    if form.get("csrf_token") != Some(request.csrf_token.as_str()) {
        return Ok(page::problem(
            403,
            "This decision did not come from our page.",
        ));
    }
    let request = request.clone();
    provider.requests.remove(ticket);
    match form.get("decision") {
        Some("allow") => grant(provider, call, request),
        _ => request
            .back(&provider.options.issuer)
            .error("access_denied", "the person said no"),
    }
}

fn grant(
    provider: &mut Provider,
    call: &mut Call<'_>,
    request: AuthorizationRequest,
) -> Result<Reply, Refusal> {
    let mut grant = request.grant.clone();
    grant.subject = Some(provider.options.subject.clone());
    grant.auth_time = call.now;
    let code =
        provider
            .grants
            .issue_code(call, grant, &request.redirect_uri, &request.code_challenge)?;
    request
        .back(&provider.options.issuer)
        .send(vec![("code", code)])
}

fn find_target(
    provider: &Provider,
    parameters: &Parameters,
) -> Result<(DemoClient, String), Refusal> {
    let client_id = parameters.require("client_id")?;
    let client = provider
        .clients
        .get(client_id)
        .ok_or_else(|| Refusal::invalid_request("this client is not registered here"))?;
    let redirect_uri = parameters.require("redirect_uri")?;
    if !client.accepts_redirect(redirect_uri) {
        return Err(Refusal::invalid_request(
            "this redirect_uri is not registered for the client",
        ));
    }
    Ok((client.clone(), redirect_uri.to_owned()))
}

/// Everything that is reported back to the client when it is wrong.
fn check(
    call: &mut Call<'_>,
    parameters: &Parameters,
    client: &DemoClient,
    redirect_uri: &str,
) -> Result<AuthorizationRequest, Refusal> {
    if parameters.require("response_type")? != "code" {
        let error = "unsupported_response_type";
        return Err(Refusal::new(400, error, "only code is supported"));
    }
    if parameters.get("code_challenge_method") != Some("S256") {
        return Err(Refusal::invalid_request(
            "code_challenge_method must be S256",
        ));
    }
    let code_challenge = parameters.require("code_challenge")?;
    if code_challenge.len() != 43 {
        return Err(Refusal::invalid_request("code_challenge is not a SHA-256"));
    }
    let form_post = match parameters.get("response_mode") {
        None | Some("query") => false,
        Some("form_post") => true,
        Some(_) => {
            return Err(Refusal::invalid_request(
                "response_mode is not supported here",
            ));
        }
    };
    let resource = parameters.all("resource");
    if resource.iter().any(|uri| !is_resource(uri)) {
        let error = "invalid_target";
        return Err(Refusal::new(
            400,
            error,
            "resource must be an absolute URI without a fragment",
        ));
    }
    let grant = Grant {
        client_id: client.client_id.clone(),
        subject: None,
        scope: known_scopes(parameters)?,
        resource,
        nonce: parameters.get("nonce").map(str::to_owned),
        acr: parameters.list("acr_values").into_iter().next(),
        auth_time: call.now,
    };
    Ok(AuthorizationRequest {
        client_name: client.client_name.clone(),
        redirect_uri: redirect_uri.to_owned(),
        grant,
        state: parameters.get("state").map(str::to_owned),
        code_challenge: code_challenge.to_owned(),
        form_post,
        csrf_token: call.token("")?,
        expires_at: call.now + PAGE_LIFETIME,
    })
}

/// The scopes asked for; what this server does not know is an error that names it.
pub(super) fn known_scopes(parameters: &Parameters) -> Result<Vec<String>, Refusal> {
    let scope = parameters.list("scope");
    match scope.iter().find(|s| !SCOPES.contains(&s.as_str())) {
        None => Ok(scope),
        Some(_) => Err(Refusal::new(
            400,
            "invalid_scope",
            format!("the scopes here are {}", SCOPES.join(" ")),
        )),
    }
}

/// RFC 8707 §2.
fn is_resource(uri: &str) -> bool {
    Url::parse(uri).is_ok_and(|url| url.fragment().is_none())
}

impl AuthorizationRequest {
    fn back<'a>(&'a self, issuer: &'a str) -> Back<'a> {
        Back {
            issuer,
            redirect_uri: &self.redirect_uri,
            state: self.state.as_deref(),
            form_post: self.form_post,
        }
    }
}

/// The way back to the client.
struct Back<'a> {
    issuer: &'a str,
    redirect_uri: &'a str,
    state: Option<&'a str>,
    form_post: bool,
}

impl Back<'_> {
    fn error(&self, error: &str, description: &str) -> Result<Reply, Refusal> {
        self.send(vec![
            ("error", error.to_owned()),
            ("error_description", description.to_owned()),
        ])
    }

    /// Adds `state` and `iss` (RFC 9207 §2) and sends the browser on.
    fn send(&self, mut answer: Vec<(&'static str, String)>) -> Result<Reply, Refusal> {
        if let Some(state) = self.state {
            answer.push(("state", state.to_owned()));
        }
        answer.push(("iss", self.issuer.to_owned()));
        if self.form_post {
            return Ok(page::form_post(self.redirect_uri, &answer));
        }
        let mut target = Url::parse(self.redirect_uri)
            .map_err(|_| Refusal::invalid_request("redirect_uri is not a URL"))?;
        target.query_pairs_mut().extend_pairs(answer);
        see_other(target.as_str())
    }
}
