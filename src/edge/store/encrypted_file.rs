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
use crate::secret::seal::Key;
use crate::secret::{Secret, quoted};

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
    /// Whether the key was offered to the kernel.
    remembered: Cell<bool>,
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
            remembered: Cell::default(),
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
            (KeySource::File(path), Derivation::Argon2id { .. }) => {
                return Err(self.other_kind(Some(path)));
            }
            (KeySource::Passphrase(_), Derivation::KeyFile) => return Err(self.other_kind(None)),
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
        Ok(key)
    }

    /// Lets a key that has just opened something rest in the kernel, where that was chosen.
    fn remember(&self, derivation: &Derivation, key: &Key) {
        if let KeySource::Passphrase(source) = &self.source
            && self.passphrase.get().is_some()
            && !self.remembered.replace(true)
        {
            source.remember(derivation, key);
        }
    }

    /// What is in the store was sealed with the other kind of key; `key_file` is ours.
    fn other_kind(&self, key_file: Option<&Path>) -> Error {
        let folder = files::shown(&self.folder);
        let (made_with, not, ours) = match key_file {
            Some(path) => (
                "a passphrase",
                "a key file",
                format!(" --key-file {}", quoted(&files::shown(path))),
            ),
            None => ("a key file", "a passphrase", String::new()),
        };
        Error::new(
            Code::StoreLocked,
            format!("the encrypted file store in {folder} was made with {made_with}, not {not}"),
        )
        .with_hint(format!(
            "carry what is in it over into another folder: `hallpass store move file{ours} --path \
             {}`",
            quoted(&format!("{folder}-2"))
        ))
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
    /// store yet, or one of another key that holds nothing.
    fn check(&self) -> Result<Option<Derivation>> {
        let Some(bytes) = self.load(CHECK)? else {
            return Ok(None);
        };
        let sealed = Sealed::parse(&bytes).map_err(|why| unreadable(self, CHECK, why))?;
        match self.open_check(&sealed) {
            Err(error) if error.code() == Code::StoreLocked && self.may_begin_anew(&sealed)? => {
                Ok(None)
            }
            checked => checked.map(Some),
        }
    }

    /// With nothing to lose another kind of key, or another key file, just takes over. A mistyped
    /// passphrase is only that.
    fn may_begin_anew(&self, sealed: &Sealed<'_>) -> Result<bool> {
        let mistyped = matches!(
            (&self.source, &sealed.derivation),
            (KeySource::Passphrase(_), Derivation::Argon2id { .. })
        );
        Ok(!mistyped && self.holds_nothing()?)
    }

    /// Whether there is no entry but [`CHECK`].
    fn holds_nothing(&self) -> Result<bool> {
        let check = self.path(CHECK, "sealed");
        let failed = |error| files::failed("read", &self.folder, error);
        for entry in std::fs::read_dir(&self.folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_some_and(|suffix| suffix == "sealed") && path != check {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn open_check(&self, sealed: &Sealed<'_>) -> Result<Derivation> {
        let key = self.key(&sealed.derivation)?;
        match sealed.open(&key, CHECK) {
            Some(_) => {
                self.remember(&sealed.derivation, &key);
                Ok(sealed.derivation)
            }
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
        self.remember(&derivation, &self.key(&derivation)?);
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
            self.remember(&sealed.derivation, &key);
            return Ok(Some(value));
        }
        // A wrong key fails here; with the right one it is the file that is wrong.
        self.check()?;
        Err(unreadable(self, id, "it was changed or damaged"))
    }

    /// Asks for no passphrase.
    fn holds(&self, id: &str) -> Result<bool> {
        Ok(self.path(id, "sealed").exists())
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
mod tests;
