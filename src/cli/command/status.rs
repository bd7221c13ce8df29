//! `hallpass status`.

use crate::cli::context::Context;
use crate::error::Result;

/// Show every session: account, scope, time left, store
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs it.
pub fn run(cx: &Context, args: Args) -> Result<()> {
    let _ = (cx, args);
    todo!()
}
