//! `hallpass token`.

use crate::cli::context::Context;
use crate::error::Result;

/// Print a valid access token and nothing else
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Service, or SERVICE@ACCOUNT
    pub service: String,
}

/// Runs it.
pub fn run(cx: &Context, args: Args) -> Result<()> {
    let _ = (cx, args);
    todo!()
}
