//! Checks of the registration: does the server know this client, its redirect URI, its secret.

use http::{Request, StatusCode, header};
use url::{Url, form_urlencoded};

use super::Finding;
use crate::dialect;
use crate::error::{Code, Error, OAuthError, Result};
use crate::grant::Client;
use crate::grant::authorization_code::Options;
use crate::grant::redirect::{self, Redirect};
use crate::port::Ports;
use crate::protocol::authorization_request::{
    AuthorizationRequest, Fresh, RANDOM_BYTES, code_challenge_wanted, with_parameters,
};
use crate::secret::printable;
use crate::service::Service;
use crate::service::registration::{ClientAuthenticationMethod, Grant};
use crate::transport::{Limits, exchange};

/// There is a client; that its values are well-formed was checked when they were resolved.
pub(super) fn registration(service: &Service) -> Finding {
    match service.require_client_id() {
        Ok(client_id) => {
            let from = match service.origin_of("client_id") {
                Some(origin) => format!(" (from {origin})"),
                None => String::new(),
            };
            Finding::ok(
                "client",
                format!("client_id {}{from}", printable(client_id, 100)),
            )
        }
        Err(error) => Finding::failure("client", &error),
    }
}

/// The redirect URI that must be registered; a fixed port must be free.
pub(super) fn redirect_rule(ports: &Ports<'_>, service: &Service) -> Finding {
    const CHECK: &str = "redirect rule";
    let options = Options::default();
    let chosen = redirect::choose(service, &options)
        .and_then(|chosen| Ok((chosen, redirect::to_register(service, &options)?)));
    match chosen {
        Ok((Redirect::Loopback { listen, .. }, uri)) => match ports.listener.bind(&listen) {
            Ok(_) => {
                let any = if listen.port.is_none() {
                    ", any port"
                } else {
                    ""
                };
                Finding::ok(CHECK, format!("register {uri}{any}; it can be bound here"))
            }
            Err(error) => Finding::failure(CHECK, &error),
        },
        Ok((Redirect::Elsewhere { .. }, uri)) => Finding::warning(
            CHECK,
            format!("register {uri}; the browser's answer cannot be caught there"),
            "a sign-in needs the address pasted that the browser ends up at",
        ),
        Err(error) => Finding::failure(CHECK, &error),
    }
}

/// Sends what a browser would be sent to, without a person: servers that know neither client nor
/// redirect URI say so at once (RFC 6749 §4.1.2.1).
pub(super) async fn authorization_request(ports: &Ports<'_>, client: &Client) -> Finding {
    const CHECK: &str = "authorization request";
    let machine = matches!(
        client.service.values.grant,
        Some(Grant::ClientCredentials | Grant::Password)
    );
    if machine || client.metadata.authorization_endpoint.is_none() {
        return Finding::skipped(CHECK, "no browser takes part in this service's sign-in");
    }
    if client.metadata.require_pushed_authorization_requests {
        return Finding::skipped(CHECK, "the server takes pushed requests only");
    }
    let sent = match authorization_url(ports, client) {
        Ok((url, redirect_uri)) => get(ports, &url).await.map(|answer| (answer, redirect_uri)),
        Err(error) => Err(error),
    };
    match sent {
        Ok((answer, redirect_uri)) => judge_answer(CHECK, &answer, &redirect_uri),
        Err(error) => Finding::failure(CHECK, &error),
    }
}

fn authorization_url(ports: &Ports<'_>, client: &Client) -> Result<(Url, String)> {
    let values = &client.service.values;
    let redirect_uri = match redirect::choose(&client.service, &Options::default())? {
        Redirect::Elsewhere { redirect_uri } => redirect_uri,
        Redirect::Loopback { listen, path } => {
            // Where any port will do, the server is asked with one it cannot know.
            redirect::loopback_uri(listen.host, listen.port.unwrap_or(50_000), &path)
        }
    };
    let mut bytes = [0; RANDOM_BYTES];
    ports.random.fill(&mut bytes)?;
    let fresh = Fresh::from_random(&bytes);
    let scope = client.service.scope();
    let extra: Vec<_> = values
        .authorization_parameters
        .clone()
        .into_iter()
        .collect();
    let request = AuthorizationRequest {
        client_id: &client.client_id,
        redirect_uri: &redirect_uri,
        scope,
        scope_separator: client.scope_separator(),
        fresh: &fresh,
        with_nonce: scope.iter().any(|entry| entry == "openid"),
        with_code_challenge: code_challenge_wanted(
            values.code_challenge_methods_supported.as_deref(),
            client.metadata.code_challenge_methods_supported.as_deref(),
        )?,
        response_mode: None,
        resource: client.service.resource(),
        max_age: None,
        acr_values: None,
        extra: &extra,
    };
    let parameters =
        dialect::authorization_parameters(client.service.dialect(), request.parameters()?);
    let endpoint = client.endpoint("authorization_endpoint")?;
    Ok((with_parameters(&endpoint, &parameters)?, redirect_uri))
}

