//! The configuration file as a whole: services and store choice, read strictly; a service's name
//! resolved through every layer.

use std::collections::BTreeMap;

use toml::de::DeTable;

use super::merge::{self, KEYS, Origins};
use super::preset::{Preset, names, read_registration};
use super::registration::Registration;
use super::strict::{Source, closest};
use super::{Origin, Service, placeholder, validate};
use crate::error::{Code, Error, Result};
use crate::secret::printable;

mod environment;

/// `config.toml` after parsing.
#[derive(Debug, Clone, Default)]
pub struct Configuration {
    /// `[service.NAME]` tables.
    pub services: BTreeMap<String, Registration>,
    /// `[store]`.
    pub store: StoreTable,
    /// `NAME` → TOML text of the person's own presets.
    pub user_presets: BTreeMap<String, String>,
}

/// `[store]`: which store is used; chosen once by the person and remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreTable {
    /// `keyring`, `file`, `command`; nothing chosen means `keyring`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// `file`: where; by default in the data folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// `file`: a key file instead of a passphrase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<String>,
    /// `file`: seconds the unlocked key may rest in the Linux kernel keyring.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remember: Option<u64>,
    /// `command`: program and arguments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<Vec<String>>,
    /// `command`: `hallpass`, `docker-credential` or `pass`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
}

/// How a `HALLPASS_…` variable is looked up.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Configuration {
    /// Parses the file's text; errors name `path`, line and key.
    pub fn parse(text: &str, path: &str) -> Result<Configuration> {
        let source = Source { path, text };
        let mut root = source.parse()?;
        source.check_keys(&root, &["service", "store"], "the file")?;
        let mut configuration = Configuration::default();
        if let Some(store) = root.remove("store") {
            configuration.store = read_store(source, store)?;
        }
        let Some(services) = root.remove("service") else {
            return Ok(configuration);
        };
        let services = source.table(services, "service")?.into_inner();
        for (name, table) in services {
            if let Err(why) = check_name(name.get_ref()) {
                let message = format!("service name \"{}\" {why}", printable(name.get_ref(), 80));
                return Err(source
                    .error(Some(name.span()), &message)
                    .with_hint("letters, digits, `.`, `_` and `-`, at most 64"));
            }
            let place = format!("[service.{}]", name.get_ref());
            let table: DeTable<'_> = source.table(table, &place)?.into_inner();
            source.check_keys(&table, KEYS, &place)?;
            let registration = read_registration(source, table, &place)?;
            configuration
                .services
                .insert(name.into_inner().into_owned(), registration);
        }
        Ok(configuration)
    }

    /// Resolves `NAME` or `NAME@ACCOUNT`: preset < file < environment < flags, and checks it.
    ///
    /// `environment` looks a `HALLPASS_…` variable up; `flags` is the last layer. A NAME that is
    /// not configured but is a provider's resolves from the preset alone.
    pub fn resolve(
        &self,
        reference: &str,
        environment: Lookup<'_>,
        flags: &Registration,
    ) -> Result<Service> {
        let service = self.merged(reference, environment, flags)?;
        validate::check(&service)?;
        Ok(service)
    }

    /// [`Configuration::resolve`] without the checks, so that what is wrong can be shown.
    pub fn merged(
        &self,
        reference: &str,
        environment: Lookup<'_>,
        flags: &Registration,
    ) -> Result<Service> {
        let service = self.layered(reference, environment, flags)?;
        let from_environment = |origin: &Origin| matches!(origin, Origin::Environment(_));
        if service.origins.values().any(from_environment) {
            let without = self.layered(reference, &|_| None, flags).ok();
            environment::check(&service, without.as_ref())?;
        }
        Ok(service)
    }

    fn layered(
        &self,
        reference: &str,
        environment: Lookup<'_>,
        flags: &Registration,
    ) -> Result<Service> {
        let (name, account) = split_reference(reference)?;
        let file = self.services.get(name);
        let mut from_environment = self.environment_layer(name, environment)?;
        let preset = self.preset_of(name, &[flags, &from_environment], file)?;
        let declared = preset.iter().flat_map(|preset| preset.variables.keys());
        for entry in declared.chain(file.into_iter().flat_map(|file| file.variables.keys())) {
            let key = format!("variables.{entry}");
            let prefix = environment::prefix(name);
            if let Some(text) = environment(&environment::variable(&prefix, &key)) {
                from_environment.variables.insert(entry.clone(), text);
            }
        }
        if file.is_none() && preset.is_none() && flags == &Registration::default() {
            return Err(self.unknown_service(name));
        }
        let mut values = Registration::default();
        let mut origins = Origins::new();
        let mut variables = BTreeMap::new();
        if let Some(preset) = preset {
            let layer = preset.layer();
            merge::overlay(&mut values, &mut origins, layer, &|_| preset.origin.clone());
            variables = preset.variables;
        }
        if let Some(file) = file {
            merge::overlay(&mut values, &mut origins, file.clone(), &|_| Origin::File);
        }
        let prefix = environment::prefix(name);
        merge::overlay(&mut values, &mut origins, from_environment, &|key| {
            Origin::Environment(environment::variable(&prefix, key))
        });
        merge::overlay(&mut values, &mut origins, flags.clone(), &|key| {
            let key = key.split('.').next().unwrap_or(key);
            Origin::Flag(format!("--{}", key.replace('_', "-")))
        });
        placeholder::fill_service(&mut values, &variables, name)?;
        Ok(Service {
            name: name.to_owned(),
            account: account.map(str::to_owned),
            values,
            origins,
            variables,
        })
    }

    /// The one configured service whose `api_base_url` covers `url`, by whole path segments.
    pub fn covering(&self, url: &url::Url, environment: Lookup<'_>) -> Result<Service> {
        let mut found: Vec<Service> = self
            .services
            .keys()
            // A service that is itself broken cannot be meant, and must not hide another.
            .filter_map(|name| {
                self.resolve(name, environment, &Registration::default())
                    .ok()
            })
            .filter(|service| service.covers(url))
            .collect();
        let shown = crate::secret::SafeUrl::new(url.clone());
        match found.len() {
            1 => Ok(found.remove(0)),
            0 => Err(Error::new(
                Code::UnknownService,
                format!("no service has an api_base_url that covers {shown}"),
            )
            .with_hint("name the service: `hallpass call NAME URL`; `hallpass list` shows them")),
            _ => {
                let names: Vec<_> = found.iter().map(|s| s.name.as_str()).collect();
                Err(Error::new(
                    Code::AmbiguousService,
                    format!("{} all cover {shown}", names.join(" and ")),
                )
                .with_hint(format!("name one: `hallpass call {} {shown}`", names[0])))
            }
        }
    }

    /// The provider's preset, the person's own before a shipped one.
    pub fn provider(&self, name: &str) -> Result<Preset> {
        Preset::require(name, &self.user_presets)
    }

    /// The preset a service starts from: the one it names, else the one of its own name, unless
    /// it says itself which server it talks to.
    fn preset_of(
        &self,
        name: &str,
        upper: &[&Registration],
        file: Option<&Registration>,
    ) -> Result<Option<Preset>> {
        let layers = || upper.iter().copied().chain(file);
        if let Some(provider) = layers().find_map(|layer| layer.provider.as_deref()) {
            return self.provider(provider).map(Some);
        }
        if layers().any(names_a_server) {
            return Ok(None);
        }
        Preset::find(name, &self.user_presets)
    }

    fn unknown_service(&self, name: &str) -> Error {
        let shown = printable(name, 80);
        let error = Error::new(Code::UnknownService, format!("no service \"{shown}\""));
        let known: Vec<&str> = self
            .services
            .keys()
            .map(String::as_str)
            .chain(names(&self.user_presets))
            .collect();
        match closest(name, &known) {
            Some(near) => error.with_hint(format!(
                "did you mean {near}? `hallpass list` shows yours, `hallpass providers` the known ones"
            )),
            None => error.with_hint(format!(
                "`hallpass add {shown} --issuer https://…` adds it; `hallpass list` shows yours"
            )),
        }
    }
}

