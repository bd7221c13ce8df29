//! Progress of long work: one row on stderr at a terminal, nothing drawn in a pipe.

mod row;
mod words;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use super::terminal::Screen;
use crate::port::{Progress, Status, Transfer, Waiting};

pub(super) use row::beside;

/// Work that is over before this is not shown at all: a bar that flashes up only disturbs.
const PATIENCE: Duration = Duration::from_millis(500);
/// The shortest time between two drawings, and between two looks at the clock's rate.
const FRAME: Duration = Duration::from_millis(100);
/// A rate is that of the last two to four of these.
const WINDOW: Duration = Duration::from_secs(2);

/// Draws on stderr.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bars;

impl Progress for Bars {
    fn transfer(&self, what: &str, done: u64, total: Option<u64>) -> Box<dyn Transfer> {
        if !can_draw() {
            return Box::new(Nothing);
        }
        Box::new(Bar::new(what, done, total))
    }

    fn waiting(&self, what: &str) -> Box<dyn Waiting> {
        let line = format!("waiting for {what}");
        if !can_draw() {
            super::terminal::say(&line);
            return Box::new(Nothing);
        }
        Box::new(Line::new(line))
    }

    fn status(&self) -> Box<dyn Status> {
        if !can_draw() {
            return Box::new(Nothing);
        }
        Box::new(Told {
            start: Instant::now(),
            place: row::Place::default(),
        })
    }
}

fn can_draw() -> bool {
    let dumb = super::env::var("TERM").is_some_and(|term| term == "dumb");
    Screen::stderr().is_terminal && !dumb
}

/// A transfer: how far, how fast, how long still.
struct Bar {
    what: String,
    total: Option<u64>,
    start: Instant,
    place: row::Place,
    position: AtomicU64,
    rate: Mutex<Rate>,
    drawing: AtomicBool,
}

/// Two earlier points of a transfer, the older one at least a window ago once there was one.
struct Rate {
    older: (Instant, u64),
    newer: (Instant, u64),
    drawn: Option<Instant>,
}

impl Rate {
    fn from(now: Instant, position: u64) -> Self {
        Rate {
            older: (now, position),
            newer: (now, position),
            drawn: None,
        }
    }

    /// Whether it is time to draw again.
    fn due(&mut self, now: Instant) -> bool {
        let due = self.drawn.is_none_or(|last| now - last >= FRAME);
        if due {
            self.drawn = Some(now);
        }
        due
    }

    /// Bytes a second of late.
    fn per_second(&mut self, now: Instant, position: u64) -> u64 {
        if now - self.newer.0 >= WINDOW {
            self.older = std::mem::replace(&mut self.newer, (now, position));
        }
        let (since, from) = self.older;
        let millis = (now - since).as_millis().max(1);
        let rate = u128::from(position.saturating_sub(from)) * 1000 / millis;
        u64::try_from(rate).unwrap_or(u64::MAX)
    }
}

impl Bar {
    fn new(what: &str, done: u64, total: Option<u64>) -> Self {
        let start = Instant::now();
        Bar {
            what: what.to_owned(),
            total,
            start,
            place: row::Place::default(),
            position: AtomicU64::new(done),
            // The rate does not count what was there before.
            rate: Mutex::new(Rate::from(start, done)),
            drawing: AtomicBool::new(false),
        }
    }

    fn text(&self, now: Instant, position: u64) -> Option<String> {
        let mut rate = self.rate.lock().unwrap_or_else(PoisonError::into_inner);
        if now - self.start < PATIENCE || !rate.due(now) {
            return None;
        }
        let rate = rate.per_second(now, position);
        let columns = row::columns();
        Some(words::transfer(
            &self.what, position, self.total, rate, columns,
        ))
    }
}

impl Transfer for Bar {
    fn advance(&self, bytes: u64) {
        let position = self.position.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if self.drawing.swap(true, Ordering::Acquire) {
            return;
        }
        if let Some(text) = self.text(Instant::now(), position) {
            self.place.show(text);
        }
        self.drawing.store(false, Ordering::Release);
    }
}

/// What `Status::say` was told last.
struct Told {
    start: Instant,
    place: row::Place,
}

impl Status for Told {
    fn say(&self, line: &str) {
        let elapsed = self.start.elapsed();
        if elapsed >= PATIENCE {
            self.place
                .show(format!("{line} ({})", words::time(elapsed.as_secs())));
        }
    }
}

/// A wait, whose seconds a thread of its own counts until this is dropped.
struct Line {
    _ends_the_thread: mpsc::Sender<()>,
    _place: std::sync::Arc<row::Place>,
}

impl Line {
    fn new(line: String) -> Self {
        let (sender, receiver) = mpsc::channel();
        let place = std::sync::Arc::new(row::Place::default());
        let start = Instant::now();
        let shown = std::sync::Arc::downgrade(&place);
        place.show(format!("{line} (0s)"));
        // A thread that cannot be had only costs the counting.
        let _ = std::thread::Builder::new().spawn(move || {
            while receiver.recv_timeout(Duration::from_secs(1))
                == Err(mpsc::RecvTimeoutError::Timeout)
            {
                let Some(place) = shown.upgrade() else { return };
                let elapsed = words::time(start.elapsed().as_secs());
                place.show(format!("{line} ({elapsed})"));
            }
        });
        Line {
            _ends_the_thread: sender,
            _place: place,
        }
    }
}

impl Waiting for Line {}

/// Where nobody is looking.
struct Nothing;

impl Transfer for Nothing {
    fn advance(&self, _bytes: u64) {}
}

impl Waiting for Nothing {}

impl Status for Nothing {
    fn say(&self, _line: &str) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transfer_counts_from_where_it_resumes_and_is_not_shown_at_once() {
        let bar = Bar::new("f", 10, Some(100));
        bar.advance(5);
        assert_eq!(bar.position.load(Ordering::Relaxed), 15);
        assert_eq!(bar.text(bar.start + PATIENCE / 2, 15), None);
        let text = bar.text(bar.start + Duration::from_secs(1), 30).unwrap();
        assert!(text.contains("30% 30 B of 100 B, 20 B/s"), "{text}");
    }

    #[test]
    fn a_bar_is_not_drawn_again_within_a_frame() {
        let bar = Bar::new("f", 0, None);
        let now = bar.start + PATIENCE;
        assert!(bar.text(now, 1).is_some());
        assert!(bar.text(now + FRAME / 2, 2).is_none());
        assert!(bar.text(now + FRAME, 3).is_some());
    }

    #[test]
    fn the_rate_forgets_how_fast_it_was_long_ago() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut rate = Rate::from(start, 0);
        assert_eq!(rate.per_second(at(1), 1000), 1000);
        assert_eq!(rate.per_second(at(2), 2000), 1000);
        for second in 3..20 {
            rate.per_second(at(second), 2000);
        }
        assert_eq!(rate.per_second(at(20), 2000), 0, "it stalled long ago");
    }
}
