//! Files that only their owner may read: atomic replacement, ownership checks.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;

use crate::error::{Code, Error, Result};
use crate::secret::printable;

/// More than any file of ours ever needs; a bigger one is not ours.
const LIMIT: u64 = 16 << 20;

/// Replaces `path` atomically: a 0600 temporary file in the same folder, fsync, rename, fsync of
/// the folder. Missing folders are created 0700. The old content stays if anything fails.
///
/// `StoreFull` where the disk takes no more, else `StoreFailed`.
pub fn write_private(path: &Path, content: &[u8]) -> Result<()> {
    #[cfg(unix)]
    super::interrupts::outlive_the_file_size_limit();
    let folder = folder_of(path);
    create_private_folder(folder)?;
    replace(path, folder, content).map_err(|error| failed("write", path, error))
}

/// As [`write_private`], without waiting for the disk: when the machine loses its power, the file
/// may be the old one, empty or gone.
pub fn write_private_unsynced(path: &Path, content: &[u8]) -> Result<()> {
    let folder = folder_of(path);
    create_private_folder(folder)?;
    let written = temporary(folder, content).and_then(|file| {
        file.persist(path).map_err(|failed| failed.error)?;
        Ok(())
    });
    written.map_err(|error| failed("write", path, error))
}

fn replace(path: &Path, folder: &Path, content: &[u8]) -> io::Result<()> {
    let file = temporary(folder, content)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|failed| failed.error)?;
    sync_folder(folder)
}

fn temporary(folder: &Path, content: &[u8]) -> io::Result<tempfile::NamedTempFile> {
    // tempfile creates it with O_EXCL and 0600 less the umask; a umask may also take away what
    // we need, so the mode is set once more.
    let mut file = tempfile::Builder::new()
        .prefix(".new-")
        .tempfile_in(folder)?;
    set_private(file.as_file())?;
    file.write_all(content)?;
    Ok(file)
}

/// Reads a file that must be ours alone: refused when a symlink, foreign-owned, or open to group
/// or others. `None` where there is none.
///
/// `StoreUnreadable` where it is refused, `StoreFailed` where the system does not give it.
pub fn read_private(path: &Path) -> Result<Option<Vec<u8>>> {
    let file = match open_as_it_is(path) {
        Ok(file) => file,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(_) if is_symlink(path) => {
            let place = shown(path);
            return Err(refused(path, "it is a symbolic link").with_hint(format!(
                "if you made the link: put the file itself at {place}"
            )));
        }
        Err(error) => return Err(failed("read", path, error)),
    };
    check_ours(&file, path)?;
    let mut content = Vec::new();
    file.take(LIMIT + 1)
        .read_to_end(&mut content)
        .map_err(|error| failed("read", path, error))?;
    if content.len() as u64 > LIMIT {
        return Err(refused(path, "it is larger than 16 MiB")
            .with_hint("it is no file of hallpass: find out what put it there"));
    }
    Ok(Some(content))
}

/// Removes a file; fine where there is none.
pub fn remove(path: &Path) -> Result<()> {
    match removed(path)? {
        true => sync_folder(folder_of(path)).map_err(|error| failed("remove", path, error)),
        false => Ok(()),
    }
}

/// As [`remove`], for a file that does no harm when the machine loses its power and it is back.
pub fn remove_unsynced(path: &Path) -> Result<()> {
    removed(path).map(drop)
}

/// Whether there was one.
fn removed(path: &Path) -> Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if is_absent(&error) => Ok(false),
        Err(error) => Err(failed("remove", path, error)),
    }
}

/// Makes sure that `folder` exists and is ours: created 0700 whatever the umask, refused when it
/// belongs to somebody else or others may write to it.
pub fn create_private_folder(folder: &Path) -> Result<()> {
    match fs::metadata(folder) {
        Ok(metadata) => return check_folder(&metadata, folder),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(failed("open", folder, error)),
    }
    let missing: Vec<&Path> = folder
        .ancestors()
        .take_while(|ancestor| !ancestor.as_os_str().is_empty() && !ancestor.exists())
        .collect();
    for folder in missing.into_iter().rev() {
        match make_folder(folder) {
            Ok(()) => {}
            // Another process was quicker.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed("create", folder, error)),
        }
    }
    let metadata = fs::metadata(folder).map_err(|error| failed("open", folder, error))?;
    check_folder(&metadata, folder)
}

/// The folder a file is in; the working folder for a bare name.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// A path as an error may show it.
pub fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy(), 300)
}

/// An error of the system about `path`, in our words.
pub fn failed(what: &str, path: &Path, error: io::Error) -> Error {
    let message = format!("cannot {what} {}", shown(path));
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Error::new(Code::StoreFull, message)
            .with_hint("the disk is full: make room, then try again"),
        ErrorKind::FileTooLarge => Error::new(Code::StoreFull, message)
            .with_hint("the limit on the size of files forbids it (`ulimit -f`)"),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            Error::new(Code::StoreFailed, message)
                .with_hint("its folder must be writable: `HALLPASS_STATE_DIR` names another one")
        }
        _ => Error::new(Code::StoreFailed, message),
    }
    .with_source(error)
}

fn refused(path: &Path, why: &str) -> Error {
    Error::new(
        Code::StoreUnreadable,
        format!("refusing to read {}: {why}", shown(path)),
    )
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn is_symlink(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink())
}

/// Opens without following a link, and without waiting for a pipe's other end.
#[cfg(unix)]
fn open_as_it_is(path: &Path) -> io::Result<File> {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt;
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
}

