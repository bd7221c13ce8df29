//! One request of a batch: sent, answered, sent again where that is safe, and told.

use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt;
use http::{HeaderMap, StatusCode, Version};

use super::gate::Gate;
use super::record::{self, Answered, Subject};
use super::summary::Outcome;
use crate::call::rate_limit;
use crate::call::request::Outgoing;
use crate::call::retry::{self, Attempt, Ended};
use crate::call::send::Sender;
use crate::error::{Code, Error, Result};
use crate::port::{Body, HttpError};
use crate::transport::retry::backoff;
use crate::transport::within;

/// Largest body that fits into a record.
const LARGEST: usize = 32 << 20;
/// How often a request is sent again that was refused for coming too often: the limit is shared,
/// so one request may be unlucky many times.
const REFUSALS: u32 = 20;

/// What is decided beforehand for every request.
#[derive(Debug, Clone)]
pub struct Rules {
    pub retry: retry::Policy,
    /// `--max-wait`: longest pause that a rate limit may ask for.
    pub max_wait: Duration,
    /// `--max-time` of one attempt.
    pub max_time: Duration,
    /// `-i`
    pub include: bool,
}

/// How it ended.
#[derive(Debug)]
pub struct Finished {
    pub record: Vec<u8>,
    pub outcome: Outcome,
    /// Of an answer that means the request was looked at.
    pub answered: Option<u16>,
    /// It certainly was not done.
    pub open: bool,
    /// Nothing else could go better.
    pub fatal: Option<Error>,
}

/// An answer, read to its end.
struct Whole {
    status: StatusCode,
    headers: HeaderMap,
    version: Version,
    body: Vec<u8>,
    trouble: Option<Error>,
}

/// Sends it until there is an answer to keep.
pub async fn one(
    sender: &Sender<'_>,
    gate: &Gate<'_>,
    rules: &Rules,
    subject: &Subject,
    outgoing: &Outgoing,
) -> Finished {
    let clock = sender.ports.clock;
    let began = clock.steady_millis();
    let (mut number, mut refusals) = (1, 0);
    loop {
        let pass = gate.enter().await;
        let result = exchange(sender, rules, outgoing).await;
        drop(pass);
        gate.fan_out(result.as_ref().ok().map(|whole| whole.version));
        if let Ok(whole) = &result {
            match crowded(sender, gate, rules, outgoing, whole, refusals) {
                Crowd::No => gate.went_well(),
                Crowd::Again => {
                    refusals += 1;
                    continue;
                }
                Crowd::GiveUp(fatal) => return kept(rules, subject, outgoing, result, fatal),
            }
        }
        let lost = result.as_ref().err().and_then(below_http);
        let ended = match (&result, &lost) {
            // What went well is not sent again, and needs no randomness to wait with.
            (Ok(whole), _) if whole.trouble.is_none() && !whole.status.is_success() => {
                Some(Ended::Answered(whole.status, &whole.headers))
            }
            (Err(_), Some(lost)) => Some(Ended::Failed(lost)),
            _ => None,
        };
        let attempt = || Attempt {
            method: &outgoing.method,
            number,
            elapsed: Duration::from_millis(clock.steady_millis().saturating_sub(began)),
            now: clock.now(),
            jitter: jitter(sender),
        };
        match ended.and_then(|ended| retry::wait(&rules.retry, ended, attempt())) {
            Some(wait) => clock.sleep(wait).await,
            None => return kept(rules, subject, outgoing, result, None),
        }
        number += 1;
    }
}

fn jitter(sender: &Sender<'_>) -> u8 {
    let mut jitter = [0];
    // Without randomness the wait is merely less spread.
    let _ = sender.ports.random.fill(&mut jitter);
    jitter[0]
}

/// What the API says of coming too often.
enum Crowd {
    No,
    Again,
    GiveUp(Option<Error>),
}

