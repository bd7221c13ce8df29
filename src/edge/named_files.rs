//! Files and standard input that the person names on the command line.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::error::{Code, Error, Result};
use crate::port::files::{Mode, Unfinished};
use crate::port::{Body, BoxFuture, Download, Files, Log, Source};

/// Behind the name of a file that is not whole yet; the facts' name has `.json` behind that.
const PARTIAL: &str = ".hallpass-part";

/// The file system and standard input.
#[derive(Debug, Clone, Copy, Default)]
pub struct NamedFiles;

/// Most that is read into memory at once: a device never ends.
const MOST: u64 = 1 << 30;

fn read_whole(from: impl Read, content: &mut Vec<u8>) -> std::io::Result<usize> {
    from.take(MOST + 1).read_to_end(content)
}

impl Files for NamedFiles {
    fn read(&self, source: &Source) -> Result<Vec<u8>> {
        let mut content = Vec::new();
        let read = match source {
            Source::Stdin => read_whole(std::io::stdin().lock(), &mut content),
            Source::File(path) => {
                File::open(expand(path)).and_then(|file| read_whole(file, &mut content))
            }
        };
        match read {
            Ok(_) if content.len() as u64 > MOST => {
                Err(unreadable(source, ErrorKind::FileTooLarge.into())
                    .with_hint("it would be held in memory whole; -T FILE sends any size"))
            }
            Ok(_) => Ok(content),
            Err(error) => Err(unreadable(source, error)),
        }
    }

    fn length(&self, source: &Source) -> Result<Option<u64>> {
        let Source::File(path) = source else {
            return Ok(None);
        };
        let facts = std::fs::metadata(expand(path)).map_err(|error| unreadable(source, error))?;
        if facts.is_dir() {
            return Err(unreadable(source, ErrorKind::IsADirectory.into()));
        }
        Ok(facts.is_file().then_some(facts.len()))
    }

    fn open<'a>(&'a self, source: &'a Source, offset: u64) -> BoxFuture<'a, Result<Body>> {
        Box::pin(async move {
            match source {
                Source::Stdin => Ok(super::http::standard_input()),
                Source::File(path) => super::http::file(&expand(path), offset)
                    .await
                    .map_err(|error| unreadable(source, error)),
            }
        })
    }

    fn create_folder_of(&self, path: &str) -> Result<()> {
        match Path::new(path).parent() {
            Some(folder) if !folder.as_os_str().is_empty() => {
                std::fs::create_dir_all(folder).map_err(|error| unwritable(folder, error))
            }
            _ => Ok(()),
        }
    }

    fn unfinished(&self, path: &str) -> Result<Option<Unfinished>> {
        let target = target(path);
        let partial = beside(&target, PARTIAL);
        let (found, facts) = match std::fs::metadata(&partial) {
            Ok(found) => (found, std::fs::read(facts_of(&partial)).ok()),
            Err(error) if error.kind() == ErrorKind::NotFound => match std::fs::metadata(&target) {
                Ok(found) => (found, None),
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(unwritable(&target, error)),
            },
            Err(error) => return Err(unwritable(&partial, error)),
        };
        Ok(found.is_file().then_some(Unfinished {
            have: found.len(),
            facts,
        }))
    }

    fn download(&self, path: &str, mode: Mode, facts: &[u8]) -> Result<Box<dyn Download>> {
        let target = target(path);
        if std::fs::metadata(&target).is_ok_and(|found| !found.is_file()) {
            let file = OpenOptions::new().write(true).open(&target);
            let file = file.map_err(|error| unwritable(&target, error))?;
            let name = target.display().to_string();
            return Ok(Box::new(Direct { file, name }));
        }
        let partial = beside(&target, PARTIAL);
        if mode == Mode::Continue && !partial.exists() && target.exists() {
            std::fs::rename(&target, &partial).map_err(|error| unwritable(&target, error))?;
        }
        let file = begin(&partial, mode).map_err(|error| unwritable(&partial, error))?;
        let facts_path = facts_of(&partial);
        if mode == Mode::Fresh {
            std::fs::write(&facts_path, facts).map_err(|error| unwritable(&facts_path, error))?;
        }
        Ok(Box::new(Beside {
            file,
            name: partial.display().to_string(),
            partial,
            target,
        }))
    }

    fn log(&self, path: &str) -> Result<Box<dyn Log>> {
        super::log_file::open(Path::new(path))
    }
}

/// Opens the partial file; two downloads to one name would garble each other.
fn begin(partial: &Path, mode: Mode) -> std::io::Result<File> {
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(partial)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(std::fs::TryLockError::WouldBlock) => {
            return Err(std::io::Error::other("another download writes it"));
        }
        // Some file systems know no locks.
        Err(std::fs::TryLockError::Error(_)) => {}
    }
    match mode {
        Mode::Fresh => file.set_len(0)?,
        Mode::Continue => {
            file.seek(SeekFrom::End(0))?;
        }
    }
    Ok(file)
}

