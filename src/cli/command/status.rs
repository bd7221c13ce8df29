//! `hallpass status`.

use crate::cli::args::Format;
use crate::cli::context::Context;
use crate::cli::output;
use crate::cli::sessions::{self, Session, State};
use crate::error::{Code, Error, Result};
use crate::port::Ports;
use crate::service::Service;
use crate::session::facts::{self, Facts};

/// Show every session: account, scope, time left, store
///
/// Nothing is unlocked and no server is asked. With SERVICE the exit code says whether it is
/// signed in: 0 yes, 4 no.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  hallpass status                         every session; * is its service's default account
  hallpass status work || hallpass login work
  hallpass status --format json | jq -r '.[] | select(.state == \"ended\").service'")]
pub struct Args {
    /// Service, or SERVICE@ACCOUNT
    service: Option<String>,
    /// How results look
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs it.
pub fn run(cx: &Context, args: Args) -> Result<()> {
    let ports = cx.ports();
    let now = ports.clock.now();
    let bar = cx.stdout().is_terminal;
    let Some(reference) = &args.service else {
        let sessions = all(&ports)?;
        return match args.format {
            Format::Json => {
                let sessions = sessions.iter().map(|one| sessions::as_json(one, now));
                output::json(&sessions.collect())
            }
            Format::Text if sessions.is_empty() => {
                ports
                    .ui
                    .notice("no session yet; `hallpass login SERVICE` makes one");
                Ok(())
            }
            Format::Text => output::text(&sessions::list(&sessions, now, bar)),
        };
    };
    let service = cx.service(reference)?;
    let session = one(&ports, &service)?;
    match args.format {
        Format::Json => output::json(&sessions::as_json(&session, now))?,
        Format::Text => output::text(&sessions::detail(&session, now, bar))?,
    }
    match session.state(now) {
        State::Valid | State::Renewable => Ok(()),
        State::Ended => Err(Error::new(
            Code::LoginRequired,
            format!("the session of {} has ended", session.facts.name()),
        )
        .with_hint(format!("hallpass login {}", session.facts.name()))),
    }
}

fn all(ports: &Ports<'_>) -> Result<Vec<Session>> {
    let marked = facts::all(ports)?
        .into_iter()
        .map(|facts| mark_default(ports, facts));
    marked.collect()
}

fn mark_default(ports: &Ports<'_>, facts: Facts) -> Result<Session> {
    let default = facts::default_account(ports, &facts.service)?;
    Ok(Session {
        is_default: default.as_ref() == Some(&facts.account),
        facts,
    })
}

fn one(ports: &Ports<'_>, service: &Service) -> Result<Session> {
    let account = facts::account_of(ports, service)?;
    let found = facts::all(ports)?
        .into_iter()
        .find(|facts| facts.service == service.name && Some(&facts.account) == account.as_ref());
    match found {
        Some(facts) => mark_default(ports, facts),
        None => {
            let reference = service.reference();
            Err(
                Error::new(Code::LoginRequired, format!("not signed in to {reference}"))
                    .with_hint(format!("hallpass login {reference}")),
            )
        }
    }
}
