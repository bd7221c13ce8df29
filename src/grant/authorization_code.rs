//! Authorization code with PKCE over a loopback redirect (RFC 6749 §4.1, RFC 7636, RFC 8252).

use std::time::Duration;

use oauth2::{AuthorizationCode, PkceCodeVerifier, RedirectUrl};
use url::Url;

use super::landing_page::Page;
use super::oauth2_client::{Failure, Wire, oauth2};
use super::redirect::{self, Redirect};
use super::waiting::{self, Arrived, Redirects};
use super::{Client, SignedIn, id_token, pushed_authorization};
use crate::dialect;
use crate::error::{Code, Error, OAuthError, Result};
use crate::port::{LoopbackHost, Ports, RedirectRequest};
use crate::protocol::authorization_request::{
    AuthorizationRequest, Fresh, RANDOM_BYTES, code_challenge_wanted, with_parameters,
};
use crate::protocol::authorization_response::{Answer, Delivery, Expectation};
use crate::protocol::token::TokenSet;
use crate::secret::Secret;
use crate::service::registration::ResponseMode;
use crate::transport::retry::Safety;

/// What the person or the command line decided about this sign-in.
#[derive(Debug, Clone)]
pub struct Options {
    /// Open the browser; otherwise only print the URL.
    pub open_browser: bool,
    /// Wait for the redirect on a listener; otherwise only a pasted URL counts.
    pub listen: bool,
    /// Overrides the preset's redirect host.
    pub redirect_host: Option<LoopbackHost>,
    /// Overrides the preset's port.
    pub redirect_port: Option<u16>,
    /// Overrides the preset's path.
    pub redirect_path: Option<String>,
    /// Scope in place of the service's.
    pub scope: Option<Vec<String>>,
    /// Further authorization parameters (`prompt`, `login_hint`, …), none protocol-owned.
    pub parameters: Vec<(String, String)>,
    /// `max_age` in seconds, `acr_values`: asked for and then required of the ID Token.
    pub max_age: Option<u64>,
    /// `acr_values` (OIDC Core §3.1.2.1).
    pub acr_values: Option<String>,
    /// How long the person may take.
    pub deadline: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            open_browser: true,
            listen: true,
            redirect_host: None,
            redirect_port: None,
            redirect_path: None,
            scope: None,
            parameters: Vec::new(),
            max_age: None,
            acr_values: None,
            deadline: Duration::from_secs(300),
        }
    }
}

impl Options {
    /// The scope that is asked for.
    pub fn scope<'a>(&'a self, client: &'a Client) -> &'a [String] {
        match &self.scope {
            Some(scope) => scope,
            None => client.service.scope(),
        }
    }
}

/// The browser's last request, answered when the outcome is known.
pub struct PendingPage {
    /// The request that waits.
    pub request: Box<dyn RedirectRequest>,
}

impl std::fmt::Debug for PendingPage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PendingPage")
    }
}

impl PendingPage {
    /// Tells the person what became of it.
    pub fn show(self, page: Page<'_>) {
        self.request.respond(page.response());
    }
}

/// The whole journey up to a validated token set; stores nothing.
pub async fn sign_in(ports: &Ports<'_>, client: &Client, options: &Options) -> Result<SignedIn> {
    let service = client.service.name.as_str();
    let journey = Journey::begin(client, options)?;
    let mut bytes = [0u8; RANDOM_BYTES];
    ports.random.fill(&mut bytes)?;
    let fresh = Fresh::from_random(&bytes);

    // Bound before anybody hears of it (RFC 8252 §8.3).
    let (mut redirects, redirect_uri) = open(ports, &journey.redirect, options, &fresh)?;
    let expected = journey.expectation(client, &redirect_uri, &fresh)?;
    let url = journey
        .url(ports, client, options, &redirect_uri, &fresh)
        .await?;
    show(ports, options, service, &url);

    let Arrived { answer, page } =
        waiting::wait(ports, &mut redirects, &expected, options.deadline, service).await?;
    let (code, other) = match answer {
        Answer::Code { code, other } => (code, other),
        Answer::Error(error) => {
            let denied = error.error == "access_denied";
            tell(
                page,
                if denied {
                    Page::Denied { service }
                } else {
                    Page::Failed { service }
                },
            );
            return Err(refused(service, error));
        }
        Answer::Invalid(error) => {
            tell(page, Page::Failed { service });
            return Err(error);
        }
    };

    let work = redeem(ports, client, options, &redirect_uri, &fresh, code);
    match waiting::meanwhile(&mut redirects, &expected, work).await {
        Ok((token, id_token)) => Ok(SignedIn {
            captured: super::captured(client, &token, &other),
            token,
            id_token,
            page,
        }),
        Err(error) => {
            tell(page, Page::Failed { service });
            Err(error)
        }
    }
}

