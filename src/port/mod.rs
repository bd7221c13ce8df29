//! The outside world, as a handful of traits. Real ones live in `edge/`; fakes in [`fake`].
//!
//! Futures are not `Send`: one `current_thread` runtime drives the program.

use std::ffi::OsString;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;

use crate::error::{Error, Result};
use crate::secret::Secret;

pub mod fake;
pub mod files;
pub mod person;
pub mod state;
pub mod target;

pub use files::{Download, Files, Log, Output, Source};
pub use person::{Progress, Status, Transfer, UserInterface, Waiting};
pub use state::{Cache, Listed, StateFiles, StateKind};

/// A boxed future, so that the traits stay object-safe.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Pieces of a body as they arrive or go out.
pub type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes, HttpError>> + Send + Sync>>;

/// A body, whole or in pieces.
pub enum Body {
    /// All of it, in memory; may be sent again.
    Whole(Bytes),
    /// Pieces; can be sent once. `length` in bytes where known.
    Stream {
        /// Total bytes, where known before the end.
        length: Option<u64>,
        /// The pieces.
        stream: ByteStream,
    },
}

impl Body {
    /// No body.
    pub fn empty() -> Self {
        Body::Whole(Bytes::new())
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Body::Whole(bytes) => write!(f, "Body({} bytes)", bytes.len()),
            Body::Stream { length, .. } => write!(f, "Body(stream, {length:?})"),
        }
    }
}

/// An HTTP request on its way out.
pub type Request = http::Request<Body>;
/// An HTTP response; its body is read by the caller.
pub type Response = http::Response<Body>;

/// What a response came over; among its extensions, where the edge knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connection {
    /// How the connection was made for it; `None` where one that was there already was used. With
    /// several requests under way it may be another one's.
    pub connect: Option<Connect>,
    /// The other end, which may be a proxy.
    pub remote: Option<std::net::SocketAddr>,
}

/// How long a connection took to make: from its beginning to the end of each step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Connect {
    /// The name was resolved; zero where there was none to resolve.
    pub lookup: Duration,
    /// TCP stood, and the tunnel through a proxy where there is one.
    pub tcp: Duration,
    /// TLS stood, where it is wanted: ready for a request.
    pub ready: Duration,
}

/// How a request failed below HTTP.
///
/// The text's first line says what failed; a second line, where there is one, what to do about it.
/// `Display` shows the first, [`HttpError::hint`] the second.
#[derive(Debug)]
pub enum HttpError {
    /// Name resolution, connection or TLS failed: the request provably did not leave.
    NotSent(String),
    /// It may have left: reset, timeout or garbage after sending began.
    Ambiguous(String),
    /// The answer broke a limit of ours (size, time).
    Limit(String),
}

impl HttpError {
    /// What to do about it, where something can be done.
    pub fn hint(&self) -> Option<&str> {
        self.lines().1
    }

    fn lines(&self) -> (&str, Option<&str>) {
        let (HttpError::NotSent(text) | HttpError::Ambiguous(text) | HttpError::Limit(text)) = self;
        match text.split_once('\n') {
            Some((what, hint)) => (what, Some(hint)),
            None => (text, None),
        }
    }
}

impl std::fmt::Display for HttpError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.lines().0)
    }
}

impl std::error::Error for HttpError {}

/// Sends requests. Follows no redirect, keeps no cookie, reads no netrc, decompresses nothing.
pub trait Http {
    /// One request, one response head; the body streams.
    fn send<'a>(&'a self, request: Request) -> BoxFuture<'a, Result<Response, HttpError>>;
}

/// Seconds since 1970-01-01T00:00:00Z.
pub type UnixTime = i64;

/// Time, and waiting.
pub trait Clock {
    /// The wall clock.
    fn now(&self) -> UnixTime;
    /// Milliseconds from a steady clock that never goes back; only differences mean anything.
    fn steady_millis(&self) -> u64;
    /// The same in microseconds, as finely as the clock is.
    fn steady_micros(&self) -> u64 {
        self.steady_millis().saturating_mul(1000)
    }
    /// Waits.
    fn sleep<'a>(&'a self, duration: Duration) -> BoxFuture<'a, ()>;
}

/// Random bytes fit for keys.
pub trait Random {
    /// Fills the buffer, or fails; never with anything predictable.
    fn fill(&self, buffer: &mut [u8]) -> Result<()>;
}

/// The person's browser.
pub trait Browser {
    /// Whether there seems to be one here (a display, `$BROWSER`), without starting it.
    fn available(&self) -> bool;
    /// Hands it a URL (http or https) as one argument; does not wait for it.
    fn open(&self, url: &url::Url) -> Result<()>;
}

/// Where a redirect is to be caught.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenSpec {
    /// How the host is written in `redirect_uri`.
    pub host: LoopbackHost,
    /// A fixed port, or any free one.
    pub port: Option<u16>,
}

/// The loopback host of a redirect URI (RFC 8252 §7.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LoopbackHost {
    /// `127.0.0.1`
    #[default]
    V4,
    /// `[::1]`
    V6,
    /// `localhost`: both families are bound, or binding fails.
    Localhost,
}

/// Opens the loopback listener.
pub trait RedirectListener {
    /// Binds at once (before any browser starts), or fails; never on another address or port.
    fn bind(&self, spec: &ListenSpec) -> Result<Box<dyn BoundListener>>;
}

/// A listener that is bound; closed when dropped.
pub trait BoundListener {
    /// The port that was bound.
    fn port(&self) -> u16;
    /// The next complete request within the limits; malformed ones are answered inside.
    fn next<'a>(&'a mut self) -> BoxFuture<'a, Result<Box<dyn RedirectRequest>>>;
}

