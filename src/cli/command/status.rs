//! `hallpass status`.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;

use crate::cli::args::Format;
use crate::cli::context::Context;
use crate::cli::sessions::{self, Session, State};
use crate::cli::{duration, output};
use crate::error::{Code, Error, Result};
use crate::port::Ports;
use crate::secret::printable;
use crate::service::{Configuration, Service, preset};
use crate::session::check::{self, Checked, Verdict};
use crate::session::facts::{self, Facts};
use crate::session::{elsewhere, environment};

/// Show every session: account, scope, time left, store
///
/// Nothing is unlocked and no server is asked. With SERVICE the exit code says whether it is
/// signed in: 0 yes, 4 no.
///
/// With --check every server is asked whether its session still works: its UserInfo takes the
/// access token, or introspection (RFC 7662) vouches for it. A session is renewed for it only
/// where the access token has ended or was dropped, as the next command would do. The exit code is
/// 4 where one is refused, else 6 where a server cannot be reached, else 7 where the store does
/// not give it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  hallpass status            every session; * is its service's default account
  hallpass status --check    and whether each still works, as its server says
  hallpass status work || hallpass login work
  hallpass status --format json | jq -r '.[] | select(.state==\"ended\").service'")]
pub struct Args {
    /// Service, or SERVICE@ACCOUNT
    service: Option<String>,
    /// Ask each server whether the session still works
    #[arg(long)]
    check: bool,
    /// How long to wait for the servers: 5s, 1m
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "20s",
        requires = "check"
    )]
    #[arg(value_parser = duration::parse)]
    timeout: Duration,
    /// How results look
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Servers asked at once.
const AT_ONCE: usize = 8;

/// Runs it.
pub fn run(cx: &Context, args: Args) -> Result<()> {
    let mut found = find(cx, args.service.as_deref())?;
    if args.check {
        check_all(cx, &mut found, args.timeout);
    }
    show(cx, &args, &found)?;
    match (args.check, args.service, found.as_slice()) {
        (true, ..) => verdict(&found),
        (false, Some(_), [one]) if let Some(in_use) = &one.in_use_instead => {
            Err(elsewhere::error(&one.facts, in_use))
        }
        (false, Some(_), [session]) if session.state(cx.ports().clock.now()) == State::Ended => {
            let name = session.facts.name();
            let ended = format!("the session of {name} has ended");
            Err(Error::new(Code::LoginRequired, ended).with_hint(format!("hallpass login {name}")))
        }
        _ => Ok(()),
    }
}

fn show(cx: &Context, args: &Args, found: &[Session]) -> Result<()> {
    let ports = cx.ports();
    let now = ports.clock.now();
    let line = cx.stdout().columns();
    match (args.format, &args.service, found) {
        (Format::Json, Some(_), [session]) => output::json(&sessions::as_json(session, now)),
        (Format::Json, ..) => {
            let found = found.iter().map(|one| sessions::as_json(one, now));
            output::json(&found.collect())
        }
        (Format::Text, Some(_), [session]) => {
            output::text(&sessions::detail(session, now, line.is_some()))
        }
        (Format::Text, _, []) => {
            let nothing = "no session yet; `hallpass login SERVICE` makes one";
            ports.ui.notice(nothing);
            Ok(())
        }
        (Format::Text, ..) => {
            output::text(&sessions::list(found, now, line))?;
            tell_what_is_elsewhere(&ports, found);
            Ok(())
        }
    }
}

/// Which sessions no command can use now, and the way back to them.
fn tell_what_is_elsewhere(ports: &Ports<'_>, found: &[Session]) {
    let away = found
        .iter()
        .filter(|session| session.in_use_instead.is_some());
    for (store, names) in elsewhere::by_store(away.map(|session| &session.facts)) {
        ports.ui.notice(&format!(
            "In {}, and not in the store in use now ({}): {}. {}.",
            printable(&store, 200),
            ports.store.describe(),
            printable(&names.join(", "), 500),
            elsewhere::way_back(&store)
        ));
    }
}

/// The sessions that are meant, those of the environment among them.
fn find(cx: &Context, reference: Option<&str>) -> Result<Vec<Session>> {
    let configuration = cx.configuration()?;
    let ports = cx.ports();
    if let Some(reference) = reference {
        return Ok(vec![one(&ports, &cx.service(reference)?)?]);
    }
    let mut found = Vec::new();
    let given: Vec<_> = names(&configuration)
        .into_iter()
        .filter_map(|name| environment::facts(&ports, name))
        .collect();
    for facts in facts::all(&ports)? {
        let shadowed = given.iter().any(|given| given.service == facts.service);
        found.push(mark_default(&ports, facts, shadowed)?);
    }
    found.extend(given.into_iter().map(Session::of_environment));
    found.sort_by_key(|session| session.facts.name());
    Ok(found)
}

