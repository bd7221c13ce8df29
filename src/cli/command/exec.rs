//! `hallpass exec`.

use std::ffi::OsString;
use std::time::Duration;

use crate::cli::context::Context;
use crate::cli::{duration, signed_in};
use crate::error::{Code, Error, Result};
use crate::port::Program;
use crate::secret::printable;
use crate::session::Wanted;

/// Run a command with fresh tokens in its environment
///
/// The command takes hallpass's place: its exit code and the signals it gets are its own. Of
/// hallpass's secrets it sees the tokens asked for and nothing else. As with env, the exit code is
/// 127 where there is no such command, and 126 where it cannot be run.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  hallpass exec github --env GH_TOKEN -- gh repo list
  hallpass exec google --env GOOGLE_OAUTH_ACCESS_TOKEN -- terraform plan
  hallpass exec github work --env work=API_TOKEN --min-ttl 15m -- ./deploy

The variable is SERVICE_TOKEN in capitals unless --env names another.")]
pub struct Args {
    /// Services, or SERVICE@ACCOUNT
    #[arg(required = true, value_name = "SERVICE")]
    services: Vec<String>,
    /// The variable; with several services SERVICE=NAME
    #[arg(long, value_name = "[SERVICE=]NAME")]
    env: Vec<String>,
    /// Lifetime each token must have left: 90s, 5m, 2h
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "1m")]
    min_ttl: Duration,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// Runs it; comes back only where the command could not be started.
pub fn run(cx: &Context, args: Args) -> Result<()> {
    let names = variables(&args.services, &args.env)?;
    let wanted = Wanted {
        min_ttl: args.min_ttl,
        ..Wanted::default()
    };
    let mut environment = Vec::with_capacity(names.len());
    for (reference, name) in args.services.iter().zip(names) {
        let access = signed_in::access(cx, &cx.service(reference)?, &wanted)?;
        environment.push((name, access.credential.token().clone()));
    }
    let mut words = args.command.into_iter();
    let program = Program {
        name: words.next().unwrap_or_default(),
        arguments: words.collect(),
        environment,
    };
    Err(cx.programs().replace(&program))
}

/// The variable of each service, in their order.
fn variables(services: &[String], chosen: &[String]) -> Result<Vec<String>> {
    let mut names: Vec<String> = services.iter().map(|service| usual(service)).collect();
    for choice in chosen {
        let (at, name) = match choice.split_once('=') {
            Some((service, name)) => (services.iter().position(|one| one == service), name),
            None if services.len() == 1 => (Some(0), choice.as_str()),
            None => {
                let what = format!("--env {}: of which service?", printable(choice, 80));
                return Err(Error::new(Code::Usage, what)
                    .with_hint("with several services write --env SERVICE=NAME"));
            }
        };
        let Some(at) = at else {
            let what = format!("--env {}: no such service here", printable(choice, 80));
            return Err(Error::new(Code::Usage, what)
                .with_hint("name the service as it stands before the --"));
        };
        if !is_name(name) {
            let what = format!("--env: {:?} cannot name a variable", printable(name, 80));
            return Err(Error::new(Code::Usage, what)
                .with_hint("letters, digits and _, not beginning with a digit"));
        }
        names[at] = name.to_owned();
    }
    for (at, name) in names.iter().enumerate() {
        if let Some(other) = names[..at].iter().position(|one| one == name) {
            let (one, two) = (&services[other], &services[at]);
            let what = format!("{one} and {two} would both be in ${name}");
            return Err(Error::new(Code::Usage, printable(&what, 300))
                .with_hint(format!("name one: --env {}=NAME", printable(two, 80))));
        }
    }
    Ok(names)
}

/// `WORK_API_TOKEN` for `work-api@ada`.
fn usual(reference: &str) -> String {
    let service = reference.split('@').next().unwrap_or_default();
    let mut name = String::with_capacity(service.len() + 6);
    if service.starts_with(|c: char| c.is_ascii_digit()) {
        name.push('_');
    }
    name.extend(service.chars().map(|c| match c {
        c if c.is_ascii_alphanumeric() => c.to_ascii_uppercase(),
        _ => '_',
    }));
    name + "_TOKEN"
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(services: &[&str], chosen: &[&str]) -> Result<Vec<String>> {
        let own = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        variables(&own(services), &own(chosen))
    }

    #[test]
    fn variables_are_named_after_the_service_or_as_asked() {
        assert_eq!(names(&["work-api@ada"], &[]).unwrap(), ["WORK_API_TOKEN"]);
        assert_eq!(names(&["3scale"], &[]).unwrap(), ["_3SCALE_TOKEN"]);
        assert_eq!(names(&["a"], &["T"]).unwrap(), ["T"]);
        assert_eq!(names(&["a", "b@x"], &["b@x=T"]).unwrap(), ["A_TOKEN", "T"]);
    }

    #[test]
    fn what_would_be_ambiguous_is_refused() {
        for (services, chosen) in [
            (&["a", "b"][..], &["T"][..]),
            (&["a"], &["b=T"]),
            (&["a"], &["1T"]),
            (&["a"], &["A B"]),
            (&["a"], &[""]),
            (&["a@x", "a@y"], &[]),
            (&["a", "b"], &["a=T", "b=T"]),
        ] {
            let error = names(services, chosen).unwrap_err();
            assert_eq!(error.code(), Code::Usage, "{services:?} {chosen:?}");
            assert!(error.hint().is_some());
        }
    }
}
