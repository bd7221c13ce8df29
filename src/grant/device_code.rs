//! Device authorization grant (RFC 8628): the person approves on another device, we poll.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::{Pin, pin};
use std::time::Duration;

use anstyle::{AnsiColor, Color, Style};
use futures_util::future::{Either, select};
use http::{Response, StatusCode, header};
use oauth2::{
    AsyncHttpClient, DeviceAuthorizationUrl, HttpRequest, HttpResponse, Scope,
    StandardDeviceAuthorizationResponse,
};

use super::authorization_code::Options;
use super::oauth2_client::{Failure, Wire, may_pass_status, oauth2};
use super::{Client, SignedIn, id_token};
use crate::error::{Code, Error, Result};
use crate::port::{Clock, HttpError, Ports};
use crate::protocol::token::TokenSet;
use crate::transport::ExchangeError;

/// Shows the user code and polls until the person has approved on another device.
pub async fn sign_in(ports: &Ports<'_>, client: &Client, options: &Options) -> Result<SignedIn> {
    let service = client.service.name.as_str();
    let details = authorize(ports, client, options)
        .await
        .map_err(|failure| failure.into_error_at("the device authorization endpoint"))?;
    show(ports, service, &details);

    let polls = Polls::new(ports, client, &details, options.deadline);
    let token = poll(&polls, client, &details)
        .await
        .map_err(|failure| polls.ended(service, failure))?;

    let wanted = id_token::Wanted {
        required: options.scope(client).iter().any(|entry| entry == "openid"),
        ..id_token::Wanted::default()
    };
    let id_token = id_token::check(ports, client, &token, &wanted).await?;
    Ok(SignedIn {
        captured: super::captured(client, &token, &Default::default()),
        token,
        id_token,
        page: None,
    })
}

/// Device authorization request (RFC 8628 §3.1).
async fn authorize(
    ports: &Ports<'_>,
    client: &Client,
    options: &Options,
) -> Result<StandardDeviceAuthorizationResponse, Failure> {
    let endpoint = client.endpoint("device_authorization_endpoint")?;
    let oauth2 = oauth2(client, client.endpoint("token_endpoint")?)
        .set_device_authorization_url(DeviceAuthorizationUrl::from_url(endpoint));
    let mut request = oauth2.exchange_device_code();
    if let Some(scope) = client.joined(options.scope(client)) {
        request = request.add_scope(Scope::new(scope));
    }
    for resource in client.service.resource() {
        request = request.add_extra_param("resource", resource.as_str());
    }
    let wire = Wire::device_authorization(ports, client);
    let outcome = request.request_async(&wire).await;
    outcome.map_err(|error| wire.failure(error))
}

fn show(ports: &Ports<'_>, service: &str, details: &StandardDeviceAuthorizationResponse) {
    let notice = |line: &str| ports.ui.notice(line);
    notice(&format!(
        "To sign in to {service}, open this page on any device:"
    ));
    notice("");
    notice(&format!("  {}", details.verification_uri().as_str()));
    notice("");
    notice("and enter the code");
    notice("");
    notice(&format!("  {}", details.user_code().secret()));
    notice("");
    // Scanning needs a terminal and a person before it.
    if ports.ui.can_prompt() {
        let complete = details.verification_uri_complete();
        let target = match complete {
            Some(complete) => complete.secret().as_str(),
            None => details.verification_uri().as_str(),
        };
        if let Some(code) = qr_code(target) {
            notice("or scan this:");
            notice("");
            for line in code {
                notice(&line);
            }
            notice("");
        }
    }
    let minutes = details.expires_in().as_secs().div_ceil(60);
    notice(&format!(
        "Waiting for the approval; the code ends in {minutes} minutes."
    ));
}

/// White on black whatever the terminal's own colours: scanners may not take an inverted code.
const WHITE_ON_BLACK: Style = Style::new()
    .fg_color(Some(Color::Ansi(AnsiColor::BrightWhite)))
    .bg_color(Some(Color::Ansi(AnsiColor::Black)));

/// Lines of a QR code of block characters; `None` where the text is too long for one.
fn qr_code(text: &str) -> Option<Vec<String>> {
    use qrcode::render::unicode::Dense1x2;
    let code = qrcode::QrCode::with_error_correction_level(text, qrcode::EcLevel::L).ok()?;
    let drawn = code
        .render::<Dense1x2>()
        // Light modules are drawn: without colours it reads on the usual dark terminal.
        .dark_color(Dense1x2::Light)
        .light_color(Dense1x2::Dark)
        .build();
    let coloured = |line| format!("{WHITE_ON_BLACK}{line}{WHITE_ON_BLACK:#}");
    Some(drawn.lines().map(coloured).collect())
}

/// The rhythm of the polls (RFC 8628 §3.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pace(Duration);

/// Longest interval that trouble with the connection leads to.
const SLOWEST: Duration = Duration::from_secs(60);

impl Pace {
    /// `slow_down`: five seconds more from now on, or what the server names (GitHub) if longer.
    fn slow_down(self, told: Option<Duration>) -> Self {
        Pace((self.0 + Duration::from_secs(5)).max(told.unwrap_or_default()))
    }

