//! An unlocked key that rests in the Linux kernel for a stated time, so that a script is not
//! asked again and a slow passphrase hash is paid once.
//!
//! Only in the session keyring, which a login makes and its end destroys: without one the kernel
//! would take the user's own, which every process of the user shares, whatever its session.

use super::hashed;
use super::sealed::Derivation;
use crate::secret::seal::Key;

/// Whether the kernel has a session keyring for this process.
pub fn is_possible() -> bool {
    platform::session().is_some()
}

/// The key that rests there for this derivation.
pub fn get(derivation: &Derivation) -> Option<Key> {
    platform::get(&description(derivation))
}

/// Lets it rest for `seconds`; failing to only means being asked again.
pub fn put(derivation: &Derivation, key: &Key, seconds: u64) {
    platform::put(&description(derivation), key, seconds);
}

/// Takes it out.
pub fn remove(derivation: &Derivation) {
    platform::remove(&description(derivation));
}

/// The derivation has a random salt, so this names one store.
fn description(derivation: &Derivation) -> String {
    format!("hallpass:{}", hashed(&format!("{derivation:?}")))
}

#[cfg(target_os = "linux")]
mod platform {
    use linux_keyutils::{Key as Entry, KeyRing, KeyRingIdentifier};

    use crate::secret::Secret;
    use crate::secret::seal::Key;

    /// Never made here: one of our own would end with this process.
    pub fn session() -> Option<KeyRing> {
        let keyring = KeyRing::from_special_id(KeyRingIdentifier::Session, false).ok()?;
        let metadata = keyring.metadata().ok()?;
        let of_the_user = metadata.get_description().starts_with("_uid");
        (!of_the_user).then_some(keyring)
    }

    fn find(description: &str) -> Option<Entry> {
        session()?.search(description).ok()
    }

    pub fn get(description: &str) -> Option<Key> {
        let mut key = Secret::new([0; 32]);
        let length = find(description)?.read(key.expose_mut()).ok()?;
        (length == 32).then_some(key)
    }

    pub fn put(description: &str, key: &Key, seconds: u64) {
        let Some(keyring) = session() else { return };
        let Ok(entry) = keyring.add_key(description, key.expose()) else {
            return;
        };
        let seconds = usize::try_from(seconds).unwrap_or(usize::MAX);
        if entry.set_timeout(seconds).is_err() {
            let _ = entry.invalidate();
        }
    }

    pub fn remove(description: &str) {
        if let Some(entry) = find(description) {
            let _ = entry.invalidate();
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use crate::secret::seal::Key;

    pub fn session() -> Option<()> {
        None
    }

    pub fn get(_description: &str) -> Option<Key> {
        None
    }

    pub fn put(_description: &str, _key: &Key, _seconds: u64) {}

    pub fn remove(_description: &str) {}
}
