//! Presets: what is publicly known of one authorization server and its API, as TOML.
//!
//! A preset has the keys of a service table, and a few of its own that tell a person how to get a
//! client. Only the preset that is named is parsed.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::merge::{KEYS, Origins, overlay};
use super::placeholder::fill_url;
use super::strict::{Source, closest};
use super::{Origin, Registration, Service};
use crate::error::{Code, Error, Result};
use crate::secret::printable;

/// One provider.
#[derive(Debug, Clone)]
pub struct Preset {
    /// The name it is chosen by.
    pub name: String,
    /// As its makers write it.
    pub display_name: String,
    /// Where a client is registered.
    pub documentation: Option<String>,
    /// What to do there: kind of client, which redirect URI to enter.
    pub register: Option<String>,
    /// Day on which the facts were last checked, `2026-11-24`.
    pub checked: Option<String>,
    /// What its `{placeholders}` stand for.
    pub variables: BTreeMap<String, Variable>,
    /// The keys of a service table.
    pub registration: Registration,
    /// [`Origin::Preset`] or [`Origin::UserPreset`].
    pub origin: Origin,
}

/// One `{placeholder}` of a preset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    /// Used where the person gives none.
    #[serde(default)]
    pub default: Option<String>,
    /// What to enter, for people.
    pub help: String,
}

/// Keys that only presets have.
const OWN_KEYS: &[&str] = &["display_name", "documentation", "register", "checked"];

macro_rules! shipped {
    ($($name:literal)*) => {
        /// Name and text of every preset in the binary, by name.
        const SHIPPED: &[(&str, &str)] = &[
            $(($name, include_str!(concat!("preset/", $name, ".toml"))),)*
        ];
    };
}

shipped! {
    "auth0" "bitbucket" "discord" "dropbox" "forgejo" "gitea" "github" "gitlab" "google" "keycloak"
    "microsoft" "notion" "okta" "reddit" "salesforce" "slack" "spotify" "strava" "twitch" "x"
}

/// Names of the presets in the binary, sorted.
pub fn shipped_names() -> impl Iterator<Item = &'static str> {
    SHIPPED.iter().map(|(name, _)| *name)
}

impl Preset {
    /// The preset of that name, the person's own before a shipped one.
    pub fn find(name: &str, user_presets: &BTreeMap<String, String>) -> Result<Option<Preset>> {
        if let Some(text) = user_presets.get(name) {
            let path = format!("providers/{name}.toml");
            let origin = Origin::UserPreset(name.to_owned());
            return Preset::parse(name, text, &path, origin).map(Some);
        }
        let Ok(at) = SHIPPED.binary_search_by(|(shipped, _)| (*shipped).cmp(name)) else {
            return Ok(None);
        };
        let (name, text) = SHIPPED[at];
        let path = format!("preset {name}");
        Preset::parse(name, text, &path, Origin::Preset(name.to_owned())).map(Some)
    }

    /// [`Preset::find`], where its absence is an error that suggests a name.
    pub fn require(name: &str, user_presets: &BTreeMap<String, String>) -> Result<Preset> {
        Preset::find(name, user_presets)?.ok_or_else(|| {
            let names: Vec<&str> = names(user_presets).collect();
            let error = Error::new(
                Code::UnknownProvider,
                format!("no provider \"{}\"", printable(name, 80)),
            );
            match closest(name, &names) {
                Some(near) => error.with_hint(format!(
                    "did you mean {near}? `hallpass providers` lists them all"
                )),
                None => error.with_hint(
                    "`hallpass providers` lists them; `hallpass add NAME --issuer URL` needs none",
                ),
            }
        })
    }

    /// The shipped preset whose server has this issuer.
    pub fn of_issuer(issuer: &str) -> Option<Preset> {
        let same = |known: &str| known.trim_end_matches('/') == issuer.trim_end_matches('/');
        let own = BTreeMap::new();
        shipped_names()
            .filter_map(|name| Preset::find(name, &own).ok()?)
            .find(|preset| preset.registration.issuer.as_deref().is_some_and(same))
    }

    /// The preset as a layer: its keys, its variables' defaults, its own name.
    pub fn layer(&self) -> Registration {
        let mut layer = self.registration.clone();
        layer.provider = Some(self.name.clone());
        for (name, variable) in &self.variables {
            if let Some(default) = &variable.default {
                layer.variables.insert(name.clone(), default.clone());
            }
        }
        layer
    }

    /// The preset as a service of its own name, unchecked; placeholders without a default stay.
    pub fn service(&self) -> Service {
        let mut values = Registration::default();
        let mut origins = Origins::new();
        overlay(&mut values, &mut origins, self.layer(), &|_| {
            self.origin.clone()
        });
        Service {
            name: self.name.clone(),
            account: None,
            values,
            origins,
            variables: self.variables.clone(),
        }
    }

