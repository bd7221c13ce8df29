//! Sealed files in a folder, one an entry, for where there is no keyring.

use std::cell::{Cell, OnceCell, RefCell};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};

use super::entries::{Entries, unreadable};
use super::passphrase::Passphrase;
use super::sealed::{self, Derivation, Sealed};
use super::{hashed, key_file};
use crate::edge::{files, lock_file};
use crate::error::{Code, Error, Result};
use crate::secret::Secret;
use crate::secret::seal::Key;

/// Name of the entry that tells a wrong key from a damaged file, and how new entries are sealed.
const CHECK: &str = "check";

/// Where the key comes from.
pub enum KeySource {
    /// A file of ours alone.
    File(PathBuf),
    /// The person, or a file or variable that they name.
    Passphrase(Passphrase),
}

/// The store.
pub struct EncryptedFile {
    folder: PathBuf,
    source: KeySource,
    /// Keys of this run, by how they were made.
    keys: RefCell<Vec<(Derivation, Key)>>,
    /// The passphrase of this run, asked for once.
    passphrase: OnceCell<Secret>,
    /// Whether [`CHECK`] was found to fit the key.
    checked: Cell<Option<Derivation>>,
}

impl EncryptedFile {
    /// Opens nothing yet.
    pub fn new(folder: PathBuf, source: KeySource) -> Self {
        EncryptedFile {
            folder,
            source,
            keys: RefCell::default(),
            passphrase: OnceCell::new(),
            checked: Cell::default(),
        }
    }

    fn path(&self, id: &str, suffix: &str) -> PathBuf {
        self.folder.join(format!("{}.{suffix}", hashed(id)))
    }

    fn load(&self, id: &str) -> Result<Option<Vec<u8>>> {
        files::read_private(&self.path(id, "sealed"))
    }

    /// The key that `derivation` asks for.
    fn key(&self, derivation: &Derivation) -> Result<Key> {
        let known = self
            .keys
            .borrow()
            .iter()
            .find_map(|(made, key)| (made == derivation).then(|| key.clone()));
        if let Some(key) = known {
            return Ok(key);
        }
        let key = match (&self.source, derivation) {
            (KeySource::File(path), Derivation::KeyFile) => key_file::read(path)?,
            (KeySource::Passphrase(source), Derivation::Argon2id { .. }) => {
                self.derive(source, derivation)?
            }
            (KeySource::File(_), Derivation::Argon2id { .. }) => {
                return Err(self.other_key("a passphrase", "store.key_file"));
            }
            (KeySource::Passphrase(_), Derivation::KeyFile) => {
                return Err(self.other_key("a key file", "no store.key_file"));
            }
        };
        let mut keys = self.keys.borrow_mut();
        keys.push((*derivation, key.clone()));
        Ok(key)
    }

    fn derive(&self, source: &Passphrase, derivation: &Derivation) -> Result<Key> {
        if let Some(key) = source.remembered(derivation) {
            return Ok(key);
        }
        let passphrase = match self.passphrase.get() {
            Some(passphrase) => passphrase,
            None => {
                let asked = source.obtain()?;
                self.passphrase.get_or_init(|| asked)
            }
        };
        let key = derivation
            .derive(passphrase)?
            .ok_or_else(|| Error::new(Code::Internal, "no derivation from a passphrase"))?;
        source.remember(derivation, &key);
        Ok(key)
    }

    fn other_key(&self, made_with: &str, configured: &str) -> Error {
        Error::new(
            Code::StoreLocked,
            format!(
                "the encrypted file store in {} was made with {made_with}, and the configuration \
                 has {configured}",
                files::shown(&self.folder)
            ),
        )
        .with_hint("`hallpass store show` tells what is configured")
    }

    /// How new entries are sealed: as [`CHECK`] was, which is made where it is missing.
    fn current(&self) -> Result<Derivation> {
        if let Some(derivation) = self.checked.get() {
            return Ok(derivation);
        }
        let found = match self.check()? {
            Some(derivation) => derivation,
            None => self.create()?,
        };
        self.checked.set(Some(found));
        Ok(found)
    }

    /// Whether our key is the store's: `StoreLocked` where it is not, `None` where there is no
    /// store yet.
    fn check(&self) -> Result<Option<Derivation>> {
        let Some(bytes) = self.load(CHECK)? else {
            return Ok(None);
        };
        let sealed = Sealed::parse(&bytes).map_err(|why| unreadable(self, CHECK, why))?;
        let key = self.key(&sealed.derivation)?;
        match sealed.open(&key, CHECK) {
            Some(_) => Ok(Some(sealed.derivation)),
            None => Err(self.wrong_key(&sealed.derivation)),
        }
    }

    fn wrong_key(&self, derivation: &Derivation) -> Error {
        self.keys
            .borrow_mut()
            .retain(|(made, _)| made != derivation);
        let (what, hint) = match &self.source {
            KeySource::File(path) => (
                format!("the key in {}", files::shown(path)),
                "is it the key file this store was made with?",
            ),
            KeySource::Passphrase(source) => {
                source.forget(derivation);
                ("the passphrase".to_owned(), "try again")
            }
        };
        Error::new(
            Code::StoreLocked,
            format!(
                "{what} does not open the encrypted file store in {}",
                files::shown(&self.folder)
            ),
        )
        .with_hint(hint)
    }