/// One request at the listener, waiting for its answer.
pub trait RedirectRequest {
    /// Method, target, headers and body.
    fn request(&self) -> &http::Request<Vec<u8>>;
    /// Answers and closes the connection; returns when the bytes are handed to the system.
    fn respond(self: Box<Self>, response: http::Response<Vec<u8>>);
}

/// Names one entry of a store: `hallpass:<purpose>:<name>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryKey {
    /// What kind of thing it is.
    pub purpose: Purpose,
    /// `service@account` for a session, `service` for a client.
    pub name: String,
}

impl EntryKey {
    /// The session `service@account`.
    pub fn session(name: impl Into<String>) -> Self {
        EntryKey {
            purpose: Purpose::Session,
            name: name.into(),
        }
    }

    /// `<purpose>:<name>`, the name a store files it under.
    pub fn id(&self) -> String {
        format!("{}:{}", self.purpose.as_str(), self.name)
    }
}

impl Purpose {
    /// As in the entry's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Purpose::Session => "session",
            Purpose::ClientSecret => "client-secret",
            Purpose::Registration => "registration",
        }
    }
}

/// What a store entry holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Purpose {
    /// A session record.
    Session,
    /// A client secret.
    ClientSecret,
    /// A registration access token (RFC 7592).
    Registration,
}

/// Where secrets are kept. Reading needs no lock; writing exists only on the guard.
pub trait TokenStore {
    /// For people: `OS keyring (Secret Service)`, `encrypted file …`.
    fn describe(&self) -> String;
    /// Writes, reads and deletes a probe entry; fails with one of the `Store*` codes.
    fn probe(&self) -> Result<()>;
    /// The entry's value, `None` where there is none.
    fn read(&self, key: &EntryKey) -> Result<Option<Secret>>;
    /// Whether there is such an entry; where that can be told without unlocking, nothing is.
    fn holds(&self, key: &EntryKey) -> Result<bool> {
        Ok(self.read(key)?.is_some())
    }
    /// Takes the lock of this one credential, waiting at most `deadline`; `waiting` is called
    /// once, after a second, with who is waited for.
    fn lock(
        &self,
        key: &EntryKey,
        deadline: Duration,
        waiting: &mut dyn FnMut(&str),
    ) -> Result<Box<dyn StoreGuard + '_>>;
}

/// The lock of one entry, and the only way to write it.
pub trait StoreGuard {
    /// The value as it is now, under the lock.
    fn read(&self) -> Result<Option<Secret>>;
    /// Replaces the value, durably.
    fn write(&mut self, value: &Secret) -> Result<()>;
    /// Removes the value; fine where there is none.
    fn delete(&mut self) -> Result<()>;
    /// Sets garbled or foreign content aside under another name, so that a write loses nothing.
    fn keep_aside(&mut self) -> Result<String>;
}

/// Where secrets that the person keeps elsewhere come from.
pub trait Environment {
    /// An environment variable; `None` where unset or empty.
    fn var(&self, name: &str) -> Option<String>;
    /// A file's content without its trailing line end; refused where others may read it.
    fn read_secret_file(&self, path: &str) -> Result<Secret>;
    /// What a program prints, without the trailing line end; no shell, deadline inside.
    fn command_output(&self, argv: &[String]) -> Result<Secret>;
}

/// A program to run, with secrets of its own.
#[derive(Debug)]
pub struct Program {
    /// As written, or on `PATH`.
    pub name: OsString,
    pub arguments: Vec<OsString>,
    /// Added to the environment; of hallpass's own secrets it gets nothing else.
    pub environment: Vec<(String, Secret)>,
}

/// Runs programs for the person.
pub trait Programs {
    /// Runs it in place of this process: returns only where it could not be started.
    fn replace(&self, program: &Program) -> Error;
}

/// Signals held back while something must not be torn apart.
pub trait Interrupts {
    /// Until the guard is dropped SIGINT, SIGTERM and SIGHUP wait; then they take effect.
    fn hold(&self) -> Box<dyn InterruptGuard>;
    /// Whether a guard lives: then a deadline of ours must wait too.
    fn held(&self) -> bool;
}

/// See [`Interrupts::hold`].
pub trait InterruptGuard {}

/// All ports of one run, as grants and sessions take them.
#[derive(Clone, Copy)]
pub struct Ports<'a> {
    /// The authorization server's side: strict TLS always.
    pub http: &'a dyn Http,
    /// Time.
    pub clock: &'a dyn Clock,
    /// Randomness.
    pub random: &'a dyn Random,
    /// Browser.
    pub browser: &'a dyn Browser,
    /// Loopback listener.
    pub listener: &'a dyn RedirectListener,
    /// Secrets.
    pub store: &'a dyn TokenStore,
    /// Public documents.
    pub cache: &'a dyn Cache,
    /// Non-secret facts.
    pub state: &'a dyn StateFiles,
    /// The person.
    pub ui: &'a dyn UserInterface,
    /// Environment variables, secret files, secret commands.
    pub environment: &'a dyn Environment,
    /// Signals.
    pub interrupts: &'a dyn Interrupts,
}

impl From<HttpError> for Error {
    fn from(error: HttpError) -> Self {
        use crate::error::Code;
        let code = match error {
            HttpError::NotSent(_) => Code::Unreachable,
            HttpError::Ambiguous(_) => Code::TransportFailed,
            HttpError::Limit(_) => Code::ResponseInvalid,
        };
        let told = Error::new(code, error.to_string());
        match error.hint() {
            Some(hint) => told.with_hint(hint),
            None => told,
        }
    }
}
