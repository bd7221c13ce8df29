//! `hallpass logout`.

use crate::cli::context::Context;
use crate::error::{Code, Error, Result};
use crate::session::facts;
use crate::session::sign_out::{SignedOut, sign_out};

/// Revoke a session at its server and delete it here
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  hallpass logout google              the default account
  hallpass logout github@work
  hallpass logout github --all        every account of one service
  hallpass logout --all               every session there is")]
pub struct Args {
    /// Service, or SERVICE@ACCOUNT
    #[arg(required_unless_present = "all")]
    service: Option<String>,
    /// Every account of the service, or every session where no service is named
    #[arg(long)]
    all: bool,
}

/// Runs it.
pub fn run(cx: &Context, args: Args) -> Result<()> {
    cx.configuration()?;
    let references = match (&args.service, args.all) {
        (Some(service), false) => vec![service.clone()],
        (service, _) => facts::all(&cx.ports())?
            .into_iter()
            .filter(|facts| service.as_ref().is_none_or(|name| *name == facts.service))
            .map(|facts| facts.name())
            .collect(),
    };
    if references.is_empty() {
        cx.ports().ui.notice("Nobody is signed in.");
    }
    let mut failed = None;
    for reference in references {
        if let Err(error) = one(cx, &reference) {
            // The first failure is the command's; the others are told and stop nothing.
            match failed {
                None => failed = Some(error),
                Some(_) => cx.ports().ui.warn(&error.to_string()),
            }
        }
    }
    failed.map_or(Ok(()), Err)
}

fn one(cx: &Context, reference: &str) -> Result<()> {
    let service = cx.service(reference)?;
    let ports = cx.ports();
    let out = cx.block_on(sign_out(&ports, &service))?;
    let name = facts::name(&service.name, &out.account);
    match told(&name, out) {
        Ok(line) => {
            ports.ui.notice(&line);
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// What happened, in a line; a server that failed to revoke what it could have is an error.
fn told(name: &str, out: SignedOut) -> Result<String> {
    let revoked = match out.revoked.as_slice() {
        [] => String::new(),
        [one] => format!("; the server revoked the {}", one.replace('_', " ")),
        _ => "; the server revoked the refresh token and the access token".to_owned(),
    };
    match out.not_revoked {
        None => Ok(format!("Signed out of {name}{revoked}.")),
        Some(error) if error.code() == Code::ServiceIncomplete => Ok(format!(
            "Signed out of {name} here. Its server offers no revocation: the tokens end by \
             themselves, or in your account's settings there."
        )),
        Some(error) => Err(Error::new(
            error.code(),
            format!("signed out of {name} here, but its tokens are not revoked{revoked}: {error}"),
        )
        .with_hint("revoke hallpass in your account's settings at the server")),
    }
}
