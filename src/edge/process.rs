//! What the process promises about itself and about the programs it starts.

use std::process::Command;

use crate::error::{CANNOT_RUN, Code, Error, NOT_FOUND};
use crate::port::{Program, Programs};
use crate::secret::printable;

/// The limit on core dumps that this process was started with.
#[cfg(unix)]
static CORE: std::sync::OnceLock<rustix::process::Rlimit> = std::sync::OnceLock::new();

/// Turns core dumps off and the process undumpable, where the system can (must 77).
///
/// Only the soft limit, so that [`Replacement`] can give it back. A failure changes nothing that
/// the person could act on.
pub fn harden() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let before = *CORE.get_or_init(|| getrlimit(Resource::Core));
        let limit = Rlimit {
            current: Some(0),
            maximum: before.maximum,
        };
        let _ = setrlimit(Resource::Core, limit);
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}

/// A program to start: found as written or on `PATH`, arguments as they are, no shell, and none
/// of the secrets that our own environment may hold (must 76).
pub fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    hide_secrets(&mut command);
    command
}

/// Takes our secrets out of a child's environment.
pub fn hide_secrets(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(is_secret) {
            command.env_remove(name);
        }
    }
}

/// Programs that take this process's place.
#[derive(Debug, Clone, Copy, Default)]
pub struct Replacement;

impl Programs for Replacement {
    fn replace(&self, program: &Program) -> Error {
        let mut command = Command::new(&program.name);
        hide_secrets(&mut command);
        command.args(&program.arguments);
        for (name, value) in &program.environment {
            command.env(name, value.expose());
        }
        let failed = take_over(command);
        let name = printable(&program.name.to_string_lossy(), 200);
        let (exit_code, hint) = match failed.kind() {
            std::io::ErrorKind::NotFound => (NOT_FOUND, "is it on PATH and spelled right?"),
            _ => (
                CANNOT_RUN,
                "is it a program for this machine, and may it be executed?",
            ),
        };
        Error::new(Code::Usage, format!("cannot run {name}"))
            .with_hint(hint)
            .with_source(failed)
            .ending_with(exit_code)
    }
}

/// Every file of ours is close-on-exec, so the program gets the standard streams only; being
/// undumpable ends with the `exec` by itself.
#[cfg(unix)]
fn take_over(mut command: Command) -> std::io::Error {
    use std::os::unix::process::CommandExt;
    if let Some(before) = CORE.get() {
        let _ = rustix::process::setrlimit(rustix::process::Resource::Core, *before);
    }
    let failed = command.exec();
    harden();
    failed
}

/// Without `exec` the program runs as a child, and this process waits to end as it does.
#[cfg(not(unix))]
fn take_over(mut command: Command) -> std::io::Error {
    match command.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(failed) => failed,
    }
}

/// `HALLPASS_TOKEN_…`, `HALLPASS_STORE_PASSPHRASE`, `HALLPASS_…_CLIENT_SECRET`.
fn is_secret(name: &str) -> bool {
    let Some(rest) = name.strip_prefix("HALLPASS_") else {
        return false;
    };
    rest.starts_with("TOKEN_")
        || rest.ends_with("_PASSPHRASE")
        || rest.ends_with("_CLIENT_SECRET")
        || rest == "CLIENT_SECRET"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_secrets_are_told_from_our_settings() {
        for secret in [
            "HALLPASS_TOKEN_GITHUB",
            "HALLPASS_STORE_PASSPHRASE",
            "HALLPASS_WORK_CLIENT_SECRET",
        ] {
            assert!(is_secret(secret), "{secret}");
        }
        for setting in [
            "HALLPASS_CONFIG_DIR",
            "HALLPASS_STORE_PASSPHRASE_FILE",
            "GITHUB_TOKEN",
            "PATH",
        ] {
            assert!(!is_secret(setting), "{setting}");
        }
    }
}
