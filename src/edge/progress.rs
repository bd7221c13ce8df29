//! Progress of long work on stderr: bars and a waiting line at a terminal, no bars in a pipe.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::terminal::Screen;
use crate::port::{Progress, Status, Transfer, Waiting};

/// Transfers over before this are not shown at all: a bar that flashes up only disturbs.
const PATIENCE: Duration = Duration::from_millis(500);

/// All bars of the process, drawn together; built with the first.
static BARS: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);
static ANY: AtomicBool = AtomicBool::new(false);

/// Runs `write`, which writes to stderr, with the bars out of its way.
pub(super) fn beside(write: impl FnOnce()) {
    if ANY.load(Ordering::Relaxed) {
        BARS.suspend(write);
    } else {
        write();
    }
}

/// Draws on stderr.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bars;

impl Progress for Bars {
    fn transfer(&self, what: &str, done: u64, total: Option<u64>) -> Box<dyn Transfer> {
        if !can_draw() {
            return Box::new(Nothing);
        }
        let bar = match total {
            Some(total) => ProgressBar::with_draw_target(Some(total), hidden())
                .with_style(style("{msg} {bar:24} {percent:>3}% {bytes} of {total_bytes}, {binary_bytes_per_sec}, {eta} left")),
            None => ProgressBar::with_draw_target(None, hidden())
                .with_style(style("{msg} {bytes}, {binary_bytes_per_sec}")),
        };
        let bar = bar.with_message(what.to_owned()).with_position(done);
        // Without this the rate counts what was there before.
        bar.reset_eta();
        Box::new(Bar {
            bar,
            start: Instant::now(),
            shown: AtomicBool::new(false),
        })
    }

    fn waiting(&self, what: &str) -> Box<dyn Waiting> {
        let line = format!("waiting for {what}");
        if !can_draw() {
            super::terminal::say(&line);
            return Box::new(Nothing);
        }
        let bar = ProgressBar::new_spinner()
            .with_style(style("{msg} ({elapsed})"))
            .with_message(line);
        let bar = add(bar);
        bar.enable_steady_tick(Duration::from_secs(1));
        bar.tick();
        Box::new(Line(bar))
    }

    fn status(&self) -> Box<dyn Status> {
        if !can_draw() {
            return Box::new(Nothing);
        }
        let bar =
            ProgressBar::with_draw_target(None, hidden()).with_style(style("{msg} ({elapsed})"));
        Box::new(Bar {
            bar,
            start: Instant::now(),
            shown: AtomicBool::new(false),
        })
    }
}

fn can_draw() -> bool {
    let dumb = super::env::var("TERM").is_some_and(|term| term == "dumb");
    Screen::stderr().is_terminal && !dumb
}

fn hidden() -> indicatif::ProgressDrawTarget {
    indicatif::ProgressDrawTarget::hidden()
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}

fn add(bar: ProgressBar) -> ProgressBar {
    ANY.store(true, Ordering::Relaxed);
    BARS.add(bar)
}

fn remove(bar: &ProgressBar) {
    bar.finish_and_clear();
    BARS.remove(bar);
}

struct Bar {
    bar: ProgressBar,
    start: Instant,
    shown: AtomicBool,
}

impl Bar {
    fn appear(&self) {
        if !self.shown.load(Ordering::Relaxed) && self.start.elapsed() >= PATIENCE {
            self.shown.store(true, Ordering::Relaxed);
            add(self.bar.clone());
        }
    }
}

impl Transfer for Bar {
    fn advance(&self, bytes: u64) {
        self.appear();
        self.bar.inc(bytes);
    }
}

impl Status for Bar {
    fn say(&self, line: &str) {
        self.appear();
        self.bar.set_message(line.to_owned());
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if self.shown.load(Ordering::Relaxed) {
            remove(&self.bar);
        }
    }
}

struct Line(ProgressBar);

impl Waiting for Line {}

impl Drop for Line {
    fn drop(&mut self) {
        remove(&self.0);
    }
}

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
    fn the_templates_parse() {
        for template in [
            "{msg} {bar:24} {percent:>3}% {bytes} of {total_bytes}, {binary_bytes_per_sec}, {eta} left",
            "{msg} {bytes}, {binary_bytes_per_sec}",
            "{msg} ({elapsed})",
        ] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }

    #[test]
    fn a_transfer_counts_from_where_it_resumes() {
        let bar = Bar {
            bar: ProgressBar::hidden().with_position(10),
            start: Instant::now(),
            shown: AtomicBool::new(false),
        };
        bar.advance(5);
        assert_eq!(bar.bar.position(), 15);
        assert!(!bar.shown.load(Ordering::Relaxed), "not yet worth showing");
    }
}
