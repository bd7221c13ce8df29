//! `hallpass remove`.

use std::time::Duration;

use crate::cli::context::Context;
use crate::error::{Code, Error, Result};
use crate::port::{EntryKey, Purpose};
use crate::service::edit;
use crate::service::registration::SecretSource;
use crate::session::{facts, sign_out};

/// Remove a service
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  hallpass remove work
  hallpass remove work --sign-out       its sessions too, revoked at the server
  hallpass remove work --keep-sessions  only the settings and the client secret")]
pub struct Args {
    /// Service
    pub service: String,
    /// Sign out of its sessions without asking
    #[arg(long, conflicts_with = "keep_sessions")]
    sign_out: bool,
    /// Leave its sessions in the store
    #[arg(long)]
    keep_sessions: bool,
}

/// Runs it.
pub fn run(cx: &Context, args: Args) -> Result<()> {
    let name = args.service.as_str();
    let configuration = cx.configuration()?;
    if !configuration.services.contains_key(name) {
        // Tells a typing error from a provider that was never added.
        cx.service(name)?;
        return Err(Error::new(
            Code::UnknownService,
            format!("service \"{name}\" is not in config.toml"),
        )
        .with_hint(format!("`hallpass logout {name}` ends its sessions")));
    }
    let ports = cx.ports();
    let sessions: Vec<facts::Facts> = facts::all(&ports)?
        .into_iter()
        .filter(|session| session.service == name)
        .collect();
    if !sessions.is_empty() && !args.keep_sessions {
        let accounts: Vec<&str> = sessions.iter().map(|s| s.account.as_str()).collect();
        let question = format!("Sign out of {name} ({}) first?", accounts.join(", "));
        let yes = args.sign_out
            || ports
                .ui
                .confirm(&question, true, "--sign-out or --keep-sessions")?;
        for session in sessions.iter().filter(|_| yes) {
            sign_out_of(cx, session)?;
        }
    }
    let stored = configuration.services[name].client_secret == Some(SecretSource::Store);
    for purpose in [Purpose::ClientSecret, Purpose::Registration] {
        match forget(cx, purpose, name) {
            Err(error) if stored => return Err(error),
            // A service without a stored secret can go where there is no store.
            _ => {}
        }
    }
    cx.edit_configuration(&|text| edit::remove(text, name))?;
    ports.ui.notice(&format!("Removed service {name}."));
    Ok(())
}

fn sign_out_of(cx: &Context, session: &facts::Facts) -> Result<()> {
    let ports = cx.ports();
    let service = cx.service(&format!("{}@{}", session.service, session.account))?;
    let done = cx.block_on(sign_out::sign_out(&ports, &service))?;
    match done.not_revoked {
        None => ports
            .ui
            .notice(&format!("Signed out of {}.", service.reference())),
        Some(why) => ports.ui.warn(&format!(
            "signed out of {} here, but not at its server: {why}",
            service.reference()
        )),
    }
    Ok(())
}

/// Deletes an entry of the token store, where there is one.
fn forget(cx: &Context, purpose: Purpose, name: &str) -> Result<()> {
    let key = EntryKey {
        purpose,
        name: name.to_owned(),
    };
    if cx.store().read(&key)?.is_none() {
        return Ok(());
    }
    let ui = cx.ports().ui;
    let mut waiting = |who: &str| ui.notice(&format!("waiting for {who}"));
    cx.store()
        .lock(&key, Duration::from_secs(30), &mut waiting)?
        .delete()
}