async fn get(ports: &Ports<'_>, url: &Url) -> Result<http::Response<Vec<u8>>> {
    let request = Request::get(url.as_str())
        .header(header::ACCEPT, "text/html,application/xhtml+xml")
        .body(Vec::new())
        .map_err(|error| Error::new(Code::Internal, "no request").with_source(error))?;
    Ok(exchange(ports, request, Limits::default()).await?)
}

fn judge_answer(
    check: &'static str,
    answer: &http::Response<Vec<u8>>,
    redirect_uri: &str,
) -> Finding {
    let status = answer.status();
    let refused = |told: String, hint: String| {
        Finding::failure(
            check,
            &Error::new(Code::ServerRefused, told).with_hint(hint),
        )
    };
    if status.is_redirection() {
        let location = answer.headers().get(header::LOCATION);
        let location = location
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let error = Url::parse(location).ok().and_then(|url| {
            let mut pairs = url.query_pairs();
            let (_, error) = pairs.find(|(name, _)| matches!(&**name, "error" | "authError"))?;
            Some(printable(&error, 64))
        });
        return match error {
            // Without a person there is nobody signed in: that is the right answer.
            Some(error) if error.ends_with("_required") => {
                Finding::ok(check, "the server takes it")
            }
            Some(error) => refused(
                format!("the server refuses it: {error}"),
                format!("check client_id, scope and the registered redirect URI {redirect_uri}"),
            ),
            None => Finding::ok(check, "the server takes it and asks to sign in"),
        };
    }
    if status.is_success() {
        return Finding::ok(
            check,
            "the server shows a page, as far as can be told its sign-in",
        );
    }
    let words = String::from_utf8_lossy(answer.body()).to_lowercase();
    if words.contains("redirect_uri") || words.contains("redirect uri") {
        return refused(
            format!("the server answers {status} and speaks of the redirect URI"),
            format!(
                "register exactly {redirect_uri} for this client, or set the service's redirect rule"
            ),
        );
    }
    if matches!(status, StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED) {
        return refused(
            format!("the server answers {status}"),
            format!("check client_id and scope, and that {redirect_uri} is registered"),
        );
    }
    Finding::warning(
        check,
        format!("the server answers {status}"),
        "it may want a real browser; `hallpass login` will tell",
    )
}

/// Redeems a code that nobody issued: `invalid_grant` proves that the client was accepted,
/// `invalid_client` that it was not (RFC 6749 §5.2).
pub(super) async fn client_authentication(ports: &Ports<'_>, client: &Client) -> Finding {
    const CHECK: &str = "client authentication";
    match made_up_code(ports, client).await {
        Ok(None) => Finding::failure(
            CHECK,
            &Error::new(
                Code::ResponseInvalid,
                "the server gave a token for a made-up code",
            )
            .with_hint("do not use this server; tell its operator"),
        ),
        Ok(Some(error)) => judge_error(CHECK, client, error),
        Err(error) => Finding::failure(CHECK, &error),
    }
}

