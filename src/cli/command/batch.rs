//! `hallpass batch`.

use std::cell::RefCell;
use std::time::Duration;

use crate::batch::input::Maker;
use crate::batch::journal::Journal;
use crate::batch::one::Rules;
use crate::batch::run::{Batch, Options};
use crate::batch::template::Template;
use crate::batch::tokens::Seldom;
use crate::call::body::Reader;
use crate::call::options::{Typed, plan};
use crate::call::send::{Policy, Sender};
use crate::call::tokens::SessionTokens;
use crate::call::{request, retry, run as calling, words};
use crate::cli::connection_args::ConnectionArgs;
use crate::cli::context::Context;
use crate::cli::output::Stdout;
use crate::cli::{duration, signed_in};
use crate::error::{Code, Error, Result};
use crate::port::{Body, Source};
use crate::secret::printable;
use crate::service::Service;
use crate::session::Wanted;
use crate::transport::AllowedOrigin;

/// Send many requests at once, one a line
///
/// Each line of stdin is a JSON object: url, and optionally id, method, headers, and json, body
/// (text) or body_base64. With TEMPLATE a line is the value of its one {variable}, or an object
/// of values. Each answer is a JSON line: index (the line's number), id, status, body (JSON or
/// text) or body_base64, error. The exit code is 22 where any answer was 4xx or 5xx.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  hallpass batch github 'users/{id}' < ids.txt | jq -r .body.name
  echo '{\"method\":\"POST\",\"url\":\"things\",\"json\":{\"a\":1}}' | hallpass batch work
  hallpass batch work --resume run.journal < requests.ndjson >> answers.ndjson
  jq -c '{org,repo}' list.json | hallpass batch github 'repos/{org}/{repo}'")]
pub struct Args {
    /// Service, or SERVICE@ACCOUNT
    service: String,
    /// URL with {variables}, filled from each line
    template: Option<String>,
    /// Method of requests that name none
    #[arg(short = 'X', long = "request", value_name = "METHOD")]
    method: Option<String>,
    /// Header of every request; a request's own come over it
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// Put the answers' headers into the records
    #[arg(short, long)]
    include: bool,
    /// Records as they come, not in the order of the input
    #[arg(long)]
    unordered: bool,
    /// Requests under way at once (otherwise 50 over HTTP/2, 8 over HTTP/1.1)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    concurrency: Option<u16>,
    /// Begin nothing more after the first failure
    #[arg(long)]
    fail_fast: bool,
    /// Keep a journal in FILE; a second run leaves out what was answered
    #[arg(long, value_name = "FILE")]
    resume: Option<String>,
    /// Attempts after the first, where repeating is safe
    #[arg(long, value_name = "N", default_value_t = 3)]
    retry: u32,
    /// Repeat also what may be done twice then (POST, PATCH)
    #[arg(long)]
    retry_unsafe: bool,
    /// Longest pause that a rate limit may ask for
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "1h")]
    max_wait: Duration,
    /// Longest time for one attempt
    #[arg(short, long, value_name = "DURATION", value_parser = duration::parse, default_value = "5m")]
    max_time: Duration,
    #[command(flatten)]
    connection: ConnectionArgs,
}

/// Runs it.
pub fn run(cx: &Context, args: Args) -> Result<()> {
    let service = cx.service(&args.service)?;
    let template = args.template.as_deref().map(Template::parse).transpose()?;
    if template.as_ref().is_some_and(|t| t.variables().is_empty()) {
        let what = "the template has no {variable}";
        return Err(Error::new(Code::Usage, what).with_hint("for example 'users/{id}'"));
    }
    let typed = Typed {
        method: args.method.clone(),
        headers: args.headers.clone(),
        ..Typed::default()
    };
    let headers = common_headers(cx, &service, typed)?;
    let method = args.method.as_deref().map(words::method).transpose()?;
    let allowed = args.connection.allow_origin.iter();
    let allowed = allowed.map(|origin| AllowedOrigin::new(origin, "--allow-origin"));
    let allowed = allowed.collect::<Result<Vec<_>>>()?;

    let access = signed_in::access(cx, &service, &Wanted::default())?;
    let captured = calling::captured(&access.record);
    let maker = Maker::new(&service, &captured, method, headers, template)?;
    let journal = match &args.resume {
        Some(path) => {
            let log = cx.files().log(path)?;
            Some(RefCell::new(Journal::open(log, &service.reference())?))
        }
        None => None,
    };
    let ports = cx.ports();
    let http = cx.api_http(args.connection.options());
    let tokens = SessionTokens::new(ports, &service, access, allowed);
    let tokens = Seldom::new(&tokens, ports.clock);
    let policy = Policy {
        insecure: args.connection.insecure,
        quiet: true,
        ..Policy::default()
    };
    let sender = Sender {
        ports,
        http: &*http,
        files: cx.files(),
        progress: cx.progress(),
        tokens: &tokens,
        service: &service,
        policy: &policy,
        // Each attempt has its own.
        deadline: None,
    };
    let batch = Batch {
        sender,
        tokens: &tokens,
        maker: &maker,
        output: &Stdout::new(cx.stdout()),
        journal,
        options: &choices(&args),
    };
    if cx.stdin_is_terminal() {
        ports.ui.notice(&awaited(args.template.as_deref()));
    }
    let summary = cx.block_on(async {
        match cx.files().open(&Source::Stdin, 0).await? {
            Body::Stream { stream, .. } => batch.run(stream).await,
            Body::Whole(_) => Err(Error::new(Code::Internal, "standard input is no stream")),
        }
    })?;
    if summary.skipped > 0 {
        let line = format!("{} answered before, left out", summary.skipped);
        ports.ui.notice(&line);
    }
    summary.verdict()
}

/// For a person who typed no input and would look at nothing.
fn awaited(template: Option<&str>) -> String {
    let what = match template {
        Some(template) => format!("values for {}, one a line,", printable(template, 40)),
        None => "lines such as {\"url\":\"things/1\"}".to_owned(),
    };
    let end = if cfg!(windows) {
        "Ctrl-Z and Enter"
    } else {
        "Ctrl-D"
    };
    format!("reading {what} from the terminal; {end} ends them")
}

/// Headers of every request: hallpass's, the service's, the person's.
fn common_headers(cx: &Context, service: &Service, typed: Typed) -> Result<http::HeaderMap> {
    let place =
        url::Url::parse("https://localhost").map_err(|_| Error::new(Code::Internal, "no URL"))?;
    let reader = Reader::new(cx.files());
    let prepared = request::prepare(plan(typed)?, place, service, &reader, cx.ports().random)?;
    Ok(prepared.headers)
}

fn choices(args: &Args) -> Options {
    Options {
        concurrency: args.concurrency.map(usize::from),
        ordered: !args.unordered,
        fail_fast: args.fail_fast,
        rules: Rules {
            retry: retry::Policy {
                times: args.retry,
                unsafe_too: args.retry_unsafe,
                ..retry::Policy::NEVER
            },
            max_wait: args.max_wait,
            max_time: args.max_time,
            include: args.include,
        },
    }
}
