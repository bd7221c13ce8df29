//! `hallpass completions`.

use crate::cli::context::Context;
use crate::error::Result;

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs it.
pub fn run(cx: &Context, args: Args) -> Result<()> {
    let _ = (cx, args);
    todo!()
}
