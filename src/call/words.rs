//! `SERVICE [METHOD] URL [ITEM…]`: which word is what.

use super::items;
use crate::error::{Code, Error, Result};
use crate::secret::printable;

/// The positional words, each in its place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    /// `None`: the service is the one that covers the URL.
    pub service: Option<String>,
    /// As typed, where one was.
    pub method: Option<String>,
    /// Absolute, or relative to the service's `api_base_url`.
    pub url: String,
    /// Everything after the URL.
    pub items: Vec<String>,
}

/// Methods that are recognised in lower case, as HTTPie does.
const METHODS: [&str; 9] = [
    "get", "head", "post", "put", "patch", "delete", "options", "trace", "query",
];

/// Sorts the words. `method_given`: `-X` was used, so no word is a method; `url_given`: `--url`
/// was used, so no word is a URL.
pub fn sort(words: Vec<String>, method_given: bool, url_given: Option<String>) -> Result<Words> {
    let mut words = words.into_iter().peekable();
    let mut sorted = Words::default();
    let mut rest: Vec<String>;
    match words.peek() {
        None => return Err(missing("a service")),
        Some(first) if is_absolute(first) => rest = words.collect(),
        Some(_) => {
            let first = words.next().unwrap_or_default();
            rest = words.collect();
            if !method_given
                && is_upper(&first)
                && rest.first().is_some_and(|word| is_absolute(word))
            {
                sorted.method = Some(first);
            } else {
                sorted.service = Some(first);
            }
        }
    }
    if sorted.method.is_none()
        && !method_given
        && sorted.service.is_some()
        && let [first, following @ ..] = &rest[..]
        && is_method(first, following.first(), url_given.is_some())
    {
        sorted.method = Some(rest.remove(0));
    }
    sorted.url = match url_given {
        Some(url) => url,
        None if rest.is_empty() => return Err(missing("a URL")),
        None => rest.remove(0),
    };
    sorted.items = rest;
    Ok(sorted)
}

/// Whether a URL stands on its own.
pub fn is_absolute(word: &str) -> bool {
    let lower = word.get(..8).unwrap_or(word).to_ascii_lowercase();
    lower.starts_with("http://") || lower.starts_with("https://")
}

/// Whether it can only be a method.
pub fn is_upper(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_uppercase())
}

/// A word is a method when something that can be a URL follows it.
fn is_method(word: &str, next: Option<&String>, url_given: bool) -> bool {
    if is_upper(word) {
        return url_given || next.is_some();
    }
    METHODS.contains(&word)
        && next.is_some_and(|next| match items::split(next) {
            // `search?q=x` and `/a;b` are URLs; `name=text` is an item, so `word` is the URL.
            Some(item) => item.key.contains(['/', '?']) || is_absolute(next),
            None => true,
        })
}

fn missing(what: &str) -> Error {
    Error::new(Code::Usage, format!("{what} is missing")).with_hint(
        "write `hallpass call SERVICE [METHOD] URL [ITEM…]`, for example `hallpass call google oauth2/v3/userinfo`",
    )
}

/// The method as HTTP has it: letters are raised, anything else is refused.
pub fn method(typed: &str) -> Result<http::Method> {
    let raised = if METHODS.contains(&typed) {
        typed.to_ascii_uppercase()
    } else {
        typed.to_owned()
    };
    http::Method::from_bytes(raised.as_bytes()).map_err(|_| {
        Error::new(
            Code::Usage,
            format!("not an HTTP method: {:?}", printable(typed, 40)),
        )
        .with_hint("methods are one word, for example GET or PATCH")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(line: &str) -> (String, String, String, String) {
        let words = line.split(' ').map(str::to_owned).collect();
        let w = sort(words, false, None).unwrap();
        (
            w.service.unwrap_or_else(|| "-".into()),
            w.method.unwrap_or_else(|| "-".into()),
            w.url,
            w.items.join(" "),
        )
    }

    #[test]
    fn every_word_finds_its_place() {
        for (line, service, method, url, items) in [
            ("google userinfo", "google", "-", "userinfo", ""),
            ("google get", "google", "-", "get", ""),
            ("google GET", "google", "-", "GET", ""),
            ("google GET /x", "google", "GET", "/x", ""),
            ("google post /x a=b", "google", "post", "/x", "a=b"),
            ("bin post a=b", "bin", "-", "post", "a=b"),
            ("bin get get a==b", "bin", "get", "get", "a==b"),
            ("bin get search?q=x", "bin", "get", "search?q=x", ""),
            ("bin user name=x", "bin", "-", "user", "name=x"),
            ("bin PURGE x", "bin", "PURGE", "x", ""),
            (
                "https://a.example/x a=b",
                "-",
                "-",
                "https://a.example/x",
                "a=b",
            ),
            (
                "PUT https://a.example/x",
                "-",
                "PUT",
                "https://a.example/x",
                "",
            ),
            (
                "x DELETE HTTPS://a.example/x",
                "x",
                "DELETE",
                "HTTPS://a.example/x",
                "",
            ),
        ] {
            let expected = (service.into(), method.into(), url.into(), items.into());
            assert_eq!(sorted(line), expected, "{line}");
        }
    }

    #[test]
    fn with_a_method_flag_no_word_is_a_method() {
        let words = sort(vec!["x".into(), "GET".into()], true, None).unwrap();
        assert_eq!(words.url, "GET");
        let words = vec!["x".into(), "PUT".into(), "a=b".into()];
        let words = sort(words, false, Some("/u".into())).unwrap();
        assert_eq!(
            (words.method.as_deref(), words.url.as_str()),
            (Some("PUT"), "/u")
        );
        assert_eq!(words.items, ["a=b"]);
    }

    #[test]
    fn missing_words_say_what_is_missing() {
        assert!(
            sort(vec![], false, None)
                .unwrap_err()
                .to_string()
                .contains("service")
        );
        assert!(
            sort(vec!["x".into()], false, None)
                .unwrap_err()
                .to_string()
                .contains("URL")
        );
    }

    #[test]
    fn methods_are_tokens() {
        assert_eq!(method("patch").unwrap(), http::Method::PATCH);
        assert_eq!(method("MKCOL").unwrap().as_str(), "MKCOL");
        assert!(method("GET /\r\nX: y").is_err());
    }
}
