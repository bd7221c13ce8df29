//! Sessions as `status` shows them: from facts alone, nothing unlocked.

use serde_json::{Value, json};

use super::{table, time_words};
use crate::error::Code;
use crate::port::UnixTime;
use crate::secret::printable;
use crate::session::check::{By, Checked, Verdict};
use crate::session::facts::Facts;

/// A refresh token that ends within this many seconds is worth a word.
const SOON: UnixTime = 7 * 86_400;

/// Cells of a bar.
const BAR: u64 = 8;

/// One session and whether the bare service name means it.
#[derive(Debug)]
pub struct Session {
    pub facts: Facts,
    pub is_default: bool,
    /// The token is in a variable, and there is no account.
    pub from_environment: bool,
    /// The store in use now, where it is not the one that has the session.
    pub in_use_instead: Option<String>,
    /// What its server said, where it was asked.
    pub checked: Option<Checked>,
}

/// What a session is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The access token is good.
    Valid,
    /// It is not, and will be renewed when it is needed.
    Renewable,
    /// A person must sign in.
    Ended,
    /// It is in a store that is not in use now.
    Elsewhere,
}

impl Session {
    /// A token from the environment, which the bare service name means.
    pub fn of_environment(facts: Facts) -> Self {
        Session {
            facts,
            is_default: true,
            from_environment: true,
            in_use_instead: None,
            checked: None,
        }
    }

    /// As it is typed.
    pub fn reference(&self) -> String {
        match self.from_environment {
            true => self.facts.service.clone(),
            false => self.facts.name(),
        }
    }

    /// At `now`.
    pub fn state(&self, now: UnixTime) -> State {
        if self.in_use_instead.is_some() {
            return State::Elsewhere;
        }
        let refresh_ended = self
            .facts
            .refresh_token_expires_at
            .is_some_and(|end| end <= now);
        match (self.facts.is_valid(now), self.facts.renewable) {
            (true, _) => State::Valid,
            (false, true) if !refresh_ended => State::Renewable,
            _ => State::Ended,
        }
    }

    fn left(&self, now: UnixTime) -> Option<u64> {
        u64::try_from(self.facts.expires_at?.saturating_sub(now)).ok()
    }

    /// What is left of the access token's life.
    fn access_token(&self, now: UnixTime, bar: bool) -> String {
        match (self.state(now), self.left(now)) {
            (State::Valid, Some(left)) => {
                let text = format!("{} left", time_words::length(left));
                match bar {
                    true => format!("{} {text}", self.bar(left)),
                    false => text,
                }
            }
            (State::Valid, None) => "good until the API refuses it".to_owned(),
            (State::Renewable, _) => "renewed when next used".to_owned(),
            (State::Ended, _) => "ended: sign in again".to_owned(),
            (State::Elsewhere, _) => "not in the store in use".to_owned(),
        }
    }

    fn bar(&self, left: u64) -> String {
        let facts = &self.facts;
        let received = facts.last_refresh_at.unwrap_or(facts.signed_in_at);
        let whole = facts.expires_at.map(|end| end.saturating_sub(received));
        let whole = whole
            .and_then(|whole| u64::try_from(whole).ok())
            .unwrap_or(0);
        let full = match whole {
            0 => 0,
            whole => (left.min(whole) * BAR).div_ceil(whole),
        };
        let cell = |number| if number < full { '▰' } else { '▱' };
        (0..BAR).map(cell).collect()
    }

    /// When the person will have to sign in again, where that is soon and known.
    fn warning(&self, now: UnixTime) -> Option<String> {
        let left = self.facts.refresh_token_expires_at?.saturating_sub(now);
        let left = u64::try_from(left).ok()?;
        let usable = matches!(self.state(now), State::Valid | State::Renewable);
        let soon = left < SOON.unsigned_abs() && usable;
        soon.then(|| format!("sign in again within {}", time_words::length(left)))
    }

    /// Nothing follows the access token.
    fn is_last(&self, now: UnixTime) -> bool {
        let ends = self.facts.expires_at.is_some();
        ends && !self.facts.renewable && self.state(now) == State::Valid
    }

    fn scope(&self) -> String {
        let scope: Vec<_> = self
            .facts
            .scope
            .iter()
            .map(|one| printable(one, 80))
            .collect();
        scope.join(" ")
    }

    fn name(&self) -> String {
        printable(&self.reference(), 100)
    }

    fn last_renewed(&self, now: UnixTime) -> String {
        match self.facts.last_refresh_at {
            Some(time) => time_words::ago(now.saturating_sub(time)),
            None => "-".to_owned(),
        }
    }

    /// The store in two words; [`detail`] has all of them.
    fn store(&self) -> String {
        let store = &self.facts.store;
        let end = [" (", " store in ", ": "]
            .iter()
            .filter_map(|mark| store.find(mark))
            .min();
        let store = match self.from_environment {
            true => "environment",
            false => &store[..end.unwrap_or(store.len())],
        };
        printable(store, 30)
    }

