//! Http wrapped round Http: what every exchange needs on top of the port.

pub mod credential;
pub mod deadline;
pub mod exchange;
pub mod retry;
pub mod trace;

pub use credential::{AllowedOrigin, Audience, Credential};
pub use deadline::within;
pub use exchange::{ExchangeError, Limits, exchange};
pub use retry::{Safety, exchange_repeating};
