//! Values that must not be printed, and text that must be made safe to print.

use std::fmt;

use serde::{Deserialize, Deserializer, Serializer};
use url::Url;
use zeroize::Zeroize;

pub mod seal;

/// A value that nothing prints: no `Display`, `Debug` says `[redacted]`, wiped on drop.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret<T: Zeroize = String>(T);

impl<T: Zeroize> Secret<T> {
    /// Takes the value in.
    pub fn new(value: T) -> Self {
        Secret(value)
    }

    /// The value itself. Every call of this is a place to look at in a review.
    pub fn expose(&self) -> &T {
        &self.0
    }

    /// The value, to be filled in.
    pub fn expose_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl From<&str> for Secret {
    fn from(value: &str) -> Self {
        Secret(value.to_owned())
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Secret(value)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Secret)
    }
}

/// `#[serde(serialize_with = "expose")]`: writes the secret out; only for what goes into a store.
pub fn expose<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

/// [`expose`] for an optional secret.
pub fn expose_option<S: Serializer>(
    secret: &Option<Secret>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match secret {
        Some(secret) => serializer.serialize_some(secret.expose()),
        None => serializer.serialize_none(),
    }
}

/// A URL that prints without user information, and with every query value and the fragment hidden.
#[derive(Clone, PartialEq, Eq)]
pub struct SafeUrl(Url);

impl SafeUrl {
    /// Wraps a URL for printing.
    pub fn new(url: Url) -> Self {
        SafeUrl(url)
    }

    /// The URL itself.
    pub fn expose(&self) -> &Url {
        &self.0
    }
}

impl fmt::Display for SafeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.0.clone();
        // Refused only for URLs without a host, which carry no user information.
        let _ = shown.set_username("");
        let _ = shown.set_password(None);
        shown.set_fragment(None);
        if self.0.query().is_some() {
            shown.set_query(None);
            let names: Vec<_> = self
                .0
                .query_pairs()
                .map(|(name, _)| format!("{}=…", printable(&name, 64)))
                .collect();
            return write!(f, "{shown}?{}", names.join("&"));
        }
        write!(f, "{shown}")
    }
}

impl fmt::Debug for SafeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Foreign text made safe for a terminal: control and bidirectional characters are shown as
/// `\u{…}`, line ends become spaces, and it is cut at `limit` characters.
pub fn printable(text: &str, limit: usize) -> String {
    let mut out = String::with_capacity(text.len().min(limit * 2));
    for (count, c) in text.chars().enumerate() {
        if count == limit {
            out.push('…');
            break;
        }
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            c if is_unprintable(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

/// One word for a POSIX shell, in a line that a person is shown.
pub fn quoted(word: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./:@%+=,".contains(&b);
    if !word.is_empty() && word.bytes().all(plain) && !word.starts_with('=') {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// Whether foreign words repeat a secret that their author was given, or a good part of it.
pub fn repeats(words: &str, secret: &str) -> bool {
    const PART: usize = 12;
    if secret.len() < PART {
        return secret.len() > 3 && words.contains(secret);
    }
    let bytes = words.as_bytes();
    let mut parts = bytes.windows(PART);
    let secret = secret.as_bytes();
    parts.any(|part| secret.windows(PART).any(|of_secret| of_secret == part))
}

/// Characters that move the cursor, change direction or cannot be seen.
pub fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_the_value() {
        assert_eq!(format!("{:?}", Secret::from("hunter2")), "[redacted]");
    }

    #[test]
    fn safe_url_hides_user_information_and_values() {
        let url = Url::parse("https://u:p@h.example/cb?code=abc&state=x#frag").unwrap();
        let shown = SafeUrl::new(url).to_string();
        assert_eq!(shown, "https://h.example/cb?code=…&state=…");
    }

    #[test]
    fn words_that_repeat_a_secret_are_noticed() {
        let secret = "rt-0123456789abcdef";
        for (words, expected) in [
            ("refresh_token rt-0123456789abcdef is gone", true),
            ("token rt-012345678…", true),
            ("token rt-01 is gone", false),
            ("", false),
        ] {
            assert_eq!(repeats(words, secret), expected, "{words}");
        }
        assert!(repeats("bad secret hunter2", "hunter2"));
        assert!(!repeats("a bad day", "a"));
    }

    #[test]
    fn printable_shows_escapes_and_cuts() {
        assert_eq!(
            printable("a\u{1b}[2Jb\u{202e}c", 99),
            "a\\u{1b}[2Jb\\u{202e}c"
        );
        assert_eq!(printable("abcdef", 3), "abc…");
    }
}
