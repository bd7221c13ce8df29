//! What the process promises about itself and about the programs it starts.

use std::process::Command;

/// Turns core dumps off and the process undumpable, where the system can (must 77).
///
/// Only the soft limit: a program that `exec` starts may raise its own again. A failure changes
/// nothing that the person could act on.
pub fn harden() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let limit = Rlimit {
            current: Some(0),
            maximum: getrlimit(Resource::Core).maximum,
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
