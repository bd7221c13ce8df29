//! Environment variables, secret files and secret commands.

use crate::error::Result;
use crate::port::Environment;
use crate::secret::Secret;

/// An environment variable; `None` where unset, empty or not Unicode.
pub fn var(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The process's environment.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    fn var(&self, name: &str) -> Option<String> {
        var(name)
    }

    fn read_secret_file(&self, path: &str) -> Result<Secret> {
        let _ = path;
        todo!()
    }

    fn command_output(&self, argv: &[String]) -> Result<Secret> {
        let _ = argv;
        todo!()
    }
}
