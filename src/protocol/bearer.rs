//! Challenges of a protected resource (RFC 9110 §11.6.1, RFC 6750 §3, RFC 9470 §3, RFC 9449 §9).

use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, StatusCode};

use crate::secret::printable;

/// Bytes of challenges that are read; the rest is not.
const MAX_BYTES: usize = 16 << 10;
/// Challenges and parameters of one answer that are kept.
const MAX_PARTS: usize = 64;
/// Characters of a value that may be shown.
const SHOWN: usize = 300;

/// One challenge, as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Challenge {
    /// In lower case: `bearer`, `dpop`, `basic`.
    pub scheme: String,
    /// The single value of a scheme without parameters (`Negotiate abc==`).
    pub token68: Option<String>,
    /// Names in lower case, in order.
    pub parameters: Vec<(String, String)>,
}

impl Challenge {
    /// The first parameter of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut found = self.parameters.iter().filter(|(key, _)| key == name);
        found.next().map(|(_, value)| value.as_str())
    }

    /// Whether it is about an access token.
    pub fn is_token(&self) -> bool {
        matches!(self.scheme.as_str(), "bearer" | "dpop")
    }
}

/// What a resource wants of the token; texts are printable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Demand {
    /// Another token: this one is expired, revoked or malformed (`invalid_token`).
    ValidToken { description: Option<String> },
    /// More scope (`insufficient_scope`); empty where the resource does not say which.
    Scope { scope: Vec<String> },
    /// A stronger or newer sign-in (RFC 9470).
    Authentication {
        acr_values: Option<String>,
        max_age: Option<u64>,
    },
    /// A DPoP proof with this nonce (RFC 9449 §9).
    DpopNonce { nonce: String },
    /// Something else (`invalid_request`, an unregistered error).
    Other {
        error: String,
        description: Option<String>,
    },
    /// A token, without more ado: there was none, or the resource does not say what is wrong.
    Token,
}

/// What the challenges of an answer come to; `None` where it has no Bearer or DPoP challenge.
///
/// Only a 401 or 403 (and a 400 with a DPoP nonce) is a challenge.
pub fn demand(status: StatusCode, headers: &HeaderMap) -> Option<Demand> {
    if !matches!(status.as_u16(), 400 | 401 | 403) {
        return None;
    }
    let challenges = challenges(headers);
    let ours = challenges
        .iter()
        .filter(|challenge| matches!(challenge.scheme.as_str(), "bearer" | "dpop"));
    // One that names an error tells more than one that does not.
    let telling = ours.max_by_key(|challenge| challenge.get("error").is_some())?;
    Some(read(telling, headers))
}

fn read(challenge: &Challenge, headers: &HeaderMap) -> Demand {
    let text = |name| challenge.get(name).map(|text| printable(text, SHOWN));
    match challenge.get("error") {
        None | Some("") => Demand::Token,
        Some("invalid_token") => Demand::ValidToken {
            description: text("error_description"),
        },
        Some("insufficient_scope") => Demand::Scope {
            scope: scope(challenge.get("scope").unwrap_or_default()),
        },
        Some("insufficient_user_authentication") => Demand::Authentication {
            acr_values: text("acr_values"),
            max_age: challenge.get("max_age").and_then(|age| age.parse().ok()),
        },
        Some("use_dpop_nonce") if dpop_nonce(headers).is_some() => Demand::DpopNonce {
            nonce: dpop_nonce(headers).unwrap_or_default(),
        },
        Some(error) => Demand::Other {
            error: printable(error, 64),
            description: text("error_description"),
        },
    }
}

/// Scope names by RFC 6749 §3.3; what is none is left out.
fn scope(text: &str) -> Vec<String> {
    let valid = |name: &&str| {
        name.bytes()
            .all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\')
    };
    let names = text.split_ascii_whitespace().filter(valid);
    names.take(MAX_PARTS).map(str::to_owned).collect()
}

/// `DPoP-Nonce` (RFC 9449 §8.1): also on answers of success.
pub fn dpop_nonce(headers: &HeaderMap) -> Option<String> {
    let nonce = headers.get("dpop-nonce")?.to_str().ok()?.trim();
    let valid = nonce.bytes().all(|b| b.is_ascii_graphic()) && (1..=4096).contains(&nonce.len());
    valid.then(|| nonce.to_owned())
}