fn crowded(
    sender: &Sender<'_>,
    gate: &Gate<'_>,
    rules: &Rules,
    outgoing: &Outgoing,
    whole: &Whole,
    refusals: u32,
) -> Crowd {
    let now = sender.ports.clock.now();
    if !rate_limit::is_limit(whole.status, &whole.headers) {
        // The budget is used up: the next one would be refused.
        if let Some(pause) = rate_limit::pause(&whole.headers, now)
            && pause <= rules.max_wait
        {
            gate.close_for(pause, false);
        }
        return Crowd::No;
    }
    let told = rate_limit::wait(whole.status, &whole.headers, now);
    if let Some(wait) = told
        && wait > rules.max_wait
    {
        let what = format!(
            "the API wants to be left alone for {} s (status {})",
            wait.as_secs(),
            whole.status.as_u16()
        );
        return Crowd::GiveUp(Some(Error::new(Code::ApiStatus, what).with_hint(
            "go on then, with --resume FILE from the start; --max-wait allows longer waits",
        )));
    }
    gate.close_for(
        told.unwrap_or_else(|| backoff(refusals + 1, jitter(sender))),
        true,
    );
    let again = rate_limit::was_refused(whole.status, &whole.headers)
        || rules.retry.harmless(&outgoing.method);
    match again && rules.retry.times > 0 && refusals < REFUSALS {
        true => Crowd::Again,
        false => Crowd::GiveUp(None),
    }
}

/// One attempt, within its time.
async fn exchange(sender: &Sender<'_>, rules: &Rules, outgoing: &Outgoing) -> Result<Whole> {
    // Pinned here: it would take its room twice if it were handed on as it is.
    let whole = pin!(async {
        let answer = sender.send(outgoing).await?;
        Ok(Whole {
            status: answer.head.status,
            headers: answer.head.headers,
            version: answer.head.version,
            body: read(answer.body).await?,
            trouble: answer.trouble,
        })
    });
    // It may renew the token on the way, which no deadline may tear apart.
    let within = within(&sender.ports, rules.max_time, whole).await;
    within.unwrap_or_else(|| {
        let seconds = rules.max_time.as_secs_f64();
        let what = format!("no whole answer within {seconds} s");
        Err(Error::new(Code::TransportFailed, what).with_hint("--max-time allows more"))
    })
}

async fn read(body: Body) -> Result<Vec<u8>> {
    let (length, mut stream) = match body {
        Body::Whole(bytes) => return Ok(bytes.into()),
        Body::Stream { length, stream } => (length, stream),
    };
    let expected = length.and_then(|length| usize::try_from(length).ok());
    // A length is a promise, not memory.
    let mut whole = Vec::with_capacity(expected.unwrap_or(0).min(64 << 10));
    while let Some(piece) = stream.next().await {
        let piece = piece?;
        if whole.len() + piece.len() > LARGEST {
            let what = format!("the body is larger than {} MiB", LARGEST >> 20);
            return Err(Error::new(Code::ResponseInvalid, what)
                .with_hint("fetch this one with `hallpass call … -o FILE`"));
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole)
}

/// The kind of failure, for the question whether it may be sent again.
fn below_http(error: &Error) -> Option<HttpError> {
    match error.code() {
        Code::Unreachable => Some(HttpError::NotSent(String::new())),
        Code::TransportFailed => Some(HttpError::Ambiguous(String::new())),
        _ => None,
    }
}

fn kept(
    rules: &Rules,
    subject: &Subject,
    outgoing: &Outgoing,
    result: Result<Whole>,
    mut fatal: Option<Error>,
) -> Finished {
    let whole = match result {
        Ok(whole) => whole,
        Err(error) => {
            return Finished {
                record: record::failed(subject, &error),
                outcome: Outcome::Failed(error.code()),
                answered: None,
                open: !matches!(error.code(), Code::TransportFailed | Code::ResponseInvalid),
                fatal: None,
            };
        }
    };
    let status = whole.status;
    let answer = Answered {
        status,
        headers: &whole.headers,
        body: &whole.body,
        trouble: whole.trouble.as_ref(),
    };
    let record = record::answered(subject, &answer, rules.include);
    let mut outcome = match status.is_client_error() || status.is_server_error() {
        true => Outcome::Status,
        false => Outcome::Fine,
    };
    if let Some(trouble) = whole.trouble {
        match trouble.code() {
            Code::ApiStatus => {}
            Code::InsufficientScope | Code::StepUpRequired => {
                outcome = Outcome::Failed(trouble.code());
            }
            // There is no token any more, so there is nothing to go on with.
            _ => fatal = Some(trouble),
        }
    }
    let refused = status == StatusCode::UNAUTHORIZED
        || rate_limit::was_refused(status, &whole.headers)
        || (rate_limit::is_limit(status, &whole.headers) && rules.retry.harmless(&outgoing.method));
    Finished {
        record,
        outcome,
        answered: (!refused).then_some(status.as_u16()),
        open: refused,
        fatal,
    }
}
