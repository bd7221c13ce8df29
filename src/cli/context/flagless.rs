//! The way to authorization servers, which no flag shapes: what to do about a failure there is
//! told with environment variables, where the way to an API has flags.

use crate::edge;
use crate::port::{BoxFuture, Http, HttpError, Request, Response};

/// See the module.
pub struct Flagless(pub edge::http::Client);

impl Http for Flagless {
    fn send<'a>(&'a self, request: Request) -> BoxFuture<'a, Result<Response, HttpError>> {
        let sent = self.0.send(request);
        Box::pin(async move { sent.await.map_err(reworded) })
    }
}

/// What an API's hint says of a flag, and what is so without it.
const INSTEAD: [(&str, &str); 6] = [
    ("is needed (-x)", "is needed (https_proxy)"),
    (
        "is the network up? --connect-timeout gives it longer",
        "is the network up?",
    ),
    (
        "--cacert FILE, or SSL_CERT_FILE for every command",
        "SSL_CERT_FILE",
    ),
    ("SSL_CERT_FILE or --cacert", "SSL_CERT_FILE"),
    (
        "then --cacert FILE trusts it",
        "then SSL_CERT_FILE names it",
    ),
    (
        "the server may want a client certificate: --cert FILE --key FILE",
        "the server may want a client certificate, which only APIs are shown",
    ),
];

fn reworded(error: HttpError) -> HttpError {
    let words = |text: String| {
        let change = |text: String, (flag, instead): &(&str, &str)| text.replace(flag, instead);
        INSTEAD.iter().fold(text, change)
    };
    match error {
        HttpError::NotSent(text) => HttpError::NotSent(words(text)),
        HttpError::Ambiguous(text) => HttpError::Ambiguous(words(text)),
        HttpError::Limit(text) => HttpError::Limit(words(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Those that arise only where `--cert` was given.
    const WITH_THE_FLAG: &str = "check --cert:";

    /// The hints as they stand in the source, so that a new or changed one is noticed here.
    #[test]
    fn no_hint_names_a_flag_that_login_does_not_have() {
        let failure = include_str!("../../edge/http/failure.rs");
        let trust = include_str!("../../edge/http/trust.rs");
        let program = |text: &'static str| text.split("#[cfg(test)]").next().unwrap_or(text);
        let lines = program(failure).lines().chain(program(trust).lines());
        let hints: Vec<&str> = lines
            .map(str::trim)
            .filter(|line| !line.starts_with("//") && names_a_flag(line))
            .filter(|line| !line.contains(WITH_THE_FLAG))
            .collect();
        assert!(hints.len() >= 5, "{hints:#?}");
        for hint in hints {
            let told = reworded(HttpError::NotSent(format!("no\n{hint}")));
            assert!(!names_a_flag(told.hint().unwrap_or_default()), "{hint}");
        }
    }

    fn names_a_flag(line: &str) -> bool {
        let flags = [
            "(-x)",
            "--cacert",
            "--cert",
            "--key",
            "--connect-timeout",
            "--noproxy",
        ];
        flags.iter().any(|flag| line.contains(flag))
    }
}
