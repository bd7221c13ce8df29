//! Strict reading of TOML: an unknown key is an error with its line and what was probably meant.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use crate::error::{Code, Error, Result};
use crate::secret::printable;

/// A TOML text with the name it is called by in errors.
#[derive(Debug, Clone, Copy)]
pub struct Source<'t> {
    /// `config.toml`, `providers/mine.toml`, `preset google`.
    pub path: &'t str,
    pub text: &'t str,
}

impl<'t> Source<'t> {
    /// The text as a table of tables.
    pub fn parse(self) -> Result<DeTable<'t>> {
        match DeTable::parse(self.text) {
            Ok(table) => Ok(table.into_inner()),
            Err(error) => Err(self.error(error.span(), &printable(error.message(), 200))),
        }
    }

    /// `path:line: message`.
    pub fn error(self, span: Option<Range<usize>>, message: &str) -> Error {
        let place = match span {
            Some(span) => format!("{}:{}", self.path, self.line(span.start)),
            None => self.path.to_owned(),
        };
        Error::new(
            Code::ConfigInvalid,
            format!("{}: {message}", printable(&place, 400)),
        )
        .with_hint("correct that line; `hallpass show NAME` tells what a service is made of")
    }

    fn line(self, offset: usize) -> usize {
        let before = self.text.as_bytes().get(..offset).unwrap_or_default();
        before.iter().filter(|byte| **byte == b'\n').count() + 1
    }

    /// Refuses keys that are not among `known`; `place` is the table's name in errors.
    pub fn check_keys(self, table: &DeTable<'_>, known: &[&str], place: &str) -> Result<()> {
        for key in table.keys() {
            let name: &str = key.get_ref();
            if known.contains(&name) {
                continue;
            }
            let message = format!("unknown key \"{}\" in {place}", printable(name, 80));
            let hint = match (authlib_name(name), closest(name, known)) {
                (Some(ours), _) if known.contains(&ours) => {
                    format!("that is Authlib's name; here it is {ours}")
                }
                (_, Some(near)) => format!("did you mean {near}?"),
                _ => format!("known keys: {}", known.join(", ")),
            };
            return Err(self.error(Some(key.span()), &message).with_hint(hint));
        }
        Ok(())
    }

    /// The table in `value`.
    pub fn table<'a>(
        self,
        value: Spanned<DeValue<'a>>,
        place: &str,
    ) -> Result<Spanned<DeTable<'a>>> {
        let span = value.span();
        match value.into_inner() {
            DeValue::Table(table) => Ok(Spanned::new(span, table)),
            _ => Err(self.error(Some(span), &format!("{place} must be a table"))),
        }
    }

    /// A typed value; the types check what stands in it.
    pub fn read<T: DeserializeOwned>(self, value: Spanned<DeValue<'_>>, place: &str) -> Result<T> {
        let span = value.span();
        T::deserialize(ValueDeserializer::from(value)).map_err(|error| {
            let message = printable(error.message(), 200);
            self.error(error.span().or(Some(span)), &format!("{place}: {message}"))
        })
    }
}

/// Ours for a key of Authlib's `register()`.
pub fn authlib_name(name: &str) -> Option<&'static str> {
    Some(match name {
        "authorize_url" => "authorization_endpoint",
        "access_token_url" => "token_endpoint",
        "refresh_token_url" => "refresh_endpoint",
        "authorize_params" => "authorization_parameters",
        "access_token_params" => "token_parameters",
        "revoke_token_url" | "revocation_url" => "revocation_endpoint",
        "introspect_token_url" | "introspection_url" => "introspection_endpoint",
        "scopes" => "scope",
        _ => return None,
    })
}

/// The known word nearest to what was typed, where one is near enough to be meant.
pub fn closest<'k>(typed: &str, known: &[&'k str]) -> Option<&'k str> {
    let typed = typed.to_lowercase();
    known
        .iter()
        .map(|word| {
            (
                strsim::damerau_levenshtein(&typed, &word.to_lowercase()),
                *word,
            )
        })
        .filter(|(distance, word)| *distance <= (word.len() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closest_word_is_one_a_typing_error_away() {
        assert_eq!(
            closest("isuer", &["issuer", "audience", "scope"]),
            Some("issuer")
        );
        assert_eq!(closest("Google", &["google"]), Some("google"));
        assert_eq!(closest("zzz", &["issuer", "x"]), None);
    }
}