#[cfg(not(unix))]
fn open_as_it_is(path: &Path) -> io::Result<File> {
    if is_symlink(path) {
        return Err(ErrorKind::InvalidInput.into());
    }
    OpenOptions::new().read(true).open(path)
}

#[cfg(unix)]
fn check_ours(file: &File, path: &Path) -> Result<()> {
    use std::os::unix::fs::MetadataExt;
    let metadata = file
        .metadata()
        .map_err(|error| failed("read", path, error))?;
    if !metadata.is_file() {
        return Err(refused(path, "it is not a file")
            .with_hint("find out what put it there, and move it away"));
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(refused(path, &owner(metadata.uid()))
            .with_hint("run hallpass as the user who signed in"));
    }
    let mode = metadata.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(
            refused(path, &format!("others may open it (mode {mode:03o})")).with_hint(format!(
                "if nobody else has touched it: chmod 600 {}",
                shown(path)
            )),
        );
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_ours(file: &File, path: &Path) -> Result<()> {
    // The profile folder's access list keeps others out.
    let metadata = file
        .metadata()
        .map_err(|error| failed("read", path, error))?;
    match metadata.is_file() {
        true => Ok(()),
        false => Err(refused(path, "it is not a file")),
    }
}

#[cfg(unix)]
fn check_folder(metadata: &fs::Metadata, folder: &Path) -> Result<()> {
    use std::os::unix::fs::MetadataExt;
    let mode = metadata.mode() & 0o777;
    let why = if !metadata.is_dir() {
        "it is not a folder".to_owned()
    } else if metadata.uid() != rustix::process::geteuid().as_raw() {
        owner(metadata.uid())
    } else if mode & 0o022 != 0 {
        format!("others may write to it (mode {mode:03o})")
    } else {
        return Ok(());
    };
    Err(Error::new(
        Code::StoreFailed,
        format!("refusing to use {}: {why}", shown(folder)),
    )
    .with_hint(format!(
        "it must be yours alone: chmod 700 {}, or name another folder",
        shown(folder)
    )))
}

#[cfg(not(unix))]
fn check_folder(metadata: &fs::Metadata, folder: &Path) -> Result<()> {
    match metadata.is_dir() {
        true => Ok(()),
        false => Err(Error::new(
            Code::StoreFailed,
            format!("{} is not a folder", shown(folder)),
        )),
    }
}

#[cfg(unix)]
fn owner(uid: u32) -> String {
    let ours = rustix::process::geteuid().as_raw();
    format!("it belongs to user {uid}, and this is user {ours}")
}

#[cfg(unix)]
fn make_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    fs::DirBuilder::new().mode(0o700).create(folder)?;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn make_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir(folder)
}

#[cfg(unix)]
fn set_private(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn set_private(_file: &File) -> io::Result<()> {
    Ok(())
}

/// Makes a rename or removal in `folder` last through a power cut.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn a_written_file_and_its_folders_are_ours_alone() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a/b/file");
        write_private(&path, b"one").unwrap();
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(&root.path().join("a")), 0o700);
        assert_eq!(mode(&root.path().join("a/b")), 0o700);
        assert_eq!(read_private(&path).unwrap().unwrap(), b"one");
    }

    #[test]
    fn replacing_leaves_the_mode_and_no_other_file() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("s/file");
        for round in 0..100_u32 {
            write_private(&path, &round.to_le_bytes()).unwrap();
            assert_eq!(mode(&path), 0o600);
        }
        assert_eq!(fs::read_dir(root.path().join("s")).unwrap().count(), 1);
    }

    #[test]
    fn what_others_may_read_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("s/file");
        for bits in [0o640, 0o604, 0o620, 0o602, 0o644] {
            write_private(&path, b"x").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(bits)).unwrap();
            let error = read_private(&path).unwrap_err();
            assert_eq!(error.code(), Code::StoreUnreadable, "{bits:o}");
            assert!(error.to_string().contains(&format!("{bits:03o}")));
        }
    }

    #[test]
    fn a_link_a_folder_and_a_pipe_are_refused() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("s/target");
        write_private(&target, b"x").unwrap();
        let link = root.path().join("s/link");
        symlink(&target, &link).unwrap();
        let error = read_private(&link).unwrap_err();
        assert_eq!(error.code(), Code::StoreUnreadable);
        assert!(error.to_string().contains("symbolic link"));
        let folder = read_private(&root.path().join("s")).unwrap_err();
        assert_eq!(folder.code(), Code::StoreUnreadable);
    }

    #[test]
    fn a_link_is_replaced_not_followed() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("s/target");
        write_private(&target, b"old").unwrap();
        let link = root.path().join("s/link");
        symlink(&target, &link).unwrap();
        write_private(&link, b"new").unwrap();
        assert_eq!(read_private(&target).unwrap().unwrap(), b"old");
        assert_eq!(read_private(&link).unwrap().unwrap(), b"new");
    }

    #[test]
    fn a_folder_that_others_may_write_to_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("s");
        create_private_folder(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
        let error = write_private(&folder.join("file"), b"x").unwrap_err();
        assert_eq!(error.code(), Code::StoreFailed);
        assert!(error.to_string().contains("others may write"));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    }

    #[test]
    fn absent_is_none_and_removing_it_is_fine() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("s/none");
        assert!(read_private(&path).unwrap().is_none());
        remove(&path).unwrap();
    }
}
