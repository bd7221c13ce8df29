//! `hallpass inspect`.

use crate::cli::context::Context;
use crate::error::Result;

/// Decode a JWT offline
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs it.
pub fn run(cx: &Context, args: Args) -> Result<()> {
    let _ = (cx, args);
    todo!()
}
