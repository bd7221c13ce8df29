//! The whole batch: lines are taken in as there is room, records go out as they are ready.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::task::{Context, Poll};
use std::time::Duration;

use super::gate::Gate;
use super::input::{Made, Maker};
use super::journal::{Journal, Name, Standing};
use super::lines::{LONGEST, Line, Lines};
use super::one::{Finished, Rules, one};
use super::outbox::{Outbox, Ready};
use super::record::{self, Subject};
use super::summary::{Outcome, Summary};
use super::tokens::Seldom;
use super::under_way::UnderWay;
use crate::call::request::Outgoing;
use crate::call::safe::{Safe, Style};
use crate::call::send::Sender;
use crate::error::{Code, Error, Result};
use crate::port::{BoxFuture, ByteStream, Output, Status};

/// Records are written when this much is ready, or nothing else is to be done.
const ENOUGH: usize = 64 << 10;
/// The first request goes alone, but others do not wait for it longer than this.
const PROBE: Duration = Duration::from_secs(1);
/// Between two looks at how far it is, in milliseconds.
const SHOWN: u64 = 100;

/// What is decided beforehand.
#[derive(Debug, Clone)]
pub struct Options {
    /// `--concurrency`
    pub concurrency: Option<usize>,
    /// Not `--unordered`.
    pub ordered: bool,
    pub fail_fast: bool,
    pub rules: Rules,
}

/// Everything that a batch works with.
pub struct Batch<'a> {
    /// Its tokens are `tokens`.
    pub sender: Sender<'a>,
    pub tokens: &'a Seldom<'a>,
    pub maker: &'a Maker<'a>,
    pub output: &'a dyn Output,
    pub journal: Option<RefCell<Journal>>,
    pub options: &'a Options,
}

/// A line that is dealt with.
struct Done {
    sequence: u64,
    name: Name,
    finished: Finished,
}

enum Event {
    Done(Box<Done>),
    Line(Option<Result<Line>>),
    /// A pause is over, or the first request is slow.
    Tick,
    Flush,
    End,
}

impl Batch<'_> {
    /// Runs it to its end; a broken pipe ends it quietly.
    pub async fn run(&self, input: ByteStream) -> Result<Summary> {
        let clock = self.sender.ports.clock;
        let gate = Gate::new(clock, self.sender.progress, self.options.concurrency);
        let mut under_way = UnderWay::new();
        let send = |begun| self.send(&gate, begun);
        let outcome = self.all(input, &gate, &mut under_way, &send).await;
        // Requests that nobody waits for any more are dropped, but not one that renews the token.
        while self.tokens.renewing() && under_way.len() > 0 {
            poll_fn(|context| under_way.poll(context)).await;
        }
        outcome
    }

    async fn all<F: Future<Output = Box<Done>>>(
        &self,
        input: ByteStream,
        gate: &Gate<'_>,
        under_way: &mut UnderWay<F>,
        send: &dyn Fn(Begun) -> F,
    ) -> Result<Summary> {
        let clock = self.sender.ports.clock;
        let mut course = Course {
            batch: self,
            gate,
            lines: Lines::new(input),
            reading: true,
            next: 0,
            outbox: Outbox::new(self.options.ordered),
            summary: Summary::default(),
            timer: None,
            status: (!self.output.is_terminal()).then(|| self.sender.progress.status()),
            shown_at: clock.steady_millis(),
        };
        loop {
            let event = poll_fn(|context| {
                if let Poll::Ready(done) = under_way.poll(context) {
                    return Poll::Ready(Event::Done(done));
                }
                course.poll(context, under_way.len())
            });
            let read = match event.await {
                Event::Done(done) => course.done(*done, under_way.len())?,
                Event::Flush => course.flush()?,
                Event::Line(line) => {
                    if let Some(begun) = course.line(line)? {
                        under_way.push(send(begun));
                    }
                    true
                }
                Event::Tick => {
                    course.tick();
                    true
                }
                Event::End => return Ok(course.summary),
            };
            if !read {
                // Nobody reads any more.
                return Ok(Summary::default());
            }
        }
    }

    async fn send(&self, gate: &Gate<'_>, begun: Begun) -> Box<Done> {
        let rules = &self.options.rules;
        let finished = one(&self.sender, gate, rules, &begun.subject, &begun.outgoing);
        let finished = finished.await;
        Box::new(Done {
            sequence: begun.sequence,
            name: begun.name,
            finished,
        })
    }
}

/// A request about to be sent.
struct Begun {
    sequence: u64,
    subject: Subject,
    name: Name,
    outgoing: Outgoing,
}

/// Where the batch stands.
struct Course<'a> {
    batch: &'a Batch<'a>,
    gate: &'a Gate<'a>,
    lines: Lines,
    reading: bool,
    /// Number of the next line that makes a record.
    next: u64,
    outbox: Outbox,
    summary: Summary,
    timer: Option<BoxFuture<'a, ()>>,
    status: Option<Box<dyn Status>>,
    shown_at: u64,
}

