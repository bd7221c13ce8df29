//! A program of somebody else on the same keyring: it looks at hallpass's items, and writes over
//! them without hallpass's lock.

use std::collections::HashMap;
use std::time::Duration;

use dbus::Path;
use dbus::arg::{RefArg, Variant};
use dbus::blocking::{Connection, Proxy};

use super::keyring::Keyring;

const NAME: &str = "org.freedesktop.secrets";
const SERVICE: &str = "org.freedesktop.Secret.Service";
const ITEM: &str = "org.freedesktop.Secret.Item";
const TIMEOUT: Duration = Duration::from_secs(20);

/// See the module.
pub struct SecretItems {
    connection: Connection,
    session: Path<'static>,
}

impl SecretItems {
    /// A connection of its own.
    pub fn of(keyring: &Keyring) -> SecretItems {
        SecretItems::on(keyring.address())
    }

    /// On the keyring of this bus.
    pub fn on(address: &str) -> SecretItems {
        let connection = Connection::new_address(address).expect("a connection");
        let mut items = SecretItems {
            connection,
            session: Path::default(),
        };
        let service = items.at("/org/freedesktop/secrets".into());
        // The first message must be one that needs no record of this connection.
        let (_,): (Path<'static>,) = service
            .method_call(SERVICE, "ReadAlias", ("nobody",))
            .expect("an answer");
        let nothing: Box<dyn RefArg> = Box::new(String::new());
        let (_, session): (Variant<Box<dyn RefArg>>, Path<'static>) = service
            .method_call(SERVICE, "OpenSession", ("plain", Variant(nothing)))
            .expect("a session");
        items.session = session;
        items
    }

    /// What is kept for a user of hallpass's service.
    pub fn value(&self, user: &str) -> Option<Vec<u8>> {
        type Kept = (Path<'static>, Vec<u8>, Vec<u8>, String);
        let ((_, _, value, _),): (Kept,) = self
            .at(self.find(user)?)
            .method_call(ITEM, "GetSecret", (self.session.clone(),))
            .expect("its secret");
        Some(value)
    }

    /// Puts this in the place of what is kept.
    pub fn overwrite(&self, user: &str, value: &[u8]) {
        let nothing: &[u8] = &[];
        let secret = (self.session.clone(), nothing, value, "text/plain");
        let item = self.find(user).expect("an item");
        let () = self
            .at(item)
            .method_call(ITEM, "SetSecret", (secret,))
            .expect("overwritten");
    }

    fn find(&self, user: &str) -> Option<Path<'static>> {
        let attributes = HashMap::from([("service", "hallpass"), ("username", user)]);
        let (mut found, _): (Vec<Path<'static>>, Vec<Path<'static>>) = self
            .at("/org/freedesktop/secrets".into())
            .method_call(SERVICE, "SearchItems", (attributes,))
            .expect("an answer");
        found.pop()
    }

    fn at(&self, path: Path<'static>) -> Proxy<'static, &Connection> {
        self.connection.with_proxy(NAME, path, TIMEOUT)
    }
}
