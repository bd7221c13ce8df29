//! Values typed as text, for any key: `--set key=value` and `HALLPASS_<SERVICE>_<KEY>`.

use serde::Deserialize;
use toml::{Table, Value};

use super::merge::{KEYS, MAPS};
use super::registration::{Registration, SecretSource};
use super::strict::{authlib_name, closest};
use crate::error::{Code, Error, Result};
use crate::secret::printable;

/// A registration that holds `key = text` and nothing else.
///
/// `key` is a key of a service table, or `variables.tenant` for an entry of a map. Text is read as
/// what the key takes: text itself, a number, a boolean, or a list of words; a TOML list, table or
/// quoted string is taken as TOML.
pub fn assign(key: &str, text: &str) -> Result<Registration> {
    check_key(key)?;
    if key == "client_secret" {
        return Err(Error::new(
            Code::Usage,
            "a client secret cannot be set as an argument",
        )
        .with_hint("use --client-secret-stdin, --client-secret-file, --client-secret-env or --client-secret-command"));
    }
    let mut failure = String::new();
    for candidate in candidates(text) {
        let mut table = Table::new();
        match key.split_once('.') {
            Some((map, entry)) => {
                let inner = Table::from_iter([(entry.to_owned(), candidate)]);
                table.insert(map.to_owned(), Value::Table(inner));
            }
            None => {
                table.insert(key.to_owned(), candidate);
            }
        }
        match Registration::deserialize(table) {
            Ok(registration) => return Ok(registration),
            Err(error) if failure.is_empty() => failure = error.message().to_owned(),
            Err(_) => {}
        }
    }
    Err(Error::new(
        Code::Usage,
        format!("{key} cannot be \"{}\"", printable(text, 120)),
    )
    .with_hint(printable(&failure, 200)))
}

/// `client_secret` as a layer.
pub fn client_secret(source: SecretSource) -> Registration {
    Registration {
        client_secret: Some(source),
        ..Registration::default()
    }
}

/// Refuses a key that no service table has.
pub fn check_key(key: &str) -> Result<()> {
    let (name, entry) = match key.split_once('.') {
        Some((map, entry)) => (map, Some(entry)),
        None => (key, None),
    };
    let known = match entry {
        Some(entry) => MAPS.contains(&name) && !entry.is_empty(),
        None => KEYS.contains(&name) && !MAPS.contains(&name),
    };
    if known {
        return Ok(());
    }
    let message = format!("no key \"{}\" in a service", printable(key, 80));
    let hint = if MAPS.contains(&name) {
        format!("{name} is a table: {name}.ENTRY=VALUE")
    } else if let Some(ours) = authlib_name(name) {
        format!("that is Authlib's name; here it is {ours}")
    } else if let Some(near) = closest(name, KEYS) {
        format!("did you mean {near}?")
    } else {
        format!("known keys: {}", KEYS.join(", "))
    };
    Err(Error::new(Code::Usage, message).with_hint(hint))
}

/// What the text may mean, likeliest first.
fn candidates(text: &str) -> Vec<Value> {
    let as_toml = || Table::from_toml(text);
    let mut found = Vec::new();
    if text.starts_with(['[', '{', '"', '\'']) {
        found.extend(as_toml());
    }
    found.push(Value::String(text.to_owned()));
    let words = text.split([' ', ',']).filter(|word| !word.is_empty());
    found.push(words.map(Value::from).collect::<Vec<_>>().into());
    found.extend(as_toml());
    found
}

/// One TOML value from text.
trait FromToml {
    fn from_toml(text: &str) -> Option<Value>;
}

impl FromToml for Table {
    fn from_toml(text: &str) -> Option<Value> {
        format!("value = {text}")
            .parse::<Table>()
            .ok()
            .filter(|table| table.len() == 1)?
            .remove("value")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_what_the_key_takes() {
        assert_eq!(
            assign("issuer", "https://a.example").unwrap().issuer,
            Some("https://a.example".into())
        );
        let scope = Some(vec!["openid".to_owned(), "email".to_owned()]);
        assert_eq!(assign("scope", "openid email").unwrap().scope, scope);
        assert_eq!(
            assign("scope", r#"["openid", "email"]"#).unwrap().scope,
            scope
        );
        assert_eq!(
            assign("audience", "https://a.example,https://b.example")
                .unwrap()
                .audience
                .unwrap()
                .len(),
            2
        );
        assert_eq!(
            assign("redirect_port", "8400").unwrap().redirect_port,
            Some(8400)
        );
        assert_eq!(
            assign("insecure_api", "true").unwrap().insecure_api,
            Some(true)
        );
        assert_eq!(
            assign("variables.tenant", "common").unwrap().variables["tenant"],
            "common"
        );
        assert!(
            assign("pagination", "{ style = \"link\" }")
                .unwrap()
                .pagination
                .is_some()
        );
    }

    #[test]
    fn wrong_keys_and_values_are_told_apart() {
        for (key, text, hint) in [
            ("isuer", "x", "did you mean issuer?"),
            (
                "authorize_url",
                "x",
                "that is Authlib's name; here it is authorization_endpoint",
            ),
            (
                "variables",
                "x",
                "variables is a table: variables.ENTRY=VALUE",
            ),
        ] {
            assert_eq!(assign(key, text).unwrap_err().hint(), Some(hint), "{key}");
        }
        let error = assign("redirect_port", "many").unwrap_err();
        assert_eq!(error.to_string(), "redirect_port cannot be \"many\"");
    }

    #[test]
    fn a_client_secret_is_never_an_argument() {
        let error = assign("client_secret", "hunter2").unwrap_err();
        assert!(!format!("{error:?}").contains("hunter2"));
    }
}
