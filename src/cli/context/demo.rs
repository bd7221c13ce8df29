//! The stage of `hallpass demo`: the embedded provider on loopback, and ports that leave nothing
//! behind.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::Context;
use crate::demo::{Consent, Options, Provider};
use crate::edge;
use crate::error::{Code, Error, Result};
use crate::port::{BoxFuture, Browser, Clock, Ports, Random, UnixTime, UserInterface};

/// The provider while it is served, and what the demo uses in place of the person's own things.
pub struct Stage {
    /// Issuer identifier.
    pub issuer: String,
    provider: Arc<Mutex<Provider>>,
    clock: StageClock,
    store: edge::store::memory::Memory,
    memory: edge::forgetful::Forgetful<StageClock>,
    walker: edge::demo_browser::WalkingBrowser,
    running: edge::demo_server::Running,
}

/// The machine's clock, moved on by what the demo lets pass.
#[derive(Clone, Default)]
struct StageClock {
    passed: Arc<AtomicI64>,
}

impl Clock for StageClock {
    fn now(&self) -> UnixTime {
        edge::clock::SystemClock.now() + self.passed.load(Ordering::SeqCst)
    }

    fn steady_millis(&self) -> u64 {
        edge::clock::SystemClock.steady_millis()
    }

    fn sleep<'a>(&'a self, duration: Duration) -> BoxFuture<'a, ()> {
        Box::pin(async move { edge::clock::SystemClock.sleep(duration).await })
    }
}

impl Stage {
    /// Starts to serve on this port, or any free one.
    pub fn open(port: Option<u16>, consent: Consent, lifetime: u64) -> Result<Stage> {
        let bound = edge::demo_server::Bound::new(port)?;
        let mut options = Options::new(bound.origin());
        options.consent = consent;
        options.access_token_lifetime = lifetime;
        let issuer = options.issuer.clone();
        let provider = Arc::new(Mutex::new(Provider::new(options)?));
        let clock = StageClock::default();
        let served = (provider.clone(), clock.clone());
        let running = bound.serve(move |request| {
            let (provider, clock) = &served;
            let mut random = || {
                let mut bytes = [0; 32];
                edge::random::SystemRandom.fill(&mut bytes).map(|()| bytes)
            };
            let mut provider = provider.lock().unwrap_or_else(PoisonError::into_inner);
            provider.handle(request, clock.now(), &mut random)
        })?;
        Ok(Stage {
            issuer,
            provider,
            memory: edge::forgetful::Forgetful::new(clock.clone()),
            clock,
            store: edge::store::memory::Memory::default(),
            walker: edge::demo_browser::WalkingBrowser,
            running,
        })
    }

    /// The ports of the demo: network, listener and clock are real; store, cache and state are
    /// memory; the browser is the person's, or walks by itself.
    pub fn ports<'a>(
        &'a self,
        cx: &'a Context,
        ui: &'a dyn UserInterface,
        browser: bool,
    ) -> Ports<'a> {
        let browser: &dyn Browser = match browser {
            true => &cx.browser,
            false => &self.walker,
        };
        Ports {
            clock: &self.clock,
            browser,
            store: &self.store,
            cache: &self.memory,
            state: &self.memory,
            ui,
            ..cx.ports()
        }
    }

    /// Looks into the provider, or changes it.
    pub fn provider<T>(&self, look: impl FnOnce(&mut Provider) -> T) -> Result<T> {
        let mut provider = self
            .provider
            .lock()
            .map_err(|_| Error::new(Code::Internal, "the demo provider fell over"))?;
        Ok(look(&mut provider))
    }

    /// Moves the clock on, for both sides.
    pub fn let_pass(&self, seconds: i64) {
        self.clock.passed.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Serves until the process is interrupted.
    pub fn wait(self) {
        self.running.wait();
    }
}
