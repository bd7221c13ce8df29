//! Sending: the credential on, the request out; then what the answer asks for: another token,
//! another place, another try.

use std::borrow::Cow;
use std::time::Duration;

use futures_util::StreamExt;
use http::StatusCode;
use http::header::LOCATION;
use url::Url;

use super::answer::{Answer, Head, Times};
use super::body::Payload;
use super::challenge::{self, Verdict};
use super::redirect::{self, KeepPost};
use super::request::Outgoing;
use super::retry::{self, Attempt, Ended};
use super::run::within;
use super::tokens::Tokens;
use crate::error::{Code, Error, Result};
use crate::port::{Body, BoxFuture, Connection, Files, Http, HttpError, Ports, Progress, Response};
use crate::protocol::endpoint;
use crate::secret::SafeUrl;
use crate::service::Service;
use crate::transport::{Credential, ExchangeError, trace};

/// An answer's body up to this size is read to its end, so that its connection can be used again.
const DRAINED: usize = 64 << 10;
/// Uploads from this size on are worth a progress bar.
const WORTH_A_BAR: u64 = 1 << 20;

/// What is decided beforehand.
#[derive(Debug, Clone)]
pub struct Policy {
    /// `-L`
    pub follow: bool,
    /// `--max-redirs`
    pub max_redirects: u32,
    pub keep_post: KeepPost,
    /// `-k`
    pub insecure: bool,
    pub retry: retry::Policy,
    /// `-s`
    pub quiet: bool,
    /// `-i`, `-I`: the heads of redirects are wanted too.
    pub heads: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            follow: false,
            max_redirects: redirect::MAX,
            keep_post: KeepPost::default(),
            insecure: false,
            retry: retry::Policy::NEVER,
            quiet: false,
            heads: false,
        }
    }
}

/// Everything that sending needs.
#[derive(Clone, Copy)]
pub struct Sender<'a> {
    pub ports: Ports<'a>,
    /// The API's side.
    pub http: &'a dyn Http,
    pub files: &'a dyn Files,
    pub progress: &'a dyn Progress,
    pub tokens: &'a dyn Tokens,
    pub service: &'a Service,
    pub policy: &'a Policy,
    /// `-m`, on the steady clock. A renewal is never cut short: it could lose a session.
    pub deadline: Option<u64>,
}

/// Where the sending stands.
struct Journey<'a> {
    outgoing: Cow<'a, Outgoing>,
    /// No foreign server had a say in where it goes.
    trusted: bool,
    redirects: u32,
    attempt: u32,
    renewed: bool,
    began: u64,
    connects: u32,
    passed: Vec<Head>,
}

