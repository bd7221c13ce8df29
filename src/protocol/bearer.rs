//! Challenges of a protected resource (RFC 9110 §11.6.1; RFC 6750 §3, RFC 9449 §7.1, RFC 9470 §3).
//!
//! Read tolerantly: any case, several in one header or in several, missing commas and quotes.

use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;

/// One challenge of a `WWW-Authenticate` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// In lower case.
    pub scheme: String,
    /// Names in lower case, values unquoted; as the server sent them otherwise.
    pub parameters: Vec<(String, String)>,
}

impl Challenge {
    /// The first parameter of that name.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Whether it is about an access token.
    pub fn is_token(&self) -> bool {
        matches!(self.scheme.as_str(), "bearer" | "dpop")
    }
}

/// Every challenge of an answer, in order.
pub fn challenges(headers: &HeaderMap) -> Vec<Challenge> {
    let mut found = Vec::new();
    for value in headers.get_all(WWW_AUTHENTICATE) {
        parse(&String::from_utf8_lossy(value.as_bytes()), &mut found);
    }
    found
}

fn parse(text: &str, found: &mut Vec<Challenge>) {
    let before = found.len();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let end = rest.find([' ', '\t', ',', '=', '"']);
        let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
        if word.is_empty() {
            let Some(c) = rest.chars().next() else { return };
            rest = &rest[c.len_utf8()..];
            continue;
        }
        let value = after.trim_start_matches([' ', '\t']).strip_prefix('=');
        match (value, found[before..].last_mut()) {
            (Some(value), Some(challenge)) => {
                let (value, after) = self::value(value.trim_start_matches([' ', '\t']));
                let parameter = (word.to_ascii_lowercase(), value);
                challenge.parameters.push(parameter);
                rest = after;
            }
            // A parameter of no scheme.
            (Some(value), None) => {
                rest = self::value(value.trim_start_matches([' ', '\t'])).1;
            }
            (None, _) => {
                found.push(Challenge {
                    scheme: word.to_ascii_lowercase(),
                    parameters: Vec::new(),
                });
                rest = after;
            }
        }
    }
}

/// A token or a quoted string, and what follows.
fn value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([' ', '\t', ',']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut out = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return (out, &quoted[at + 1..]),
            '\\' => out.extend(characters.next().map(|(_, c)| c)),
            c => out.push(c),
        }
    }
    (out, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use proptest::prelude::*;

    fn read(lines: &[&str]) -> Vec<Challenge> {
        let mut headers = HeaderMap::new();
        for line in lines {
            let value = HeaderValue::from_bytes(line.as_bytes()).unwrap();
            headers.append(WWW_AUTHENTICATE, value);
        }
        challenges(&headers)
    }

    /// must 86
    #[test]
    fn challenges_are_found_in_any_shape() {
        for lines in [
            &["Bearer error=\"invalid_token\", scope=\"a b\""][..],
            &["bEARER  Error = \"invalid_token\" ,, SCOPE=\"a b\","],
            &["Bearer realm=x error=invalid_token scope=\"a b\""],
            &["Basic realm=\"a, Bearer\", Bearer error=\"invalid_token\",scope=\"a b\""],
            &[
                "Negotiate abc==",
                "Bearer error=\"invalid\\_token\", scope=\"a b",
            ],
        ] {
            let all = read(lines);
            let bearer = all.iter().find(|c| c.is_token()).expect(lines[0]);
            assert_eq!(bearer.get("error"), Some("invalid_token"), "{lines:?}");
            assert_eq!(bearer.get("scope"), Some("a b"), "{lines:?}");
        }
        let both = read(&["dPoP algs=\"ES256\"", "BEARER"]);
        assert_eq!(both.len(), 2);
        assert!(both.iter().all(Challenge::is_token));
        assert_eq!(read(&["error=\"x\""]), []);
        assert_eq!(read(&[""]), []);
    }

    proptest! {
        #[test]
        fn any_header_is_read_without_panic(text in "[ -~é\"=,\\\\]{0,60}") {
            for challenge in read(&[&text]) {
                prop_assert!(!challenge.scheme.is_empty());
            }
        }
    }
}
