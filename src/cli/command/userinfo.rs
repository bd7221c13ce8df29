//! `hallpass userinfo`.

use crate::cli::context::Context;
use crate::error::Result;

/// Show who is signed in (OpenID Connect UserInfo)
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
