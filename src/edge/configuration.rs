//! `config.toml` and `providers/*.toml` on disk.

use super::paths::Paths;
use crate::error::Result;
use crate::service::Configuration;

/// Reads and parses; no file is an empty configuration.
pub fn read(paths: &Paths) -> Result<Configuration> {
    let _ = paths;
    todo!()
}
