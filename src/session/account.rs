//! What an account is called: a name for people, from what the server says of the person.

use serde_json::{Map, Value};

use crate::protocol::id_token::IdTokenClaims;

/// Members that name a person, best first: OIDC's, then what GitHub, GitLab and their like say.
const NAMES: &[&str] = &["email", "preferred_username", "login", "username"];
/// Members that at least tell people apart.
const IDENTIFIERS: &[&str] = &["sub", "id"];

/// Characters of a name at most.
const LONGEST: usize = 80;

/// Whether the ID Token alone gives a name that a person knows.
pub fn named_by(claims: Option<&IdTokenClaims>) -> bool {
    claims.is_some_and(|claims| first(&claims.all, NAMES).is_some())
}

/// The account's name: `default` where nobody says anything.
pub fn name(claims: Option<&IdTokenClaims>, userinfo: Option<&Map<String, Value>>) -> String {
    let sources = [claims.map(|claims| &claims.all), userinfo];
    let sources = || sources.into_iter().flatten();
    sources()
        .find_map(|members| first(members, NAMES))
        .or_else(|| sources().find_map(|members| first(members, IDENTIFIERS)))
        .unwrap_or_else(|| "default".to_owned())
}

/// What the server knows a person by, as a name; `None` where nothing of it can be typed.
pub fn from_identifier(identifier: &str) -> Option<String> {
    Some(tidy(identifier)).filter(|name| !name.is_empty())
}

fn first(members: &Map<String, Value>, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| {
        let text = match members.get(*name)? {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        let name = tidy(&text);
        (!name.is_empty()).then_some(name)
    })
}

/// What can be typed after `SERVICE@`: letters, digits and `._+-@`; anything else is a dash.
fn tidy(text: &str) -> String {
    let dashed: String = text
        .trim()
        .chars()
        .take(LONGEST)
        .map(|c| match c {
            c if c.is_ascii_alphanumeric() || "._+-@".contains(c) => c,
            _ => '-',
        })
        .collect();
    dashed.trim_matches(['-', '.']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn members(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn the_best_name_that_anybody_gives_wins() {
        for (userinfo, expected) in [
            (
                json!({"sub": "1", "email": "ada@example.com"}),
                "ada@example.com",
            ),
            (json!({"sub": "1", "preferred_username": "ada"}), "ada"),
            (
                json!({"login": "octocat", "id": 583231, "email": null}),
                "octocat",
            ),
            (json!({"id": 583231}), "583231"),
            (json!({"sub": "248289761001"}), "248289761001"),
            (json!({"email": ""}), "default"),
        ] {
            assert_eq!(name(None, Some(&members(userinfo))), expected);
        }
        assert_eq!(name(None, None), "default");
    }

    /// Names go to terminals, file names and command lines.
    #[test]
    fn names_are_tidied() {
        for (said, expected) in [
            ("Ada Lovelace", "Ada-Lovelace"),
            ("\u{1b}[2J../../etc", "2J..-..-etc"),
            ("a/b\\c:d", "a-b-c-d"),
            ("\u{202e}", "default"),
        ] {
            let said = members(json!({ "preferred_username": said }));
            assert_eq!(name(None, Some(&said)), expected);
        }
    }

    proptest! {
        #[test]
        fn any_name_is_plain_and_short(said in ".{0,200}") {
            let name = name(None, Some(&members(json!({"email": said}))));
            prop_assert!(!name.is_empty() && name.len() <= LONGEST);
            prop_assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || "._+-@".contains(c)));
            prop_assert!(!name.starts_with('-') && !name.starts_with('.'));
        }
    }
}