impl Course<'_> {
    fn poll(&mut self, context: &mut Context<'_>, under_way: usize) -> Poll<Event> {
        let mut alarm = None;
        if self.reading {
            alarm = self.gate.closed_for();
            let limit = self.gate.limit();
            let window = (limit * 4).max(64);
            let room = alarm.is_none()
                && under_way < limit
                && self.outbox.has_room(self.next, window)
                && !self.batch.tokens.renewing();
            if room && let Poll::Ready(line) = self.lines.poll_next(context) {
                return Poll::Ready(Event::Line(line));
            }
            if alarm.is_none() && self.gate.is_first() && under_way > 0 {
                alarm = Some(PROBE);
            }
        }
        if !self.outbox.bytes.is_empty() {
            return Poll::Ready(Event::Flush);
        }
        if !self.reading && under_way == 0 {
            return Poll::Ready(Event::End);
        }
        let Some(alarm) = alarm else {
            self.timer = None;
            return Poll::Pending;
        };
        let clock = self.batch.sender.ports.clock;
        let timer = self.timer.get_or_insert_with(|| clock.sleep(alarm));
        match timer.as_mut().poll(context) {
            Poll::Ready(()) => {
                self.timer = None;
                Poll::Ready(Event::Tick)
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn tick(&mut self) {
        if self.gate.closed_for().is_none() {
            self.gate.fan_out(None);
        }
    }

    /// Takes a line in; a request to send where it makes one.
    fn line(&mut self, line: Option<Result<Line>>) -> Result<Option<Begun>> {
        let line = match line {
            Some(Ok(line)) => line,
            Some(Err(error)) => return Err(error),
            None => {
                self.reading = false;
                return Ok(None);
            }
        };
        let index = line.number;
        let made = match &line.text {
            Some(text) => self.batch.maker.make(text),
            None => Some(Made {
                id: None,
                id_given: false,
                outgoing: Err(Error::new(
                    Code::Usage,
                    format!("longer than {} MiB", LONGEST >> 20),
                )
                .with_hint("send it alone: `hallpass call … -d @FILE`")),
            }),
        };
        let Some(Made {
            id,
            id_given,
            outgoing,
        }) = made
        else {
            return Ok(None);
        };
        let name = Name::new(id.as_ref().filter(|_| id_given), index);
        let subject = Subject { index, id };
        let begun = outgoing.and_then(|outgoing| Ok((self.standing(&name, &outgoing)?, outgoing)));
        let sequence = self.next;
        match begun {
            Ok((Standing::Skip, _)) => {
                self.summary.skipped += 1;
                Ok(None)
            }
            Ok((Standing::Send, outgoing)) => {
                if let Some(journal) = &self.batch.journal {
                    journal.borrow_mut().sent(&name, &outgoing)?;
                }
                self.next += 1;
                Ok(Some(Begun {
                    sequence,
                    subject,
                    name,
                    outgoing,
                }))
            }
            Err(error) => {
                self.next += 1;
                self.refuse(sequence, &subject, &error);
                Ok(None)
            }
        }
    }

    fn standing(&self, name: &Name, outgoing: &Outgoing) -> Result<Standing> {
        match &self.batch.journal {
            Some(journal) => {
                let unsafe_too = self.batch.options.rules.retry.unsafe_too;
                journal.borrow_mut().begin(name, outgoing, unsafe_too)
            }
            None => Ok(Standing::Send),
        }
    }

    /// A line that is not sent.
    fn refuse(&mut self, sequence: u64, subject: &Subject, error: &Error) {
        let mut told = Error::new(error.code(), format!("line {}: {error}", subject.index));
        if let Some(hint) = error.hint() {
            told = told.with_hint(hint);
        }
        let line = record::failed(subject, &told);
        self.outbox.put(
            sequence,
            Some(Ready {
                line,
                journal: None,
            }),
        );
        self.count(Outcome::Failed(error.code()));
    }

    /// `false`: nobody reads any more.
    fn done(&mut self, done: Done, under_way: usize) -> Result<bool> {
        let finished = done.finished;
        let mut written = None;
        if let Some(journal) = &self.batch.journal {
            let mut journal = journal.borrow_mut();
            if finished.answered.is_some() || finished.open {
                journal.ended(&done.name, finished.answered)?;
            }
            if finished.answered.is_some() {
                written = Some(done.name.into_text());
            }
        }
        let ready = Ready {
            line: finished.record,
            journal: written,
        };
        self.outbox.put(done.sequence, Some(ready));
        self.count(finished.outcome);
        if let Some(fatal) = finished.fatal {
            self.reading = false;
            self.summary.fatal.get_or_insert(fatal);
        }
        self.show(under_way);
        match self.outbox.bytes.len() >= ENOUGH {
            true => self.flush(),
            false => Ok(true),
        }
    }

    fn count(&mut self, outcome: Outcome) {
        self.summary.count(outcome);
        if outcome != Outcome::Fine && self.batch.options.fail_fast && self.reading {
            self.reading = false;
            self.summary.cut_short = true;
        }
    }

    fn show(&mut self, under_way: usize) {
        let Some(status) = &self.status else { return };
        let now = self.batch.sender.ports.clock.steady_millis();
        if now.saturating_sub(self.shown_at) >= SHOWN {
            self.shown_at = now;
            status.say(&self.summary.progress(under_way));
        }
    }

    /// `false`: nobody reads any more.
    fn flush(&mut self) -> Result<bool> {
        let bytes = std::mem::take(&mut self.outbox.bytes);
        let output = self.batch.output;
        let read = match output.is_terminal() {
            true => output.write(&shown(&bytes))?,
            false => output.write(&bytes)?,
        };
        let names = std::mem::take(&mut self.outbox.journal);
        if let Some(journal) = &self.batch.journal
            && read
        {
            journal.borrow_mut().written(&names)?;
        }
        self.outbox.bytes = bytes;
        self.outbox.bytes.clear();
        Ok(read)
    }
}

/// For a terminal: nothing in a record is obeyed (must 88).
fn shown(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let mut safe = Safe::default();
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        safe.push(text, Style::Json, &mut out);
        safe.finish(Style::Json, &mut out);
        out.push(b'\n');
    }
    out
}
