//! Where locks of a keyring or a command are: one place a user, wherever `HOME` or `HALLPASS_*`
//! point, because the credential that they guard is the same one.

use std::path::{Path, PathBuf};

use super::hashed;
use crate::edge::files;
use crate::error::Result;

/// The lock file of entry `id` of the store `identity`.
pub fn lock_path(identity: &str, id: &str) -> Result<PathBuf> {
    let folder = folder()?;
    Ok(folder.join(format!("{}.lock", hashed(&format!("{identity}\0{id}")))))
}

/// The user's runtime folder where the system made one, else a folder of ours in the system's
/// temporary one. Both are checked to be ours alone.
#[cfg(unix)]
fn folder() -> Result<PathBuf> {
    let uid = rustix::process::geteuid().as_raw();
    let runtime = PathBuf::from(format!("/run/user/{uid}"));
    let folder = if is_ours(&runtime, uid) {
        runtime.join("hallpass")
    } else {
        // Not `TMPDIR`: a process that has another one must meet the same lock.
        PathBuf::from(format!("/tmp/hallpass-{uid}"))
    };
    refuse_link(&folder)?;
    files::create_private_folder(&folder)?;
    Ok(folder)
}

#[cfg(unix)]
fn is_ours(folder: &Path, uid: u32) -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::symlink_metadata(folder)
        .is_ok_and(|found| found.is_dir() && found.uid() == uid && found.mode() & 0o022 == 0)
}

/// Anybody may put a link of our folder's name into the temporary folder.
#[cfg(unix)]
fn refuse_link(folder: &Path) -> Result<()> {
    use crate::error::{Code, Error};
    match std::fs::symlink_metadata(folder) {
        Ok(found) if found.is_symlink() => Err(Error::new(
            Code::StoreFailed,
            format!(
                "{} is a symbolic link; locks are not kept there",
                files::shown(folder)
            ),
        )
        .with_hint("find out who made it, and remove it")),
        _ => Ok(()),
    }
}

/// The temporary folder is the user's own.
#[cfg(not(unix))]
fn folder() -> Result<PathBuf> {
    let folder = std::env::temp_dir().join("hallpass");
    files::create_private_folder(&folder)?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stores_and_entries_have_locks_of_their_own() {
        let path = |identity, id| lock_path(identity, id).unwrap();
        let one = path("keyring bus", "session:a@b");
        assert_eq!(one, path("keyring bus", "session:a@b"));
        assert_ne!(one, path("keyring bus", "session:a@c"));
        assert_ne!(one, path("keyring other", "session:a@b"));
        assert!(!one.to_string_lossy().contains("a@b"));
    }
}
