//! Many requests with one token: lines in, records out, a bounded number under way at a time.

pub mod gate;
pub mod input;
pub mod journal;
pub mod lines;
pub mod one;
pub mod outbox;
pub mod record;
pub mod run;
#[cfg(test)]
mod run_tests;
pub mod summary;
pub mod template;
pub mod tokens;
mod under_way;
pub mod values;
