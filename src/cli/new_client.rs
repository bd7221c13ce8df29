//! A service without a client is led to one: registered by itself where the server allows, else
//! the person is told where to register it and which redirect URI to enter.

use crate::cli::context::Context;
use crate::cli::service_args::{over, secret_in_store, store_client_secret};
use crate::error::{Code, Error, Result};
use crate::grant::authorization_code::Options;
use crate::grant::redirect;
use crate::secret::Secret;
use crate::service::registration::ClientAuthenticationMethod as Method;
use crate::service::{Preset, Registration, Service};

/// The client, where a flag gives it.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Client")]
pub struct NewClientArgs {
    /// Client ID, for a service that has none yet
    #[arg(long, value_name = "ID")]
    pub client_id: Option<String>,
    /// Read the client secret from stdin and keep it in the token store
    #[arg(long, requires = "client_id", conflicts_with = "with_token")]
    pub client_secret_stdin: bool,
}

/// The service with a client of its own, got now if need be and kept in the configuration.
pub fn ensure(
    cx: &Context,
    reference: &str,
    given: &NewClientArgs,
    options: &Options,
) -> Result<Service> {
    let service = cx.service(reference)?;
    if service.values.client_id.is_some() {
        return match &given.client_id {
            Some(id) if service.values.client_id.as_ref() != Some(id) => Err(Error::new(
                Code::Usage,
                format!("service \"{}\" has another client_id already", service.name),
            )
            .with_hint(format!(
                "`hallpass edit {} --client-id {id}` changes it",
                service.name
            ))),
            _ => Ok(service),
        };
    }
    let found = match &given.client_id {
        Some(id) => given_client(cx, id, given.client_secret_stdin)?,
        None => ask(cx, &service, options)?,
    };
    keep(cx, &service, found)?;
    cx.service(reference)
}

/// A client that was found; the secret is not in the layer.
pub struct Found {
    pub layer: Registration,
    pub secret: Option<Secret>,
}

fn given_client(cx: &Context, id: &str, with_secret: bool) -> Result<Found> {
    let secret = match with_secret {
        true => Some(cx.read_secret("Client secret:", "--client-secret-stdin")?),
        false => None,
    };
    Ok(Found {
        layer: with_id(id),
        secret,
    })
}

fn with_id(id: &str) -> Registration {
    Registration {
        client_id: Some(id.trim().to_owned()),
        ..Registration::default()
    }
}

/// Secret first: the configuration never names one that is not there.
pub fn keep(cx: &Context, service: &Service, found: Found) -> Result<()> {
    let name = &service.name;
    let ui = cx.ports().ui;
    let mut layer = found.layer;
    if let Some(secret) = &found.secret {
        store_client_secret(cx, name, secret)?;
        ui.notice(&format!(
            "Client secret kept in: {}.",
            cx.store().describe()
        ));
        over(&mut layer, secret_in_store());
    }
    if !cx.configuration()?.services.contains_key(name) {
        layer.provider.clone_from(&service.values.provider);
    }
    cx.save_service(name, &layer)?;
    ui.notice(&format!(
        "Service {name} kept in {}.",
        cx.paths().config_file().display()
    ));
    Ok(())
}

/// Says what to register and where, and asks for what comes of it.
fn ask(cx: &Context, service: &Service, options: &Options) -> Result<Found> {
    let ui = cx.ports().ui;
    let preset = match &service.values.provider {
        Some(provider) => Some(cx.configuration()?.provider(provider)?),
        None => None,
    };
    explain(cx, service, preset.as_ref(), options)?;
    let id = ui.ask("Client ID:", "--client-id ID")?;
    if id.trim().is_empty() {
        return Err(Error::new(Code::Cancelled, "no client ID was given")
            .with_hint("run the command again when you have one"));
    }
    let mut layer = with_id(&id);
    let secret = match service.values.token_endpoint_auth_method {
        Some(Method::None) => None,
        _ => {
            let question = "Client secret (Enter if there is none):";
            let secret = ui.ask_secret(question, "--client-secret-stdin")?;
            (!secret.expose().trim().is_empty()).then_some(secret)
        }
    };
    if secret.is_none() {
        layer.token_endpoint_auth_method = Some(Method::None);
    }
    Ok(Found { layer, secret })
}

fn explain(
    cx: &Context,
    service: &Service,
    preset: Option<&Preset>,
    options: &Options,
) -> Result<()> {
    let ui = cx.ports().ui;
    let redirect_uri = redirect::to_register(service, options)?;
    let title = preset.map_or(&service.name, |preset| &preset.display_name);
    ui.notice(&format!(
        "{title} wants a client of your own. Register one, once:"
    ));
    ui.notice("");
    if let Some(page) = preset.and_then(|preset| preset.documentation.as_ref()) {
        ui.notice(&format!("  Where:         {page}"));
    }
    if let Some(how) = preset.and_then(|preset| preset.register.as_ref()) {
        ui.notice(&format!("  How:           {how}"));
    }
    ui.notice(&format!("  Redirect URI:  {redirect_uri}"));
    ui.notice("");
    Ok(())
}