    /// `ok (userinfo)`, `refused: …`
    fn check(&self) -> String {
        let Some(checked) = &self.checked else {
            return String::new();
        };
        let why = printable(&checked.why, 200);
        match (checked.verdict, checked.by) {
            (Verdict::Works, Some(by)) => format!("ok ({})", by.as_str()),
            (Verdict::Works, None) => "ok".to_owned(),
            (Verdict::Refused, _) => format!("refused: {why}"),
            (Verdict::Unreachable, _) => format!("unreachable: {why}"),
            (Verdict::Unknown, _) => format!("cannot tell: {why}"),
        }
    }
}

/// All sessions, a line each; with bars and cut to `line` columns where a person looks.
pub fn list(sessions: &[Session], now: UnixTime, line: Option<u16>) -> String {
    let bar = line.is_some();
    let rows = sessions.iter().map(|session| {
        let mark = if session.is_default { " *" } else { "" };
        let token = session.access_token(now, bar);
        let token = match session.warning(now) {
            Some(warning) => format!("{token}, {warning}"),
            None if session.is_last(now) => format!("{token}, then sign in again"),
            None => token,
        };
        [
            format!("{}{mark}", session.name()),
            token,
            session.last_renewed(now),
            session.store(),
            session.scope(),
        ]
    });
    let rows: Vec<_> = rows.collect();
    let headings = ["SESSION", "ACCESS TOKEN", "RENEWED", "STORE", "SCOPE"];
    if sessions.iter().all(|session| session.checked.is_none()) {
        return table::render(headings, rows, line);
    }
    let checked = rows.into_iter().zip(sessions).map(|(row, session)| {
        let [name, token, renewed, store, _] = row;
        [name, token, renewed, store, session.check()]
    });
    let [session, token, renewed, store, _] = headings;
    let headings = [session, token, renewed, store, "CHECK"];
    table::render(headings, checked.collect(), line)
}

/// One session in full.
pub fn detail(session: &Session, now: UnixTime, bar: bool) -> String {
    let facts = &session.facts;
    let since = |time: UnixTime| time_words::ago(now.saturating_sub(time));
    let mut lines = vec![
        ("session", session.name()),
        ("access token", session.access_token(now, bar)),
    ];
    let renewal = match (facts.renewable, session.warning(now)) {
        (_, Some(warning)) => warning,
        (true, None) => "by itself".to_owned(),
        (false, None) if session.from_environment => {
            "never: it is what the variable says".to_owned()
        }
        (false, None) => "only by signing in again".to_owned(),
    };
    lines.push(("renewed", renewal));
    if session.checked.is_some() {
        lines.push(("check", session.check()));
    }
    if let Some(issuer) = &facts.issuer {
        lines.push(("issuer", printable(issuer, 200)));
    }
    if !session.from_environment {
        lines.push(("scope", session.scope()));
        lines.push(("signed in", since(facts.signed_in_at)));
    }
    if let Some(refreshed) = facts.last_refresh_at {
        lines.push(("last renewed", since(refreshed)));
    }
    lines.push(("store", printable(&facts.store, 200)));
    if let Some(in_use) = &session.in_use_instead {
        lines.push(("store in use", printable(in_use, 200)));
    }
    let lines = lines
        .iter()
        .map(|(name, value)| format!("{name:<13} {value}\n"));
    lines.collect()
}

/// For machines: the facts and what follows from them.
pub fn as_json(session: &Session, now: UnixTime) -> Value {
    let facts = &session.facts;
    let time = |seconds: Option<UnixTime>| {
        let time = seconds.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
        time.map(|time| time.to_string())
    };
    let mut json = json!({
        "service": facts.service,
        "account": facts.account,
        "default": session.is_default,
        "state": match session.state(now) {
            State::Valid => "valid",
            State::Renewable => "renewable",
            State::Ended => "ended",
            State::Elsewhere => "elsewhere",
        },
        "expires_at": time(facts.expires_at),
        "expires_in": session.left(now),
        "refresh_token_expires_at": time(facts.refresh_token_expires_at),
        "renewable": facts.renewable,
        "issuer": facts.issuer,
        "scope": facts.scope,
        "signed_in_at": time(Some(facts.signed_in_at)),
        "last_refresh_at": time(facts.last_refresh_at),
        "store": facts.store,
    });
    if let Some(in_use) = &session.in_use_instead {
        json["store_in_use"] = in_use.as_str().into();
    }
    if session.from_environment {
        json["account"] = Value::Null;
        json["signed_in_at"] = Value::Null;
    }
    if let Some(checked) = &session.checked {
        json["check"] = json!({
            "result": match checked.verdict {
                Verdict::Works => "ok",
                Verdict::Refused => "refused",
                Verdict::Unreachable => "unreachable",
                Verdict::Unknown => "unknown",
            },
            "by": checked.by.map(By::as_str),
            "message": checked.why,
            "code": checked.code.map(Code::as_str),
        });
    }
    json
}

#[cfg(test)]
mod tests;
