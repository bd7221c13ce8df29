//! `hallpass show`.

use crate::cli::context::Context;
use crate::error::Result;

/// Show one service and where each value comes from
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