    /// Two first users at once must not make two keys.
    fn create(&self) -> Result<Derivation> {
        let path = self.path(CHECK, "lock");
        let deadline = Duration::from_secs(60);
        let _lock = lock_file::lock(&path, "the store", deadline, &mut |_| ())?;
        if let Some(derivation) = self.check()? {
            return Ok(derivation);
        }
        let derivation = match &self.source {
            KeySource::File(path) => {
                key_file::create_where_missing(path)?;
                Derivation::KeyFile
            }
            KeySource::Passphrase(source) => {
                let asked = source.obtain_new()?;
                let _ = self.passphrase.set(asked);
                Derivation::passphrase(random()?)
            }
        };
        self.seal(&derivation, CHECK, CHECK.as_bytes())?;
        Ok(derivation)
    }

    fn seal(&self, derivation: &Derivation, id: &str, value: &[u8]) -> Result<()> {
        let key = self.key(derivation)?;
        let sealed = sealed::seal(derivation, &key, id, random()?, value);
        files::write_private(&self.path(id, "sealed"), &sealed)
    }
}

impl Entries for EncryptedFile {
    fn describe(&self) -> String {
        format!("encrypted file store in {}", files::shown(&self.folder))
    }

    /// Beside the file: whoever reaches the one reaches the other.
    fn lock_path(&self, id: &str) -> Result<PathBuf> {
        Ok(self.path(id, "lock"))
    }

    fn get(&self, id: &str) -> Result<Option<Secret<Vec<u8>>>> {
        let Some(bytes) = self.load(id)? else {
            return Ok(None);
        };
        let sealed = Sealed::parse(&bytes).map_err(|why| unreadable(self, id, why))?;
        let key = self.key(&sealed.derivation)?;
        if let Some(value) = sealed.open(&key, id) {
            return Ok(Some(value));
        }
        // A wrong key fails here; with the right one it is the file that is wrong.
        self.check()?;
        Err(unreadable(self, id, "it was changed or damaged"))
    }

    fn set(&self, id: &str, value: &[u8]) -> Result<()> {
        let derivation = self.current()?;
        self.seal(&derivation, id, value)
    }

    fn delete(&self, id: &str) -> Result<()> {
        files::remove(&self.path(id, "sealed"))
    }

    /// As it is: it may not be possible to open it.
    fn keep_aside(&self, id: &str) -> Result<String> {
        let path = self.path(id, "sealed");
        let aside = free_name(&path);
        match std::fs::rename(&path, &aside) {
            Ok(()) => Ok(files::shown(&aside)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Ok(format!("{} (nothing there)", files::shown(&path)))
            }
            Err(error) => Err(files::failed("rename", &path, error)),
        }
    }
}

fn free_name(path: &Path) -> PathBuf {
    let mut number = 1;
    loop {
        let aside = path.with_extension(format!("unreadable-{number}"));
        if aside.symlink_metadata().is_err() {
            return aside;
        }
        number += 1;
    }
}

fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| Error::new(Code::Internal, "the system gives no random bytes"))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::edge::store::entries::Store;
    use crate::edge::store::suite;
    use crate::port::fake::{FakeEnvironment, FakeUi};
    use crate::port::{EntryKey, TokenStore};

    fn with_key_file(root: &Path) -> Store<EncryptedFile> {
        let key = KeySource::File(root.join("k/key"));
        Store(EncryptedFile::new(root.join("store"), key))
    }

    fn with_passphrase(root: &Path, given: Option<&str>, typed: &[&str]) -> Store<EncryptedFile> {
        let environment = FakeEnvironment::default();
        if let Some(given) = given {
            environment.set(super::super::passphrase::VARIABLE, given);
        }
        let ui = FakeUi::default();
        ui.prompts.set(!typed.is_empty());
        let typed = typed.iter().map(|line| (*line).to_owned());
        ui.answers.borrow_mut().extend(typed);
        let source = Passphrase::new(Box::new(environment), Rc::new(ui));
        let source = KeySource::Passphrase(source);
        Store(EncryptedFile::new(root.join("store"), source))
    }

    fn put(store: &dyn TokenStore, name: &str, value: &str) -> Result<()> {
        let key = EntryKey::session(name);
        let mut guard = store.lock(&key, Duration::ZERO, &mut |_| ())?;
        guard.write(&value.into())
    }

    fn get(store: &dyn TokenStore, name: &str) -> Result<Option<String>> {
        let value = store.read(&EntryKey::session(name))?;
        Ok(value.map(|value| value.expose().clone()))
    }

    #[test]
    fn passes_the_suite_of_every_store_with_a_key_file() {
        let root = tempfile::tempdir().unwrap();
        suite::run(&with_key_file(root.path()));
    }

    #[test]
    fn passes_the_suite_of_every_store_with_a_passphrase() {
        let root = tempfile::tempdir().unwrap();
        suite::run(&with_passphrase(root.path(), Some("correct horse"), &[]));
    }

    #[test]
    fn the_passphrase_is_asked_for_twice_at_first_and_once_later() {
        let root = tempfile::tempdir().unwrap();
        let first = with_passphrase(root.path(), None, &["horse", "horse"]);
        put(&first, "a@b", "one").unwrap();
        put(&first, "a@c", "two").unwrap();
        let later = with_passphrase(root.path(), None, &["horse"]);
        assert_eq!(get(&later, "a@b").unwrap().as_deref(), Some("one"));
        assert_eq!(get(&later, "a@c").unwrap().as_deref(), Some("two"));
        put(&later, "a@c", "three").unwrap();
    }

    #[test]
    fn a_mistyped_new_passphrase_makes_no_store() {
        let root = tempfile::tempdir().unwrap();
        let store = with_passphrase(root.path(), None, &["horse", "house"]);
        assert_eq!(
            put(&store, "a@b", "x").unwrap_err().code(),
            Code::StoreLocked
        );
        assert_eq!(get(&store, "a@b").unwrap(), None);
    }

    #[test]
    fn locked_is_told_from_damaged() {
        let root = tempfile::tempdir().unwrap();
        put(
            &with_passphrase(root.path(), Some("horse"), &[]),
            "a@b",
            "x",
        )
        .unwrap();

        let wrong = with_passphrase(root.path(), Some("house"), &[]);
        assert_eq!(get(&wrong, "a@b").unwrap_err().code(), Code::StoreLocked);
        assert_eq!(
            put(&wrong, "a@b", "y").unwrap_err().code(),
            Code::StoreLocked
        );
        let nobody = with_passphrase(root.path(), None, &[]);
        let error = get(&nobody, "a@b").unwrap_err();
        assert_eq!(error.code(), Code::StoreLocked);
        assert!(
            error
                .hint()
                .unwrap()
                .contains("HALLPASS_STORE_PASSPHRASE_FILE")
        );

        let right = with_passphrase(root.path(), Some("horse"), &[]);
        assert_eq!(get(&right, "a@b").unwrap().as_deref(), Some("x"));
        let path = right.0.path("session:a@b", "sealed");
        let mut bytes = std::fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        files::write_private(&path, &bytes).unwrap();
        assert_eq!(
            get(&right, "a@b").unwrap_err().code(),
            Code::StoreUnreadable
        );
    }

    #[test]
    fn an_entry_put_in_another_s_place_is_not_read() {
        let root = tempfile::tempdir().unwrap();
        let store = with_key_file(root.path());
        put(&store, "bank@me", "bank").unwrap();
        let stolen = std::fs::read(store.0.path("session:bank@me", "sealed")).unwrap();
        let place = store.0.path("session:evil@me", "sealed");
        files::write_private(&place, &stolen).unwrap();
        let error = get(&store, "evil@me").unwrap_err();
        assert_eq!(error.code(), Code::StoreUnreadable);
    }

    #[test]
    fn garbled_content_is_kept_aside_not_lost() {
        let root = tempfile::tempdir().unwrap();
        let store = with_key_file(root.path());
        put(&store, "a@b", "x").unwrap();
        let path = store.0.path("session:a@b", "sealed");
        for round in 1..=2 {
            files::write_private(&path, b"garbled").unwrap();
            assert_eq!(
                get(&store, "a@b").unwrap_err().code(),
                Code::StoreUnreadable
            );
            let key = EntryKey::session("a@b");
            let mut guard = store.lock(&key, Duration::ZERO, &mut |_| ()).unwrap();
            let place = guard.keep_aside().unwrap();
            assert!(place.ends_with(&format!("unreadable-{round}")), "{place}");
            assert_eq!(std::fs::read(place).unwrap(), b"garbled");
            assert!(guard.read().unwrap().is_none());
        }
    }

    #[test]
    fn nothing_in_the_folder_is_readable_or_names_anybody() {
        let root = tempfile::tempdir().unwrap();
        let store = with_key_file(root.path());
        put(&store, "github@ada", "hunter2-secret").unwrap();
        for entry in std::fs::read_dir(root.path().join("store")).unwrap() {
            let path = entry.unwrap().path();
            assert!(!path.to_string_lossy().contains("ada"));
            let content = std::fs::read(&path).unwrap();
            let text = String::from_utf8_lossy(&content);
            assert!(
                !text.contains("hunter2") && !text.contains("ada"),
                "{path:?}"
            );
        }
    }

    #[test]
    fn a_lost_key_file_is_said_and_never_replaced() {
        let root = tempfile::tempdir().unwrap();
        put(&with_key_file(root.path()), "a@b", "x").unwrap();
        std::fs::remove_file(root.path().join("k/key")).unwrap();
        let store = with_key_file(root.path());
        assert_eq!(get(&store, "a@b").unwrap_err().code(), Code::StoreLocked);
        assert_eq!(
            put(&store, "a@b", "y").unwrap_err().code(),
            Code::StoreLocked
        );
        assert!(!root.path().join("k/key").exists());
    }
}
