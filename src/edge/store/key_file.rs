//! The encrypted file store's key in a file: mark, version and 32 random bytes in base64url.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom, SystemRandom};

use crate::edge::files;
use crate::error::{Code, Error, Result};
use crate::secret::Secret;
use crate::secret::seal::Key;

const MARK: &str = "hallpass-key:1:";

/// The key; `StoreLocked` where the file is missing, `StoreUnreadable` where it is no key.
pub fn read(path: &Path) -> Result<Key> {
    let Some(bytes) = files::read_private(path)? else {
        return Err(Error::new(
            Code::StoreLocked,
            format!("no key file {}", files::shown(path)),
        )
        .with_hint("put the key file back: nothing else opens the store"));
    };
    let bytes = Secret::new(bytes);
    parse(bytes.expose()).ok_or_else(|| {
        Error::new(
            Code::StoreUnreadable,
            format!("{} is not a key file of hallpass", files::shown(path)),
        )
        .with_hint("put the right file there, or name it: `hallpass store use file --key-file …`")
    })
}

/// Makes a key where there is no file; never replaces one.
pub fn create_where_missing(path: &Path) -> Result<()> {
    if files::read_private(path)?.is_some() {
        return Ok(());
    }
    let mut key = Secret::new([0; 32]);
    SystemRandom::new()
        .fill(key.expose_mut())
        .map_err(|_| Error::new(Code::Internal, "the system gives no random bytes"))?;
    let encoded = Secret::new(URL_SAFE_NO_PAD.encode(key.expose()));
    let line = Secret::new(format!("{MARK}{}\n", encoded.expose()));
    files::write_private(path, line.expose().as_bytes())
}

fn parse(bytes: &[u8]) -> Option<Key> {
    let text = std::str::from_utf8(bytes).ok()?.trim_ascii_end();
    let decoded = Secret::new(URL_SAFE_NO_PAD.decode(text.strip_prefix(MARK)?).ok()?);
    Some(Secret::new(decoded.expose().as_slice().try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_kept() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("k/key");
        assert_eq!(read(&path).unwrap_err().code(), Code::StoreLocked);
        create_where_missing(&path).unwrap();
        let key = read(&path).unwrap();
        create_where_missing(&path).unwrap();
        assert!(read(&path).unwrap() == key);
        assert_ne!(key.expose(), &[0; 32]);
    }

    #[test]
    fn something_else_is_not_a_key_and_not_replaced() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("k/key");
        for text in ["", "hunter2", "hallpass-key:1:", "hallpass-key:1:AAAA\n"] {
            files::write_private(&path, text.as_bytes()).unwrap();
            create_where_missing(&path).unwrap();
            let error = read(&path).unwrap_err();
            assert_eq!(error.code(), Code::StoreUnreadable, "{text:?}");
            assert!(!error.to_string().contains("hunter2"));
        }
    }
}
