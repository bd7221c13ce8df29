//! The freedesktop.org Secret Service as a credential store of the `keyring` crate.
//!
//! The crate's own store opens a connection a call, two for a write, whose first message is
//! `OpenSession`. gnome-keyring up to 50 makes its record of a client in an idle callback that a
//! first message may overtake on a busy daemon; `OpenSession` without that record ends the whole
//! daemon (its issues 190 and 196), and a new one is locked. So here a process has one connection,
//! and its first message is one that needs no record: once that is answered, the record is there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use dbus::Path;
use dbus::arg::{AppendAll, PropMap, ReadAll, RefArg, Variant};
use dbus::blocking::Connection;
use dbus::blocking::stdintf::org_freedesktop_dbus::Properties;
use dbus::message::MatchRule;
use keyring::Error;
use keyring::credential::CredentialApi;
use ring::rand::{SecureRandom, SystemRandom};

const BUS_NAME: &str = "org.freedesktop.secrets";
const SERVICE_PATH: &str = "/org/freedesktop/secrets";
const SERVICE: &str = "org.freedesktop.Secret.Service";
const COLLECTION: &str = "org.freedesktop.Secret.Collection";
const ITEM: &str = "org.freedesktop.Secret.Item";
const PROMPT: &str = "org.freedesktop.Secret.Prompt";

/// An alias that no keyring has.
const NO_ALIAS: &str = "hallpass";

/// The caller gives up much earlier; this only ends its thread.
const TIMEOUT: Duration = Duration::from_secs(25);

/// How long a prompt may stay open; the caller gives up earlier.
const PROMPT_TIMEOUT: Duration = Duration::from_secs(150);

/// Pauses in milliseconds before asking anew a service that went away with our question: bus or
/// service manager start another.
const PAUSES: [u64; 4] = [50, 150, 400, 800];

/// The process that answers for the service, as the bus tells.
#[cfg(target_os = "linux")]
pub fn daemon() -> Option<u32> {
    const BUS: &str = "org.freedesktop.DBus";
    let connection = Connection::new_session().ok()?;
    let bus = connection.with_proxy(BUS, "/org/freedesktop/DBus", TIMEOUT);
    let asked = bus.method_call(BUS, "GetConnectionUnixProcessID", (BUS_NAME,));
    asked.ok().map(|(pid,)| pid)
}

/// This process's connection, made when first used.
#[derive(Clone, Default)]
pub struct Link(Arc<Mutex<Option<Client>>>);

impl Link {
    /// An entry that is reached through this connection.
    pub fn entry(&self, service: &str, user: &str) -> keyring::Result<keyring::Entry> {
        Ok(keyring::Entry::new_with_credential(Box::new(Item {
            link: self.clone(),
            service: service.to_owned(),
            user: user.to_owned(),
        })))
    }

    fn call<T>(&self, call: impl Fn(&Client) -> Result<T, Failure>) -> keyring::Result<T> {
        let mut client = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(ask(&mut client, Client::connect, call, |pause| {
            std::thread::sleep(jittered(pause));
        })?)
    }
}

/// Asks once, and again where the service went away meanwhile. Everything here may be repeated:
/// reading, deleting, and setting the same value.
fn ask<C, T>(
    client: &mut Option<C>,
    connect: impl Fn() -> Result<C, Failure>,
    call: impl Fn(&C) -> Result<T, Failure>,
    pause: impl Fn(u64),
) -> Result<T, Failure> {
    let mut pauses = PAUSES.into_iter();
    // Where nobody ever was, nobody comes by waiting.
    let mut was_there = client.is_some();
    loop {
        let connected = client.take().map_or_else(&connect, Ok);
        let outcome = connected.and_then(|connected| call(client.insert(connected)));
        let failure = match outcome {
            Err(failure) if failure.is_gone() || failure.is_absent() => failure,
            outcome => return outcome,
        };
        *client = None;
        was_there |= failure.is_gone();
        match pauses.next().filter(|_| was_there) {
            Some(millis) => pause(millis),
            None => return Err(failure),
        }
    }
}

/// Between once and twice as long: whoever lost the same service does not come back at once.
fn jittered(millis: u64) -> Duration {
    let mut byte = [0];
    // Without random bytes it is only less spread.
    let _ = SystemRandom::new().fill(&mut byte);
    Duration::from_millis(millis + millis * u64::from(byte[0]) / 255)
}

