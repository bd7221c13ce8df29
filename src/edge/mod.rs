//! The outside world: real implementations of the ports. Named only in `cli/context.rs`.

// The linter keeps these calls out of every other room.
#![allow(clippy::disallowed_methods)]

pub mod browser;
pub mod cache;
pub mod clock;
pub mod configuration;
pub mod demo_browser;
pub mod demo_server;
pub mod env;
pub mod files;
pub mod folders;
pub mod forgetful;
pub mod http;
pub mod input;
pub mod interrupts;
mod lock_file;
mod log_file;
pub mod named_files;
pub mod paths;
pub mod process;
pub mod progress;
pub mod random;
pub mod redirect_listener;
pub mod state;
pub mod store;
pub mod terminal;
