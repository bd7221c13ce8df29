//! Environment variables, secret files and secret commands.

use std::io::Read;
use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::{files, process};
use crate::error::{Code, Error, Result};
use crate::port::Environment;
use crate::secret::{Secret, printable};

/// How long a command may take to print a secret: long enough for a person who must touch a key.
const COMMAND_DEADLINE: Duration = Duration::from_secs(60);

/// Between two looks at a child that is about to end.
const TICK: Duration = Duration::from_millis(2);

/// More than any secret.
const LIMIT: u64 = 1 << 20;

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
        let bytes = files::read_private(Path::new(path))
            .map_err(as_configuration)?
            .ok_or_else(|| invalid(format!("no secret file {}", printable(path, 300))))?;
        text(bytes, &format!("secret file {}", printable(path, 300)))
    }

    fn command_output(&self, argv: &[String]) -> Result<Secret> {
        let Some((program, arguments)) = argv.split_first() else {
            return Err(invalid("the secret command is empty".to_owned()));
        };
        let name = format!("secret command {}", printable(program, 100));
        let mut child = process::command(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| invalid(format!("cannot start {name}")).with_source(error))?;
        let Some((output, status)) = finish(&mut child, COMMAND_DEADLINE) else {
            let seconds = COMMAND_DEADLINE.as_secs();
            return Err(invalid(format!("{name} did not finish within {seconds} s")));
        };
        match status.success() {
            true => text(output, &name),
            false => Err(invalid(format!("{name} failed ({status})"))
                .with_hint("run it by hand: it must print the secret and exit with 0")),
        }
    }
}

/// What the child prints and how it ends; a child that takes longer than `deadline` is ended,
/// and `None` returned.
pub(super) fn finish(child: &mut Child, deadline: Duration) -> Option<(Vec<u8>, ExitStatus)> {
    let begin = Instant::now();
    let finished = read_all(child, deadline).and_then(|output| {
        loop {
            match child.try_wait() {
                Ok(Some(status)) => return Some((output, status)),
                // It has closed its output, so it is about to end.
                Ok(None) if begin.elapsed() < deadline => std::thread::sleep(TICK),
                _ => return None,
            }
        }
    });
    if finished.is_none() {
        let _ = child.kill();
        let _ = child.wait();
    }
    finished
}

fn read_all(child: &mut Child, deadline: Duration) -> Option<Vec<u8>> {
    let output = child.stdout.take()?;
    let (sender, receiver) = mpsc::channel();
    std::thread::Builder::new()
        .spawn(move || {
            let mut bytes = Vec::new();
            let read = output.take(LIMIT).read_to_end(&mut bytes);
            let _ = sender.send(read.map(|_| bytes));
        })
        .ok()?;
    receiver.recv_timeout(deadline).ok()?.ok()
}

/// Bytes as text, without one trailing line end.
fn text(bytes: Vec<u8>, name: &str) -> Result<Secret> {
    let bytes = Secret::new(bytes);
    let Ok(text) = std::str::from_utf8(bytes.expose()) else {
        return Err(invalid(format!("{name} does not hold text (UTF-8)")));
    };
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.is_empty() {
        return Err(invalid(format!("{name} holds nothing")));
    }
    Ok(Secret::from(text))
}

fn invalid(message: String) -> Error {
    Error::new(Code::ConfigInvalid, message)
}

/// A file named in the configuration is the configuration's fault, not the store's.
fn as_configuration(error: Error) -> Error {
    let mut out = invalid(error.to_string());
    if let Some(hint) = error.hint() {
        out = out.with_hint(hint);
    }
    match std::error::Error::source(&error) {
        Some(source) => out.with_source(source.to_string()),
        None => out,
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn run(argv: &[&str]) -> Result<Secret> {
        let argv: Vec<_> = argv.iter().map(|part| (*part).to_owned()).collect();
        ProcessEnvironment.command_output(&argv)
    }

    #[test]
    fn a_command_gives_its_output_without_the_line_end() {
        assert_eq!(run(&["printf", "s3cret\\n"]).unwrap().expose(), "s3cret");
        assert_eq!(run(&["printf", "a\\nb\\r\\n"]).unwrap().expose(), "a\nb");
    }

    #[test]
    fn arguments_reach_no_shell() {
        assert_eq!(run(&["printf", "%s", "$(id)"]).unwrap().expose(), "$(id)");
    }

    #[test]
    fn a_command_that_fails_or_prints_nothing_is_an_error() {
        for argv in [&["false"][..], &["true"], &["/nonexistent/program"], &[]] {
            assert_eq!(
                run(argv).unwrap_err().code(),
                Code::ConfigInvalid,
                "{argv:?}"
            );
        }
    }

    #[test]
    fn a_child_that_does_not_end_is_ended() {
        let mut child = process::command("sleep")
            .arg("600")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        assert!(finish(&mut child, Duration::from_millis(10)).is_none());
        assert!(!child.wait().unwrap().success());
    }

    #[test]
    fn a_secret_file_open_to_others_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("s/secret");
        files::write_private(&path, b"hunter2\n").unwrap();
        let path = path.to_str().unwrap();
        let read = || ProcessEnvironment.read_secret_file(path);
        assert_eq!(read().unwrap().expose(), "hunter2");
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let error = read().unwrap_err();
        assert_eq!(error.code(), Code::ConfigInvalid);
        assert!(!error.to_string().contains("hunter2"));
        assert!(error.hint().unwrap().contains("chmod 600"));
    }
}
