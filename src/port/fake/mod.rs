//! Hand-written doubles of the ports, for unit tests and for users of the library.
//!
//! [`World`] bundles one of each. Nothing here waits for real time: [`FakeClock::sleep`] moves
//! its own time, and [`block_on`] fails instead of hanging when nothing can happen any more.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use super::Ports;

mod files;
mod http;
mod person;
mod store;
mod system;

pub use files::{FakeFiles, FakeOutput, FakeProgress, Written};
pub use http::{Answer, FakeHttp};
pub use person::{FakeBrowser, FakeListener, FakeUi};
pub use store::{FakeState, FakeStore, Operation};
pub use system::{FakeCache, FakeClock, FakeEnvironment, FakeInterrupts, FakeRandom};

/// One of each double.
#[derive(Default)]
pub struct World {
    pub http: FakeHttp,
    pub clock: FakeClock,
    pub random: FakeRandom,
    pub browser: FakeBrowser,
    pub listener: FakeListener,
    pub store: FakeStore,
    pub cache: FakeCache,
    pub state: FakeState,
    pub ui: FakeUi,
    pub environment: FakeEnvironment,
    pub interrupts: FakeInterrupts,
}

impl World {
    /// A quiet world: nothing stored, no answer scripted, nobody to ask.
    pub fn new() -> Self {
        let clock = FakeClock::default();
        World {
            cache: FakeCache::new(clock.clone()),
            clock,
            ..World::default()
        }
    }

    /// The bundle that grants and sessions take.
    pub fn ports(&self) -> Ports<'_> {
        Ports {
            http: &self.http,
            clock: &self.clock,
            random: &self.random,
            browser: &self.browser,
            listener: &self.listener,
            store: &self.store,
            cache: &self.cache,
            state: &self.state,
            ui: &self.ui,
            environment: &self.environment,
            interrupts: &self.interrupts,
        }
    }
}

/// Drives a future that touches only doubles.
///
/// # Panics
///
/// When the future waits for something that will never happen: a hang becomes a failed test.
pub fn block_on<F: Future>(future: F) -> F::Output {
    struct Flag(AtomicBool);
    impl Wake for Flag {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let flag = Arc::new(Flag(AtomicBool::new(false)));
    let waker = Waker::from(Arc::clone(&flag));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
        assert!(
            flag.0.swap(false, Ordering::SeqCst),
            "the future waits for something that no double will do"
        );
    }
}
