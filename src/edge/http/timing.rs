//! How long connections take to make, for `--timing` and `-w`.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use rustls::NamedGroup;
use rustls::client::{
    ClientSessionMemoryCache, ClientSessionStore, Resumption, Tls12ClientSessionValue,
    Tls13ClientSessionValue,
};
use rustls::pki_types::ServerName;
use tower_layer::Layer;
use tower_service::Service;

use crate::port::Connect;

/// Servers whose TLS sessions are remembered; rustls's own default.
const SESSIONS: usize = 256;

/// A layer round the connector that notes each connection's time; the resolver and TLS tell it
/// of the steps between. With several connections in the making they may be another one's.
#[derive(Debug, Clone, Default)]
pub(super) struct Connects(Arc<Mutex<Noted>>);

#[derive(Debug, Default)]
struct Noted {
    count: u64,
    last: Connect,
    began: Option<Instant>,
    lookup: Option<Duration>,
    tcp: Option<Duration>,
}

impl Connects {
    /// Connections made so far.
    pub(super) fn count(&self) -> u64 {
        self.noted().count
    }

    /// The time of the last one, if any was made after `count` was that.
    pub(super) fn last_since(&self, count: u64) -> Option<Connect> {
        let noted = self.noted();
        (noted.count > count).then_some(noted.last)
    }

    /// A name was resolved.
    pub(super) fn resolved(&self) {
        let mut noted = self.noted();
        noted.lookup = noted.began.map(|began| began.elapsed());
    }

    /// TLS begins, which it does as soon as TCP stands: the first thing it does is to look for a
    /// session that it could resume.
    fn secured(&self) {
        let mut noted = self.noted();
        if noted.tcp.is_none() {
            noted.tcp = noted.began.map(|began| began.elapsed());
        }
    }

    /// TLS sessions in memory, as rustls keeps them anyway.
    pub(super) fn sessions(&self) -> Resumption {
        Resumption::store(Arc::new(Sessions {
            kept: ClientSessionMemoryCache::new(SESSIONS),
            connects: self.clone(),
        }))
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
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
        let start = Instant::now();
        {
            let mut noted = connects.noted();
            noted.began = Some(start);
            (noted.lookup, noted.tcp) = (None, None);
        }
        let connecting = self.inner.call(target);
        Box::pin(async move {
            let connected = connecting.await;
            if connected.is_ok() {
                let ready = start.elapsed();
                let mut noted = connects.noted();
                noted.count += 1;
                noted.last = Connect {
                    lookup: noted.lookup.unwrap_or_default(),
                    tcp: noted.tcp.unwrap_or(ready),
                    ready,
                };
            }
            connected
        })
    }
}

/// See [`Connects::sessions`].
#[derive(Debug)]
struct Sessions {
    kept: ClientSessionMemoryCache,
    connects: Connects,
}

impl ClientSessionStore for Sessions {
    fn set_kx_hint(&self, server: ServerName<'static>, group: NamedGroup) {
        self.kept.set_kx_hint(server, group);
    }

    fn kx_hint(&self, server: &ServerName<'_>) -> Option<NamedGroup> {
        self.kept.kx_hint(server)
    }

    fn set_tls12_session(&self, server: ServerName<'static>, value: Tls12ClientSessionValue) {
        self.kept.set_tls12_session(server, value);
    }

    fn tls12_session(&self, server: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.kept.tls12_session(server)
    }

    fn remove_tls12_session(&self, server: &ServerName<'static>) {
        self.kept.remove_tls12_session(server);
    }

    fn insert_tls13_ticket(&self, server: ServerName<'static>, value: Tls13ClientSessionValue) {
        self.kept.insert_tls13_ticket(server, value);
    }

    fn take_tls13_ticket(&self, server: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.connects.secured();
        self.kept.take_tls13_ticket(server)
    }
}
