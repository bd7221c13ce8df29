//! `hallpass remove`.

use crate::cli::context::Context;
use crate::error::Result;

/// Remove a service
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
