//! Locks between processes: one file a lock, given back by the system when its holder dies.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use super::files;
use crate::error::{Code, Error, Result};
use crate::secret::printable;

/// First and longest pause between two tries; a refresh takes about a tenth of a second.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// When the person is told who is waited for.
const TELL_AFTER: Duration = Duration::from_secs(1);

/// A lock that is held; given back when dropped, or when the process ends in any way.
#[derive(Debug)]
pub struct LockFile {
    _file: File,
}

/// Takes the lock `path` for `what`, waiting at most `deadline`; a deadline of zero tries once.
///
/// `waiting` is called once, after a second, with who is waited for. `LockTimeout` names the
/// holder. The file stays behind: removing it would let two processes lock two files.
pub fn lock(
    path: &Path,
    what: &str,
    deadline: Duration,
    waiting: &mut dyn FnMut(&str),
) -> Result<LockFile> {
    files::create_private_folder(files::folder_of(path))?;
    let begin = Instant::now();
    let mut pause = FIRST_PAUSE;
    let mut told = false;
    loop {
        let Some(mut file) = try_lock(path)? else {
            let waited = begin.elapsed();
            if waited >= deadline {
                return Err(timed_out(path, what));
            }
            if waited >= TELL_AFTER && !told {
                told = true;
                waiting(&holder(path));
            }
            std::thread::sleep(pause.min(deadline - waited));
            pause = (pause * 2).min(LONGEST_PAUSE);
            continue;
        };
        sign(&mut file);
        return Ok(LockFile { _file: file });
    }
}

/// `None` while somebody else holds it.
fn try_lock(path: &Path) -> Result<Option<File>> {
    loop {
        let file = open(path).map_err(|error| files::failed("open", path, error))?;
        match file.try_lock() {
            Ok(()) if is_still(path, &file) => return Ok(Some(file)),
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => {
                return Err(files::failed("lock", path, error).with_hint(
                    "is this a network folder without locks? the lock must be on a local disk",
                ));
            }
        }
    }
}

fn open(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        let flags = OFlags::NOFOLLOW | OFlags::CLOEXEC;
        options.mode(0o600).custom_flags(flags.bits().cast_signed());
    }
    options.open(path)
}

/// A cleaner of temporary folders may have removed the file between opening and locking; then
/// others lock a new one, and this lock guards nothing.
#[cfg(unix)]
fn is_still(path: &Path, file: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (Ok(ours), Ok(there)) = (file.metadata(), std::fs::symlink_metadata(path)) else {
        return false;
    };
    (ours.dev(), ours.ino()) == (there.dev(), there.ino())
}

#[cfg(not(unix))]
fn is_still(_path: &Path, _file: &File) -> bool {
    true
}

/// Writes down who holds it; only for messages, so a failure is no failure.
fn sign(file: &mut File) {
    let _ = file
        .set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| write!(file, "{}", std::process::id()));
}

fn holder(path: &Path) -> String {
    let mut text = String::new();
    // On Windows a locked file cannot be read.
    let read = open(path).and_then(|file| file.take(20).read_to_string(&mut text));
    match (read, text.trim()) {
        (Ok(_), pid) if !pid.is_empty() => format!("process {}", printable(pid, 20)),
        _ => "another process".to_owned(),
    }
}

fn timed_out(path: &Path, what: &str) -> Error {
    let holder = holder(path);
    Error::new(
        Code::LockTimeout,
        format!("{holder} holds the lock of {}", printable(what, 100)),
    )
    .with_hint(format!(
        "{holder} is another hallpass: wait for it, or end it if it is stuck"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Other tests start programs, and between fork and exec a child shares every lock.
    const PATIENT: Duration = Duration::from_secs(20);

    #[test]
    fn it_is_exclusive_names_its_holder_and_ends_with_its_guard() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("locks/x.lock");
        let held = lock(&path, "x@y", PATIENT, &mut |_| ()).unwrap();
        let error = lock(&path, "x@y", Duration::ZERO, &mut |_| ()).unwrap_err();
        assert_eq!(error.code(), Code::LockTimeout);
        let us = format!("process {}", std::process::id());
        assert!(error.to_string().contains(&us), "{error}");
        drop(held);
        lock(&path, "x@y", PATIENT, &mut |_| ()).unwrap();
    }

    #[test]
    fn a_lock_whose_file_was_cleaned_away_is_taken_again() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("locks/x.lock");
        let stale = lock(&path, "x", PATIENT, &mut |_| ()).unwrap();
        std::fs::remove_file(&path).unwrap();
        lock(&path, "x", PATIENT, &mut |_| ()).unwrap();
        drop(stale);
    }

    #[test]
    fn waiting_ends_when_the_holder_lets_go_and_is_told_once() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("locks/x.lock");
        let held = lock(&path, "x", PATIENT, &mut |_| ()).unwrap();
        let told = std::sync::Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            let (path, told) = (&path, &told);
            let waiter = scope.spawn(move || {
                lock(path, "x", Duration::from_secs(60), &mut |who| {
                    told.lock().unwrap().push(who.to_owned());
                })
            });
            while told.lock().unwrap().is_empty() {
                std::thread::yield_now();
            }
            drop(held);
            waiter.join().unwrap().unwrap();
        });
        assert_eq!(told.into_inner().unwrap().len(), 1);
    }
}
