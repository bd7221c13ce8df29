//! `hallpass demo`.

use crate::cli::context::Context;
use crate::error::Result;

/// Run the whole journey here: no account, no network
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs it.
pub fn run(cx: &Context, args: Args) -> Result<()> {
    let _ = (cx, args);
    todo!()
}
