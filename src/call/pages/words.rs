//! Words for the person: how to go on from a page, with nothing secret in it.

use url::{Url, form_urlencoded};

use crate::secret::{is_unprintable, quoted};

/// Parameters that some APIs put a credential into; cursors go by other names.
const SECRET: [&str; 24] = [
    "access_token",
    "api_key",
    "api-key",
    "api_token",
    "apikey",
    "apitoken",
    "appid",
    "auth",
    "auth_token",
    "authorization",
    "client_secret",
    "code",
    "id_token",
    "jwt",
    "key",
    "passwd",
    "password",
    "private_token",
    "refresh_token",
    "secret",
    "sig",
    "signature",
    "token",
    "x-api-key",
];

/// The first parameter of a URL that may hold a secret.
pub fn secret_parameter(url: &Url) -> Option<String> {
    secret_pair(url.query().unwrap_or_default())
}

/// The same of a query.
pub fn secret_pair(query: &str) -> Option<String> {
    form_urlencoded::parse(query.as_bytes())
        .map(|(name, _)| name.into_owned())
        .find(|name| {
            let name = name.to_ascii_lowercase();
            SECRET.contains(&&*name)
                || name.starts_with("x-amz-")
                || name.starts_with("x-goog-")
                || name.contains("appsecret")
        })
}

/// Flags that make the next run begin where this one stopped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GoOn {
    flags: Vec<String>,
}

impl GoOn {
    pub fn flag(&mut self, name: &str, value: &str) {
        self.flags.push(format!("{name} {}", quoted(value)));
    }

    /// One line for a shell; `typed`: the command as it was, where it holds nothing secret.
    pub fn line(&self, typed: Option<&str>) -> String {
        let flags = self.flags.join(" ");
        match typed {
            Some(typed) => format!("to go on: {typed} {flags}"),
            None => format!("to go on, the same command with: {flags}"),
        }
    }
}

/// The command as it was typed, as one line for a shell; `None` where it cannot be one.
pub fn typed(words: &[String]) -> Option<String> {
    let plain = |word: &String| !word.chars().any(is_unprintable) && word != "--";
    if !words.iter().all(plain) {
        return None;
    }
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    Some(format!("hallpass {}", words.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_with_secrets_are_known_and_cursors_are_none() {
        for (query, found) in [
            ("after=x&access_token=y", Some("access_token")),
            ("X-Amz-Signature=y", Some("X-Amz-Signature")),
            ("Key=y", Some("Key")),
            (
                "page_token=x&pageToken=x&next_token=x&cursor=x&continuation_token=x",
                None,
            ),
            ("$skiptoken=x&keyword=y&sort_key=z&pagination_token=x", None),
        ] {
            let url = Url::parse(&format!("https://a.example/?{query}")).unwrap();
            assert_eq!(secret_parameter(&url).as_deref(), found, "{query}");
        }
    }

    #[test]
    fn the_line_is_one_for_a_shell() {
        let words = ["call", "demo", "a b", "--jq", ".x[]"].map(str::to_owned);
        let mut on = GoOn::default();
        on.flag("--page-from", "https://a.example/?a=1&b=it's");
        let line = on.line(typed(&words).as_deref());
        assert_eq!(
            line,
            "to go on: hallpass call demo 'a b' --jq '.x[]' --page-from 'https://a.example/?a=1&b=it'\\''s'"
        );
        assert_eq!(typed(&["a\nb".to_owned()]), None);
        assert_eq!(typed(&["--".to_owned()]), None);
        assert!(
            on.line(None)
                .starts_with("to go on, the same command with: --page-from '")
        );
    }
}
