//! Token stores behind one trait: OS keyring, encrypted file, command, memory.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use ring::digest::{SHA256, digest};

use super::env::ProcessEnvironment;
use super::paths::Paths;
use crate::error::{Code, Error, Result};
use crate::port::{EntryKey, StoreGuard, TokenStore, UserInterface};
use crate::secret::{Secret, printable};
use crate::service::configuration::StoreTable;

mod bus_address;
mod chunks;
mod command;
#[cfg(target_os = "linux")]
mod daemon_work;
mod encrypted_file;
mod entries;
mod key_file;
mod keyring;
mod lock_folder;
pub mod memory;
mod passphrase;
mod program;
#[cfg(test)]
mod real;
mod resting_key;
mod sealed;
#[cfg(any(target_os = "linux", target_os = "freebsd", target_os = "openbsd"))]
mod secret_service;
#[cfg(test)]
mod suite;

use command::{CommandStore, Protocol};
use encrypted_file::{EncryptedFile, KeySource};
use entries::Store;
use keyring::Keyring;
use passphrase::Passphrase;

/// What there is where no keyring is: a person can type a passphrase, a machine alone cannot.
const WITHOUT_KEYRING: &str = "keep sessions in encrypted files instead: `hallpass store use file` behind a passphrase, or \
     on an unattended machine `hallpass store use file --key-file ~/.config/hallpass/key` (a \
     command of yours will do too: `hallpass store use --help`)";

/// The store that the configuration chose; opened on first use.
pub struct Chosen {
    paths: Paths,
    ui: Rc<dyn UserInterface>,
    table: OnceCell<StoreTable>,
    store: OnceCell<Box<dyn TokenStore>>,
    /// What the person chose while this program ran, in place of `store`.
    chosen_since: OnceCell<Box<dyn TokenStore>>,
}

impl Chosen {
    /// Opens nothing yet; `ui` is asked for passphrases.
    pub fn new(paths: &Paths, ui: Rc<dyn UserInterface>) -> Self {
        Chosen {
            paths: paths.clone(),
            ui,
            table: OnceCell::new(),
            store: OnceCell::new(),
            chosen_since: OnceCell::new(),
        }
    }

    /// What the configuration says; only the first call counts.
    pub fn configure(&self, table: StoreTable) {
        let _ = self.table.set(table);
    }

    /// Another store, from the table that the person chose; not used before [`Chosen::switch`].
    pub fn open(&self, table: &StoreTable) -> Result<Box<dyn TokenStore>> {
        open(table, &self.paths, &self.ui)
    }

    /// From now on this store is used. At most once in a run.
    pub fn switch(&self, store: Box<dyn TokenStore>) {
        let _ = self.chosen_since.set(store);
    }

    fn store(&self) -> Result<&dyn TokenStore> {
        if let Some(store) = self.chosen_since.get().or(self.store.get()) {
            return Ok(store.as_ref());
        }
        let nothing = StoreTable::default();
        let table = self.table.get().unwrap_or(&nothing);
        let opened = open(table, &self.paths, &self.ui)?;
        Ok(self.store.get_or_init(|| opened).as_ref())
    }
}

impl TokenStore for Chosen {
    fn describe(&self) -> String {
        match self.store() {
            Ok(store) => store.describe(),
            Err(error) => format!("none ({error})"),
        }
    }

    fn probe(&self) -> Result<()> {
        self.store()?.probe()
    }

    fn read(&self, key: &EntryKey) -> Result<Option<Secret>> {
        self.store()?.read(key)
    }

    fn holds(&self, key: &EntryKey) -> Result<bool> {
        self.store()?.holds(key)
    }

    fn lock(
        &self,
        key: &EntryKey,
        deadline: Duration,
        waiting: &mut dyn FnMut(&str),
    ) -> Result<Box<dyn StoreGuard + '_>> {
        self.store()?.lock(key, deadline, waiting)
    }
}

/// The store that `table` describes; touches nothing yet. Nothing chosen means the keyring.
pub fn open(
    table: &StoreTable,
    paths: &Paths,
    ui: &Rc<dyn UserInterface>,
) -> Result<Box<dyn TokenStore>> {
    match table.kind.as_deref() {
        None | Some("keyring") => Ok(Box::new(Store(Keyring::new(Rc::clone(ui))))),
        Some("file") => Ok(Box::new(Store(encrypted_file(table, paths, ui)))),
        Some("command") => Ok(Box::new(Store(command_store(table, ui)?))),
        Some(other) => Err(invalid(format!(
            "no such kind of store: store.kind = {:?}",
            printable(other, 50)
        ))
        .with_hint("use keyring, file or command")),
    }
}

fn encrypted_file(table: &StoreTable, paths: &Paths, ui: &Rc<dyn UserInterface>) -> EncryptedFile {
    let folder = match &table.path {
        Some(path) => resolve(path, paths),
        None => paths.state.join("store"),
    };
    let source = match &table.key_file {
        Some(path) => KeySource::File(resolve(path, paths)),
        None => KeySource::Passphrase(Passphrase::new(
            Box::new(ProcessEnvironment),
            Rc::clone(ui),
            table.remember,
        )),
    };
    EncryptedFile::new(folder, source)
}

fn command_store(table: &StoreTable, ui: &Rc<dyn UserInterface>) -> Result<CommandStore> {
    let name = table.protocol.as_deref().unwrap_or("hallpass");
    let protocol = Protocol::parse(name).ok_or_else(|| {
        invalid(format!("no such store.protocol: {:?}", printable(name, 50)))
            .with_hint("use hallpass, docker-credential or pass")
    })?;
    let argv = match (&table.command, protocol) {
        (Some(argv), _) if !argv.is_empty() => argv.clone(),
        (_, Protocol::Pass) => vec!["pass".to_owned()],
        _ => {
            return Err(
                invalid("store.kind is command, but store.command is empty".to_owned())
                    .with_hint("hallpass store use command -- PROGRAM ARGUMENT…"),
            );
        }
    };
    Ok(CommandStore::new(argv, protocol, Rc::clone(ui)))
}

/// `~/` is the home folder; a relative path starts at the configuration's folder.
fn resolve(path: &str, paths: &Paths) -> PathBuf {
    let home = directories::BaseDirs::new();
    match (path.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.home_dir().join(rest),
        _ => paths.config.join(Path::new(path)),
    }
}

fn invalid(message: String) -> Error {
    Error::new(Code::ConfigInvalid, message)
}

/// A file name that tells nothing of `name`: 128 bits of its SHA-256.
pub(super) fn hashed(name: &str) -> String {
    hex(&digest(&SHA256, name.as_bytes()).as_ref()[..16])
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}
