//! Everything that goes to stdout, and how errors look on stderr.
//!
//! A broken pipe on stdout ends the program quietly with 0; any other write error is
//! [`Code::OutputFailed`].

use std::io::Write;
use std::process::ExitCode;

use super::args::ErrorFormat;
use crate::error::{Code, Error, Result};

/// Writes bytes to stdout and flushes. `Ok(false)`: nobody reads any more, stop quietly.
pub fn stdout(bytes: &[u8]) -> Result<bool> {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(
            Error::new(Code::OutputFailed, "cannot write to standard output")
                .with_hint("is the disk full, or was stdout closed?")
                .with_source(error),
        ),
    }
}

/// Writes a line to stdout.
pub fn line(text: &str) -> Result<()> {
    stdout(format!("{text}\n").as_bytes()).map(drop)
}

/// Writes a value as JSON: indented at a terminal, one line into a pipe.
pub fn json(value: &serde_json::Value) -> Result<()> {
    use std::io::IsTerminal;
    let text = if std::io::stdout().is_terminal() {
        format!("{value:#}\n")
    } else {
        format!("{value}\n")
    };
    stdout(text.as_bytes()).map(drop)
}

/// Tells what failed on stderr; errors of stderr itself cannot be told to anybody.
pub fn error(error: &Error, format: ErrorFormat) {
    let mut err = std::io::stderr().lock();
    match format {
        ErrorFormat::Text => {
            let _ = writeln!(err, "hallpass: {error}{}", causes(error));
            if let Some(hint) = error.hint() {
                let _ = writeln!(err, "hint: {hint}");
            }
        }
        ErrorFormat::Json => {
            let oauth = error.oauth();
            let value = serde_json::json!({
                "code": error.code().as_str(),
                "exit_code": error.code().exit_code(),
                "message": format!("{error}{}", causes(error)),
                "hint": error.hint(),
                "error": oauth.map(|o| &o.error),
                "error_description": oauth.and_then(|o| o.error_description.as_ref()),
            });
            let _ = writeln!(err, "{value}");
        }
    }
}

fn causes(error: &Error) -> String {
    let mut out = String::new();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let text = crate::secret::printable(&cause.to_string(), 200);
        if !out.ends_with(&text) {
            out.push_str(": ");
            out.push_str(&text);
        }
        source = cause.source();
    }
    out
}

/// clap's own answers: help and version on stdout with 0, wrong usage on stderr with 2.
pub fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    if error.use_stderr() {
        Code::Usage.into()
    } else {
        ExitCode::SUCCESS
    }
}
