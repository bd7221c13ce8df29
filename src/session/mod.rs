//! A token over time. One way to get a token: [`access_token()`].

pub mod access_token;
mod account;
pub mod facts;
pub mod freshness;
pub mod given_token;
pub mod keeping;
pub mod record;
pub mod sign_in;
pub mod sign_out;
#[cfg(test)]
pub(crate) mod testing;

pub use access_token::{Access, Wanted, access_token, peek};
pub use record::Record;
