//! The one integration test binary: the real program against servers on loopback.

// Tests are the outside world: they start programs, write files and read the environment.
#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::print_stderr)]

mod command;
// mod conformance; // as soon as the commands are there
// mod interop;
mod repository;
mod support;
