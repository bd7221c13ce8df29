//! hallpass: sign in once to any OAuth 2.0 or OpenID Connect service, then call its API.

pub mod cli;
pub mod dialect;
pub mod edge;
pub mod error;
pub mod grant;
pub mod port;
pub mod protocol;
pub mod secret;
pub mod service;
pub mod session;
pub mod transport;
