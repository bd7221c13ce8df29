//! `hallpass add`.

use crate::cli::context::Context;
use crate::error::Result;

/// Add a service
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs it.
pub fn run(cx: &Context, args: Args) -> Result<()> {
    let _ = (cx, args);
    todo!()
}
