//! Waiting between pages: for rate limits and busy servers, without being asked to.

use std::time::Duration;

use super::answer::Answer;
use super::rate_limit;
use super::request::Outgoing;
use super::retry::{self, Attempt, Ended};
use super::run::Stage;
use crate::error::Result;
use crate::port::HttpError;

/// How often one page is asked for again.
const TIMES: u32 = 10;

/// How often a page was asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tries(u32);

/// See the module.
pub struct Patience<'a> {
    stage: Stage<'a>,
    patient: bool,
    deadline: Option<u64>,
}

impl<'a> Patience<'a> {
    pub fn new(stage: &Stage<'a>, patient: bool, deadline: Option<u64>) -> Patience<'a> {
        Patience {
            stage: *stage,
            patient,
            deadline,
        }
    }

    /// `-m`, on the steady clock.
    pub fn deadline(&self) -> Option<u64> {
        self.deadline
    }

    /// Asks for a page again and again while the server says "later", within the cap.
    pub async fn settle(&self, answer: &mut Answer, outgoing: &Outgoing, page: u64) -> Result<()> {
        let policy = retry::Policy {
            times: TIMES,
            max_time: self.stage.policy.retry.max_time,
            ..retry::Policy::NEVER
        };
        let began = self.stage.ports.clock.steady_millis();
        for number in 1.. {
            let (status, headers) = (answer.head.status, &answer.head.headers);
            let later = rate_limit::is_limit(status, headers) || status.as_u16() == 503;
            if !self.patient || !later || answer.trouble.is_some() {
                return Ok(());
            }
            let ended = Ended::Answered(status, headers);
            let Some(wait) = self.wait(&policy, ended, outgoing, number, began) else {
                return Ok(());
            };
            let what = format!("page {page} in {:.1} s ({status})", wait.as_secs_f64());
            self.pause(outgoing, &what, wait).await;
            answer.replace(self.stage.sender(self.deadline).send(outgoing).await?);
            answer.retries += 1;
        }
        Ok(())
    }

    /// Waits where the answer has used up what may be asked for now.
    pub async fn between(&self, answer: &Answer, outgoing: &Outgoing) {
        let now = self.stage.ports.clock.now();
        let most = self.stage.policy.retry.max_time.unwrap_or(retry::CAP);
        let wait = rate_limit::pause(&answer.head.headers, now)
            .filter(|wait| self.patient && !wait.is_zero() && *wait <= most && self.in_time(*wait));
        if let Some(wait) = wait {
            let what = format!("the next page in {:.1} s (rate limit)", wait.as_secs_f64());
            self.pause(outgoing, &what, wait).await;
        }
    }

    /// Whether a page that broke off is asked for again, after the wait.
    pub async fn again(&self, error: &HttpError, outgoing: &Outgoing, tries: &mut Tries) -> bool {
        tries.0 += 1;
        let began = self.stage.ports.clock.steady_millis();
        let policy = &self.stage.policy.retry;
        let Some(wait) = self.wait(policy, Ended::Failed(error), outgoing, tries.0, began) else {
            return false;
        };
        let what = format!("the page again in {:.1} s", wait.as_secs_f64());
        self.pause(outgoing, &what, wait).await;
        true
    }

    fn wait(
        &self,
        policy: &retry::Policy,
        ended: Ended<'_>,
        outgoing: &Outgoing,
        number: u32,
        began: u64,
    ) -> Option<Duration> {
        let ports = &self.stage.ports;
        let mut jitter = [0];
        // Without randomness the wait is merely less spread.
        let _ = ports.random.fill(&mut jitter);
        let attempt = Attempt {
            method: &outgoing.method,
            number,
            elapsed: Duration::from_millis(ports.clock.steady_millis().saturating_sub(began)),
            now: ports.clock.now(),
            jitter: jitter[0],
        };
        retry::wait(policy, ended, attempt).filter(|wait| self.in_time(*wait))
    }

    fn in_time(&self, wait: Duration) -> bool {
        let then = u64::try_from(wait.as_millis())
            .unwrap_or(u64::MAX)
            .saturating_add(self.stage.ports.clock.steady_millis());
        self.deadline.is_none_or(|deadline| then < deadline)
    }

    async fn pause(&self, outgoing: &Outgoing, what: &str, wait: Duration) {
        let host = outgoing.url.host_str().unwrap_or_default();
        let shown = (!self.stage.policy.quiet)
            .then(|| self.stage.progress.waiting(&format!("{host}: {what}")));
        self.stage.ports.clock.sleep(wait).await;
        drop(shown);
    }
}
