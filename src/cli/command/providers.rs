//! `hallpass providers`.

use crate::cli::context::Context;
use crate::error::Result;

/// List the presets and how to register a client with each
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs it.
pub fn run(cx: &Context, args: Args) -> Result<()> {
    let _ = (cx, args);
    todo!()
}