/// `~/…` the way HTTPie reads it: the shell leaves it alone behind an `@`.
fn expand(path: &str) -> PathBuf {
    if let Some(rest) = path.strip_prefix("~/")
        && !Path::new(path).exists()
        && let Some(home) = super::env::var("HOME")
    {
        return Path::new(&home).join(rest);
    }
    PathBuf::from(path)
}

/// The file itself where the name is a link, so that the link stays.
fn target(path: &str) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| PathBuf::from(path))
}

fn beside(target: &Path, ending: &str) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn facts_of(partial: &Path) -> PathBuf {
    beside(partial, ".json")
}

/// Into a temporary neighbour, renamed at the end.
struct Beside {
    file: File,
    name: String,
    partial: PathBuf,
    target: PathBuf,
}

impl Download for Beside {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let written = self.file.write_all(bytes);
        written.map_err(|error| unwritable(&self.partial, error))
    }

    fn partial(&self) -> &str {
        &self.name
    }

    fn finish(self: Box<Self>) -> Result<()> {
        if let Ok(old) = std::fs::metadata(&self.target) {
            // Best effort: the new file is no less readable than a fresh one otherwise.
            let _ = self.file.set_permissions(old.permissions());
        }
        std::fs::rename(&self.partial, &self.target)
            .map_err(|error| unwritable(&self.target, error))?;
        let _ = std::fs::remove_file(facts_of(&self.partial));
        Ok(())
    }
}

/// Into a device or pipe, which has no neighbour to be renamed.
struct Direct {
    file: File,
    name: String,
}

impl Download for Direct {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let written = self.file.write_all(bytes);
        written.map_err(|error| unwritable(Path::new(&self.name), error))
    }

    fn partial(&self) -> &str {
        &self.name
    }

    fn finish(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}

fn unreadable(source: &Source, error: std::io::Error) -> Error {
    Error::new(Code::Usage, format!("cannot read {source}"))
        .with_hint("check the path behind the @; - is standard input")
        .with_source(error)
}

fn unwritable(path: &Path, error: std::io::Error) -> Error {
    let shown = crate::secret::printable(&path.display().to_string(), 200);
    Error::new(Code::OutputFailed, format!("cannot write {shown}"))
        .with_hint("check the folder of -o and the space left on it")
        .with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_download_has_its_name_only_when_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.bin");
        let path = path.to_str().unwrap();
        std::fs::write(path, "old").unwrap();
        let mut download = NamedFiles.download(path, Mode::Fresh, b"{}").unwrap();
        download.write(b"ne").unwrap();
        assert_eq!(std::fs::read(path).unwrap(), b"old");
        assert!(download.partial().ends_with("a.bin.hallpass-part"));
        drop(download);
        let left = NamedFiles.unfinished(path).unwrap().unwrap();
        assert_eq!((left.have, left.facts.as_deref()), (2, Some(&b"{}"[..])));

        let mut download = NamedFiles.download(path, Mode::Continue, b"").unwrap();
        download.write(b"w").unwrap();
        download.finish().unwrap();
        assert_eq!(std::fs::read(path).unwrap(), b"new");
        assert_eq!(names(folder.path()), ["a.bin"]);
    }

    #[test]
    fn what_another_program_left_is_continued_without_facts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.bin");
        std::fs::write(&path, "abc").unwrap();
        let path = path.to_str().unwrap();
        let left = NamedFiles.unfinished(path).unwrap().unwrap();
        assert_eq!((left.have, left.facts), (3, None));
        let mut download = NamedFiles.download(path, Mode::Continue, b"").unwrap();
        download.write(b"d").unwrap();
        download.finish().unwrap();
        assert_eq!(std::fs::read(path).unwrap(), b"abcd");
    }

    #[test]
    fn two_downloads_to_one_name_do_not_mix() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.bin");
        let path = path.to_str().unwrap();
        let first = NamedFiles.download(path, Mode::Fresh, b"").unwrap();
        let second = NamedFiles.download(path, Mode::Fresh, b"").err().unwrap();
        assert_eq!(second.code(), Code::OutputFailed);
        drop(first);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link_and_a_device_is_written_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        std::fs::write(&real, "").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let mut download = NamedFiles
            .download(link.to_str().unwrap(), Mode::Fresh, b"")
            .unwrap();
        download.write(b"x").unwrap();
        download.finish().unwrap();
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(std::fs::read(&real).unwrap(), b"x");
        let null = NamedFiles.download("/dev/null", Mode::Fresh, b"").unwrap();
        assert_eq!(null.partial(), "/dev/null");
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let error = NamedFiles
            .read(&Source::File("no/such".into()))
            .unwrap_err();
        assert!(error.to_string().contains("no/such"));
    }
}
