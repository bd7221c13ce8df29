//! The operating system's keyring: Secret Service, Keychain, Credential Manager.
//!
//! One entry a session: service `hallpass`, user `<purpose>:<name>`. Every call runs on a thread
//! of its own and has a deadline of ours, because a keyring may hang, or wait for a person.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::mpsc;
use std::time::Duration;

use super::bus_address;
use super::entries::Entries;
use super::lock_folder;
#[cfg(any(target_os = "linux", target_os = "freebsd", target_os = "openbsd"))]
use super::secret_service::Link;
use crate::error::{Code, Error, Result};
use crate::port::UserInterface;
use crate::secret::{Secret, printable};

const SERVICE: &str = "hallpass";

/// When a keyring that says nothing is looked at.
const PATIENCE: Duration = Duration::from_millis(2_100);

/// How long a keyring that lives has to answer another, easy question.
const SIGN_OF_LIFE: Duration = Duration::from_millis(900);

/// How long a keyring that lives may be slow: a busy machine, or its own prompt on a screen that
/// we know nothing of.
const SLOW: Duration = Duration::from_secs(10);

/// How long a person may take to answer the keyring's own prompt.
const PERSON: Duration = Duration::from_secs(120);

/// Bytes that Windows stores in one credential (`CRED_MAX_CREDENTIAL_BLOB_SIZE`).
const LIMIT: Option<usize> = if cfg!(windows) { Some(2_560) } else { None };

/// The store.
pub struct Keyring {
    ui: Rc<dyn UserInterface>,
    link: RefCell<Link>,
}

impl Keyring {
    /// Opens nothing yet; `ui` tells the person when their keyring waits for them.
    pub fn new(ui: Rc<dyn UserInterface>) -> Self {
        Keyring {
            ui,
            link: RefCell::default(),
        }
    }

    /// Runs one call about the entry `id` within its deadline.
    fn call<T: Send + 'static>(
        &self,
        what: &'static str,
        id: &str,
        call: impl FnOnce(&keyring::Entry) -> keyring::Result<T> + Send + 'static,
    ) -> Result<T> {
        bus_address::check()?;
        let (link, user) = (self.link.borrow().clone(), id.to_owned());
        let answer = start(move || call(&link.entry(SERVICE, &user)?))?;
        match self.wait(&answer) {
            Ok(outcome) => outcome.map_err(|error| translate(what, error)),
            Err(error) => {
                // What hangs keeps its connection; the next call gets another.
                self.link.replace(Link::default());
                Err(error)
            }
        }
    }

    fn wait<T>(&self, answer: &Answer<T>) -> Result<keyring::Result<T>> {
        if let Ok(outcome) = answer.recv_timeout(PATIENCE) {
            return Ok(outcome);
        }
        let waited = match sign_of_life() {
            Life::None => return Err(hung()),
            Life::Works => return answer.recv_timeout(SLOW).map_err(|_| hung()),
            Life::Answers if self.ui.can_prompt() => {
                self.ui.notice("waiting for you to unlock the OS keyring …");
                answer.recv_timeout(PERSON)
            }
            Life::Answers => answer.recv_timeout(SLOW),
        };
        waited.map_err(|_| locked())
    }
}

impl Entries for Keyring {
    fn describe(&self) -> String {
        let name = if cfg!(target_vendor = "apple") {
            "Keychain"
        } else if cfg!(windows) {
            "Credential Manager"
        } else {
            "Secret Service"
        };
        format!("OS keyring ({name})")
    }

    /// Of this user and this keyring, wherever the configuration is.
    fn lock_path(&self, id: &str) -> Result<PathBuf> {
        let identity = format!("keyring {}", bus_address::normalised());
        lock_folder::lock_path(&identity, id)
    }

    fn get(&self, id: &str) -> Result<Option<Secret<Vec<u8>>>> {
        self.call("read", id, |entry| match entry.get_secret() {
            Ok(bytes) => Ok(Some(Secret::new(bytes))),
            Err(keyring::Error::NoEntry) => Ok(None),
            Err(error) => Err(error),
        })
    }

    fn set(&self, id: &str, value: &[u8]) -> Result<()> {
        let value = Secret::new(value.to_vec());
        self.call("write", id, move |entry| entry.set_secret(value.expose()))
    }

    fn delete(&self, id: &str) -> Result<()> {
        self.call("delete", id, |entry| match entry.delete_credential() {
            Ok(()) | Err(keyring::Error::NoEntry) => Ok(()),
            Err(error) => Err(error),
        })
    }

    fn limit(&self) -> Option<usize> {
        LIMIT
    }
}

/// The platform's own store of the `keyring` crate.
#[cfg(not(any(target_os = "linux", target_os = "freebsd", target_os = "openbsd")))]
#[derive(Clone, Default)]
struct Link;

#[cfg(not(any(target_os = "linux", target_os = "freebsd", target_os = "openbsd")))]
impl Link {
    fn entry(&self, service: &str, user: &str) -> keyring::Result<keyring::Entry> {
        keyring::Entry::new(service, user)
    }
}

type Answer<T> = mpsc::Receiver<keyring::Result<T>>;

