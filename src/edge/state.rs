//! The state folder: facts of sessions, default accounts, spills.

use std::fs;
use std::path::PathBuf;

use super::files;
use super::paths::Paths;
use crate::error::Result;
use crate::port::{Listed, StateFiles, StateKind};

/// One folder a kind, one private file a name.
#[derive(Debug, Clone)]
pub struct StateFolder {
    folder: PathBuf,
}

impl StateFolder {
    /// In the state folder.
    pub fn new(paths: &Paths) -> Self {
        StateFolder {
            folder: paths.state.clone(),
        }
    }

    fn folder(&self, kind: StateKind) -> PathBuf {
        self.folder.join(match kind {
            StateKind::Session => "session",
            StateKind::DefaultAccount => "default-account",
            StateKind::Spill => "spill",
        })
    }

    fn file(&self, kind: StateKind, name: &str) -> PathBuf {
        self.folder(kind).join(encode(name))
    }
}

impl StateFiles for StateFolder {
    fn list(&self, kind: StateKind) -> Result<Vec<Listed>> {
        let folder = self.folder(kind);
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(files::failed("list", &folder, error)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| files::failed("list", &folder, error))?;
            // Temporary files of writers begin with a dot, which no encoded name does.
            let Some(name) = entry.file_name().to_str().and_then(decode) else {
                continue;
            };
            if let Some(content) = files::read_private(&entry.path()).transpose() {
                found.push((name, content));
            }
        }
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(found)
    }

    fn read(&self, kind: StateKind, name: &str) -> Result<Option<Vec<u8>>> {
        files::read_private(&self.file(kind, name))
    }

    fn write(&self, kind: StateKind, name: &str, content: &[u8]) -> Result<()> {
        files::write_private(&self.file(kind, name), content)
    }

    fn jot(&self, kind: StateKind, name: &str, content: &[u8]) -> Result<()> {
        files::write_private_unsynced(&self.file(kind, name), content)
    }

    fn remove(&self, kind: StateKind, name: &str) -> Result<()> {
        let file = self.file(kind, name);
        match kind {
            // The store has overtaken it: nobody has its key any more.
            StateKind::Spill => files::remove_unsynced(&file),
            StateKind::Session | StateKind::DefaultAccount => files::remove(&file),
        }
    }
}

/// A file name that any file system keeps apart from every other: lower-case letters, digits and
/// `@ . - _ +` stand for themselves (a dot not at the beginning), every other byte is `%xx`.
fn encode(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 5);
    for (place, byte) in name.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'@' | b'-' | b'_' | b'+' => out.push(char::from(byte)),
            b'.' if place > 0 => out.push('.'),
            _ => out.push_str(&format!("%{byte:02x}")),
        }
    }
    out.push_str(SUFFIX);
    out
}

/// Keeps names such as `con` and a trailing dot away from Windows.
const SUFFIX: &str = ".state";

/// [`encode`] undone; `None` for what it never makes.
fn decode(file_name: &str) -> Option<String> {
    let mut rest = file_name.strip_suffix(SUFFIX)?;
    let mut bytes = Vec::with_capacity(rest.len());
    while let Some(place) = rest.find('%') {
        bytes.extend_from_slice(&rest.as_bytes()[..place]);
        let hex = rest.get(place + 1..place + 3)?;
        bytes.push(u8::from_str_radix(hex, 16).ok()?);
        rest = &rest[place + 3..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    let name = String::from_utf8(bytes).ok()?;
    (encode(&name) == file_name).then_some(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn state(root: &std::path::Path) -> StateFolder {
        StateFolder {
            folder: root.join("state"),
        }
    }

    #[test]
    fn kinds_are_kept_apart_and_listed_in_order() {
        let root = tempfile::tempdir().unwrap();
        let state = state(root.path());
        assert!(state.list(StateKind::Session).unwrap().is_empty());
        state.write(StateKind::Session, "b@two", b"2").unwrap();
        state.write(StateKind::Session, "a@one", b"1").unwrap();
        state.write(StateKind::Spill, "a@one", b"3").unwrap();
        let listed = state.list(StateKind::Session).unwrap().into_iter();
        let listed: Vec<_> = listed
            .map(|(name, content)| (name, content.unwrap()))
            .collect();
        assert_eq!(
            listed,
            [
                ("a@one".into(), b"1".to_vec()),
                ("b@two".into(), b"2".to_vec())
            ]
        );
        state.remove(StateKind::Session, "a@one").unwrap();
        assert_eq!(state.read(StateKind::Session, "a@one").unwrap(), None);
        assert_eq!(
            state.read(StateKind::Spill, "a@one").unwrap().unwrap(),
            b"3"
        );
    }

    #[cfg(unix)]
    #[test]
    fn one_file_that_is_refused_does_not_hide_the_others() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        let state = state(root.path());
        for name in ["a@one", "b@two"] {
            state.write(StateKind::Session, name, b"1").unwrap();
        }
        let open = fs::Permissions::from_mode(0o644);
        fs::set_permissions(state.file(StateKind::Session, "a@one"), open).unwrap();
        let listed = state.list(StateKind::Session).unwrap();
        let fine: Vec<_> = listed.iter().map(|(_, content)| content.is_ok()).collect();
        assert_eq!(fine, [false, true]);
    }

    #[test]
    fn a_name_never_leaves_its_folder() {
        for name in [
            "../x",
            "/etc/passwd",
            "..",
            "a/../../b",
            "a\\b",
            "a\0b",
            "C:x",
        ] {
            let encoded = encode(name);
            assert!(!encoded.contains(['/', '\\', '\0', ':']), "{encoded}");
            assert!(!encoded.starts_with('.'), "{encoded}");
        }
    }

    #[test]
    fn names_that_differ_in_case_are_different_files() {
        let fold = |name: &str| encode(name).to_lowercase();
        assert_ne!(fold("x@Ada"), fold("x@ada"));
    }

    proptest! {
        #[test]
        fn every_name_comes_back(name in "\\PC{0,40}") {
            prop_assert_eq!(decode(&encode(&name)), Some(name));
        }

        #[test]
        fn foreign_file_names_do_no_harm(name in "\\PC{0,40}") {
            if let Some(decoded) = decode(&name) {
                prop_assert_eq!(encode(&decoded), name);
            }
        }
    }
}
