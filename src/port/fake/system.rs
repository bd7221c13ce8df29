//! Doubles of time, randomness, environment, cache and signals.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use crate::error::{Code, Error, Result};
use crate::port::{
    BoxFuture, Cache, Clock, Environment, InterruptGuard, Interrupts, Random, UnixTime,
};
use crate::secret::Secret;

/// A clock that moves only when told to or slept on. Clones share the time.
#[derive(Debug, Clone)]
pub struct FakeClock {
    now: Rc<Cell<UnixTime>>,
    steady: Rc<Cell<u64>>,
    slept: Rc<RefCell<Vec<Duration>>>,
}

impl Default for FakeClock {
    fn default() -> Self {
        FakeClock {
            now: Rc::new(Cell::new(1_800_000_000)),
            steady: Rc::default(),
            slept: Rc::default(),
        }
    }
}

impl FakeClock {
    /// Both clocks go forward.
    pub fn advance(&self, duration: Duration) {
        let seconds = UnixTime::try_from(duration.as_secs()).unwrap_or(UnixTime::MAX);
        self.now.set(self.now.get().saturating_add(seconds));
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        self.steady.set(self.steady.get().saturating_add(millis));
    }

    /// Somebody sets the wall clock.
    pub fn set(&self, now: UnixTime) {
        self.now.set(now);
    }

    /// Every sleep that ran to its end.
    pub fn slept(&self) -> Vec<Duration> {
        self.slept.borrow().clone()
    }
}

impl Clock for FakeClock {
    fn now(&self) -> UnixTime {
        self.now.get()
    }

    fn steady_millis(&self) -> u64 {
        self.steady.get()
    }

    /// Ends at the second look, moving time by the whole duration: what races with it and can
    /// end at once has won by then.
    fn sleep<'a>(&'a self, duration: Duration) -> BoxFuture<'a, ()> {
        let mut looked = false;
        Box::pin(poll_fn(move |context| {
            if !std::mem::replace(&mut looked, true) {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            self.advance(duration);
            self.slept.borrow_mut().push(duration);
            Poll::Ready(())
        }))
    }
}

/// Bytes that differ from call to call and are the same in every run.
#[derive(Debug, Default)]
pub struct FakeRandom {
    calls: Cell<u64>,
    /// Fails instead.
    pub broken: Cell<bool>,
}

impl Random for FakeRandom {
    fn fill(&self, buffer: &mut [u8]) -> Result<()> {
        if self.broken.get() {
            return Err(Error::new(Code::Internal, "no random bytes to be had"));
        }
        let call = self.calls.get() + 1;
        self.calls.set(call);
        for (place, byte) in (0u64..).zip(buffer) {
            let mixed = (call << 32 | place).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            *byte = mixed.to_le_bytes()[7];
        }
        Ok(())
    }
}

/// Variables, files and commands from maps.
#[derive(Debug, Default)]
pub struct FakeEnvironment {
    pub variables: RefCell<HashMap<String, String>>,
    pub files: RefCell<HashMap<String, String>>,
    /// By the arguments joined with spaces.
    pub commands: RefCell<HashMap<String, String>>,
}

impl FakeEnvironment {
    /// Sets a variable.
    pub fn set(&self, name: &str, value: &str) {
        let mut variables = self.variables.borrow_mut();
        variables.insert(name.to_owned(), value.to_owned());
    }
}

impl Environment for FakeEnvironment {
    fn var(&self, name: &str) -> Option<String> {
        let value = self.variables.borrow().get(name).cloned();
        value.filter(|value| !value.is_empty())
    }

    fn read_secret_file(&self, path: &str) -> Result<Secret> {
        let content = self.files.borrow().get(path).cloned();
        content
            .map(Secret::from)
            .ok_or_else(|| Error::new(Code::ConfigInvalid, format!("no file {path}")))
    }

    fn command_output(&self, argv: &[String]) -> Result<Secret> {
        let output = self.commands.borrow().get(&argv.join(" ")).cloned();
        output.map(Secret::from).ok_or_else(|| {
            Error::new(
                Code::ConfigInvalid,
                format!("no command {}", argv.join(" ")),
            )
        })
    }
}

/// A cache in memory, dated by a [`FakeClock`].
#[derive(Debug, Default)]
pub struct FakeCache {
    clock: FakeClock,
    /// Document and when it was put.
    pub documents: RefCell<HashMap<String, (Vec<u8>, UnixTime)>>,
}

impl FakeCache {
    /// An empty cache.
    pub fn new(clock: FakeClock) -> Self {
        FakeCache {
            clock,
            documents: RefCell::default(),
        }
    }
}

impl Cache for FakeCache {
    fn get(&self, key: &str) -> Option<(Vec<u8>, UnixTime)> {
        self.documents.borrow().get(key).cloned()
    }

    fn put(&self, key: &str, document: &[u8]) {
        let entry = (document.to_vec(), self.clock.now());
        self.documents.borrow_mut().insert(key.to_owned(), entry);
    }
}

/// Counts who holds signals back. Clones share the guards.
#[derive(Debug, Clone, Default)]
pub struct FakeInterrupts {
    held: Rc<Cell<usize>>,
    /// How often [`Interrupts::hold`] was called.
    pub holds: Cell<usize>,
}

impl FakeInterrupts {
    /// Guards alive now.
    pub fn guards(&self) -> usize {
        self.held.get()
    }
}

struct Held(Rc<Cell<usize>>);

impl InterruptGuard for Held {}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

impl Interrupts for FakeInterrupts {
    fn hold(&self) -> Box<dyn InterruptGuard> {
        self.holds.set(self.holds.get() + 1);
        self.held.set(self.held.get() + 1);
        Box::new(Held(Rc::clone(&self.held)))
    }

    fn held(&self) -> bool {
        self.held.get() > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::fake::block_on;

    #[test]
    fn sleeping_moves_both_clocks() {
        let clock = FakeClock::default();
        let before = clock.now();
        block_on(clock.sleep(Duration::from_secs(5)));
        assert_eq!(clock.now() - before, 5);
        assert_eq!(clock.steady_millis(), 5000);
    }

    #[test]
    fn random_bytes_differ_between_calls() {
        let random = FakeRandom::default();
        let (mut one, mut two) = ([0; 32], [0; 32]);
        random.fill(&mut one).unwrap();
        random.fill(&mut two).unwrap();
        assert_ne!(one, two);
        assert_ne!(one[..16], one[16..]);
    }
}