/// One item, found by the attributes that the `keyring` crate gives its items.
struct Item {
    link: Link,
    service: String,
    user: String,
}

impl Item {
    fn attributes(&self) -> HashMap<&str, &str> {
        HashMap::from([
            ("service", self.service.as_str()),
            ("username", self.user.as_str()),
            ("target", "default"),
        ])
    }
}

impl CredentialApi for Item {
    fn set_secret(&self, secret: &[u8]) -> keyring::Result<()> {
        self.link.call(|client| match client.find(self)? {
            Some(path) => client.set(&path, secret),
            None => client.create(self, secret),
        })
    }

    fn get_secret(&self) -> keyring::Result<Vec<u8>> {
        self.link.call(|client| match client.find(self)? {
            Some(path) => client.get(&path),
            None => Err(Failure::NoEntry),
        })
    }

    fn delete_credential(&self) -> keyring::Result<()> {
        self.link.call(|client| match client.find(self)? {
            Some(path) => client.delete(&path),
            None => Err(Failure::NoEntry),
        })
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }

    fn debug_fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.user)
    }
}

/// A connection that the service knows, and a session on it.
struct Client {
    connection: Connection,
    session: Path<'static>,
}

impl Client {
    fn connect() -> Result<Self, Failure> {
        let mut client = Client {
            connection: Connection::new_session()?,
            session: Path::default(),
        };
        // See the module: this comes before everything else.
        let (_,): (Path<'static>,) = client.service("ReadAlias", (NO_ALIAS,))?;
        let nothing: Box<dyn RefArg> = Box::new(String::new());
        let plain = ("plain", Variant(nothing));
        let (_, session): (Variant<Box<dyn RefArg>>, Path<'static>) =
            client.service("OpenSession", plain)?;
        client.session = session;
        Ok(client)
    }

    /// The one item of these attributes, unlocked.
    fn find(&self, item: &Item) -> Result<Option<Path<'static>>, Failure> {
        let (mut unlocked, mut locked): (Vec<Path<'static>>, Vec<Path<'static>>) =
            self.service("SearchItems", (item.attributes(),))?;
        match (unlocked.len(), locked.len()) {
            (0, 0) => Ok(None),
            (1, 0) => Ok(unlocked.pop()),
            (0, 1) => {
                let path = locked.pop();
                path.iter().try_for_each(|path| self.unlock(path))?;
                Ok(path)
            }
            _ => Err(Failure::Ambiguous),
        }
    }

    fn get(&self, path: &Path<'static>) -> Result<Vec<u8>, Failure> {
        type Kept = (Path<'static>, Vec<u8>, Vec<u8>, String);
        let ((_, _, value, _),): (Kept,) =
            self.method(path, ITEM, "GetSecret", (self.session.clone(),))?;
        Ok(value)
    }

    fn set(&self, path: &Path<'static>, secret: &[u8]) -> Result<(), Failure> {
        self.method(path, ITEM, "SetSecret", (self.sent(secret),))
    }

    fn create(&self, item: &Item, secret: &[u8]) -> Result<(), Failure> {
        let collection = self.default_collection()?;
        let mut attributes: HashMap<String, String> = item
            .attributes()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        attributes.insert("application".to_owned(), item.service.clone());
        let label = format!("{} {}", item.service, item.user);
        let mut properties = PropMap::new();
        properties.insert(format!("{ITEM}.Label"), Variant(Box::new(label)));
        properties.insert(format!("{ITEM}.Attributes"), Variant(Box::new(attributes)));
        let (_, prompt): (Path<'static>, Path<'static>) = self.method(
            &collection,
            COLLECTION,
            "CreateItem",
            (properties, self.sent(secret), true),
        )?;
        self.answer(&prompt)
    }

    fn delete(&self, path: &Path<'static>) -> Result<(), Failure> {
        let (prompt,): (Path<'static>,) = self.method(path, ITEM, "Delete", ())?;
        self.answer(&prompt)
    }

    fn default_collection(&self) -> Result<Path<'static>, Failure> {
        let (path,): (Path<'static>,) = self.service("ReadAlias", ("default",))?;
        if is_none(&path) {
            return Err(Failure::NoCollection);
        }
        let proxy = self.connection.with_proxy(BUS_NAME, &path, TIMEOUT);
        if proxy.get(COLLECTION, "Locked")? {
            self.unlock(&path)?;
        }
        Ok(path)
    }

    fn unlock(&self, path: &Path<'static>) -> Result<(), Failure> {
        let (_, prompt): (Vec<Path<'static>>, Path<'static>) =
            self.service("Unlock", (vec![path.clone()],))?;
        self.answer(&prompt)
    }

    /// Shows the prompt, where there is one, and waits for the person.
    fn answer(&self, prompt: &Path<'static>) -> Result<(), Failure> {
        if is_none(prompt) {
            return Ok(());
        }
        let (sender, completed) = mpsc::channel();
        let mut rule = MatchRule::new_signal(PROMPT, "Completed");
        rule.path = Some(prompt.clone());
        let took = move |(dismissed,): (bool,), _: &Connection, _: &dbus::Message| {
            let _ = sender.send(dismissed);
            true
        };
        let matched = self.connection.add_match(rule, took)?;
        let () = self.method(prompt, PROMPT, "Prompt", ("",))?;
        let begin = Instant::now();
        let mut dismissed = Err(mpsc::TryRecvError::Empty);
        while dismissed.is_err() && begin.elapsed() < PROMPT_TIMEOUT {
            self.connection.process(Duration::from_secs(1))?;
            dismissed = completed.try_recv();
        }
        self.connection.remove_match(matched)?;
        match dismissed {
            Ok(false) => Ok(()),
            Ok(true) | Err(_) => Err(Failure::Prompt),
        }
    }

    /// A secret as it goes over the bus: session, parameters, value, content type.
    fn sent<'a>(&self, secret: &'a [u8]) -> (Path<'static>, &'static [u8], &'a [u8], &'static str) {
        (self.session.clone(), &[], secret, "text/plain")
    }

    fn service<A: AppendAll, R: ReadAll>(&self, name: &str, arguments: A) -> Result<R, Failure> {
        self.method(&SERVICE_PATH.into(), SERVICE, name, arguments)
    }

    fn method<A: AppendAll, R: ReadAll>(
        &self,
        path: &Path<'static>,
        interface: &str,
        name: &str,
        arguments: A,
    ) -> Result<R, Failure> {
        let proxy = self.connection.with_proxy(BUS_NAME, path, TIMEOUT);
        Ok(proxy.method_call(interface, name, arguments)?)
    }
}

/// How the service writes that there is no such object.
fn is_none(path: &Path<'_>) -> bool {
    &**path == "/"
}

/// What went wrong; the debug form tells the D-Bus name.
#[derive(Debug)]
enum Failure {
    Bus(dbus::Error),
    NoEntry,
    Ambiguous,
    /// No default collection.
    NoCollection,
    /// Nobody answered it, or somebody said no.
    Prompt,
}

impl Failure {
    /// The service, or the bus, ended while it was asked, or does not know us any more.
    fn is_gone(&self) -> bool {
        let Failure::Bus(error) = self else {
            return false;
        };
        let told = error.message().unwrap_or_default();
        match error.name().unwrap_or_default() {
            "org.freedesktop.DBus.Error.Disconnected" => true,
            "org.freedesktop.DBus.Error.NoReply" => told.contains("disconnected"),
            "org.freedesktop.Secret.Error.NoSession" => true,
            _ => false,
        }
    }

    /// Nobody has the service's name.
    fn is_absent(&self) -> bool {
        let name = match self {
            Failure::Bus(error) => error.name().unwrap_or_default(),
            _ => "",
        };
        name.ends_with(".ServiceUnknown") || name.ends_with(".NameHasNoOwner")
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Failure::Bus(error) => write!(f, "{error}"),
            Failure::NoEntry => f.write_str("there is no such entry"),
            Failure::Ambiguous => f.write_str("two entries have the same name"),
            Failure::NoCollection => f.write_str("there is no default collection"),
            Failure::Prompt => f.write_str("its prompt was not answered"),
        }
    }
}

impl std::error::Error for Failure {}

impl From<dbus::Error> for Failure {
    fn from(error: dbus::Error) -> Self {
        Failure::Bus(error)
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NoEntry => Error::NoEntry,
            Failure::Ambiguous => Error::Ambiguous(Vec::new()),
            other => Error::PlatformFailure(Box::new(other)),
        }
    }
}

#[cfg(test)]
mod tests;