fn read_store(
    source: Source<'_>,
    value: toml::Spanned<toml::de::DeValue<'_>>,
) -> Result<StoreTable> {
    let span = value.span();
    let table = source.table(value, "[store]")?;
    let known = [
        "kind", "path", "key_file", "remember", "command", "protocol",
    ];
    source.check_keys(table.get_ref(), &known, "[store]")?;
    let value = toml::Spanned::new(span.clone(), toml::de::DeValue::Table(table.into_inner()));
    let store: StoreTable = source.read(value, "[store]")?;
    for (key, value, allowed) in [
        ("kind", &store.kind, &["keyring", "file", "command"][..]),
        (
            "protocol",
            &store.protocol,
            &["hallpass", "docker-credential", "pass"],
        ),
    ] {
        if let Some(value) = value
            && !allowed.contains(&value.as_str())
        {
            let message = format!("{key} in [store] is \"{}\"", printable(value, 80));
            return Err(source
                .error(Some(span), &message)
                .with_hint(format!("one of: {}", allowed.join(", "))));
        }
    }
    Ok(store)
}

/// Why a service may not have this name; the end of a sentence that began with it.
pub fn check_name(name: &str) -> Result<(), &'static str> {
    if name.is_empty() || name.len() > 64 {
        return Err("is not 1 to 64 characters long");
    }
    if name.starts_with(['-', '.']) {
        return Err("begins with `-` or `.`");
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    match name.chars().all(allowed) {
        true => Ok(()),
        false => Err("has a character that is not allowed"),
    }
}

/// `NAME` or `NAME@ACCOUNT`; an account may hold `@` itself, as e-mail addresses do.
pub fn split_reference(reference: &str) -> Result<(&str, Option<&str>)> {
    let (name, account) = match reference.split_once('@') {
        Some((name, account)) => (name, Some(account)),
        None => (reference, None),
    };
    if let Err(why) = check_name(name) {
        let shown = printable(name, 80);
        return Err(Error::new(
            Code::UnknownService,
            format!("service name \"{shown}\" {why}"),
        )
        .with_hint("NAME or NAME@ACCOUNT; a name has letters, digits, `.`, `_` and `-`"));
    }
    let bad = |c: char| c.is_whitespace() || crate::secret::is_unprintable(c);
    if let Some(account) = account
        && (account.is_empty() || account.len() > 256 || account.contains(bad))
    {
        let shown = printable(account, 80);
        return Err(
            Error::new(Code::Usage, format!("account \"{shown}\" cannot be"))
                .with_hint("SERVICE@ACCOUNT, or SERVICE alone for the default account"),
        );
    }
    Ok((name, account))
}

fn names_a_server(layer: &Registration) -> bool {
    layer.issuer.is_some()
        || layer.issuer_template.is_some()
        || layer.server_metadata_url.is_some()
        || layer.authorization_endpoint.is_some()
        || layer.token_endpoint.is_some()
}

#[cfg(test)]
mod tests;
