//! What an API's refusal asks for (RFC 6750 §3.1, RFC 9470 §3), and what the person can do.
//!
//! Nothing in a challenge is followed: no realm, no URL in it is ever asked for anything (must 85).

use http::{HeaderMap, StatusCode};

use crate::error::{Code, Error};
use crate::protocol::bearer::{self, Demand};
use crate::secret::printable;
use crate::service::Service;

/// What would help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Another access token.
    Renew,
    /// More scope; what the API named.
    Scope(Option<String>),
    /// A stronger or fresher sign-in.
    StepUp {
        acr_values: Option<String>,
        max_age: Option<u64>,
    },
    /// Nothing that a sign-in could give.
    Nothing,
}

/// Reads status and challenges of an answer.
pub fn read(status: StatusCode, headers: &HeaderMap) -> Verdict {
    // Elsewhere a challenge means nothing (RFC 9110 §15.5.2, RFC 6750 §3.1).
    if !matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
        return Verdict::Nothing;
    }
    match bearer::demand(status, headers) {
        Some(Demand::Authentication {
            acr_values,
            max_age,
        }) => Verdict::StepUp {
            acr_values: acr_values.and_then(|text| words(text.split_whitespace())),
            max_age,
        },
        Some(Demand::Scope { scope }) => Verdict::Scope(words(scope.iter().map(String::as_str))),
        Some(Demand::Other { .. } | Demand::DpopNonce { .. }) => Verdict::Nothing,
        // Most APIs say no more than 401 when a token has ended.
        Some(Demand::ValidToken { .. } | Demand::Token) | None
            if status == StatusCode::UNAUTHORIZED =>
        {
            Verdict::Renew
        }
        _ => Verdict::Nothing,
    }
}

/// A list that may stand in a shell line: anything a shell could act on is left out.
fn words<'a>(words: impl Iterator<Item = &'a str>) -> Option<String> {
    let safe: Vec<_> = words
        .filter(|word| word.len() <= 200 && word.bytes().all(harmless))
        .collect();
    (!safe.is_empty()).then(|| safe.join(" "))
}

fn harmless(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:/@+,#?=&%*[]{}()".contains(&byte)
}

/// The error that tells what would help; `granted` is the scope there is.
pub fn explain(verdict: &Verdict, service: &Service, granted: &[String]) -> Option<Error> {
    let name = service.reference();
    match verdict {
        Verdict::Scope(Some(scope)) => {
            let mut wanted: Vec<&str> = granted.iter().map(String::as_str).collect();
            for word in scope.split(' ') {
                if !wanted.contains(&word) {
                    wanted.push(word);
                }
            }
            let error = format!("the API wants more scope than the session has: {scope}");
            let wanted = wanted.join(" ");
            Some(
                Error::new(Code::InsufficientScope, error).with_hint(format!(
                    "sign in for it: `hallpass login {name} --scope '{}'`",
                    printable(&wanted, 2000)
                )),
            )
        }
        Verdict::Scope(None) => Some(
            Error::new(
                Code::InsufficientScope,
                "the API wants more scope than the session has and does not say which",
            )
            .with_hint(format!(
                "find it in the API's documentation, then `hallpass login {name} --scope '…'`"
            )),
        ),
        Verdict::StepUp {
            acr_values,
            max_age,
        } => {
            let mut flags = String::new();
            if let Some(acr) = acr_values {
                flags.push_str(&format!(" --acr '{acr}'"));
            }
            if let Some(seconds) = max_age {
                flags.push_str(&format!(" --max-age {seconds}"));
            }
            Some(
                Error::new(
                    Code::StepUpRequired,
                    "the API wants a stronger or more recent sign-in",
                )
                .with_hint(format!("sign in again: `hallpass login {name}{flags}`")),
            )
        }
        Verdict::Renew | Verdict::Nothing => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use http::header::WWW_AUTHENTICATE;

    fn verdict(status: u16, challenge: &str) -> Verdict {
        let mut headers = HeaderMap::new();
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_str(challenge).unwrap());
        read(StatusCode::from_u16(status).unwrap(), &headers)
    }

    #[test]
    fn refusals_are_understood() {
        let scope = Verdict::Scope(Some("a b".into()));
        for (status, challenge, expected) in [
            (401, "Bearer error=\"invalid_token\"", Verdict::Renew),
            (401, "Basic realm=x", Verdict::Renew),
            (401, "Bearer error=\"invalid_request\"", Verdict::Nothing),
            (
                403,
                "Bearer error=\"insufficient_scope\", scope=\"a b\"",
                scope.clone(),
            ),
            (401, "DPOP error=insufficient_scope scope=\"a b\"", scope),
            (403, "Bearer error=\"invalid_token\"", Verdict::Nothing),
            (404, "Bearer error=\"insufficient_scope\"", Verdict::Nothing),
        ] {
            assert_eq!(verdict(status, challenge), expected, "{challenge}");
        }
        assert_eq!(
            verdict(
                401,
                "Bearer error=\"insufficient_user_authentication\", acr_values=\"urn:x y\", max_age=\"60\""
            ),
            Verdict::StepUp {
                acr_values: Some("urn:x y".into()),
                max_age: Some(60)
            }
        );
        assert_eq!(
            read(StatusCode::UNAUTHORIZED, &HeaderMap::new()),
            Verdict::Renew
        );
    }

    #[test]
    fn the_hint_is_a_line_that_is_safe_to_run() {
        let service = Service {
            name: "x".into(),
            account: Some("ada".into()),
            values: Default::default(),
            origins: Default::default(),
            variables: Default::default(),
        };
        let verdict = verdict(
            403,
            "Bearer error=insufficient_scope, scope=\"b '; rm -rf / $(x) https://a.example/scope\"",
        );
        let error = explain(&verdict, &service, &["a".into(), "b".into()]).unwrap();
        assert_eq!(error.code(), Code::InsufficientScope);
        assert_eq!(
            error.hint().unwrap(),
            "sign in for it: `hallpass login x@ada --scope 'a b rm -rf / https://a.example/scope'`"
        );
    }

    proptest::proptest! {
        /// What is shown may be pasted into a shell.
        #[test]
        fn any_challenge_is_read_and_its_words_do_no_harm(
            status in 200u16..600, challenge in "(Bearer|DPoP|x) ?(error|scope|acr_values|max_age)=\"?[ -~]{0,30}",
        ) {
            let words = match verdict(status, &challenge) {
                Verdict::Scope(words) => words,
                Verdict::StepUp { acr_values, .. } => acr_values,
                Verdict::Renew | Verdict::Nothing => None,
            };
            let words = words.unwrap_or_default();
            proptest::prop_assert!(!words.contains(['\'', '"', '$', '`', ';', '\\', '!', '<', '>', '|']), "{}", words);
        }
    }
}
