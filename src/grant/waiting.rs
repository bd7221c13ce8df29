//! Waiting for the person: the redirect at the listener and a pasted redirect URL race, against a
//! deadline. What is not the answer never ends the wait; it is counted, and told at time-out.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::{Pin, pin};
use std::time::Duration;

use futures_util::future::{Either, select};
use futures_util::{Stream, StreamExt, stream};

use super::authorization_code::PendingPage;
use super::landing_page::Page;
use crate::error::{Code, Error, Result};
use crate::port::{BoundListener, Ports, RedirectRequest};
use crate::protocol::authorization_response::{
    Answer, Expectation, Ignored, Verdict, judge, judge_pasted,
};
use crate::secret::Secret;

type Requests = dyn Stream<Item = Result<Box<dyn RedirectRequest>>>;

/// Requests at the listener, which closes when this is dropped; `None` where nobody listens.
pub(super) struct Redirects(Option<Pin<Box<Requests>>>);

impl Redirects {
    /// What comes in at `listener`.
    pub fn at(listener: Box<dyn BoundListener>) -> Self {
        let requests = stream::unfold(listener, |mut listener| async move {
            let next = listener.next().await;
            Some((next, listener))
        });
        Redirects(Some(Box::pin(requests)))
    }

    /// Nothing ever comes.
    pub fn nowhere() -> Self {
        Redirects(None)
    }

    async fn next(&mut self) -> Result<Box<dyn RedirectRequest>> {
        match &mut self.0 {
            Some(requests) => match requests.next().await {
                Some(next) => next,
                None => std::future::pending().await,
            },
            None => std::future::pending().await,
        }
    }
}

/// The answer, and the browser's request that waits for its page.
pub(super) struct Arrived {
    pub answer: Answer,
    pub page: Option<PendingPage>,
}

/// Waits for the answer to the request that `expected` describes.
pub(super) async fn wait(
    ports: &Ports<'_>,
    redirects: &mut Redirects,
    expected: &Expectation,
    deadline: Duration,
    service: &str,
) -> Result<Arrived> {
    let mut tally = Tally::default();
    let begun = ports.clock.steady_millis();
    let mut over = pin!(ports.clock.sleep(deadline));
    let mut lines = pin!(pasted_lines(ports));
    loop {
        let event = {
            let redirect = pin!(redirects.next());
            match select(lines.next(), select(redirect, over.as_mut())).await {
                Either::Left((line, _)) => Event::Line(line),
                Either::Right((Either::Left((request, _)), _)) => Event::Request(request?),
                Either::Right((Either::Right(((), _)), _)) => Event::Over,
            }
        };
        // A flood of requests must not keep the timer from being looked at.
        let passed = ports.clock.steady_millis().saturating_sub(begun);
        if u128::from(passed) >= deadline.as_millis() {
            return Err(tally.timed_out(service, deadline));
        }
        match event {
            Event::Over => return Err(tally.timed_out(service, deadline)),
            Event::Request(request) => match judge(request.request(), expected) {
                Verdict::Ignore(reason) => {
                    tally.count(reason);
                    request.respond(Page::Ignored(reason).response());
                }
                Verdict::Answer(answer) => {
                    return Ok(Arrived {
                        answer,
                        page: Some(PendingPage { request }),
                    });
                }
            },
            // Only a pasted address could have ended this.
            Event::Line(Some(Err(error))) if redirects.0.is_none() => {
                return Err(match error.code() {
                    Code::Cancelled => tally.input_ended(service),
                    _ => error,
                });
            }
            Event::Line(Some(Err(error))) if error.code() != Code::Cancelled => {
                ports.ui.warn(&error.to_string());
            }
            Event::Line(Some(Err(_)) | None) => {}
            // An Enter while waiting says nothing.
            Event::Line(Some(Ok(line))) if line.expose().trim().is_empty() => {}
            Event::Line(Some(Ok(line))) => match judge_pasted(&line, expected) {
                Verdict::Ignore(reason) => {
                    tally.count(reason);
                    ports.ui.warn(&refused_line(reason, expected));
                }
                Verdict::Answer(answer) => return Ok(Arrived { answer, page: None }),
            },
        }
    }
}

enum Event {
    Request(Box<dyn RedirectRequest>),
    Line(Option<Result<Secret>>),
    Over,
}

/// Lines as they are typed or piped; silent for ever after the first failure.
fn pasted_lines<'a>(ports: &'a Ports<'_>) -> impl Stream<Item = Result<Secret>> + 'a {
    let ui = ports.ui;
    stream::unfold(false, move |failed| async move {
        if failed {
            return None;
        }
        let line = ui.next_line().await;
        let failed = line.is_err();
        Some((line, failed))
    })
    .chain(stream::pending())
}

fn refused_line(reason: Ignored, expected: &Expectation) -> String {
    let what = match reason {
        Ignored::Target => "that is not a URL: a code alone does not say which sign-in it answers",
        Ignored::Host | Ignored::Path => "that is not the address the sign-in returns to",
        Ignored::Empty => "that URL has no parameters: copy all of it",
        Ignored::NoState | Ignored::WrongState => "that URL belongs to another sign-in",
        _ => "that URL is not a whole answer",
    };
    let mut shown = expected.redirect_uri.clone();
    shown.set_query(None);
    format!("{what}; paste the whole address that begins with {shown}?…")
}

/// Does `work` while whatever still comes in gets a harmless page: a code is redeemed once.
pub(super) async fn meanwhile<T>(
    redirects: &mut Redirects,
    expected: &Expectation,
    work: impl Future<Output = T>,
) -> T {
    let mut work = pin!(work);
    loop {
        let request = {
            let next = pin!(redirects.next());
            match select(work.as_mut(), next).await {
                Either::Left((done, _)) => return done,
                Either::Right((request, _)) => request,
            }
        };
        let Ok(request) = request else {
            return work.await;
        };
        let page = match judge(request.request(), expected) {
            Verdict::Ignore(reason) => Page::Ignored(reason),
            Verdict::Answer(_) => Page::AlreadyAnswered,
        };
        request.respond(page.response());
    }
}

/// How often each reason was met.
#[derive(Debug, Default)]
struct Tally(BTreeMap<Ignored, u64>);

impl Tally {
    fn count(&mut self, reason: Ignored) {
        *self.0.entry(reason).or_default() += 1;
    }

    fn timed_out(&self, service: &str, deadline: Duration) -> Error {
        let mut told = format!(
            "nobody finished signing in to {service} within {} seconds",
            deadline.as_secs()
        );
        told.push_str(&self.met());
        let hint = if self.0.contains_key(&Ignored::Empty) {
            "an address without parameters came back: the server may answer in the fragment \
             (implicit flow), which hallpass does not accept; see that the client is registered \
             for the authorization code flow"
        } else {
            "try again, with a longer --timeout or, without a browser, --flow device"
        };
        Error::new(Code::TimedOut, told).with_hint(hint)
    }

    fn input_ended(&self, service: &str) -> Error {
        let met = self.met();
        let told = format!("the input ended before the sign-in to {service} was finished{met}");
        Error::new(Code::Cancelled, told)
            .with_hint("paste the address at a terminal, or pipe it in and keep the pipe open")
    }

    /// What came instead of the answer, as the end of a sentence.
    fn met(&self) -> String {
        // Favicons are asked for by every browser.
        let met: Vec<_> = self
            .0
            .iter()
            .filter(|(reason, _)| **reason != Ignored::Path)
            .map(|(reason, count)| format!("{count} × {reason}"))
            .collect();
        match met.is_empty() {
            true => String::new(),
            false => format!("; what came was not the answer: {}", met.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests;
