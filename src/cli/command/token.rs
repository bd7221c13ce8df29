//! `hallpass token`.

use std::time::Duration;

use clap::ValueEnum;
use serde_json::json;

use crate::cli::context::Context;
use crate::cli::{duration, output, time_words};
use crate::error::{Code, Error, Result};
use crate::port::Ports;
use crate::protocol::token::TokenType;
use crate::secret::Secret;
use crate::service::Service;
use crate::session::{self, Access, Renew, Wanted, freshness};

/// Print a valid access token and nothing else
///
/// A token that is about to end is renewed first. Many processes may ask at once: one renews, the
/// others take its result. No browser is ever opened.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  hallpass token work --as header | curl -H @- https://api.example.com/me
  hallpass token work --min-ttl 30m   good for a long job
  hallpass token work --as json | jq .expires_at
  hallpass token work --id-token      for servers that want to know who you are")]
pub struct Args {
    /// Service, or SERVICE@ACCOUNT
    pub service: String,
    /// Lifetime it must have left: 90s, 5m, 2h
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "0")]
    #[arg(hide_default_value = true)]
    min_ttl: Duration,
    /// Renew it even if it is still good
    #[arg(long)]
    refresh: bool,
    /// How it is printed
    #[arg(long = "as", value_enum, default_value_t, value_name = "FORM")]
    form: Form,
    /// The ID Token in place of the access token
    #[arg(long, conflicts_with = "form")]
    id_token: bool,
}

/// `--as`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Form {
    /// The token alone
    #[default]
    Token,
    /// `Authorization: Bearer …`, for `curl -H @-`
    Header,
    /// Token, type, end, scope and account
    Json,
}

/// Runs it.
pub fn run(cx: &Context, args: Args) -> Result<()> {
    let service = cx.service(&args.service)?;
    let ports = cx.ports();
    let wanted = Wanted {
        min_ttl: args.min_ttl,
        renew: match args.refresh {
            true => Renew::Always,
            false => Renew::IfStale,
        },
        ..Wanted::default()
    };
    let get = |wanted: &Wanted| match session::peek(&ports, &service, wanted)? {
        Some(access) => Ok(access),
        None => cx.block_on(session::access_token(&ports, &service, wanted)),
    };
    let access = get(&wanted)?;
    if args.id_token {
        return print(id_token(&ports, &service, access, wanted, &get)?.expose());
    }
    warn_of_short_life(&ports, &access, args.min_ttl);
    let token = access.credential.token().expose();
    match args.form {
        Form::Token => print(token),
        Form::Header => {
            let scheme = match access.credential.token_type() {
                TokenType::Bearer => "Bearer",
                TokenType::DPoP => "DPoP",
            };
            print(&format!("Authorization: {scheme} {token}"))
        }
        Form::Json => output::json(&as_json(&service, &access)),
    }
}

/// A server may give tokens that live for less than was wanted, or not renew; whoever starts a long
/// job with one should know.
fn warn_of_short_life(ports: &Ports<'_>, access: &Access, min_ttl: Duration) {
    let Some(end) = freshness::expires_at(&access.record) else {
        return;
    };
    let left = end.saturating_sub(ports.clock.now());
    let left = u64::try_from(left).unwrap_or(0);
    if left < min_ttl.as_secs() {
        ports.ui.warn(&format!(
            "this access token ends in {}, sooner than --min-ttl asks for",
            time_words::length(left)
        ));
    }
}

/// One line, and nobody reading it is no failure.
fn print(text: &str) -> Result<()> {
    let line = Secret::new([text.as_bytes(), b"\n"].concat());
    output::stdout(line.expose()).map(drop)
}

/// The ID Token, renewed where it has less left than was wanted and renewing brings another.
fn id_token(
    ports: &Ports<'_>,
    service: &Service,
    access: Access,
    wanted: Wanted,
    get: &dyn Fn(&Wanted) -> Result<Access>,
) -> Result<Secret> {
    let now = ports.clock.now();
    let ended = |access: &Access| {
        let min_ttl = i64::try_from(wanted.min_ttl.as_secs()).unwrap_or(i64::MAX);
        let end = freshness::id_token_expires_at(&access.record);
        end.is_some_and(|end| end <= now.saturating_add(min_ttl))
    };
    let access = match ended(&access) && session::facts::is_renewable(&access.record) {
        true => get(&Wanted {
            renew: Renew::Always,
            ..wanted
        })?,
        false => access,
    };
    let name = service.reference();
    let Some(id_token) = access.record.token.id_token.clone() else {
        return Err(Error::new(
            Code::ServiceIncomplete,
            format!("the session of {name} has no ID Token"),
        )
        .with_hint(format!("ask for one: hallpass login {name} --scope openid")));
    };
    if ended(&access) {
        return Err(Error::new(
            Code::LoginRequired,
            format!(
                "the ID Token of {name} has ended, and renewing the session brought no new one"
            ),
        )
        .with_hint(format!("hallpass login {name}")));
    }
    Ok(id_token)
}

fn as_json(service: &Service, access: &Access) -> serde_json::Value {
    let record = &access.record;
    let end = freshness::expires_at(record).and_then(|end| jiff::Timestamp::from_second(end).ok());
    json!({
        "access_token": access.credential.token().expose(),
        "token_type": record.token.token_type,
        "expires_at": end.map(|end| end.to_string()),
        // None named is what was asked for (RFC 6749 §5.1).
        "scope": record.token.scope.as_ref().unwrap_or(&record.requested_scope),
        "service": service.name,
        "account": record.account,
        "issuer": record.binding.issuer,
    })
}