impl Sender<'_> {
    /// Sends until there is an answer to keep.
    pub async fn send(&self, outgoing: &Outgoing) -> Result<Answer> {
        let mut journey = Journey {
            outgoing: Cow::Borrowed(outgoing),
            trusted: true,
            redirects: 0,
            attempt: 1,
            renewed: false,
            began: self.ports.clock.steady_millis(),
            connects: 0,
            passed: Vec::new(),
        };
        loop {
            let sent = self.ports.clock.steady_micros();
            let credential = journey.trusted.then(|| self.tokens.credential());
            let response = match self.once(&journey, credential.as_ref()).await {
                Ok(response) => response,
                Err(ExchangeError::Other(error)) => return Err(error),
                Err(ExchangeError::Http(error)) => {
                    let wait = self.wait_for(&journey, Ended::Failed(&error));
                    match wait {
                        Some(wait) => Box::pin(self.pause(&mut journey, wait)).await,
                        None => return Err(error.into()),
                    }
                    continue;
                }
            };
            let answered = self.ports.clock.steady_micros();
            let connection = response.extensions().get::<Connection>().copied();
            let made = connection.is_some_and(|connection| connection.connect.is_some());
            journey.connects += u32::from(made);
            self.trace_response(&response);

            let mut trouble = None;
            let verdict = challenge::read(response.status(), response.headers());
            if let Some(credential) = &credential
                && verdict != Verdict::Nothing
            {
                // Boxed, as is all that seldom happens: `batch` moves this future for each request.
                match Box::pin(self.refused(&journey, verdict, credential)).await {
                    Refused::SendAgain => {
                        journey.renewed = true;
                        Box::pin(drain(response)).await;
                        continue;
                    }
                    Refused::Tell(error) => trouble = Some(error),
                    Refused::No => {}
                }
            }
            if let Some(location) = self.location(&response) {
                self.follow(&mut journey, response.status(), &location)?;
                if self.policy.heads {
                    journey.passed.push(Head::of(&response));
                }
                Box::pin(drain(response)).await;
                continue;
            }
            let ended = Ended::Answered(response.status(), response.headers());
            if trouble.is_none()
                && let Some(wait) = self.wait_for(&journey, ended)
            {
                Box::pin(drain(response)).await;
                Box::pin(self.pause(&mut journey, wait)).await;
                continue;
            }
            let (head, body) = response.into_parts();
            return Ok(Answer {
                head,
                body,
                method: journey.outgoing.method.clone(),
                url: journey.outgoing.url.clone(),
                redirects: journey.redirects,
                passed: journey.passed,
                retries: journey.attempt - 1,
                renewed: journey.renewed,
                times: Times {
                    sent,
                    answered,
                    connection,
                    connects: journey.connects,
                    repeated: journey.redirects > 0 || journey.attempt > 1 || journey.renewed,
                },
                trusted: journey.trusted,
                trouble,
            });
        }
    }

    async fn once(
        &self,
        journey: &Journey<'_>,
        credential: Option<&Credential>,
    ) -> Result<Response, ExchangeError> {
        let outgoing = &*journey.outgoing;
        let body = outgoing.body(self.files).await?;
        let sent = self.hand_over(outgoing, body, credential)?;
        Ok(within(async { Ok(sent.await) }, self.deadline, &self.ports).await??)
    }

    /// What waits for the answer holds nothing of the request: `batch` has many of them.
    fn hand_over(
        &self,
        outgoing: &Outgoing,
        body: Body,
        credential: Option<&Credential>,
    ) -> Result<BoxFuture<'_, Result<Response, HttpError>>> {
        let mut request = outgoing.request(body)?;
        if let Some(credential) = credential {
            self.refuse_unchecked(&outgoing.url)?;
            credential.authorize(&mut request)?;
        }
        if self.ports.ui.tracing() {
            let lines = trace::request(request.method(), request.uri(), request.headers(), None);
            for line in lines {
                self.ports.ui.trace(&line);
            }
        }
        self.show_upload(outgoing, &mut request);
        Ok(self.http.send(request))
    }

    /// `-k` sends a credential to another machine only where the service says so.
    fn refuse_unchecked(&self, url: &Url) -> Result<()> {
        let allowed = self.service.values.insecure_api == Some(true);
        if !self.policy.insecure || allowed || url.scheme() != "https" || endpoint::is_loopback(url)
        {
            return Ok(());
        }
        let host = url.host_str().unwrap_or_default();
        Err(Error::new(
            Code::OriginNotAllowed,
            format!("-k: the token is not sent to {host} without checking its certificate"),
        )
        .with_hint("--cacert FILE trusts the certificate's own authority; `insecure_api = true` in the service allows -k"))
    }

    fn show_upload(&self, outgoing: &Outgoing, request: &mut crate::port::Request) {
        let length = outgoing.payload.length();
        if self.policy.quiet
            || !matches!(outgoing.payload, Payload::Segments(_))
            || length.is_some_and(|length| length < WORTH_A_BAR)
        {
            return;
        }
        if let Body::Stream { length, stream } =
            std::mem::replace(request.body_mut(), Body::empty())
        {
            let bar = self.progress.transfer("sending", 0, length);
            let stream = stream.inspect(move |piece| {
                if let Ok(bytes) = piece {
                    bar.advance(bytes.len() as u64);
                }
            });
            *request.body_mut() = Body::Stream {
                length,
                stream: Box::pin(stream),
            };
        }
    }

    fn trace_response(&self, response: &Response) {
        if self.ports.ui.tracing() {
            for line in trace::response(response.status(), response.headers(), None) {
                self.ports.ui.trace(&line);
            }
        }
    }

    /// What the challenge of a 401 or 403 comes to.
    async fn refused(
        &self,
        journey: &Journey<'_>,
        verdict: Verdict,
        credential: &Credential,
    ) -> Refused {
        if verdict != Verdict::Renew {
            let told = challenge::explain(&verdict, self.service, &self.tokens.scope());
            return told.map_or(Refused::No, Refused::Tell);
        }
        if journey.renewed {
            let name = self.service.reference();
            let what = "the API refuses an access token that was just renewed (401)";
            return Refused::Tell(Error::new(Code::ApiStatus, what).with_hint(format!(
                "is it the right API for {name}? see `hallpass show {name}`"
            )));
        }
        if let Err(error) = self.tokens.renew(credential).await {
            return Refused::Tell(error);
        }
        if journey.outgoing.payload.can_repeat() {
            return Refused::SendAgain;
        }
        let what = "the access token was refused and has been renewed, but the body came from a stream that cannot be sent again";
        Refused::Tell(
            Error::new(Code::ApiStatus, what)
                .with_hint("run the command again; a body from a file is sent again by itself"),
        )
    }

    fn location(&self, response: &Response) -> Option<Vec<u8>> {
        if !self.policy.follow || !redirect::is_redirect(response.status()) {
            return None;
        }
        let location = response.headers().get(LOCATION)?;
        Some(location.as_bytes().to_vec())
    }

    /// Turns the request into the one that a redirect asks for.
    fn follow(&self, journey: &mut Journey<'_>, status: StatusCode, location: &[u8]) -> Result<()> {
        if journey.redirects >= self.policy.max_redirects {
            return Err(Error::new(
                Code::ResponseInvalid,
                format!(
                    "more than {} redirects, the last to {}",
                    self.policy.max_redirects,
                    redirect::shown(location, &journey.outgoing.url)
                ),
            )
            .with_hint("--max-redirs allows more; a loop never ends"));
        }
        let outgoing = journey.outgoing.to_mut();
        let keep = self.policy.keep_post;
        let hop = redirect::hop(status, location, &outgoing.url, &outgoing.method, keep)?;
        if !hop.keep_body {
            outgoing.payload = Payload::None;
            outgoing.chunked = false;
            redirect::strip_body(&mut outgoing.headers);
        } else if !outgoing.payload.can_repeat() {
            return Err(Error::new(
                Code::Usage,
                format!(
                    "{} {status} asks for the body again, which came from a stream",
                    "redirect"
                ),
            )
            .with_hint("send it from a file, or to the new place at once: look at it without -L"));
        }
        if !hop.same_origin {
            redirect::strip(&mut outgoing.headers);
            let known = self.tokens.credential().audience().allows(&hop.url);
            if journey.trusted && !known && !self.policy.quiet {
                let place = SafeUrl::new(hop.url.clone());
                let line = format!("redirected to {place}: the token does not go along");
                self.ports.ui.notice(&line);
            }
            // Never on again: from here on others say where it goes.
            journey.trusted &= known;
        }
        outgoing.method = hop.method;
        outgoing.url = hop.url;
        journey.redirects += 1;
        Ok(())
    }

    fn wait_for(&self, journey: &Journey<'_>, ended: Ended<'_>) -> Option<Duration> {
        if self.policy.retry.times == 0 || !journey.outgoing.payload.can_repeat() {
            return None;
        }
        let mut jitter = [0];
        // Without randomness the wait is merely less spread.
        let _ = self.ports.random.fill(&mut jitter);
        let elapsed = self
            .ports
            .clock
            .steady_millis()
            .saturating_sub(journey.began);
        let attempt = Attempt {
            method: &journey.outgoing.method,
            number: journey.attempt,
            elapsed: Duration::from_millis(elapsed),
            now: self.ports.clock.now(),
            jitter: jitter[0],
        };
        let wait = retry::wait(&self.policy.retry, ended, attempt)?;
        let now = self.ports.clock.steady_millis();
        let then = now.saturating_add(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
        self.deadline
            .is_none_or(|deadline| then < deadline)
            .then_some(wait)
    }

    async fn pause(&self, journey: &mut Journey<'_>, wait: Duration) {
        let host = journey.outgoing.url.host_str().unwrap_or_default();
        let what = format!(
            "{host}: attempt {} in {:.1} s",
            journey.attempt + 1,
            wait.as_secs_f64()
        );
        let shown = (!self.policy.quiet).then(|| self.progress.waiting(&what));
        self.ports.clock.sleep(wait).await;
        drop(shown);
        journey.attempt += 1;
    }
}

enum Refused {
    No,
    SendAgain,
    Tell(Error),
}

/// Reads a small body away.
async fn drain(response: Response) {
    if let Body::Stream { length, mut stream } = response.into_body()
        && length.is_none_or(|length| length <= DRAINED as u64)
    {
        let mut read = 0;
        while let Some(Ok(piece)) = stream.next().await {
            read += piece.len();
            if read > DRAINED {
                return;
            }
        }
    }
}
