//! Public documents on disk; losing them costs a fetch.

use std::path::PathBuf;

use super::paths::Paths;
use crate::port::{Cache, UnixTime};

/// One file a document, named by the hash of its key.
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
}

impl Cache for FileCache {
    fn get(&self, key: &str) -> Option<(Vec<u8>, UnixTime)> {
        let _ = (key, &self.folder);
        todo!()
    }

    fn put(&self, key: &str, document: &[u8]) {
        let _ = (key, document);
        todo!()
    }
}
