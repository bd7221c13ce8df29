//! `hallpass man`.

use crate::cli::context::Context;
use crate::error::Result;

/// Write man pages into a folder
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs it.
pub fn run(cx: &Context, args: Args) -> Result<()> {
    let _ = (cx, args);
    todo!()
}
