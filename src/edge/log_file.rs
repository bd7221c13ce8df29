//! A file of the person's that is only ever added to, one process at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::error::{Code, Error, Result};
use crate::port::Log;
use crate::secret::printable;

/// Longest line that is read; what is longer was not written by [`Log::append`].
const LONGEST: u64 = 1 << 20;

/// Opens it, creating it for its owner only.
pub(super) fn open(path: &Path) -> Result<Box<dyn Log>> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let name = printable(&path.display().to_string(), 200);
    let file = options.open(path).map_err(|error| failed(&name, error))?;
    if !file.metadata().is_ok_and(|facts| facts.is_file()) {
        let what = format!("{name} is not a regular file");
        return Err(Error::new(Code::Usage, what).with_hint("name a file that can be kept"));
    }
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let what = format!("another process writes {name}");
            return Err(
                Error::new(Code::Usage, what).with_hint("wait for it to end, or name another file")
            );
        }
        // Some file systems know no locks.
        Err(TryLockError::Error(_)) => {}
    }
    Ok(Box::new(LogFile { file, name }))
}

struct LogFile {
    file: File,
    name: String,
}

impl Log for LogFile {
    fn read(&mut self, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let wrong = |error| failed(&self.name, error);
        self.file.seek(SeekFrom::Start(0)).map_err(wrong)?;
        let mut reader = BufReader::new(&self.file);
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = (&mut reader).take(LONGEST).read_until(b'\n', &mut line);
            match read.map_err(wrong)? {
                0 => return Ok(()),
                _ if line.ends_with(b"\n") => each(&line[..line.len() - 1])?,
                // Cut short by a crash: the next line begins afresh.
                _ => return (&self.file).write_all(b"\n").map_err(wrong),
            }
        }
    }

    fn append(&mut self, lines: &[u8]) -> Result<()> {
        let written = self.file.write_all(lines);
        written.map_err(|error| failed(&self.name, error))
    }
}

fn failed(name: &str, error: std::io::Error) -> Error {
    Error::new(
        Code::OutputFailed,
        format!("cannot keep a journal in {name}"),
    )
    .with_hint("check the folder and the space left on it")
    .with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &Path) -> Vec<String> {
        let mut lines = Vec::new();
        let mut log = open(path).unwrap();
        log.read(&mut |line| {
            lines.push(String::from_utf8_lossy(line).into_owned());
            Ok(())
        })
        .unwrap();
        lines
    }

    #[test]
    fn lines_are_added_and_a_torn_one_stays_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("j");
        let mut log = open(&path).unwrap();
        log.append(b"one\ntwo\n").unwrap();
        log.append(b"thr").unwrap();
        assert_eq!(open(&path).err().unwrap().code(), Code::Usage);
        drop(log);
        assert_eq!(lines(&path), ["one", "two"]);
        open(&path).unwrap().append(b"four\n").unwrap();
        assert_eq!(lines(&path), ["one", "two", "thr", "four"]);
        assert!(open(folder.path()).is_err());
    }
}
