//! Everything that goes to stdout, and how errors look on stderr.
//!
//! A broken pipe on stdout ends the program quietly with 0; any other write error is
//! [`Code::OutputFailed`].

use std::cell::OnceCell;
use std::io::Write;
use std::process::ExitCode;

use super::args::ErrorFormat;
use super::context::{Context, Screen};
use crate::error::{Code, Error, Result};
use crate::port::Output;

/// Writes bytes to stdout and flushes. `Ok(false)`: nobody reads any more, stop quietly.
pub fn stdout(bytes: &[u8]) -> Result<bool> {
    let mut out = std::io::stdout().lock();
    written(out.write_all(bytes).and_then(|()| out.flush()))
}

fn written(result: std::io::Result<()>) -> Result<bool> {
    match result {
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

/// Writes text to stdout as it is.
pub fn text(text: &str) -> Result<()> {
    stdout(text.as_bytes()).map(drop)
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

/// Standard output for `call` and its kin: no line buffer between, which would copy every piece.
pub struct Stdout {
    screen: Screen,
    file: OnceCell<Option<std::fs::File>>,
}

impl Stdout {
    /// `screen`: what is known of it.
    pub fn new(screen: Screen) -> Self {
        Stdout {
            screen,
            file: OnceCell::new(),
        }
    }
}

impl Output for Stdout {
    fn is_terminal(&self) -> bool {
        self.screen.is_terminal
    }

    fn columns(&self) -> Option<u16> {
        self.screen.columns()
    }

    fn colour(&self) -> bool {
        self.screen.colour
    }

    fn write(&self, bytes: &[u8]) -> Result<bool> {
        let Some(mut file) = self.file.get_or_init(unbuffered).as_ref() else {
            return stdout(bytes);
        };
        written(file.write_all(bytes))
    }

    fn write_aside(&self, bytes: &[u8]) {
        let _ = std::io::stderr().lock().write_all(bytes);
    }
}

#[cfg(unix)]
fn unbuffered() -> Option<std::fs::File> {
    use std::os::fd::AsFd;
    let stdout = std::io::stdout();
    let copy = stdout.as_fd().try_clone_to_owned();
    copy.ok().map(std::fs::File::from)
}

#[cfg(not(unix))]
fn unbuffered() -> Option<std::fs::File> {
    None
}

/// Tells what failed on stderr; errors of stderr itself cannot be told to anybody.
pub fn error(error: &Error, format: ErrorFormat) {
    if error.is_silenced() {
        return;
    }
    let mut err = std::io::stderr().lock();
    let hint = error.hint().or(error.code().usual_hint());
    match format {
        ErrorFormat::Text => {
            let _ = writeln!(err, "hallpass: {error}{}", causes(error));
            if let Some(hint) = hint {
                let _ = writeln!(err, "hint: {hint}");
            }
        }
        ErrorFormat::Json => {
            let oauth = error.oauth();
            let value = serde_json::json!({
                "code": error.code().as_str(),
                "exit_code": error.exit_code(),
                "message": format!("{error}{}", causes(error)),
                "hint": hint,
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
pub fn usage(clap: &clap::Error, format: ErrorFormat, cx: &Context) -> ExitCode {
    use clap::error::ErrorKind;
    match clap.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let text = coloured(&std::io::stdout(), clap);
            match stdout(text.as_bytes()) {
                Ok(_) => ExitCode::SUCCESS,
                Err(failure) => {
                    error(&failure, format);
                    failure.code().into()
                }
            }
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand if format == ErrorFormat::Text => {
            let text = coloured(&std::io::stderr(), clap);
            let _ = std::io::stderr().write_all(text.as_bytes());
            Code::Usage.into()
        }
        _ => {
            let typed = super::corrected::typed();
            let left_out =
                super::corrected::exec_without_dashes(&typed, &|word| cx.service(word).is_ok());
            let told = left_out.unwrap_or_else(|| super::usage_error::told(clap, &typed));
            error(&told, format);
            Code::Usage.into()
        }
    }
}

/// Help with its colours where the stream takes them (`NO_COLOR`, `CLICOLOR_FORCE`).
fn coloured<S: anstream::stream::RawStream>(stream: &S, clap: &clap::Error) -> String {
    let text = clap.render();
    match anstream::AutoStream::choice(stream) {
        anstream::ColorChoice::Never => text.to_string(),
        _ => text.ansi().to_string(),
    }
}
