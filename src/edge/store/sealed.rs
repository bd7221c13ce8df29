//! One entry as a file: a versioned header that says how the key is made, then the sealed value.
//!
//! Header: 16 bytes of mark, version, kind of key, and for a passphrase Argon2id's (RFC 9106)
//! memory in KiB, passes, lanes and salt. Header and entry name are bound to the value: none can
//! be changed, and no file can be renamed into another's place.

use argon2::{Algorithm, Argon2, Params, Version};

use crate::error::{Code, Error, Result};
use crate::secret::Secret;
use crate::secret::seal::{self, Key};

const MARK: &[u8; 16] = b"hallpass sealed\n";
const VERSION: u8 = 1;
const HEADER: usize = 16 + 1 + 1 + 4 + 4 + 1 + 16;

/// How the key of a file is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Derivation {
    /// The key is in a key file.
    KeyFile,
    /// From a passphrase.
    Argon2id {
        kibibytes: u32,
        passes: u32,
        lanes: u8,
        salt: [u8; 16],
    },
}

/// For new stores: RFC 9106 §4's second choice, with one lane as only one core works on it.
/// Measured: 0.11 s and 64 MiB.
const CHOSEN: (u32, u32, u8) = (64 << 10, 3, 1);

/// Least and most that a header may ask for: whoever can write the file must not be able to
/// weaken the key, nor to stop the machine.
const LEAST: (u32, u32) = (19 << 10, 2);
const MOST: (u32, u32, u8) = (1 << 20, 16, 16);

impl Derivation {
    /// From a passphrase, for a new store.
    pub fn passphrase(salt: [u8; 16]) -> Self {
        let (kibibytes, passes, lanes) = CHOSEN;
        Derivation::Argon2id {
            kibibytes,
            passes,
            lanes,
            salt,
        }
    }

    /// The key that `secret` (the passphrase) makes; `None` for a key file.
    pub fn derive(&self, passphrase: &Secret) -> Result<Option<Key>> {
        let Derivation::Argon2id {
            kibibytes,
            passes,
            lanes,
            salt,
        } = self
        else {
            return Ok(None);
        };
        let failed = |error: argon2::Error| {
            Error::new(Code::StoreFailed, "cannot derive a key from the passphrase")
                .with_source(error.to_string())
        };
        let params =
            Params::new(*kibibytes, *passes, u32::from(*lanes), Some(32)).map_err(failed)?;
        let mut key = Secret::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.expose().as_bytes(), salt, key.expose_mut())
            .map_err(failed)?;
        Ok(Some(key))
    }

    /// The header of a file.
    fn header(&self) -> Vec<u8> {
        let mut header = Vec::with_capacity(HEADER);
        header.extend_from_slice(MARK);
        header.push(VERSION);
        let (kind, kibibytes, passes, lanes, salt) = match self {
            Derivation::KeyFile => (0, 0, 0, 0, [0; 16]),
            Derivation::Argon2id {
                kibibytes,
                passes,
                lanes,
                salt,
            } => (1, *kibibytes, *passes, *lanes, *salt),
        };
        header.push(kind);
        header.extend_from_slice(&kibibytes.to_be_bytes());
        header.extend_from_slice(&passes.to_be_bytes());
        header.push(lanes);
        header.extend_from_slice(&salt);
        header
    }

    /// From a file's header; the error says what is wrong with it.
    fn parse(header: &[u8; HEADER]) -> Result<Self, &'static str> {
        let (mark, rest) = header.split_at(MARK.len());
        if mark != MARK {
            return Err("it is not a file of hallpass");
        }
        let (fixed, salt) = rest.split_at(11);
        let [version, kind, k0, k1, k2, k3, p0, p1, p2, p3, lanes] = *fixed else {
            return Err("its header is cut off");
        };
        if version != VERSION {
            return Err("a newer hallpass wrote it");
        }
        let kibibytes = u32::from_be_bytes([k0, k1, k2, k3]);
        let passes = u32::from_be_bytes([p0, p1, p2, p3]);
        let salt = salt.try_into().map_err(|_| "its header is cut off")?;
        match kind {
            0 => Ok(Derivation::KeyFile),
            1 if kibibytes < LEAST.0 || passes < LEAST.1 || lanes == 0 => {
                Err("its key derivation was weakened")
            }
            1 if kibibytes > MOST.0 || passes > MOST.1 || lanes > MOST.2 => {
                Err("its key derivation would take too much memory or time")
            }
            1 => Ok(Derivation::Argon2id {
                kibibytes,
                passes,
                lanes,
                salt,
            }),
            _ => Err("its kind of key is unknown"),
        }
    }
}

