//! From argv to exit code: what was typed becomes what it means, runs, and ends.

pub mod args;
pub mod command;
pub mod context;
pub mod output;

use std::process::ExitCode;

/// The whole program.
pub fn main() -> ExitCode {
    todo!()
}