/// What is settled before anything is bound or sent.
struct Journey {
    endpoint: Url,
    redirect: Redirect,
    with_code_challenge: bool,
}

impl Journey {
    fn begin(client: &Client, options: &Options) -> Result<Self> {
        let published = &client.metadata.code_challenge_methods_supported;
        let configured = &client.service.values.code_challenge_methods_supported;
        Ok(Journey {
            endpoint: client.endpoint("authorization_endpoint")?,
            redirect: redirect::choose(&client.service, options)?,
            with_code_challenge: code_challenge_wanted(
                configured.as_deref(),
                published.as_deref(),
            )?,
        })
    }

    fn expectation(
        &self,
        client: &Client,
        redirect_uri: &str,
        fresh: &Fresh,
    ) -> Result<Expectation> {
        let values = &client.service.values;
        Ok(Expectation {
            redirect_uri: Url::parse(redirect_uri).map_err(|_| {
                Error::new(
                    Code::ServiceIncomplete,
                    format!("redirect_uri {redirect_uri:?} is not a URL"),
                )
            })?,
            delivery: match values.response_mode {
                Some(ResponseMode::FormPost) => Delivery::FormPost,
                _ => Delivery::Query,
            },
            state: fresh.state.clone(),
            // A template is no issuer: what the redirect names cannot be held against it.
            issuer: client.issuer().map(str::to_owned),
            issuer_required: client
                .metadata
                .authorization_response_iss_parameter_supported,
        })
    }

    async fn url(
        &self,
        ports: &Ports<'_>,
        client: &Client,
        options: &Options,
        redirect_uri: &str,
        fresh: &Fresh,
    ) -> Result<Url> {
        let values = &client.service.values;
        let scope = options.scope(client);
        let extra: Vec<_> = values
            .authorization_parameters
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .chain(options.parameters.iter().cloned())
            .collect();
        let request = AuthorizationRequest {
            client_id: &client.client_id,
            redirect_uri,
            scope,
            scope_separator: client.scope_separator(),
            fresh,
            with_nonce: scope.iter().any(|entry| entry == "openid"),
            with_code_challenge: self.with_code_challenge,
            response_mode: match values.response_mode {
                Some(ResponseMode::FormPost) => Some("form_post"),
                _ => None,
            },
            resource: client.service.resource(),
            max_age: options.max_age,
            acr_values: options.acr_values.as_deref(),
            extra: &extra,
        };
        let parameters = request.parameters()?;
        let switches = client.service.dialect();
        let parameters = dialect::authorization_parameters(switches, parameters);
        if client.metadata.require_pushed_authorization_requests {
            return pushed_authorization::push(ports, client, &self.endpoint, &parameters).await;
        }
        with_parameters(&self.endpoint, &parameters)
    }
}

/// Binds the listener where there is one to bind; the redirect URI carries the port that was got.
fn open(
    ports: &Ports<'_>,
    redirect: &Redirect,
    options: &Options,
    fresh: &Fresh,
) -> Result<(Redirects, String)> {
    match redirect {
        Redirect::Elsewhere { redirect_uri } => Ok((Redirects::nowhere(), redirect_uri.clone())),
        Redirect::Loopback { listen, path } if options.listen => {
            let listener = ports.listener.bind(listen)?;
            let uri = redirect::loopback_uri(listen.host, listener.port(), path);
            Ok((Redirects::at(listener), uri))
        }
        Redirect::Loopback { listen, path } => {
            // Nobody listens there: the browser shows an error page whose address is pasted.
            let port = listen.port.unwrap_or_else(|| private_port(fresh));
            let uri = redirect::loopback_uri(listen.host, port, path);
            Ok((Redirects::nowhere(), uri))
        }
    }
}

/// A port of the dynamic range (RFC 6335 §6) that nothing is expected to serve.
fn private_port(fresh: &Fresh) -> u16 {
    let mixed = fresh.state.expose().bytes().fold(0u16, |mixed, byte| {
        mixed.wrapping_mul(31).wrapping_add(u16::from(byte))
    });
    49_152 + mixed % 16_384
}

