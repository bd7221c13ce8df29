//! Transcripts of the real binary, one file a command.

mod call;
mod demo;
mod exec;
mod login;
mod secrets;
mod services;
mod session;
mod store;
mod usage;
