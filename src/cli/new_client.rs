//! A service without a client is led to one: registered by itself where the server allows, else
//! the person is told where to register it and which redirect URI to enter.

use crate::cli::context::Context;
use crate::cli::service_args::{over, secret_in_store, store_secret};
use crate::cli::service_source::ask_for_variables;
use crate::cli::time_words;
use crate::error::{Code, Error, Result};
use crate::grant::authorization_code::Options;
use crate::grant::discovery::discover_for;
use crate::grant::{redirect, registration};
use crate::port::Purpose;
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
    fill_variables(cx, reference)?;
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
        Some(id) => Found {
            secret: given.secret(cx, &service)?,
            layer: with_id(id),
        }
        .or_public(&service),
        None => match register(cx, &service)? {
            Some(found) => found,
            None => ask(cx, &service, options)?,
        },
    };
    keep(cx, &service, found)?;
    cx.service(reference)
}

/// A preset that is used for the first time may need to know a host or a tenant.
fn fill_variables(cx: &Context, reference: &str) -> Result<()> {
    let name = reference.split('@').next().unwrap_or(reference);
    let configuration = cx.configuration()?;
    let known = configuration.services.contains_key(name);
    if known || !cx.ports().ui.can_prompt() || configuration.provider(name).is_err() {
        return Ok(());
    }
    let mut layer = Registration {
        provider: Some(name.to_owned()),
        ..Registration::default()
    };
    ask_for_variables(cx, &configuration, name, &mut layer)?;
    match layer.variables.is_empty() {
        true => Ok(()),
        false => cx.save_service(name, &layer),
    }
}

impl NewClientArgs {
    /// The secret that belongs to `--client-id`: from stdin, else asked for where a person is.
    fn secret(&self, cx: &Context, service: &Service) -> Result<Option<Secret>> {
        if self.client_secret_stdin {
            let secret = cx.read_secret("Client secret:", "--client-secret-stdin")?;
            return Ok(Some(secret));
        }
        match cx.ports().ui.can_prompt() {
            true => ask_secret(cx, service),
            false => Ok(None),
        }
    }
}

/// A client that was found; the secret is not in the layer.
struct Found {
    layer: Registration,
    secret: Option<Secret>,
}

impl Found {
    /// Without a secret anywhere the client is a public one.
    fn or_public(mut self, service: &Service) -> Self {
        if self.secret.is_none() && service.values.client_secret.is_none() {
            self.layer.token_endpoint_auth_method = Some(Method::None);
        }
        self
    }
}

fn with_id(id: &str) -> Registration {
    Registration {
        client_id: Some(id.trim().to_owned()),
        ..Registration::default()
    }
}

/// Secret first: the configuration never names one that is not there.
fn keep(cx: &Context, service: &Service, found: Found) -> Result<()> {
    let name = &service.name;
    let ui = cx.ports().ui;
    let mut layer = found.layer;
    if let Some(secret) = &found.secret {
        store_secret(cx, Purpose::ClientSecret, name, secret)?;
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

/// Registers a client where the server lets anybody do so (RFC 7591); where it does not, the
/// person is asked for one.
fn register(cx: &Context, service: &Service) -> Result<Option<Found>> {
    let values = &service.values;
    let known_by_hand = match &values.provider {
        Some(provider) => cx.configuration()?.provider(provider)?.register.is_some(),
        None => false,
    };
    let described = values.issuer.is_some() || values.server_metadata_url.is_some();
    if known_by_hand || !described {
        return Ok(None);
    }
    let ports = cx.ports();
    let registered = cx.block_on(async {
        let metadata = discover_for(&ports, values, false).await?;
        registration::register(&ports, &metadata, &registration::redirect_uri()).await
    });
    let client = match registered {
        Ok(Some(client)) => client,
        Ok(None) => return Ok(None),
        Err(error) if error.code() == Code::ServerRefused => {
            ports
                .ui
                .notice(&format!("The server registers nobody by itself: {error}."));
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    ports
        .ui
        .notice("Registered hallpass as a client of the server.");
    if let Some(token) = &client.registration_access_token {
        store_secret(cx, Purpose::Registration, &service.name, token)?;
    }
    if let (Some(_), Some(ends)) = (&client.client_secret, client.client_secret_expires_at) {
        let left = u64::try_from(ends.saturating_sub(ports.clock.now())).unwrap_or(0);
        ports.ui.warn(&format!(
            "the secret of this client ends in {}; `hallpass remove {}` and a new sign-in register another",
            time_words::length(left),
            service.name
        ));
    }
    Ok(Some(Found {
        layer: Registration {
            client_id: Some(client.client_id),
            token_endpoint_auth_method: Some(client.token_endpoint_auth_method),
            ..Registration::default()
        },
        secret: client.client_secret,
    }))
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
    let found = Found {
        secret: ask_secret(cx, service)?,
        layer: with_id(&id),
    };
    Ok(found.or_public(service))
}

fn ask_secret(cx: &Context, service: &Service) -> Result<Option<Secret>> {
    let public = service.values.token_endpoint_auth_method == Some(Method::None);
    if public || service.values.client_secret.is_some() {
        return Ok(None);
    }
    let question = "Client secret (Enter if there is none):";
    let secret = cx
        .ports()
        .ui
        .ask_secret(question, "--client-secret-stdin")?;
    Ok((!secret.expose().trim().is_empty()).then_some(secret))
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
    let variables = &service.values.variables;
    if let Some(page) = preset.and_then(|preset| preset.documentation_for(variables)) {
        ui.notice(&format!("  Where:         {page}"));
    }
    if let Some(how) = preset.and_then(|preset| preset.register.as_ref()) {
        ui.notice(&format!("  How:           {how}"));
    }
    ui.notice(&format!("  Redirect URI:  {redirect_uri}"));
    ui.notice("");
    Ok(())
}
