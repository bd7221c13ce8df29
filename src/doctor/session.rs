//! Checks of the stored session: is there one, will it last, did the server grant what was asked.

use super::Finding;
use crate::error::Code;
use crate::grant::Client;
use crate::grant::introspection::introspect;
use crate::grant::revocation::Hint;
use crate::port::{Ports, UnixTime};
use crate::service::Service;
use crate::service::registration::Grant;
use crate::session::{Record, Wanted, access_token, facts, keeping, peek};
use crate::transport::Limits;

/// A refresh token with less than this left is worth a word: a week of holidays.
const SOON: i64 = 7 * 24 * 3600;

/// Whether the stored session has a refresh token.
pub(super) fn has_refresh_token(ports: &Ports<'_>, service: &Service) -> bool {
    let account = facts::account_of(ports, service).ok().flatten();
    let record = account.and_then(|account| keeping::peek(ports, &service.name, &account).ok()?);
    record.is_some_and(|record| record.token.refresh_token.is_some())
}

/// Gets a token the way every command does, renewing it if it is stale, and reads its record.
pub(super) async fn session(
    ports: &Ports<'_>,
    service: &Service,
    client: Option<&Client>,
) -> Vec<Finding> {
    let wanted = Wanted::default();
    let fresh = matches!(peek(ports, service, &wanted), Ok(Some(_)));
    match access_token(ports, service, &wanted).await {
        Ok(access) => {
            let renewed = !fresh;
            let told = is_active(ports, client, &access.record).await;
            of_record(&access.record, service, ports.clock.now(), renewed, told)
        }
        Err(error) => {
            let mut finding = Finding::failure("session", &error);
            if error.code() == Code::LoginRequired && finding.hint.is_none() {
                finding.hint = Some(format!("`hallpass login {}`", service.reference()));
            }
            vec![finding]
        }
    }
}

/// What the server says of the refresh token, where it says anything (RFC 7662).
async fn is_active(ports: &Ports<'_>, client: Option<&Client>, record: &Record) -> Option<bool> {
    let refresh_token = record.token.refresh_token.as_ref()?;
    let patience = Limits::default().deadline;
    let told = introspect(ports, client?, refresh_token, Hint::RefreshToken, patience).await;
    Some(told.ok()?.introspection.active)
}

/// What a usable session's record tells, and what the server said of its refresh token.
pub(super) fn of_record(
    record: &Record,
    service: &Service,
    now: UnixTime,
    renewed: bool,
    told: Option<bool>,
) -> Vec<Finding> {
    vec![
        access_token_left(record, now, renewed),
        refresh_token(record, service, now, told),
        granted_scope(record),
    ]
}

fn access_token_left(record: &Record, now: UnixTime, renewed: bool) -> Finding {
    let account = crate::secret::printable(&record.account, 100);
    let how = if renewed { ", renewed just now" } else { "" };
    let told = match left(record.received_at, record.token.expires_in, now) {
        Some(seconds) => format!(
            "signed in as {account}, access token for {}{how}",
            duration(seconds)
        ),
        None => format!("signed in as {account}, access token of unknown lifetime{how}"),
    };
    Finding::ok("session", told)
}

fn refresh_token(record: &Record, service: &Service, now: UnixTime, told: Option<bool>) -> Finding {
    const CHECK: &str = "refresh token";
    if matches!(record.grant, Grant::ClientCredentials) {
        return Finding::ok(CHECK, "not needed: the client signs in by itself");
    }
    let again = format!("`hallpass login {}`", service.reference());
    let token = &record.token;
    if token.refresh_token.is_none() && token.expires_in.is_none() {
        return Finding::ok(CHECK, "none, and the access token names no end");
    }
    if token.refresh_token.is_none() {
        return Finding::warning(
            CHECK,
            "the server gave none: you sign in again when the access token ends",
            format!("ask for offline access (often the scope offline_access) at {again}"),
        );
    }
    let good = match told {
        // Some servers introspect access tokens only, so this is no proof.
        Some(false) => {
            return Finding::warning(
                CHECK,
                "kept, and the server's introspection does not know it",
                format!("if the next renewal is refused: {again}"),
            );
        }
        Some(true) => ", and the server says that it is good",
        None => "",
    };
    match left(record.received_at, token.refresh_token_expires_in, now) {
        Some(seconds) if seconds <= 0 => {
            Finding::warning(CHECK, "it has expired", format!("sign in again: {again}"))
        }
        Some(seconds) if seconds < SOON => Finding::warning(
            CHECK,
            format!("it ends in {}", duration(seconds)),
            format!("a renewal may extend it; otherwise {again}"),
        ),
        Some(seconds) => {
            let left = duration(seconds);
            Finding::ok(CHECK, format!("kept, for {left} yet{good}"))
        }
        None => Finding::ok(CHECK, format!("kept; the server names no end{good}")),
    }
}

/// Scope that was asked for and not granted (RFC 6749 §3.3).
fn granted_scope(record: &Record) -> Finding {
    const CHECK: &str = "granted scope";
    let Some(granted) = &record.token.scope else {
        return Finding::ok(CHECK, "as asked for");
    };
    // `offline_access` is not a permission: servers that grant it often leave it out.
    let missing: Vec<_> = record
        .requested_scope
        .iter()
        .filter(|scope| !granted.contains(scope) && *scope != "offline_access")
        .map(|scope| crate::secret::printable(scope, 60))
        .collect();
    if missing.is_empty() {
        return Finding::ok(CHECK, "as asked for");
    }
    Finding::warning(
        CHECK,
        format!("the server left out {}", missing.join(" ")),
        "API calls that need it end with insufficient_scope; it may need approval by the operator",
    )
}

fn left(received_at: UnixTime, lifetime: Option<u64>, now: UnixTime) -> Option<i64> {
    let lifetime = i64::try_from(lifetime?).unwrap_or(i64::MAX);
    Some(received_at.saturating_add(lifetime).saturating_sub(now))
}

/// `42 min`, `3 h`, `29 days`.
fn duration(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{} s", seconds.max(0)),
        60..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}
