//! How many requests may be under way, and when: one first, then many; fewer after the API said
//! "too many", none until the time it named.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use http::Version;
use tokio::sync::Notify;

use crate::port::{Clock, Progress, Waiting};

/// Under way at once unless told otherwise. Over HTTP/2 they share one connection; HTTP/1.1 wants
/// a connection for each (50 of them were slower than 8, and no server likes it).
const OVER_HTTP2: usize = 50;
const OVER_HTTP1: usize = 8;

/// Pauses shorter than this are not worth a line.
const TOLD: Duration = Duration::from_secs(1);

/// Shared by all requests of a batch.
pub struct Gate<'a> {
    clock: &'a dyn Clock,
    progress: &'a dyn Progress,
    chosen: Option<usize>,
    /// The most there may be, once it is known.
    most: Cell<Option<usize>>,
    /// What there may be now.
    limit: Cell<usize>,
    under_way: Cell<usize>,
    successes: Cell<usize>,
    /// On the steady clock.
    opens_at: Cell<u64>,
    waiting: RefCell<Option<Box<dyn Waiting>>>,
    left: Notify,
}

impl<'a> Gate<'a> {
    /// `chosen`: `--concurrency`.
    pub fn new(clock: &'a dyn Clock, progress: &'a dyn Progress, chosen: Option<usize>) -> Self {
        Gate {
            clock,
            progress,
            chosen,
            most: Cell::new(None),
            // With several at once each would open a connection of its own before it is known
            // that one carries them all.
            limit: Cell::new(1),
            under_way: Cell::new(0),
            successes: Cell::new(0),
            opens_at: Cell::new(0),
            waiting: RefCell::new(None),
            left: Notify::new(),
        }
    }

    /// Requests that may exist at once.
    pub fn limit(&self) -> usize {
        self.limit.get()
    }

    /// The first request is still under way.
    pub fn is_first(&self) -> bool {
        self.most.get().is_none()
    }

    /// How long it stays closed.
    pub fn closed_for(&self) -> Option<Duration> {
        let left = self
            .opens_at
            .get()
            .saturating_sub(self.clock.steady_millis());
        if left > 0 {
            return Some(Duration::from_millis(left));
        }
        self.waiting.borrow_mut().take();
        None
    }

    /// Waits until one more may go.
    pub async fn enter(&self) -> Pass<'_> {
        loop {
            if let Some(left) = self.closed_for() {
                self.clock.sleep(left).await;
            } else if self.under_way.get() < self.limit.get() {
                self.under_way.set(self.under_way.get() + 1);
                return Pass { gate: self };
            } else {
                self.left.notified().await;
            }
        }
    }

    /// An answer came over `version`, or the first request failed or is slow: the others may go.
    pub fn fan_out(&self, version: Option<Version>) {
        if self.most.get().is_none() {
            let most = self.chosen.unwrap_or(match version {
                Some(Version::HTTP_2) => OVER_HTTP2,
                _ => OVER_HTTP1,
            });
            self.most.set(Some(most));
            self.limit.set(most.max(1));
            self.left.notify_waiters();
        }
    }

    /// An answer that was no refusal for coming too often: after a window of them, one more.
    pub fn went_well(&self) {
        let most = self.most.get().unwrap_or(1);
        let limit = self.limit.get();
        if limit >= most {
            return;
        }
        let successes = self.successes.get() + 1;
        if successes < limit {
            self.successes.set(successes);
            return;
        }
        self.successes.set(0);
        self.limit.set(limit + 1);
        self.left.notify_one();
    }

    /// The API wants to be left alone for so long.
    pub fn close_for(&self, pause: Duration, refused: bool) {
        let now = self.clock.steady_millis();
        let was_open = self.opens_at.get() <= now;
        let millis = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        let opens_at = now.saturating_add(millis);
        if opens_at <= self.opens_at.get() {
            return;
        }
        self.opens_at.set(opens_at);
        // Those under way were refused by the same limit; they count once.
        if refused && was_open {
            self.limit.set((self.limit.get() / 2).max(1));
            self.successes.set(0);
        }
        if pause >= TOLD {
            let seconds = pause.as_secs_f64().ceil();
            let line = format!("the API's rate limit, {seconds} s");
            // The old line goes first.
            self.waiting.borrow_mut().take();
            *self.waiting.borrow_mut() = Some(self.progress.waiting(&line));
        }
    }
}

/// One request that is under way.
pub struct Pass<'a> {
    gate: &'a Gate<'a>,
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.gate.under_way.set(self.gate.under_way.get() - 1);
        self.gate.left.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::fake::{FakeClock, FakeProgress, block_on};

    #[test]
    fn one_goes_first_and_the_protocol_decides_how_many_follow() {
        let (clock, progress) = (FakeClock::default(), FakeProgress::default());
        for (chosen, version, limit) in [
            (None, Some(Version::HTTP_2), 50),
            (None, Some(Version::HTTP_11), 8),
            (None, None, 8),
            (Some(3), Some(Version::HTTP_2), 3),
        ] {
            let gate = Gate::new(&clock, &progress, chosen);
            assert_eq!((gate.limit(), gate.is_first()), (1, true));
            gate.fan_out(version);
            assert_eq!((gate.limit(), gate.is_first()), (limit, false));
            gate.fan_out(Some(Version::HTTP_2));
            assert_eq!(gate.limit(), limit);
        }
    }

    #[test]
    fn a_refusal_closes_for_all_and_halves_what_may_be_under_way_once() {
        let (clock, progress) = (FakeClock::default(), FakeProgress::default());
        let gate = Gate::new(&clock, &progress, Some(8));
        gate.fan_out(None);
        gate.close_for(Duration::from_secs(2), true);
        gate.close_for(Duration::from_secs(3), true);
        gate.close_for(Duration::from_secs(1), true);
        assert_eq!(gate.limit(), 4);
        drop(block_on(gate.enter()));
        assert_eq!(clock.slept(), [Duration::from_secs(3)]);
        assert_eq!(progress.waits.borrow().len(), 2);
        for _ in 0..4 {
            gate.went_well();
        }
        assert_eq!(gate.limit(), 5);
    }
}
