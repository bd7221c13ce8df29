//! `hallpass store`.

use std::time::Duration;

use clap::{Subcommand, ValueEnum};
use serde_json::json;

use crate::cli::args::Format;
use crate::cli::context::Context;
use crate::cli::{duration, output, store_choice};
use crate::error::{Code, Error, Result};
use crate::port::{EntryKey, Ports, Purpose};
use crate::service::configuration::StoreTable;
use crate::session::{elsewhere, facts, keeping, moving};

/// Show, choose or move the store that keeps sessions
///
/// Sessions and client secrets are kept in the operating system's keyring. Where there is none:
/// in encrypted files, behind a passphrase or a key file, or by a command of yours.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  hallpass store show
  hallpass store move file           into encrypted files, behind a passphrase
  hallpass store use file --key-file ~/.config/hallpass/key
  hallpass store move pass
  hallpass store use command --protocol docker-credential \\
    -- docker-credential-pass")]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show which store is in use
    #[command(after_help = "Examples:
  hallpass store show
  hallpass store show --format json | jq -r .store")]
    Show {
        /// How results look
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Use a store from now on; sessions stay where they are
    #[command(after_help = "Examples:
  hallpass store use keyring
  hallpass store use file --key-file ~/.config/hallpass/key
  hallpass store use command --protocol docker-credential \\
    -- docker-credential-pass")]
    Use(Choice),
    /// Use a store from now on, and carry every session over
    #[command(after_help = "Examples:
  hallpass store move file           into encrypted files, behind a passphrase
  hallpass store move file --key-file ~/.config/hallpass/key --remember 8h
  hallpass store move pass           into the standard unix password manager")]
    Move(Choice),
}

/// A store as the command line describes it.
#[derive(Debug, clap::Args)]
struct Choice {
    /// Kind of store
    #[arg(value_enum)]
    kind: Kind,
    /// Folder of the encrypted files
    #[arg(long)]
    path: Option<String>,
    /// Key file in place of a passphrase; made where there is none
    #[arg(long)]
    key_file: Option<String>,
    /// How long the unlocked key may rest in the Linux kernel keyring: 15m, 8h
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    remember: Option<Duration>,
    /// How the command is spoken to: hallpass, docker-credential, pass
    #[arg(long)]
    protocol: Option<String>,
    /// The command and its arguments
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// The operating system's keyring
    Keyring,
    /// Encrypted files
    File,
    /// A command of yours
    Command,
    /// The standard unix password manager
    Pass,
}

/// Runs it.
pub fn run(cx: &Context, args: Args) -> Result<()> {
    match args.action {
        Action::Show { format } => show(cx, format),
        Action::Use(choice) => use_only(cx, &choice.table()?),
        Action::Move(choice) => carry_over(cx, &choice.table()?),
    }
}

impl Choice {
    fn table(&self) -> Result<StoreTable> {
        let protocol = match self.kind {
            Kind::Pass => Some("pass".to_owned()),
            _ => self.protocol.clone(),
        };
        let belongs = [
            ("--path", self.path.is_some(), &[Kind::File][..]),
            ("--key-file", self.key_file.is_some(), &[Kind::File]),
            ("--remember", self.remember.is_some(), &[Kind::File]),
            ("--protocol", self.protocol.is_some(), &[Kind::Command]),
            (
                "COMMAND",
                !self.command.is_empty(),
                &[Kind::Command, Kind::Pass],
            ),
        ];
        for (flag, given, kinds) in belongs {
            if given && !kinds.contains(&self.kind) {
                let message = format!("{flag} says nothing about this kind of store");
                return Err(Error::new(Code::Usage, message)
                    .with_hint("`hallpass store use --help` shows what goes together"));
            }
        }
        let kind = match self.kind {
            Kind::Keyring => "keyring",
            Kind::File => "file",
            Kind::Command | Kind::Pass => "command",
        };
        Ok(StoreTable {
            kind: Some(kind.to_owned()),
            path: self.path.as_deref().map(Context::absolute),
            key_file: self.key_file.as_deref().map(Context::absolute),
            remember: self.remember.map(|time| time.as_secs()),
            command: Some(self.command.clone()).filter(|command| !command.is_empty()),
            protocol,
        })
    }
}