/// Where the resource says its metadata is (RFC 9728 §5.1); to be believed only as far as
/// [`super::resource_metadata`] says.
pub fn resource_metadata(headers: &HeaderMap) -> Option<String> {
    let challenges = challenges(headers);
    let mut found = challenges.iter().filter_map(|c| c.get("resource_metadata"));
    found.next().map(str::to_owned)
}

/// Every challenge in every `WWW-Authenticate` header. Whatever cannot be read is skipped.
pub fn challenges(headers: &HeaderMap) -> Vec<Challenge> {
    let mut budget = MAX_BYTES;
    let mut found = Vec::new();
    for value in headers.get_all(WWW_AUTHENTICATE) {
        let text = String::from_utf8_lossy(value.as_bytes());
        if text.len() > budget {
            break;
        }
        budget -= text.len();
        Reader { rest: &text }.read(&mut found);
    }
    found
}

/// A forgiving reader: parameters without commas and unquoted values do not stop it.
struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn read(mut self, found: &mut Vec<Challenge>) {
        let mut at_element = true;
        let mut in_challenge = false;
        loop {
            at_element |= self.skip_separators();
            if self.rest.is_empty() {
                return;
            }
            let token = self.token();
            if token.is_empty() {
                self.skip_junk();
                continue;
            }
            if self.equals() {
                let value = self.value();
                if let Some(challenge) = found.last_mut().filter(|_| in_challenge)
                    && challenge.parameters.len() < MAX_PARTS
                {
                    let name = token.to_ascii_lowercase();
                    challenge.parameters.push((name, value));
                }
            } else if at_element {
                if found.len() == MAX_PARTS {
                    return;
                }
                in_challenge = true;
                found.push(Challenge {
                    scheme: token.to_ascii_lowercase(),
                    token68: self.token68(),
                    parameters: Vec::new(),
                });
            }
            at_element = false;
        }
    }

    /// Skips white space and commas; whether there was a comma.
    fn skip_separators(&mut self) -> bool {
        let rest = self.rest.trim_start_matches([' ', '\t', ',']);
        let skipped = &self.rest[..self.rest.len() - rest.len()];
        self.rest = rest;
        skipped.contains(',')
    }

    fn token(&mut self) -> &'a str {
        let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        let end = self.rest.find(|c| !is_token(c)).unwrap_or(self.rest.len());
        let (token, rest) = self.rest.split_at(end);
        self.rest = rest;
        token
    }

    /// One character that belongs nowhere; a quoted text as a whole.
    fn skip_junk(&mut self) {
        if self.rest.starts_with('"') {
            let _ = self.quoted();
            return;
        }
        let mut characters = self.rest.chars();
        characters.next();
        self.rest = characters.as_str();
    }

    /// An equals sign with the "bad" white space around it that RFC 9110 §11.2 lets pass.
    fn equals(&mut self) -> bool {
        match self.rest.trim_start_matches([' ', '\t']).strip_prefix('=') {
            Some(rest) => {
                self.rest = rest.trim_start_matches([' ', '\t']);
                true
            }
            None => false,
        }
    }

    fn value(&mut self) -> String {
        if self.rest.starts_with('"') {
            return self.quoted();
        }
        let end = self.rest.find([',', ' ', '\t']).unwrap_or(self.rest.len());
        let (value, rest) = self.rest.split_at(end);
        self.rest = rest;
        value.to_owned()
    }

    fn quoted(&mut self) -> String {
        let mut value = String::new();
        let mut characters = self.rest.chars();
        characters.next();
        while let Some(c) = characters.next() {
            match c {
                '"' => break,
                '\\' => value.extend(characters.next()),
                c => value.push(c),
            }
        }
        self.rest = characters.as_str();
        value
    }

    /// The value right behind a scheme, where it is no parameter.
    fn token68(&mut self) -> Option<String> {
        let rest = self.rest.trim_start_matches(' ');
        if rest.len() == self.rest.len() {
            return None;
        }
        let is_token68 = |c: char| c.is_ascii_alphanumeric() || "-._~+/".contains(c);
        let body = rest.find(|c| !is_token68(c)).unwrap_or(rest.len());
        let end = body + rest[body..].len() - rest[body..].trim_start_matches('=').len();
        let after = rest[end..].trim_start_matches([' ', '\t']);
        // `realm=` alone is a parameter without a value, not a token68 that ends in `=`.
        let complete = body > 0 && (after.is_empty() || after.starts_with(','));
        if !complete {
            return None;
        }
        let (value, rest) = rest.split_at(end);
        self.rest = rest;
        Some(value.to_owned())
    }
}

#[cfg(test)]
mod tests;