/// A file's bytes, taken apart.
#[derive(Debug)]
pub struct Sealed<'a> {
    /// How its key is made.
    pub derivation: Derivation,
    header: &'a [u8],
    body: &'a [u8],
}

impl<'a> Sealed<'a> {
    /// Reads the header; the error says what is wrong with it.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, &'static str> {
        let (header, body) = bytes.split_first_chunk::<HEADER>().ok_or("it is cut off")?;
        Ok(Sealed {
            derivation: Derivation::parse(header)?,
            header,
            body,
        })
    }

    /// The value; `None` with another key or name, or when a byte was changed.
    pub fn open(&self, key: &Key, id: &str) -> Option<Secret<Vec<u8>>> {
        seal::open(key, &bound(self.header, id), self.body)
    }
}

/// A file's bytes.
pub fn seal(
    derivation: &Derivation,
    key: &Key,
    id: &str,
    salt: [u8; seal::SALT],
    value: &[u8],
) -> Vec<u8> {
    let mut file = derivation.header();
    let body = seal::seal(key, salt, &bound(&file, id), value);
    file.extend_from_slice(&body);
    file
}

/// The header has a fixed length, so the two cannot run into each other.
fn bound(header: &[u8], id: &str) -> Vec<u8> {
    [header, id.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SALTED: Derivation = Derivation::Argon2id {
        kibibytes: LEAST.0,
        passes: LEAST.1,
        lanes: 1,
        salt: [3; 16],
    };

    #[test]
    fn a_file_opens_with_its_key_and_name_only() {
        let key = SALTED.derive(&"correct horse".into()).unwrap().unwrap();
        let file = seal(&SALTED, &key, "session:a@b", [9; 32], b"hunter2");
        let parsed = Sealed::parse(&file).unwrap();
        assert_eq!(parsed.derivation, SALTED);
        assert_eq!(
            parsed.open(&key, "session:a@b").unwrap().expose(),
            b"hunter2"
        );
        assert!(parsed.open(&key, "session:a@c").is_none());
        let other = SALTED.derive(&"correct house".into()).unwrap().unwrap();
        assert!(parsed.open(&other, "session:a@b").is_none());
    }

    #[test]
    fn weakened_and_excessive_parameters_are_refused() {
        let altered = |kibibytes, passes, lanes| {
            let derivation = Derivation::Argon2id {
                kibibytes,
                passes,
                lanes,
                salt: [3; 16],
            };
            let file = seal(&derivation, &Secret::new([0; 32]), "x", [0; 32], b"");
            Sealed::parse(&file).map(drop)
        };
        altered(CHOSEN.0, CHOSEN.1, CHOSEN.2).unwrap();
        for (kibibytes, passes, lanes) in [(8, 3, 1), (65_536, 1, 1), (65_536, 3, 0)] {
            let why = altered(kibibytes, passes, lanes).unwrap_err();
            assert!(why.contains("weakened"), "{why}");
        }
        for (kibibytes, passes, lanes) in
            [(u32::MAX, 3, 1), (65_536, u32::MAX, 1), (65_536, 3, 255)]
        {
            let why = altered(kibibytes, passes, lanes).unwrap_err();
            assert!(why.contains("too much"), "{why}");
        }
    }

    #[test]
    fn a_changed_header_does_not_open() {
        let key = Secret::new([1; 32]);
        let file = seal(&Derivation::KeyFile, &key, "x", [0; 32], b"v");
        for place in 0..HEADER {
            let mut changed = file.clone();
            changed[place] ^= 1;
            if let Ok(parsed) = Sealed::parse(&changed) {
                assert!(parsed.open(&key, "x").is_none(), "byte {place}");
            }
        }
    }

    #[test]
    fn a_newer_version_is_told_from_damage() {
        let mut file = seal(
            &Derivation::KeyFile,
            &Secret::new([1; 32]),
            "x",
            [0; 32],
            b"",
        );
        file[16] = 2;
        assert!(Sealed::parse(&file).unwrap_err().contains("newer"));
        file[0] = b'H';
        assert!(Sealed::parse(&file).unwrap_err().contains("not a file"));
    }

    proptest! {
        #[test]
        fn foreign_files_do_no_harm(tail in proptest::collection::vec(any::<u8>(), 0..80)) {
            let file = [&MARK[..], &tail].concat();
            if let Ok(parsed) = Sealed::parse(&file) {
                prop_assert!(parsed.open(&Secret::new([1; 32]), "x").is_none());
            }
        }
    }
}
