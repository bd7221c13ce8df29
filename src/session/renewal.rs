//! A record with the answer to its renewal taken in: pure.

use super::{Record, freshness};
use crate::error::{Code, Error, Result};
use crate::port::UnixTime;
use crate::protocol::token::TokenSet;

/// The record one generation on; what the answer omits is kept (RFC 6749 §5.1, §6).
pub fn renewed(record: &Record, answer: TokenSet, now: UnixTime) -> Result<Record> {
    if answer.token_type != record.token.token_type {
        return Err(Error::new(
            Code::ResponseInvalid,
            "the token endpoint renewed an access token with one of another type",
        ));
    }
    // An empty refresh token is none (T9).
    let new_refresh_token = answer
        .refresh_token
        .clone()
        .filter(|token| !token.expose().is_empty());
    let rotated = new_refresh_token.is_some() && new_refresh_token != record.token.refresh_token;
    let kept = &record.token;
    let mut extra = kept.extra.clone();
    extra.extend(answer.extra.clone());
    let token = TokenSet {
        access_token: answer.access_token.clone(),
        token_type: answer.token_type,
        refresh_token: new_refresh_token.or_else(|| kept.refresh_token.clone()),
        id_token: answer.id_token.clone().or_else(|| kept.id_token.clone()),
        scope: answer.scope.clone().or_else(|| kept.scope.clone()),
        expires_in: answer.expires_in,
        refresh_token_expires_in: match (answer.refresh_token_expires_in, rotated) {
            (Some(told), _) => Some(told),
            (None, true) => None,
            // It ends when it would have ended anyway.
            (None, false) => freshness::refresh_token_expires_at(record)
                .map(|end| u64::try_from(end.saturating_sub(now)).unwrap_or(0)),
        },
        extra,
    };
    Ok(Record {
        generation: record.generation + 1,
        token,
        received_at: now,
        refreshing: None,
        ..record.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::token::TokenType;
    use crate::session::record::sample;

    fn answer() -> TokenSet {
        TokenSet {
            access_token: "access-2".into(),
            token_type: TokenType::Bearer,
            refresh_token: None,
            id_token: None,
            scope: None,
            expires_in: Some(600),
            refresh_token_expires_in: None,
            extra: Default::default(),
        }
    }

    fn before() -> Record {
        let mut record = sample();
        record.token.id_token = Some("id-1".into());
        record.token.refresh_token_expires_in = Some(86_400);
        record
            .token
            .extra
            .insert("instance_url".into(), "https://a".into());
        record
    }

    #[test]
    fn what_the_answer_omits_is_kept() {
        let before = before();
        let now = before.received_at + 3600;
        let after = renewed(&before, answer(), now).unwrap();
        assert_eq!(after.token.access_token, "access-2".into());
        assert_eq!(after.token.refresh_token, Some("refresh-1".into()));
        assert_eq!(after.token.id_token, Some("id-1".into()));
        assert_eq!(after.token.scope, before.token.scope);
        assert_eq!(after.token.expires_in, Some(600));
        assert_eq!(after.token.refresh_token_expires_in, Some(86_400 - 3600));
        assert_eq!(after.token.extra, before.token.extra);
        assert_eq!((after.received_at, after.generation), (now, 2));
        assert_eq!(after.signed_in_at, before.signed_in_at);
    }

    #[test]
    fn what_the_answer_brings_replaces() {
        let mut answer = answer();
        answer.refresh_token = Some("refresh-2".into());
        answer.scope = Some(vec!["read".into()]);
        answer
            .extra
            .insert("instance_url".into(), "https://b".into());
        let after = renewed(&before(), answer, before().received_at).unwrap();
        assert_eq!(after.token.refresh_token, Some("refresh-2".into()));
        assert_eq!(after.token.scope, Some(vec!["read".into()]));
        assert_eq!(after.token.extra["instance_url"], "https://b");
        // Nobody said how long the new one lives.
        assert_eq!(after.token.refresh_token_expires_in, None);
    }

    #[test]
    fn an_empty_refresh_token_is_none() {
        let mut answer = answer();
        answer.refresh_token = Some("".into());
        let after = renewed(&before(), answer, 0).unwrap();
        assert_eq!(after.token.refresh_token, Some("refresh-1".into()));
    }

    #[test]
    fn another_token_type_is_refused() {
        let mut answer = answer();
        answer.token_type = TokenType::DPoP;
        let error = renewed(&before(), answer, 0).unwrap_err();
        assert_eq!(error.code(), Code::ResponseInvalid);
    }
}