fn names(configuration: &Configuration) -> Vec<&str> {
    let mut names: Vec<&str> = configuration.services.keys().map(String::as_str).collect();
    names.extend(preset::names(&configuration.user_presets));
    names.sort_unstable();
    names.dedup();
    names
}

fn mark_default(ports: &Ports<'_>, facts: Facts, shadowed: bool) -> Result<Session> {
    let default = facts::default_account(ports, &facts.service)?;
    Ok(Session {
        is_default: !shadowed && default.as_ref() == Some(&facts.account),
        in_use_instead: elsewhere::in_use_instead(ports, &facts),
        facts,
        from_environment: false,
        checked: None,
    })
}

fn one(ports: &Ports<'_>, service: &Service) -> Result<Session> {
    if service.account.is_none()
        && let Some(facts) = environment::facts(ports, &service.name)
    {
        return Ok(Session::of_environment(facts));
    }
    let account = facts::account_of(ports, service)?;
    let found = facts::all(ports)?
        .into_iter()
        .find(|facts| facts.service == service.name && Some(&facts.account) == account.as_ref());
    match found {
        Some(facts) => mark_default(ports, facts, false),
        None => {
            let reference = service.reference();
            Err(
                Error::new(Code::LoginRequired, format!("not signed in to {reference}"))
                    .with_hint(format!("hallpass login {reference}")),
            )
        }
    }
}

/// Asks all servers, several at once, and takes in what that changed.
fn check_all(cx: &Context, found: &mut [Session], patience: Duration) {
    let ports = cx.ports();
    let status = cx.progress().status();
    let count = found.len();
    let inquiries = found.iter().enumerate().map(|(place, session)| {
        let service = cx.service(&session.reference());
        async move {
            let checked = match service {
                Ok(service) => check::check(&ports, &service, patience).await,
                Err(error) => Checked::failed(&error),
            };
            (place, checked)
        }
    });
    let answers = cx.block_on(async {
        let mut under_way = stream::iter(inquiries).buffer_unordered(AT_ONCE);
        let mut answers = Vec::new();
        status.say(&format!("asking the servers of {count} sessions"));
        while let Some(answer) = under_way.next().await {
            answers.push(answer);
            status.say(&format!("{} of {count} sessions checked", answers.len()));
        }
        answers
    });
    drop(status);
    let now = facts::all(&ports).unwrap_or_default();
    for (place, checked) in answers {
        let session = &mut found[place];
        session.checked = Some(checked);
        // It may have been renewed.
        let name = session.facts.name();
        if !session.from_environment
            && let Some(facts) = now.iter().find(|facts| facts.name() == name)
        {
            session.facts = facts.clone();
        }
    }
}

/// The worst of what was found decides the exit code.
fn verdict(found: &[Session]) -> Result<()> {
    let of = |verdict: Verdict| {
        let sessions = found.iter();
        let names = sessions.filter_map(|session| {
            let checked = session.checked.as_ref()?;
            (checked.verdict == verdict).then(|| session.reference())
        });
        names.collect::<Vec<_>>()
    };
    let (refused, unreachable) = (of(Verdict::Refused), of(Verdict::Unreachable));
    let checked = found.iter().filter_map(|session| session.checked.as_ref());
    let stores = checked
        .filter_map(|checked| checked.code)
        .find(|code| code.exit_code() == Code::StoreFailed.exit_code());
    if let [first, ..] = refused.as_slice() {
        let told = format!("refused: {}", refused.join(", "));
        return Err(
            Error::new(Code::LoginRequired, told).with_hint(format!("hallpass login {first}"))
        );
    }
    if let [first, ..] = unreachable.as_slice() {
        let told = format!("not reached: the server of {}", unreachable.join(", "));
        return Err(Error::new(Code::Unreachable, told)
            .with_hint(format!("`hallpass doctor {first}` finds out why")));
    }
    match stores {
        Some(code) => Err(Error::new(code, "the store did not give every session")
            .with_hint("`hallpass doctor` looks at the store")),
        None => Ok(()),
    }
}
