//! `hallpass login`.

use std::time::Duration;

use clap::ValueEnum;

use crate::cli::context::Context;
use crate::cli::{duration, lasting, new_client, new_service, store_choice};
use crate::error::{Code, Error, Result};
use crate::grant::authorization_code::Options;
use crate::port::LoopbackHost;
use crate::protocol::authorization_request::{check_resource, is_protocol_parameter};
use crate::secret::printable;
use crate::service::Registration;
use crate::session::sign_in::{Flow, sign_in};
use crate::session::{Record, given_token};

/// Sign in to a service and keep the session
///
/// Opens the browser where there is one and catches the redirect; at the same time takes the
/// redirect's address when it is pasted. Without a browser the device flow is used where the
/// server offers it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  hallpass login google                     the browser opens
  hallpass login github@work --flow device  approve on another device
  hallpass login https://sso.example.com    a server hallpass has not met yet
  pass show ci/token | hallpass login work --with-token")]
pub struct Args {
    /// Service or SERVICE@ACCOUNT; or the URL of an issuer
    #[arg(value_name = "SERVICE|URL")]
    service: String,
    /// How to sign in; by default what fits this machine and the server
    #[arg(long, value_enum, value_name = "FLOW")]
    flow: Option<FlowName>,
    /// Do not open a browser, only print the address
    #[arg(long)]
    no_browser: bool,
    /// How long to wait for the person: 90s, 5m
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = duration::parse)]
    timeout: Duration,
    /// Take an access token (or a token response in JSON) from stdin
    #[arg(long, conflicts_with_all = ["flow", "no_browser"])]
    with_token: bool,
    #[command(flatten)]
    request: RequestArgs,
    #[command(flatten)]
    redirect: RedirectArgs,
    #[command(flatten)]
    client: new_client::NewClientArgs,
}

/// What is asked for.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Request")]
struct RequestArgs {
    /// Scope to ask for in place of the service's, words with spaces
    #[arg(long, value_name = "SCOPE")]
    scope: Vec<String>,
    /// Resource the token is for (RFC 8707); kept with the service
    #[arg(long, value_name = "URI")]
    resource: Vec<String>,
    /// A further parameter of the authorization request: prompt=login, login_hint=ada
    #[arg(long, value_name = "NAME=VALUE")]
    param: Vec<String>,
    /// Authentication contexts to ask for (acr_values)
    #[arg(long, value_name = "VALUES")]
    acr: Option<String>,
    /// Seconds since the person last proved who they are, at most
    #[arg(long, value_name = "SECONDS")]
    max_age: Option<u64>,
}

/// Where the answer comes to.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Redirect")]
struct RedirectArgs {
    /// Port of the redirect URI, where the server wants the registered one
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// Path of the redirect URI
    #[arg(long, value_name = "PATH")]
    path: Option<String>,
    /// Host of the redirect URI
    #[arg(long, value_enum, value_name = "HOST")]
    redirect_host: Option<HostName>,
}

/// `--flow`.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum FlowName {
    /// Browser and loopback redirect
    Browser,
    /// Approve on another device (RFC 8628)
    Device,
    /// Print an address, take the redirect's address back
    Paste,
    /// The client signs in for itself (RFC 6749 §4.4)
    ClientCredentials,
}

/// `--redirect-host`.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum HostName {
    #[value(name = "127.0.0.1")]
    V4,
    #[value(name = "[::1]")]
    V6,
    #[value(name = "localhost")]
    Localhost,
}

/// Runs it.
pub fn run(cx: &Context, args: Args) -> Result<()> {
    let options = options(&args)?;
    new_service::refuse_half_a_url(&args.service, "hallpass login")?;
    store_choice::ensure(cx)?;
    let reference = match new_service::is_url(&args.service) {
        true => new_service::adopt(cx, &args.service)?,
        false => args.service.clone(),
    };
    if !args.request.resource.is_empty() {
        let layer = Registration {
            resource: Some(args.request.resource.clone()),
            ..Registration::default()
        };
        new_service::change(cx, &reference, layer)?;
    }
    if args.with_token {
        let service = cx.service(&reference)?;
        let token = cx.read_secret("Token:", "--with-token")?;
        let record = cx.block_on(given_token::keep(&cx.ports(), &service, &token))?;
        tell(cx, &service.name, &record);
        return Ok(());
    }
    let service = new_client::ensure(cx, &reference, &args.client, &options)?;
    let flow = match args.flow {
        None => Flow::Choose,
        Some(FlowName::Browser) => Flow::Browser,
        Some(FlowName::Device) => Flow::Device,
        Some(FlowName::Paste) => Flow::Paste,
        Some(FlowName::ClientCredentials) => Flow::ClientCredentials,
    };
    let record = cx.block_on(sign_in(&cx.ports(), &service, flow, &options))?;
    tell(cx, &service.name, &record);
    let ports = cx.ports();
    if let Some(note) = lasting::note(&service, &record, ports.clock.now()) {
        ports.ui.notice(&note);
    }
    Ok(())
}

fn tell(cx: &Context, service: &str, record: &Record) {
    let ports = cx.ports();
    let account = &record.account;
    let store = ports.store.describe();
    ports.ui.notice(&format!(
        "Signed in to {service} as {account}. Kept in: {store}."
    ));
}

fn options(args: &Args) -> Result<Options> {
    let request = &args.request;
    for resource in &request.resource {
        check_resource(resource)?;
    }
    let words = request
        .scope
        .iter()
        .flat_map(|scope| scope.split_whitespace());
    Ok(Options {
        open_browser: !args.no_browser,
        listen: true,
        redirect_host: args.redirect.redirect_host.map(|host| match host {
            HostName::V4 => LoopbackHost::V4,
            HostName::V6 => LoopbackHost::V6,
            HostName::Localhost => LoopbackHost::Localhost,
        }),
        redirect_port: args.redirect.port,
        redirect_path: args.redirect.path.clone(),
        scope: (!request.scope.is_empty()).then(|| words.map(str::to_owned).collect()),
        parameters: request
            .param
            .iter()
            .map(|pair| parameter(pair))
            .collect::<Result<_>>()?,
        max_age: request.max_age,
        acr_values: request.acr.clone(),
        deadline: args.timeout,
    })
}

fn parameter(pair: &str) -> Result<(String, String)> {
    let usage = |why: String| Error::new(Code::Usage, why);
    let Some((name, value)) = pair.split_once('=').filter(|(name, _)| !name.is_empty()) else {
        let shown = printable(pair, 80);
        return Err(usage(format!("--param \"{shown}\" has no `=`"))
            .with_hint("--param NAME=VALUE, for example --param prompt=login"));
    };
    if is_protocol_parameter(name) {
        return Err(
            usage(format!("--param {name} would override the protocol's own")).with_hint(
                "--scope, --resource, --acr, --max-age, --port and --path are flags of their own",
            ),
        );
    }
    Ok((name.to_owned(), value.to_owned()))
}
