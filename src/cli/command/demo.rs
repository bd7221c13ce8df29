//! `hallpass demo`.

mod api;
mod journey;
mod story;

use crate::cli::context::Context;
use crate::cli::context::demo::Stage;
use crate::cli::output;
use crate::demo::{CLIENT_ID, Consent, SCOPES};
use crate::error::Result;

/// Run the whole journey here: no account, no network
///
/// An embedded authorization server and API run on loopback, and hallpass signs in to them,
/// calls the API, lets the token expire, renews it and signs out, telling every step. Nothing is
/// left behind.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  hallpass demo                  the journey, with a consent page in the browser
  hallpass demo --no-browser     nobody has to click
  hallpass demo --serve          only serve the provider and API, to try against")]
pub struct Args {
    /// Walk through the consent page without a browser
    #[arg(long, conflicts_with = "serve")]
    pub no_browser: bool,
    /// Serve the provider and API until interrupted; prints a [service.demo] table for config.toml
    #[arg(long)]
    pub serve: bool,
    /// With --serve: port to listen on, by default any free one
    #[arg(long, requires = "serve")]
    pub port: Option<u16>,
    /// With --serve: grant every valid request without showing the consent page
    #[arg(long, requires = "serve")]
    pub grant: bool,
    /// With --serve: seconds an access token lives
    #[arg(
        long,
        requires = "serve",
        default_value_t = 3600,
        value_name = "SECONDS"
    )]
    pub lifetime: u64,
}

/// Runs it.
pub fn run(cx: &Context, args: Args) -> Result<()> {
    if args.serve {
        return serve(cx, &args);
    }
    let browser = !args.no_browser && cx.stdout().is_terminal && cx.ports().browser.available();
    journey::run(cx, browser)
}

fn serve(cx: &Context, args: &Args) -> Result<()> {
    let consent = match args.grant {
        true => Consent::Grant,
        false => Consent::Ask,
    };
    let stage = Stage::open(args.port, consent, args.lifetime)?;
    let issuer = &stage.issuer;
    let scope: Vec<String> = SCOPES.iter().map(|scope| format!("{scope:?}")).collect();
    output::line(&format!(
        "[service.demo]\nissuer = \"{issuer}\"\nclient_id = \"{CLIENT_ID}\"\n\
         scope = [{}]\napi_base_url = \"{issuer}/api/\"",
        scope.join(", ")
    ))?;
    let ui = cx.ports().ui;
    ui.notice(
        "Serving the demo provider on this machine only; Ctrl-C ends it. In another terminal:",
    );
    ui.notice(&format!(
        "  hallpass add demo {issuer} --client-id {CLIENT_ID} --scope '{}' --api-base-url {issuer}/api/",
        SCOPES.join(" ")
    ));
    ui.notice("  hallpass login demo");
    ui.notice("  hallpass call demo notes");
    stage.wait();
    Ok(())
}
