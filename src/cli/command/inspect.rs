//! `hallpass inspect`: what a JWT says, offline.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::cli::args::Format;
use crate::cli::context::Context;
use crate::cli::output;
use crate::error::{Code, Error, Result};
use crate::protocol::jwt::{self, Unverified};
use crate::secret::{Secret, printable};
use crate::session::{self, Wanted};

/// Decode a JWT offline: header, claims, times in words
///
/// Reads the JWT from stdin, or takes the one that SERVICE's session holds. Nothing is verified:
/// that the claims can be read does not make them true. The signature is not shown.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  hallpass token work | hallpass inspect   the access token, where it is a JWT
  hallpass inspect work --id-token         the ID Token of the session
  hallpass inspect --format json < token.jwt")]
pub struct Args {
    /// Service, or SERVICE@ACCOUNT; without it the JWT is read from stdin
    pub service: Option<String>,
    /// The ID Token in place of the access token
    #[arg(long, requires = "service")]
    pub id_token: bool,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Runs it.
pub fn run(cx: &Context, args: Args) -> Result<()> {
    let what = match (&args.service, args.id_token) {
        (None, _) => "what came on stdin".to_owned(),
        (Some(name), true) => format!("the ID Token of {}", printable(name, 80)),
        (Some(name), false) => format!("the access token of {}", printable(name, 80)),
    };
    let token = match &args.service {
        Some(service) => of_session(cx, service, args.id_token)?,
        None => cx.read_secret("JWT:", "a JWT on stdin")?,
    };
    let told = jwt::decode_unverified(token.expose()).map_err(|error| {
        Error::new(Code::ResponseInvalid, format!("{what} {error}")).with_hint(
            "access tokens may be opaque by design; `--id-token` shows the ID Token of a session",
        )
    })?;
    match args.format {
        Format::Json => output::json(&json!({"header": told.header, "claims": told.claims})),
        Format::Text => output::line(text(&told, cx.ports().clock.now()).trim_end()),
    }
}

fn of_session(cx: &Context, reference: &str, id_token: bool) -> Result<Secret> {
    if reference.starts_with("eyJ") && reference.contains('.') {
        return Err(Error::new(
            Code::Usage,
            "a token must not be an argument: every process here can read it",
        )
        .with_hint("pipe it in: `hallpass inspect < token.jwt`"));
    }
    let service = cx.service(reference)?;
    let ports = cx.ports();
    let wanted = Wanted::default();
    let access = match session::peek(&ports, &service, &wanted)? {
        Some(access) => access,
        None => cx.block_on(session::access_token(&ports, &service, &wanted))?,
    };
    match access.record.token.id_token.clone() {
        _ if !id_token => Ok(access.credential.token().clone()),
        Some(id_token) => Ok(id_token),
        None => Err(Error::new(
            Code::ServiceIncomplete,
            format!("the session of {reference} holds no ID Token"),
        )
        .with_hint(format!(
            "ask for one: `hallpass login {reference} --scope openid`"
        ))),
    }
}

/// Header and claims, a line each, NumericDate claims (RFC 7519 §2) in words as well.
fn text(told: &Unverified, now: i64) -> String {
    let mut out = String::new();
    for (heading, members) in [("header", &told.header), ("claims", &told.claims)] {
        let _ = writeln!(out, "{heading}");
        let width = members.keys().map(|name| name.chars().count()).max();
        for (name, value) in members {
            let name = printable(name, 60);
            let width = width.unwrap_or_default().min(24);
            let _ = writeln!(out, "  {name:<width$}  {}", shown(&name, value, now));
        }
    }
    let _ = write!(out, "not verified{}", verdict(&told.claims, now));
    out
}

fn shown(name: &str, value: &Value, now: i64) -> String {
    let text = match value {
        Value::String(text) => printable(text, 400),
        other => printable(&other.to_string(), 400),
    };
    let is_date = matches!(name, "exp" | "iat" | "nbf" | "auth_time" | "updated_at");
    let date = value
        .as_i64()
        .filter(|_| is_date)
        .and_then(|seconds| Timestamp::from_second(seconds).ok().map(|t| (seconds, t)));
    match date {
        Some((seconds, date)) => format!("{text}  {date}, {}", distance(seconds - now)),
        None => text,
    }
}

/// `in 3 min`, `2 h ago`.
fn distance(seconds: i64) -> String {
    let (count, unit) = match seconds.unsigned_abs() {
        s @ 0..=119 => (s, "s"),
        s @ 120..=7_199 => (s / 60, "min"),
        s @ 7_200..=172_799 => (s / 3_600, "h"),
        s => (s / 86_400, "days"),
    };
    match seconds >= 0 {
        true => format!("in {count} {unit}"),
        false => format!("{count} {unit} ago"),
    }
}

fn verdict(claims: &Map<String, Value>, now: i64) -> &'static str {
    match claims.get("exp").and_then(Value::as_i64) {
        Some(exp) if exp <= now => "; by its own words expired",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(claims: Value) -> Unverified {
        let Value::Object(claims) = claims else {
            panic!("an object");
        };
        Unverified {
            header: Map::new(),
            claims,
        }
    }

    #[test]
    fn times_are_told_in_words() {
        let text = text(
            &told(json!({"exp": 1_000_000_180, "sub": "ada"})),
            1_000_000_000,
        );
        assert!(text.contains("2001-09-09T01:49:40Z, in 3 min"), "{text}");
        assert!(text.ends_with("not verified"), "{text}");
    }

    #[test]
    fn an_expired_token_is_called_so() {
        let text = text(&told(json!({"exp": 999})), 1000);
        assert!(text.ends_with("by its own words expired"), "{text}");
    }

    #[test]
    fn hostile_claims_cannot_move_the_cursor() {
        let text = text(&told(json!({"name\u{1b}[2J": "\u{1b}]0;x\u{7}"})), 0);
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }

    #[test]
    fn huge_times_are_left_alone() {
        let text = text(&told(json!({"exp": i64::MAX, "iat": -1e300})), 0);
        assert!(text.contains(&i64::MAX.to_string()), "{text}");
    }
}