    /// Reads a preset strictly; `path` is its name in errors.
    pub fn parse(name: &str, text: &str, path: &str, origin: Origin) -> Result<Preset> {
        let source = Source { path, text };
        let mut table = source.parse()?;
        let known: Vec<&str> = OWN_KEYS.iter().chain(KEYS).copied().collect();
        source.check_keys(&table, &known, "a preset")?;
        let mut own = |key: &str| -> Result<Option<String>> {
            table
                .remove(key)
                .map(|value| source.read(value, key))
                .transpose()
        };
        let display_name = own("display_name")?.unwrap_or_else(|| name.to_owned());
        let documentation = own("documentation")?;
        let register = own("register")?;
        let checked = own("checked")?;
        let variables = match table.remove("variables") {
            Some(value) => source.read(value, "variables")?,
            None => BTreeMap::new(),
        };
        let registration = read_registration(source, table, "a preset")?;
        Ok(Preset {
            name: name.to_owned(),
            display_name,
            documentation,
            register,
            checked,
            variables,
            registration,
            origin,
        })
    }
}

impl Preset {
    /// The page that tells how to register a client, on the instance that `chosen` names.
    pub fn documentation_for(&self, chosen: &BTreeMap<String, String>) -> Option<String> {
        let value_of = |name: &String, variable: &Variable| {
            let value = chosen.get(name).or(variable.default.as_ref());
            value.map(|value| (name.clone(), value.clone()))
        };
        let variables = self.variables.iter();
        let variables = variables.filter_map(|(name, variable)| value_of(name, variable));
        let page = self.documentation.as_ref()?;
        Some(fill_url(page, &variables.collect()))
    }
}

/// Every provider's name, the person's own first.
pub fn names(user_presets: &BTreeMap<String, String>) -> impl Iterator<Item = &str> {
    let shipped = SHIPPED.iter().map(|(name, _)| *name);
    let own = user_presets.keys().map(String::as_str);
    own.chain(shipped.filter(|name| !user_presets.contains_key(*name)))
}

/// Reads the keys of a service table; `table` is already checked for unknown ones.
pub(super) fn read_registration(
    source: Source<'_>,
    table: DeTable<'_>,
    place: &str,
) -> Result<Registration> {
    if let Some(value) = table.get("client_secret")
        && let DeValue::String(text) = value.get_ref()
        && *text != Cow::Borrowed("store")
    {
        // The value is a secret in the wrong place: it must not be repeated here.
        let message = format!("client_secret in {place} holds a value");
        return Err(source.error(Some(value.span()), &message).with_hint(
            "a secret does not belong in this file: remove it, then give it with \
             `hallpass edit NAME --client-secret-stdin`",
        ));
    }
    source.read(Spanned::new(0..0, DeValue::Table(table)), place)
}

#[cfg(test)]
#[path = "preset/answers_tests.rs"]
mod answers_tests;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_preset_is_complete() {
        let sorted: Vec<_> = shipped_names().collect();
        assert!(sorted.is_sorted(), "binary search needs order: {sorted:?}");
        for name in shipped_names() {
            let preset = Preset::require(name, &BTreeMap::new()).unwrap();
            let documentation = preset.documentation.expect(name);
            assert!(documentation.starts_with("https://"), "{name}");
            assert!(
                preset.register.is_some_and(|text| text.len() > 40),
                "{name}"
            );
            let checked = preset.checked.expect(name);
            let day = checked.len() == 10 && checked.as_str() >= "2026-11-24";
            assert!(day, "{name} was checked {checked}");
            for variable in preset.variables.keys() {
                assert!(!KEYS.contains(&variable.as_str()), "{name}: {variable}");
            }
            assert_eq!(preset.registration.client_secret, None, "{name}");
        }
    }

    #[test]
    fn every_shipped_preset_cites_two_sources() {
        for (name, text) in SHIPPED {
            let sources = text.lines().filter(|line| line.starts_with("# - ")).count();
            assert!(sources >= 2, "{name} cites {sources}");
        }
    }

    #[test]
    fn a_user_preset_stands_before_a_shipped_one() {
        let own = BTreeMap::from([(
            "google".to_owned(),
            "issuer = 'https://a.example'".to_owned(),
        )]);
        let preset = Preset::require("google", &own).unwrap();
        assert_eq!(preset.origin, Origin::UserPreset("google".into()));
        assert_eq!(names(&own).filter(|name| *name == "google").count(), 1);
    }

    #[test]
    fn errors_name_file_line_and_key() {
        let own = BTreeMap::from([(
            "mine".to_owned(),
            "\n\nisuer = 'https://a.example'".to_owned(),
        )]);
        let error = Preset::find("mine", &own).unwrap_err();
        assert_eq!(
            error.to_string(),
            "providers/mine.toml:3: unknown key \"isuer\" in a preset"
        );
        assert_eq!(error.hint(), Some("did you mean issuer?"));
    }
}