/// The URL is printed before the browser opens, always, and on stderr.
fn show(ports: &Ports<'_>, options: &Options, service: &str, url: &Url) {
    let opens = options.open_browser;
    let lead = match (opens, options.listen) {
        (true, _) => {
            format!("Opening your browser to sign in to {service}. If it does not open, go to:")
        }
        (false, true) => {
            format!("To sign in to {service}, open this address in a browser on this machine:")
        }
        (false, false) => format!("To sign in to {service}, open this address in any browser:"),
    };
    ports.ui.notice(&lead);
    ports.ui.notice("");
    ports.ui.notice(&format!("  {url}"));
    ports.ui.notice("");
    if !options.listen {
        ports.ui.notice(
            "In the end the browser is sent to a page that may not load. Paste its whole address here:",
        );
    } else if ports.ui.can_prompt() {
        ports.ui.notice(
            "Browser on another machine? Paste here the whole address of the page it ends up at.",
        );
    }
    if opens && let Err(error) = ports.browser.open(url) {
        ports.ui.warn(&format!(
            "the browser did not start ({error}); open the address yourself"
        ));
    }
}

fn tell(page: Option<PendingPage>, what: Page<'_>) {
    if let Some(page) = page {
        page.show(what);
    }
}

/// The authorization endpoint's refusal (RFC 6749 §4.1.2.1).
fn refused(service: &str, error: OAuthError) -> Error {
    let told = match &error.error_description {
        Some(words) => format!("{} ({words})", error.error),
        None => error.error.clone(),
    };
    let (code, hint) = match error.error.as_str() {
        "access_denied" => (
            Code::Cancelled,
            "sign in again with `hallpass login` when you want to allow it".to_owned(),
        ),
        "invalid_scope" => (
            Code::ServerRefused,
            "ask for other scopes with --scope".to_owned(),
        ),
        "invalid_target" => (
            Code::ServerRefused,
            "the server does not know this --resource".to_owned(),
        ),
        "login_required" | "interaction_required" | "consent_required" => (
            Code::ServerRefused,
            "the parameter prompt=none leaves no room for a person; leave it out".to_owned(),
        ),
        "unauthorized_client" | "unsupported_response_type" => (
            Code::ServerRefused,
            "register the client for the authorization code flow, or try --flow device".to_owned(),
        ),
        "temporarily_unavailable" | "server_error" => {
            (Code::ServerRefused, "try again later".to_owned())
        }
        _ => (
            Code::ServerRefused,
            format!("see `hallpass show {service}` for what was sent"),
        ),
    };
    Error::new(code, format!("{service} refused the sign-in: {told}"))
        .with_hint(hint)
        .with_oauth(error)
}

/// Code for tokens (RFC 6749 §4.1.3), and the ID Token's validation.
async fn redeem(
    ports: &Ports<'_>,
    client: &Client,
    options: &Options,
    redirect_uri: &str,
    fresh: &Fresh,
    code: Secret,
) -> Result<(TokenSet, Option<crate::protocol::id_token::IdTokenClaims>)> {
    let wire = Wire::new(ports, client, Some(Safety::Once));
    let token = exchange_code(&wire, client, redirect_uri, fresh, &code)
        .await
        .map_err(Failure::into_error)?;
    let openid = options.scope(client).iter().any(|entry| entry == "openid");
    let wanted = id_token::Wanted {
        nonce: openid.then_some(&fresh.nonce),
        required: openid,
        max_age: options.max_age,
        acr_values: options.acr_values.as_deref(),
    };
    let claims = id_token::check(ports, client, &token, &wanted).await?;
    Ok((token, claims))
}

async fn exchange_code(
    wire: &Wire<'_>,
    client: &Client,
    redirect_uri: &str,
    fresh: &Fresh,
    code: &Secret,
) -> Result<TokenSet, Failure> {
    let oauth2 = oauth2(client, client.endpoint("token_endpoint")?);
    let redirect_uri = RedirectUrl::new(redirect_uri.to_owned())
        .map_err(|_| Error::new(Code::Internal, "a redirect URI that is not a URL"))?;
    let mut request = oauth2
        .exchange_code(AuthorizationCode::new(code.expose().clone()))
        .set_redirect_uri(std::borrow::Cow::Owned(redirect_uri))
        .set_pkce_verifier(PkceCodeVerifier::new(fresh.code_verifier.expose().clone()));
    for (name, value) in client.token_parameters() {
        request = request.add_extra_param(name, value);
    }
    wire.token(request.request_async(wire).await)
}

#[cfg(test)]
#[path = "authorization_code_tests.rs"]
mod tests;
