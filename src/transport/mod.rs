//! Http wrapped round Http: what every exchange needs on top of the port.

pub mod allowed_origin;
pub mod credential;
pub mod deadline;
pub mod exchange;
pub mod retry;
pub mod trace;

pub use allowed_origin::AllowedOrigin;
pub use credential::{Audience, Credential};
pub use deadline::within;
pub use exchange::{ExchangeError, Limits, exchange};
pub use retry::{Safety, exchange_repeating};
