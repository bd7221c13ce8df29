//! The stage of `hallpass demo`: the embedded provider on loopback.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::demo::{Consent, Options, Provider};
use crate::edge;
use crate::error::{Code, Error, Result};
use crate::port::{Clock, Random};

/// The provider while it is served.
pub struct Stage {
    /// Issuer identifier.
    pub issuer: String,
    provider: Arc<Mutex<Provider>>,
    passed: Arc<AtomicI64>,
    running: edge::demo_server::Running,
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
        let passed = Arc::new(AtomicI64::new(0));
        let served = (provider.clone(), passed.clone());
        let running = bound.serve(move |request| {
            let (provider, passed) = &served;
            let now = edge::clock::SystemClock.now() + passed.load(Ordering::SeqCst);
            let mut random = || {
                let mut bytes = [0; 32];
                edge::random::SystemRandom.fill(&mut bytes).map(|()| bytes)
            };
            let mut provider = provider.lock().unwrap_or_else(PoisonError::into_inner);
            provider.handle(request, now, &mut random)
        })?;
        Ok(Stage {
            issuer,
            provider,
            passed,
            running,
        })
    }

    /// Looks into the provider, or changes it.
    pub fn provider<T>(&self, look: impl FnOnce(&mut Provider) -> T) -> Result<T> {
        let mut provider = self
            .provider
            .lock()
            .map_err(|_| Error::new(Code::Internal, "the demo provider fell over"))?;
        Ok(look(&mut provider))
    }

    /// Moves the stage's time on: the provider and its API see a later clock.
    pub fn let_pass(&self, seconds: i64) {
        self.passed.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Serves until the process is interrupted.
    pub fn wait(self) {
        self.running.wait();
    }
}
