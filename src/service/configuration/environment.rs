//! What `HALLPASS_<SERVICE>_<KEY>` variables say of a service, and what they may not: send the
//! tokens of a session somewhere else.

use super::{Configuration, Lookup};
use crate::error::{Code, Error, Result};
use crate::service::merge::{self, KEYS, Origins};
use crate::service::registration::{Registration, SecretSource};
use crate::service::{Origin, Service, assign};

/// Keys that say where a token may go: the environment cannot give them.
const NOT_FROM_ENVIRONMENT: &[&str] = &[
    "api_base_url",
    "audience",
    "insecure_api",
    "capture",
    "refresh_endpoint",
    "revocation_endpoint",
    "introspection_endpoint",
    "userinfo_endpoint",
    "end_session_endpoint",
];

impl Configuration {
    /// The variables as a layer; those of a preset's placeholders come later.
    pub(super) fn environment_layer(
        &self,
        name: &str,
        environment: Lookup<'_>,
    ) -> Result<Registration> {
        let mut layer = Registration::default();
        let mut ignored = Origins::new();
        let prefix = prefix(name);
        for key in KEYS.iter().filter(|key| !merge::MAPS.contains(key)) {
            let variable = variable(&prefix, key);
            let Some(text) = environment(&variable) else {
                continue;
            };
            self.check_variable(name, &prefix, &variable, key)?;
            let value = if *key == "client_secret" {
                assign::client_secret(SecretSource::Env(variable))
            } else {
                assign::assign(key, &text).map_err(|error| {
                    Error::new(Code::ConfigInvalid, format!("${variable}: {error}"))
                        .with_hint(error.hint().unwrap_or("unset it, or correct it").to_owned())
                })?
            };
            merge::overlay(&mut layer, &mut ignored, value, &|_| Origin::File);
        }
        Ok(layer)
    }

    fn check_variable(
        &self,
        name: &str,
        own_prefix: &str,
        variable: &str,
        key: &str,
    ) -> Result<()> {
        if NOT_FROM_ENVIRONMENT.contains(&key) {
            return Err(Error::new(
                Code::ConfigInvalid,
                format!("${variable} is set, but the environment may not say where a token goes"),
            )
            .with_hint(format!("unset it; `hallpass edit {name} --set {key}=…`")));
        }
        let twin = self
            .services
            .keys()
            .find(|other| *other != name && prefix(other) == own_prefix);
        match twin {
            Some(twin) => Err(Error::new(
                Code::ConfigInvalid,
                format!("${variable} could mean service \"{name}\" or \"{twin}\""),
            )
            .with_hint("unset it, or rename one of them")),
            None => Ok(()),
        }
    }
}

/// Holds a service against what it is without the environment: where a session would still count
/// as its own (same server), its tokens must go where they went.
pub(super) fn check(service: &Service, without: Option<&Service>) -> Result<()> {
    let given = |key: &str| matches!(service.origins.get(key), Some(Origin::Environment(_)));
    let part = service
        .origins
        .iter()
        .find_map(|(key, origin)| match origin {
            Origin::Environment(variable) if key == "provider" || key.starts_with("variables.") => {
                Some(variable)
            }
            _ => None,
        });
    let Some(variable) = part else {
        return Ok(());
    };
    if ["issuer", "server_metadata_url", "token_endpoint"]
        .into_iter()
        .any(given)
    {
        return Err(refused(service, variable, "and another names its server"));
    }
    match without {
        Some(without)
            if server(&service.values) == server(&without.values)
                && destinations(&service.values) != destinations(&without.values) =>
        {
            Err(refused(service, variable, "and its server stays the same"))
        }
        _ => Ok(()),
    }
}

fn refused(service: &Service, variable: &str, why: &str) -> Error {
    Error::new(
        Code::ConfigInvalid,
        format!(
            "${variable} would change where tokens of service \"{}\" go, {why}",
            service.name
        ),
    )
    .with_hint(format!(
        "unset it; the environment may not say where a token goes, `hallpass edit {}` may",
        service.name
    ))
}

/// What a session is bound to.
fn server(values: &Registration) -> [&Option<String>; 3] {
    [
        &values.issuer,
        &values.server_metadata_url,
        &values.token_endpoint,
    ]
}

/// Every origin that tokens are sent to, as text; placeholders of a sign-in stay.
fn destinations(values: &Registration) -> Vec<String> {
    let urls = [
        &values.api_base_url,
        &values.refresh_endpoint,
        &values.revocation_endpoint,
        &values.introspection_endpoint,
        &values.userinfo_endpoint,
        &values.end_session_endpoint,
    ];
    let origin = |url: &Option<String>| {
        let url = url.as_deref().unwrap_or_default();
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
        let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
        format!("{scheme}://{authority}").to_ascii_lowercase()
    };
    let audience = values.audience.iter().flatten().cloned();
    urls.into_iter().map(origin).chain(audience).collect()
}

/// `HALLPASS_WORK_API` for the service `work-api`.
pub(super) fn prefix(name: &str) -> String {
    let name = name.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    format!("HALLPASS_{}", name.to_ascii_uppercase())
}

/// `HALLPASS_WORK_CLIENT_ID`; for `variables.tenant` `HALLPASS_WORK_TENANT`.
pub(super) fn variable(prefix: &str, key: &str) -> String {
    let key = key.strip_prefix("variables.").unwrap_or(key);
    let mut name = String::with_capacity(prefix.len() + 1 + key.len());
    name.push_str(prefix);
    name.push('_');
    name.extend(key.chars().map(|c| match c {
        '-' => '_',
        c => c.to_ascii_uppercase(),
    }));
    name
}

#[cfg(test)]
#[path = "environment_tests.rs"]
mod tests;
