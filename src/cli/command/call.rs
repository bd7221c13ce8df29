//! `hallpass call`.

mod args;
mod curl_args;
mod data_args;
mod forgotten;
mod page_args;

use std::time::Duration;

use crate::call::filter::Filter;
use crate::call::options;
use crate::call::preview::Preview;
use crate::call::redirect::KeepPost;
use crate::call::resume::Offset;
use crate::call::run::{Call, Stage, Target};
use crate::call::send::Policy;
use crate::call::timing::Timing;
use crate::call::tokens::{NoTokens, SessionTokens, Tokens};
use crate::call::{ending, retry, run as calling, url, words};
use crate::cli::connection_args::ConnectionArgs;
use crate::cli::context::{Context, HttpOptions};
use crate::cli::output::Stdout;
use crate::cli::signed_in;
use crate::error::{Code, Error, Result};
use crate::session::{Wanted, audience, peek};
use crate::transport::AllowedOrigin;

/// Lifetime a token must have left for a body that can be sent only once.
const FOR_A_STREAM: Duration = Duration::from_secs(120);

/// Make one authenticated request
///
/// curl's flags mean what curl means, and HTTPie's items work too. A relative URL is appended to
/// the service's api_base_url. On 4xx and 5xx the body is printed and the exit code is 22.
#[derive(Debug, clap::Args)]
#[command(args_override_self = true)]
#[command(after_help = "Examples:
  hallpass call google oauth2/v3/userinfo
  hallpass call github POST /user/repos name=demo private:=true
  hallpass call github -X PATCH --json '{\"bio\":\"hi\"}' /user
  hallpass call google /drive/v3/files -G --data-urlencode \"q=name = 'report'\"
  hallpass call work /export -o export.zip -C - --timing
  hallpass call github /user/repos per_page==100 --paginate --jq '.[].full_name'

Items: name=text name:=json query==value Header:value field@file name=@file
       name:=@file a[b][]=c")]
pub struct Args {
    /// Service or SERVICE@ACCOUNT (left out: the one that covers the URL), method, URL, items
    #[arg(value_name = "SERVICE [METHOD] URL [ITEM]", num_args = 1.., required_unless_present = "url")]
    words: Vec<String>,
    #[command(flatten)]
    request: args::RequestArgs,
    #[command(flatten)]
    answer: args::AnswerArgs,
    #[command(flatten)]
    shape: args::ShapeArgs,
    #[command(flatten)]
    pages: page_args::PageArgs,
    #[command(flatten)]
    policy: args::PolicyArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
    #[command(flatten)]
    curl: curl_args::CurlArgs,
}

/// Runs it.
pub fn run(cx: &Context, args: Args) -> Result<()> {
    let audible = !args.answer.silent || args.answer.show_error;
    call(cx, args).map_err(|error| match error.code() {
        Code::ApiStatus | Code::Unreachable | Code::TransportFailed if !audible => error.silenced(),
        _ => error,
    })
}

