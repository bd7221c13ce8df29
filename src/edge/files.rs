//! Files that only their owner may read: atomic replacement, ownership checks, locks.

use std::path::Path;

use crate::error::Result;

/// Replaces `path` atomically: a 0600 temporary file in the same folder, fsync, rename, fsync of
/// the folder. Missing folders are created 0700. The old content stays if anything fails.
pub fn write_private(path: &Path, content: &[u8]) -> Result<()> {
    let _ = (path, content);
    todo!()
}

/// Reads a file that must be ours alone: refused when a symlink, foreign-owned, or open to group
/// or others. `None` where there is none.
pub fn read_private(path: &Path) -> Result<Option<Vec<u8>>> {
    let _ = path;
    todo!()
}
