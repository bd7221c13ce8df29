//! Where a new service's values come from: a file to import, a URL, a provider, the person.

use crate::cli::context::Context;
use crate::cli::new_service;
use crate::error::{Code, Error, Result};
use crate::secret::{Secret, printable, quoted};
use crate::service::authlib::{self, Imported};
use crate::service::preset::Preset;
use crate::service::{Configuration, Registration, Service, google_client, placeholder};

/// What is known before the flags are laid over it.
#[derive(Debug, Default)]
pub struct Source {
    pub name: Option<String>,
    pub layer: Registration,
    /// A secret that an import brought; never in `layer`.
    pub secret: Option<Secret>,
    /// Whether the server was asked already.
    pub discovered: bool,
}

/// Calls of Authlib's `register()`; of several the one of this name.
pub fn from_authlib(cx: &Context, path: &str, name: Option<&str>) -> Result<Source> {
    let imported = choose(authlib::parse(&cx.read_input(path)?)?, name)?;
    for note in imported.notes {
        cx.ports().ui.warn(&note);
    }
    Ok(Source {
        name: imported.name,
        layer: imported.registration,
        secret: imported.client_secret,
        discovered: false,
    })
}

/// The client file of Google Cloud.
pub fn from_google(cx: &Context, path: &str) -> Result<Source> {
    let (layer, secret) = google_client::parse(&cx.read_input(path)?)?;
    Ok(Source {
        name: Some("google".to_owned()),
        layer,
        secret,
        discovered: false,
    })
}

/// An issuer, or an API that names one (RFC 9728).
pub fn from_url(cx: &Context, url: &str) -> Result<Source> {
    let layer = cx.block_on(new_service::find(cx, url))?;
    let configuration = cx.configuration()?;
    let taken = |name: &str| configuration.services.contains_key(name);
    Ok(Source {
        name: Some(new_service::name_of(url, &taken)?),
        layer,
        secret: None,
        discovered: true,
    })
}

/// Of several registrations in one file the one of the service's name.
fn choose(mut all: Vec<Imported>, name: Option<&str>) -> Result<Imported> {
    if all.len() == 1 {
        return Ok(all.remove(0));
    }
    let names: Vec<String> = all.iter().filter_map(|one| one.name.clone()).collect();
    let chosen = all.into_iter().find(|one| one.name.as_deref() == name);
    chosen.filter(|_| name.is_some()).ok_or_else(|| {
        let names = printable(&names.join(", "), 200);
        Error::new(Code::Usage, format!("the file registers several: {names}"))
            .with_hint("say which one: hallpass add NAME --from-authlib FILE")
    })
}

/// The provider of the service's own name, unless the values say which server it is.
pub fn provider_of(
    configuration: &Configuration,
    name: &str,
    layer: &Registration,
) -> Result<Option<String>> {
    let empty = Configuration {
        user_presets: configuration.user_presets.clone(),
        ..Configuration::default()
    };
    match empty.merged(name, &|_| None, layer) {
        Ok(service) if service.values.provider.is_some() => Ok(service.values.provider),
        Ok(service) if names_no_server(&service) => Err(no_server(name)),
        Ok(_) => Ok(None),
        Err(error) if error.code() == Code::UnknownService => Err(no_server(name)),
        Err(error) => Err(error),
    }
}

fn names_no_server(service: &Service) -> bool {
    let values = &service.values;
    values.issuer.is_none()
        && values.server_metadata_url.is_none()
        && values.token_endpoint.is_none()
        && values.authorization_endpoint.is_none()
}

fn no_server(name: &str) -> Error {
    Error::new(
        Code::Usage,
        format!("nothing says which server \"{name}\" signs in at"),
    )
    .with_hint(
        "--provider NAME (`hallpass providers`), --issuer URL, or --authorization-endpoint and \
         --token-endpoint",
    )
}

/// Asks for the provider's variables that have no default; those that are given must be its own.
pub fn ask_for_variables(
    cx: &Context,
    configuration: &Configuration,
    name: &str,
    layer: &mut Registration,
) -> Result<()> {
    let Some(provider) = &layer.provider else {
        return Ok(());
    };
    let preset = configuration.provider(provider)?;
    placeholder::check_names(layer, &preset)?;
    let is_missing = |variable: &String| !layer.variables.contains_key(variable);
    let needed = preset.variables.iter();
    let needed = needed.filter(|(_, variable)| variable.default.is_none());
    let missing: Vec<_> = needed.filter(|(name, _)| is_missing(name)).collect();
    if !missing.is_empty() && !cx.ports().ui.can_prompt() {
        return Err(missing_variables(name, &preset, layer));
    }
    for (variable, about) in missing {
        let question = format!("{} {variable} ({}):", preset.display_name, about.help);
        let answer = cx
            .ports()
            .ui
            .ask(&question, &format!("--var {variable}=…"))?;
        let answer = answer.trim().to_owned();
        layer.variables.insert(variable.clone(), answer);
    }
    Ok(())
}

/// All of them in one line that can be filled in.
fn missing_variables(name: &str, preset: &Preset, layer: &Registration) -> Error {
    let given = |variable: &String| layer.variables.get(variable).cloned();
    let needed = preset.variables.iter();
    let needed: Vec<_> = needed
        .filter(|(name, variable)| variable.default.is_none() || given(name).is_some())
        .collect();
    let missing = needed.iter().filter(|(name, _)| given(name).is_none());
    let missing = missing.map(|(name, variable)| format!("{name} ({})", variable.help));
    let missing = missing.collect::<Vec<_>>().join(" and ");
    let provider = &preset.name;
    let mut line = format!("hallpass add {name}");
    if name != provider {
        line.push_str(&format!(" --provider {provider}"));
    }
    for (variable, _) in &needed {
        let value = given(variable).map_or("…".to_owned(), |value| quoted(&value));
        line.push_str(&format!(" --var {variable}={value}"));
    }
    Error::new(
        Code::PromptNeeded,
        format!("provider {provider} needs to know {missing}"),
    )
    .with_hint(printable(&line, 500))
}