async fn made_up_code(ports: &Ports<'_>, client: &Client) -> Result<Option<OAuthError>> {
    let redirect_uri = redirect::to_register(&client.service, &Options::default())
        .unwrap_or_else(|_| "http://127.0.0.1/callback".to_owned());
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code")
        .append_pair("code", "made-up-by-hallpass-doctor")
        .append_pair("redirect_uri", &redirect_uri)
        .append_pair(
            "code_verifier",
            "made-up-by-hallpass-doctor-made-up-by-hallpass",
        );
    for (name, value) in client.token_parameters() {
        form.append_pair(&name, &value);
    }
    let endpoint = client.endpoint("token_endpoint")?;
    let request = Request::post(endpoint.as_str())
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::ACCEPT, "application/json")
        .body(form.finish().into_bytes())
        .map_err(|error| Error::new(Code::Internal, "no request").with_source(error))?;
    let request = client.authenticate()?.apply(request)?;
    let switches = client.service.dialect();
    let request = dialect::token_request(switches, request)?;
    let answer = exchange(ports, request, Limits::default()).await?;
    let answer = dialect::token_response(switches, answer)?;
    Ok((!answer.status().is_success()).then(|| dialect::error_response(&answer)))
}

fn judge_error(check: &'static str, client: &Client, error: OAuthError) -> Finding {
    let method = client.authentication.as_str();
    let known = match client.authentication {
        ClientAuthenticationMethod::None => "the server knows this public client".to_owned(),
        _ => format!("the server accepts the client secret ({method})"),
    };
    match error.error.as_str() {
        "invalid_client" => {
            let name = &client.service.name;
            let told = format!("the server does not accept this client ({method})");
            let hint = match client.authentication {
                ClientAuthenticationMethod::None => format!(
                    "check client_id; if the client has a secret: `hallpass edit {name} --client-secret-stdin`"
                ),
                _ => format!(
                    "give the secret again with `hallpass edit {name} --client-secret-stdin`, or try \
                     `hallpass edit {name} --set token_endpoint_auth_method={}`",
                    other_method(client.authentication)
                ),
            };
            Finding::failure(
                check,
                &Error::new(Code::ServerRefused, told).with_hint(hint),
            )
        }
        "invalid_grant" | "unauthorized_client" | "unsupported_grant_type" => {
            Finding::ok(check, known)
        }
        "" => Finding::failure(check, &dialect::refused("the token endpoint", error)),
        other => Finding::warning(
            check,
            format!("the server answers {other} to a made-up code: the client seems to be known"),
            "if `hallpass login` fails at the end, run it with -v",
        ),
    }
}

fn other_method(method: ClientAuthenticationMethod) -> &'static str {
    match method {
        ClientAuthenticationMethod::ClientSecretBasic => {
            ClientAuthenticationMethod::ClientSecretPost.as_str()
        }
        _ => ClientAuthenticationMethod::ClientSecretBasic.as_str(),
    }
}

/// Without `offline_access` an OpenID server gives no refresh token (OIDC Core §11), unless it has:
/// then the session is `lasting`.
pub(super) fn scopes(client: &Client, lasting: bool) -> Finding {
    const CHECK: &str = "scopes";
    let asked = client.service.scope();
    let has = |name: &str| asked.iter().any(|scope| scope == name);
    let offered = client
        .metadata
        .scopes_supported
        .as_deref()
        .unwrap_or_default();
    let offline = offered.iter().any(|scope| scope == "offline_access");
    let person = !matches!(
        client.service.values.grant,
        Some(Grant::ClientCredentials | Grant::Password)
    );
    if person && offline && !lasting && !has("offline_access") {
        return Finding::warning(
            CHECK,
            "offline_access is not asked for: the server may give no refresh token",
            format!(
                "`hallpass login {} --scope '{}'` keeps you signed in for longer",
                client.service.name,
                asked
                    .iter()
                    .map(String::as_str)
                    .chain(["offline_access"])
                    .collect::<Vec<_>>()
                    .join(" ")
            ),
        );
    }
    let unknown: Vec<_> = asked
        .iter()
        .filter(|scope| !offered.is_empty() && !offered.contains(scope))
        .map(|scope| printable(scope, 60))
        .collect();
    match (asked.is_empty(), unknown.is_empty()) {
        (true, _) => Finding::ok(CHECK, "none asked for: the server decides"),
        (false, true) => Finding::ok(CHECK, format!("asks for {}", asked.join(" "))),
        // RFC 8414 §2 lets a server keep some to itself.
        (false, false) => Finding::warning(
            CHECK,
            format!("the server does not list {}", unknown.join(" ")),
            "it may still know it; if a sign-in ends with invalid_scope, leave it out",
        ),
    }
}
