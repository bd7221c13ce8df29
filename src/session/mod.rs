//! A token over time. One way to get a token: [`access_token()`].

pub mod access_token;
mod account;
pub mod audience;
pub mod check;
pub mod elsewhere;
pub mod environment;
pub mod facts;
pub mod freshness;
pub mod given_token;
pub mod keeping;
mod lifetime;
mod locked;
pub mod moving;
mod person;
pub mod record;
mod renewal;
pub mod sign_in;
pub mod sign_out;
mod spill;
#[cfg(test)]
pub(crate) mod testing;
mod turn;

pub use access_token::{Access, Renew, Wanted, access_token, peek};
pub use record::Record;