/// The thread may outlive its caller's patience; it ends with the process at the latest.
fn start<T: Send + 'static>(
    call: impl FnOnce() -> keyring::Result<T> + Send + 'static,
) -> Result<Answer<T>> {
    let (sender, receiver) = mpsc::channel();
    std::thread::Builder::new()
        .name("keyring".to_owned())
        .spawn(move || {
            let _ = sender.send(call());
        })
        .map_err(|error| {
            Error::new(Code::StoreFailed, "no thread for the keyring to be had").with_source(error)
        })?;
    Ok(receiver)
}

/// What can be seen of a keyring that says nothing.
enum Life {
    /// It answers another question: this one waits for a person.
    Answers,
    /// It does not answer, and is not idle.
    Works,
    None,
}

/// Asks for something that needs no unlocking, and looks whether the daemon does anything.
fn sign_of_life() -> Life {
    #[cfg(target_os = "linux")]
    let watch = super::daemon_work::Watch::start();
    let asked = start(
        || match Link::default().entry(SERVICE, "sign of life")?.get_secret() {
            Err(keyring::Error::NoEntry) => Ok(()),
            other => other.map(drop),
        },
    );
    let answered = asked.map(|answer| answer.recv_timeout(SIGN_OF_LIFE));
    match answered {
        Ok(Ok(Ok(()))) => Life::Answers,
        #[cfg(target_os = "linux")]
        _ if watch.is_working() => Life::Works,
        _ => Life::None,
    }
}

/// The five states, told apart.
fn translate(what: &str, error: keyring::Error) -> Error {
    use keyring::Error as E;
    let cause = match error {
        // The names of D-Bus errors are only in the debug form; it shows no secret.
        E::PlatformFailure(cause) | E::NoStorageAccess(cause) => cause,
        // The debug form would show the entry's bytes.
        E::BadEncoding(_) => return failed(what, "the entry is not text"),
        E::TooLong(name, limit) => {
            return full(&format!("its limit for {name} is {limit}"));
        }
        E::Ambiguous(_) => return failed(what, "two entries have the same name"),
        E::Invalid(name, why) => return failed(what, &format!("{name}: {why}")),
        E::NoEntry => return failed(what, "the entry is gone"),
        other => return failed(what, &other.to_string()),
    };
    match State::of(&format!("{cause:?}")) {
        State::Hung => hung(),
        State::Locked => locked(),
        State::Absent => absent("no keyring service answers on the session bus"),
        State::NoCollection => absent("the keyring has no default collection yet"),
        State::Full => full(&cause.to_string()),
        State::Other => failed(what, &cause.to_string()),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Hung,
    Locked,
    Absent,
    NoCollection,
    Full,
    Other,
}

impl State {
    /// From the debug form of a platform's error.
    fn of(text: &str) -> Self {
        const SIGNS: [(&str, State); 21] = [
            ("Error.NoReply", State::Hung),
            ("Error.Timeout", State::Hung),
            ("Error.TimedOut", State::Hung),
            ("Error.IsLocked", State::Locked),
            ("Error.ServiceUnknown", State::Absent),
            ("Error.NameHasNoOwner", State::Absent),
            ("Error.Spawn.", State::Absent),
            ("Error.NoServer", State::Absent),
            ("Error.FileNotFound", State::Absent),
            ("Error.Disconnected", State::Absent),
            ("Error.NoSuchObject", State::NoCollection),
            ("Error.UnknownObject", State::NoCollection),
            ("Object does not exist", State::NoCollection),
            ("Couldn't set item secret", State::Full),
            ("Couldn't create item", State::Full),
            ("No space left", State::Full),
            // macOS: errSecInteractionNotAllowed, errSecAuthFailed, errSecNotAvailable.
            ("-25308", State::Locked),
            ("-25293", State::Locked),
            ("-25291", State::Absent),
            ("NoCollection", State::NoCollection),
            ("Prompt", State::Locked),
        ];
        let found = SIGNS.into_iter().find(|(sign, _)| text.contains(sign));
        found.map_or(State::Other, |(_, state)| state)
    }
}

fn locked() -> Error {
    Error::new(Code::StoreLocked, "the OS keyring is locked").with_hint(
        "unlock it (a desktop does so when you log in), or use the encrypted file: \
         `hallpass store use file`",
    )
}

fn absent(why: &str) -> Error {
    Error::new(Code::StoreAbsent, format!("no OS keyring here: {why}"))
        .with_hint(super::WITHOUT_KEYRING)
}

fn hung() -> Error {
    Error::new(Code::StoreHung, "the OS keyring does not answer").with_hint(
        "restart its service (gnome-keyring-daemon, kwalletd, KeePassXC), or use the encrypted \
         file: `hallpass store use file`",
    )
}

fn full(why: &str) -> Error {
    let why = printable(why, 200);
    Error::new(
        Code::StoreFull,
        format!("the OS keyring takes no more: {why}"),
    )
    .with_hint("is its disk full, or its folder read-only? nothing was lost")
}

fn failed(what: &str, why: &str) -> Error {
    let why = printable(why, 200);
    Error::new(
        Code::StoreFailed,
        format!("cannot {what} an entry of the OS keyring: {why}"),
    )
}
