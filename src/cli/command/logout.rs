//! `hallpass logout`.

use crate::cli::context::Context;
use crate::error::Result;

/// Revoke a session at its server and delete it here
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
