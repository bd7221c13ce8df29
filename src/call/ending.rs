//! What is said at the end of a call: `-w`, `--timing`, and where a redirect would have led.

use http::header;

use super::answer::{Answer, Times};
use super::body::Reader;
use super::redirect;
use super::run::Stage;
use super::timing::{self, Timing};
use super::write_out::{self, Facts};
use crate::error::{Error, Result};
use crate::port::{Files, Source};

/// `--timing`
pub fn tell_timing(
    timing: Option<Timing>,
    began: u64,
    times: Option<&Times>,
    ended: u64,
    stage: Stage<'_>,
) {
    if let Some(timing) = timing {
        let text = timing::told(&timing, began, times, ended);
        stage.output.write_aside(text.as_bytes());
    }
}

/// The format of `-w FORMAT` or `-w @FILE`; read before anything is sent.
pub fn format(typed: &str, files: &dyn Files) -> Result<String> {
    match typed.strip_prefix('@') {
        Some(path) => Reader::new(files).text(&Source::of(path)),
        None => Ok(typed.to_owned()),
    }
}

/// `-w`
pub fn report(
    format: &Option<String>,
    mut facts: Facts<'_>,
    error: Option<&Error>,
    stage: Stage<'_>,
) -> Result<()> {
    let Some(format) = format else { return Ok(()) };
    facts.failed = error.map(|error| (error.code(), error.to_string()));
    let (out, err) = write_out::write(format, &facts);
    if !out.is_empty() {
        stage.output.write(out.as_bytes())?;
    }
    if !err.is_empty() {
        stage.output.write_aside(err.as_bytes());
    }
    Ok(())
}

/// As curl names it.
pub fn version(version: http::Version) -> &'static str {
    match version {
        http::Version::HTTP_10 => "1.0",
        http::Version::HTTP_2 => "2",
        http::Version::HTTP_3 => "3",
        _ => "1.1",
    }
}

/// For a person whose answer leads elsewhere and has nothing to show itself.
pub fn unfollowed(answer: &Answer) -> Option<String> {
    let status = answer.head.status;
    let location = answer.head.headers.get(header::LOCATION)?;
    if !redirect::is_redirect(status) {
        return None;
    }
    let place = redirect::shown(location.as_bytes(), &answer.url);
    let status = status.as_u16();
    Some(format!("{status} to {place} (not followed; -L follows)"))
}

/// Where the answer would have led, had anybody followed.
pub fn redirect_url(answer: &Answer) -> String {
    let location = answer.head.headers.get(header::LOCATION);
    let joined = location.and_then(|location| {
        let text = String::from_utf8_lossy(location.as_bytes());
        answer.url.join(&text).ok()
    });
    match joined {
        Some(url) if answer.head.status.is_redirection() => url.to_string(),
        _ => String::new(),
    }
}