    /// No answer: half as often.
    fn no_answer(self) -> Self {
        Pace((self.0 * 2).min(SLOWEST.max(self.0)))
    }
}

/// The crate polls; this tells it how long to wait, when to stop, and what is no answer.
struct Polls<'a> {
    wire: Wire<'a>,
    clock: &'a dyn Clock,
    pace: Cell<Pace>,
    /// On the steady clock.
    expires_at: u64,
    fatal: RefCell<Option<Error>>,
}

impl<'a> Polls<'a> {
    fn new(
        ports: &'a Ports<'a>,
        client: &'a Client,
        details: &StandardDeviceAuthorizationResponse,
        deadline: Duration,
    ) -> Self {
        let lifetime = details.expires_in().min(deadline);
        let millis = u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX);
        Polls {
            wire: Wire::new(ports, client, None),
            clock: ports.clock,
            pace: Cell::new(Pace(details.interval())),
            expires_at: ports.clock.steady_millis().saturating_add(millis),
            fatal: RefCell::default(),
        }
    }

    /// Until the next poll, or the end where that comes first.
    fn rest(&self) -> Duration {
        self.pace.get().0.min(self.left())
    }

    fn left(&self) -> Duration {
        let now = self.clock.steady_millis();
        Duration::from_millis(self.expires_at.saturating_sub(now))
    }

    /// One poll. The crate takes any `Err` for a broken connection and polls on, so what polling
    /// on cannot mend is kept in `fatal` and ends it as an answer.
    async fn poll_once(&self, request: HttpRequest) -> Result<HttpResponse, ExchangeError> {
        if self.clock.steady_millis() >= self.expires_at {
            return Ok(answer("expired_token"));
        }
        let outcome = {
            let carried = pin!(self.wire.carry(request));
            let end = pin!(self.clock.sleep(self.left()));
            match select(end, carried).await {
                // A server that never answers does not outlast the deadline either.
                Either::Left(((), _)) => return Ok(answer("expired_token")),
                Either::Right((outcome, _)) => outcome,
            }
        };
        let seen = self.wire.seen();
        let pace = self.pace.get();
        match outcome {
            Err(ExchangeError::Other(error)) => {
                self.fatal.replace(Some(error));
                Ok(answer("invalid_request"))
            }
            Err(ExchangeError::Http(HttpError::Limit(text))) => {
                self.fatal.replace(Some(HttpError::Limit(text).into()));
                Ok(answer("invalid_request"))
            }
            Err(error) => {
                self.pace.set(pace.no_answer());
                Err(error)
            }
            Ok(response) if may_pass_status(seen.status) => {
                let busy = pace.no_answer().0.max(seen.retry_after.unwrap_or_default());
                self.pace.set(Pace(busy.min(SLOWEST.max(pace.0))));
                let status = response.status();
                Err(HttpError::Ambiguous(format!("the server answered {status}")).into())
            }
            Ok(response) => {
                if names_error(response.body(), "slow_down") {
                    self.pace.set(pace.slow_down(seen.interval));
                }
                Ok(response)
            }
        }
    }

    /// Why polling ended without a token.
    fn ended(&self, service: &str, failure: Failure) -> Error {
        if let Some(error) = self.fatal.take() {
            return error;
        }
        let Failure::Refused(error) = failure else {
            return failure.into_error();
        };
        match error.error.as_str() {
            "access_denied" => Error::new(
                Code::Cancelled,
                format!("the sign-in to {service} was denied on the other device"),
            )
            .with_hint("run `hallpass login` again when you want to allow it")
            .with_oauth(error),
            "expired_token" => Error::new(
                Code::TimedOut,
                format!("nobody approved the sign-in to {service} in time"),
            )
            .with_hint("run `hallpass login` again for a new code")
            .with_oauth(error),
            _ => Failure::Refused(error).into_error(),
        }
    }
}

impl<'c> AsyncHttpClient<'c> for Polls<'_> {
    type Error = ExchangeError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, ExchangeError>> + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.poll_once(request))
    }
}

/// Device access token requests until one is answered (RFC 8628 §3.4).
async fn poll(
    polls: &Polls<'_>,
    client: &Client,
    details: &StandardDeviceAuthorizationResponse,
) -> Result<TokenSet, Failure> {
    let oauth2 = oauth2(client, client.endpoint("token_endpoint")?);
    let mut request = oauth2.exchange_device_access_token(details);
    for (name, value) in client.token_parameters() {
        request = request.add_extra_param(name, value);
    }
    // Nobody types a code in less than one interval.
    polls.clock.sleep(polls.rest()).await;
    let sleep = |_: Duration| polls.clock.sleep(polls.rest());
    let outcome = request.request_async(polls, sleep, None).await;
    polls.wire.token(outcome)
}

fn names_error(body: &[u8], name: &str) -> bool {
    serde_json::from_slice::<serde_json::Value>(body).is_ok_and(|value| value["error"] == name)
}

/// An answer in the server's place, in the RFC's form.
fn answer(error: &str) -> HttpResponse {
    let mut response = Response::new(format!("{{\"error\":\"{error}\"}}").into_bytes());
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("application/json"),
    );
    response
}

#[cfg(test)]
#[path = "device_code_tests.rs"]
mod tests;
