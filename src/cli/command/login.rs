//! `hallpass login`.

use crate::cli::context::Context;
use crate::error::Result;

/// Sign in to a service and keep the session
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
