//! The one credential of all requests: renewed once for all of them, and not again and again where
//! the API refuses whatever it gets.

use std::cell::Cell;

use crate::call::tokens::Tokens;
use crate::error::{Code, Error, Result};
use crate::port::{BoxFuture, Clock};
use crate::transport::Credential;

/// Between two renewals, in milliseconds. A token refused sooner was not refused for its age.
const APART: u64 = 60_000;

/// [`Tokens`] that are renewed at most once a minute.
pub struct Seldom<'a> {
    inner: &'a dyn Tokens,
    clock: &'a dyn Clock,
    last: Cell<Option<u64>>,
    failed: Cell<Option<Code>>,
    renewing: Cell<bool>,
    /// Requests that were refused together wait for the one that renews.
    turn: tokio::sync::Mutex<()>,
}

impl<'a> Seldom<'a> {
    pub fn new(inner: &'a dyn Tokens, clock: &'a dyn Clock) -> Self {
        Seldom {
            inner,
            clock,
            last: Cell::default(),
            failed: Cell::default(),
            renewing: Cell::default(),
            turn: tokio::sync::Mutex::new(()),
        }
    }

    /// A renewal is under way: what is sent now would be refused.
    pub fn renewing(&self) -> bool {
        self.renewing.get()
    }
}

/// Says that a renewal is under way, and no longer than it is: a deadline may end it.
struct UnderWay<'a>(&'a Cell<bool>);

impl<'a> UnderWay<'a> {
    fn begin(flag: &'a Cell<bool>) -> Self {
        flag.set(true);
        UnderWay(flag)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

impl Tokens for Seldom<'_> {
    fn credential(&self) -> Credential {
        self.inner.credential()
    }

    fn renew<'a>(&'a self, refused: &'a Credential) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let _turn = self.turn.lock().await;
            if self.inner.credential().token() != refused.token() {
                return Ok(());
            }
            let now = self.clock.steady_millis();
            if let Some(last) = self.last.get()
                && now.saturating_sub(last) < APART
            {
                return Err(match self.failed.get() {
                    Some(code) => Error::new(code, "the access token could not be renewed"),
                    None => Error::new(
                        Code::ApiStatus,
                        "the API refuses an access token that was just renewed (401)",
                    ),
                });
            }
            self.last.set(Some(now));
            let under_way = UnderWay::begin(&self.renewing);
            let renewed = self.inner.renew(refused).await;
            drop(under_way);
            self.failed.set(renewed.as_ref().err().map(Error::code));
            renewed
        })
    }

    fn scope(&self) -> Vec<String> {
        self.inner.scope()
    }
}
