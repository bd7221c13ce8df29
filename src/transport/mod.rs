//! Http wrapped round Http: what every exchange needs on top of the port.

pub mod credential;
pub mod exchange;

pub use credential::{Audience, Credential};
pub use exchange::{ExchangeError, Limits, exchange};
