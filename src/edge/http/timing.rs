//! How long connections take to make, for `--timing`.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tower_layer::Layer;
use tower_service::Service;

/// A layer round the connector that notes each connection's time.
#[derive(Debug, Clone, Default)]
pub(super) struct Connects(Arc<Mutex<Noted>>);

#[derive(Debug, Default)]
struct Noted {
    count: u64,
    last: Duration,
}

impl Connects {
    /// Connections made so far.
    pub(super) fn count(&self) -> u64 {
        self.noted().count
    }

    /// The time of the last one, if any was made after `count` was that.
    pub(super) fn last_since(&self, count: u64) -> Option<Duration> {
        let noted = self.noted();
        (noted.count > count).then_some(noted.last)
    }

    fn noted(&self) -> std::sync::MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> Layer<S> for Connects {
    type Service = Timed<S>;

    fn layer(&self, inner: S) -> Timed<S> {
        Timed {
            inner,
            connects: self.clone(),
        }
    }
}

/// A connector whose connections are timed.
#[derive(Debug, Clone)]
pub(super) struct Timed<S> {
    inner: S,
    connects: Connects,
}

impl<S, R> Service<R> for Timed<S>
where
    S: Service<R>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, target: R) -> Self::Future {
        let connects = self.connects.clone();
        let connecting = self.inner.call(target);
        let start = Instant::now();
        Box::pin(async move {
            let connected = connecting.await;
            if connected.is_ok() {
                let mut noted = connects.noted();
                noted.count += 1;
                noted.last = start.elapsed();
            }
            connected
        })
    }
}
