//! Public documents on disk; losing them costs a fetch.

use std::fs;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use super::files;
use super::paths::Paths;
use crate::port::{Cache, UnixTime};

/// One file a document, named by the hash of its key.
///
/// The documents are public, but what is in them is trusted (endpoints, keys), so the files are
/// as private as secrets: nobody else may write or swap one.
#[derive(Debug, Clone)]
pub struct FileCache {
    folder: PathBuf,
}

impl FileCache {
    /// In the cache folder.
    pub fn new(paths: &Paths) -> Self {
        FileCache {
            folder: paths.cache.clone(),
        }
    }

    fn file(&self, key: &str) -> PathBuf {
        self.folder.join(super::store::hashed(key))
    }
}

impl Cache for FileCache {
    fn get(&self, key: &str) -> Option<(Vec<u8>, UnixTime)> {
        let path = self.file(key);
        let content = files::read_private(&path).ok()??;
        let written = fs::metadata(&path).ok()?.modified().ok()?;
        let since = written.duration_since(UNIX_EPOCH).ok()?;
        Some((content, UnixTime::try_from(since.as_secs()).ok()?))
    }

    fn put(&self, key: &str, document: &[u8]) {
        // Nothing depends on it.
        let _ = files::write_private(&self.file(key), document);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::clock::SystemClock;
    use crate::port::Clock;

    #[test]
    fn a_document_comes_back_with_its_time() {
        let root = tempfile::tempdir().unwrap();
        let cache = FileCache {
            folder: root.path().join("cache"),
        };
        assert_eq!(cache.get("https://as.example/"), None);
        cache.put("https://as.example/", b"{}");
        let (document, when) = cache.get("https://as.example/").unwrap();
        assert_eq!(document, b"{}");
        assert!((SystemClock.now() - when).abs() < 60);
        assert_eq!(cache.get("https://as.example"), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_document_that_others_could_have_written_is_not_used() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        let cache = FileCache {
            folder: root.path().join("cache"),
        };
        cache.put("k", b"{}");
        let open = fs::Permissions::from_mode(0o666);
        fs::set_permissions(cache.file("k"), open).unwrap();
        assert_eq!(cache.get("k"), None);
    }

    #[test]
    fn a_folder_that_cannot_be_written_costs_nothing() {
        let root = tempfile::tempdir().unwrap();
        let blocked = root.path().join("file");
        fs::write(&blocked, b"").unwrap();
        let cache = FileCache {
            folder: blocked.join("cache"),
        };
        cache.put("k", b"{}");
        assert_eq!(cache.get("k"), None);
    }
}
