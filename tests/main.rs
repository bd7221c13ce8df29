//! The one integration test binary: the real program against servers on loopback.

// Tests are the outside world: they start programs, write files and read the environment.
#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::print_stderr)]
#![allow(clippy::panic, clippy::unwrap_used)]

mod command;
mod concurrency;
mod conformance;
#[cfg(unix)]
mod interop;
#[cfg(unix)]
mod never_lost;
mod repository;
mod support;