fn show(cx: &Context, format: Format) -> Result<()> {
    let configuration = cx.configuration()?;
    let (table, ports) = (&configuration.store, cx.ports());
    let chosen = table.kind.is_some();
    let store = ports.store.describe();
    let sessions = facts::all(&ports)?;
    let here = sessions.iter().filter(|facts| facts.store == store).count();
    let trouble = trouble(&ports);
    if format == Format::Json {
        return output::json(&json!({
            "store": store, "chosen": chosen, "configuration": table,
            "sessions": here, "sessions_elsewhere": sessions.len() - here,
            "available": trouble.is_none(),
            "message": trouble.as_ref().map(Error::to_string),
            "code": trouble.as_ref().map(|error| error.code().as_str()),
            "hint": trouble.as_ref().and_then(Error::hint),
        }));
    }
    let why = match chosen {
        true => "chosen in config.toml",
        false => "nothing else was chosen",
    };
    let state = match &trouble {
        None => String::new(),
        Some(error) if error.code() == Code::StoreAbsent => {
            let why = error.to_string();
            let why = why.strip_prefix("no OS keyring here: ").unwrap_or(&why);
            format!("\nstate     not available here: {why}")
        }
        Some(error) => format!("\nstate     not usable now: {error}"),
    };
    output::line(&format!(
        "store     {store}{state}\nchosen    {why}\nsessions  {here}"
    ))?;
    if let Some(hint) = trouble.as_ref().and_then(Error::hint) {
        ports.ui.notice(&format!("hint: {hint}"));
    }
    if sessions.len() > here {
        let elsewhere = sessions.len() - here;
        ports.ui.notice(&format!(
            "{elsewhere} more in other stores: see `hallpass status`"
        ));
    }
    Ok(())
}

/// Why the store does not answer, where it does not; nothing is written, and nothing unlocked.
fn trouble(ports: &Ports<'_>) -> Option<Error> {
    ports
        .store
        .holds(&keeping::session_key("store show", ""))
        .err()
}

fn use_only(cx: &Context, table: &StoreTable) -> Result<()> {
    let ports = cx.ports();
    cx.configuration()?;
    let before = ports.store.describe();
    store_choice::choose(cx, table)?;
    let ports = cx.ports();
    let after = ports.store.describe();
    ports.ui.notice(&format!("Sessions are kept in: {after}."));
    let stay = facts::all(&ports)?;
    let stay = stay.iter().filter(|facts| facts.store == before);
    let stay = if before == after { 0 } else { stay.count() };
    if stay > 0 {
        ports.ui.warn(&format!(
            "{} left in: {before}; {}",
            counted(stay, "session", "sessions"),
            elsewhere::way_back(&before)
        ));
    }
    Ok(())
}

fn carry_over(cx: &Context, table: &StoreTable) -> Result<()> {
    let configuration = cx.configuration()?;
    let ports = cx.ports();
    let to = cx.open_store(table)?;
    let (before, after) = (ports.store.describe(), to.describe());
    let sessions = facts::all(&ports)?;
    if before == after {
        // With nothing in it another key may take it over.
        if *table != configuration.store && sessions.iter().all(|facts| facts.store != before) {
            return use_only(cx, table);
        }
        return Err(Error::new(
            Code::Usage,
            format!("sessions are already kept in: {after}"),
        )
        .with_hint(
            "another folder for encrypted files is --path FOLDER; with it their key may be \
             another one too",
        ));
    }
    let mut keys: Vec<_> = sessions
        .iter()
        .map(|facts| EntryKey::session(facts.name()))
        .collect();
    for purpose in [Purpose::ClientSecret, Purpose::Registration] {
        let names = configuration.services.keys().cloned();
        keys.extend(names.map(|name| EntryKey { purpose, name }));
    }
    let mut waiting = |who: &str| ports.ui.notice(&format!("waiting for {who} …"));
    // To the last of the facts it is one thing.
    let mut held = None;
    let mut switch = || {
        held = Some(ports.interrupts.hold());
        cx.remember_store(table)
    };
    let moved = moving::carry_over(
        ports.store,
        to.as_ref(),
        &keys,
        &mut waiting,
        ports.interrupts,
        &mut switch,
    )?;
    for facts in sessions.into_iter().filter(|facts| facts.store == before) {
        let store = after.clone();
        facts::write_facts(&ports, &facts::Facts { store, ..facts });
    }
    drop(held);
    for (key, why) in &moved.left_behind {
        let name = &key.name;
        ports.ui.warn(&format!(
            "the old copy of {name} stays in: {before} ({why})"
        ));
    }
    ports.ui.notice(&format!(
        "{} carried over from: {before}, to: {after}.",
        counted(moved.carried.len(), "entry", "entries")
    ));
    Ok(())
}

fn counted(count: usize, one: &str, many: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        count => format!("{count} {many}"),
    }
}