fn call(cx: &Context, mut args: Args) -> Result<()> {
    if let Some((flag, instead)) = args.curl.refused() {
        let what = format!("{flag} cannot be used here");
        return Err(Error::new(Code::Usage, what).with_hint(instead));
    }
    let given = args.request.url.take();
    let typed = args.words.clone();
    let words = words::sort(
        std::mem::take(&mut args.words),
        args.request.method.is_some(),
        given,
    )
    .map_err(|error| forgotten::service(cx, &typed, error))?;
    let named = words.service.clone();
    let head = args.request.head;
    let compressed = args.request.compressed;
    let plan = options::plan(std::mem::take(&mut args.request).typed(words))?;
    let paging = args.pages.paging(
        &plan,
        args.policy.retry.is_none(),
        args.connection.proxy.is_none(),
    )?;
    let filter = args.shape.jq.as_deref().map(Filter::compile).transpose()?;
    let policy = Policy {
        heads: args.answer.include || head,
        ..policy(&args.policy, args.connection.insecure, args.answer.silent)?
    };
    let options = connection(&args.connection, &args.policy)?;
    let allowed = args
        .connection
        .allow_origin
        .iter()
        .map(|origin| AllowedOrigin::new(origin, "--allow-origin"))
        .collect::<Result<Vec<_>>>()?;

    let service = match &named {
        Some(reference) => cx.service(reference).map_err(|error| match error.code() {
            Code::UnknownService => forgotten::service(cx, &typed, error),
            _ => error,
        })?,
        None => {
            let target = url::absolute(&plan.url)?;
            let found = cx.configuration()?.covering(&target, &Context::variable);
            found.map_err(|error| match error.code() {
                Code::UnknownService => forgotten::url(cx, &typed, &target, error),
                _ => error,
            })?
        }
    };
    let wanted = Wanted {
        min_ttl: match plan.body.is_stream() {
            true => FOR_A_STREAM,
            false => Duration::ZERO,
        },
        ..Wanted::default()
    };
    let preview = preview(&args, compressed);
    let format = |typed: &String| ending::format(typed, cx.files());
    let write_out = args.answer.write_out.as_ref().map(format).transpose()?;
    let ports = cx.ports();
    let asked = ports.clock.steady_micros();
    let access = match preview {
        // Nothing will be sent: what there is will do.
        Some(_) => peek(&ports, &service, &wanted).unwrap_or_default(),
        None => Some(signed_in::access(cx, &service, &wanted)?),
    };
    let timing = args.answer.timing.then(|| Timing {
        token: ports.clock.steady_micros().saturating_sub(asked),
        columns: cx.stderr().columns(),
    });
    let captured = access
        .as_ref()
        .map(|access| calling::captured(&access.record));
    let tokens: Box<dyn Tokens> = match access {
        Some(access) => Box::new(SessionTokens::new(ports, &service, access, allowed)),
        None => {
            let mut audience = audience::of(&service)?;
            audience.extend(&allowed);
            Box::new(NoTokens(audience))
        }
    };
    let answer = &args.answer;
    let call = Call {
        url: url::resolve(&plan.url, &service, &captured.unwrap_or_default())?,
        plan,
        include: answer.include,
        head,
        fail: answer.fail,
        compressed,
        target: Target::new(
            answer.output.as_deref(),
            answer.remote_name,
            answer.output_dir.as_deref(),
            answer.create_dirs,
        ),
        resume: answer
            .continue_at
            .as_deref()
            .map(Offset::parse)
            .transpose()?,
        quiet: answer.silent || args.curl.no_progress_meter,
        max_time: seconds("--max-time", args.policy.max_time)?,
        write_out,
        timing,
        preview,
        filter,
        format: args.shape.format,
        paging,
        slurp: args.pages.slurp,
    };
    let http = cx.api_http(options);
    let output = Stdout::new(cx.stdout());
    let stage = Stage {
        ports,
        http: &*http,
        files: cx.files(),
        output: &output,
        progress: cx.progress(),
        tokens: &*tokens,
        service: &service,
        policy: &policy,
    };
    cx.block_on(calling::run(call, stage))
}

fn preview(args: &Args, compressed: bool) -> Option<Preview> {
    match (args.shape.dry_run, args.shape.curl) {
        (true, _) => Some(Preview::Request),
        (_, true) => Some(Preview::Curl(curl_args::flags(
            &args.answer,
            &args.policy,
            &args.connection,
            compressed,
        ))),
        _ => None,
    }
}

fn policy(args: &args::PolicyArgs, insecure: bool, quiet: bool) -> Result<Policy> {
    Ok(Policy {
        follow: args.location,
        max_redirects: u32::try_from(args.max_redirs).unwrap_or(u32::MAX),
        keep_post: KeepPost {
            on_301: args.post301,
            on_302: args.post302,
            on_303: args.post303,
        },
        insecure,
        retry: retry::Policy {
            times: args.retry.unwrap_or(0),
            delay: seconds("--retry-delay", args.retry_delay)?.filter(|delay| !delay.is_zero()),
            max_time: seconds("--retry-max-time", args.retry_max_time)?,
            all_errors: args.retry_all_errors,
            unsafe_too: args.retry_unsafe,
        },
        quiet,
        heads: false,
    })
}

fn connection(args: &ConnectionArgs, policy: &args::PolicyArgs) -> Result<HttpOptions> {
    Ok(HttpOptions {
        connect_timeout: seconds("--connect-timeout", policy.connect_timeout)?,
        ..args.options()
    })
}

/// Seconds with a fraction, as curl takes them; 0 is none.
fn seconds(flag: &str, given: Option<f64>) -> Result<Option<Duration>> {
    let Some(given) = given else { return Ok(None) };
    match Duration::try_from_secs_f64(given) {
        Ok(duration) if duration < Duration::from_secs(u32::MAX.into()) => {
            Ok(Some(duration).filter(|duration| !duration.is_zero()))
        }
        _ => Err(
            Error::new(Code::Usage, format!("{flag} {given} is no time"))
                .with_hint("seconds, for example 30 or 2.5"),
        ),
    }
}
