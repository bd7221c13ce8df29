//! `hallpass add`.

use crate::cli::context::Context;
use crate::cli::new_service::{is_url, refuse_half_a_url, usual_scope};
use crate::cli::service_args::{
    ServiceArgs, check_url, over, secret_in_store, store_client_secret,
};
use crate::cli::service_source::{self, Source};
use crate::error::{Code, Error, Result};
use crate::grant::discovery;
use crate::protocol::metadata::ServerMetadata;
use crate::secret::printable;
use crate::service::configuration::check_name;
use crate::service::{Configuration, Registration, Service, edit};

/// Add a service
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  hallpass add work https://sso.example.com/realms/staff --client-id hp-cli \\
      --api-base-url https://api.example.com/v1/
  hallpass add gl --provider gitlab --var host=gitlab.example.com --client-id 1a
  hallpass add google --from-google client_secret.json
  hallpass add --from-authlib app.py     oauth.register(\"work\", client_id=…, …)")]
pub struct Args {
    /// Name of the service; a provider's name takes its preset
    name: Option<String>,
    /// Issuer, or an API that names its issuer (RFC 9728)
    #[arg(conflicts_with_all = ["issuer", "provider"])]
    url: Option<String>,
    #[command(flatten)]
    values: ServiceArgs,
    /// A call of Authlib's register(), as Python or JSON; `-` is stdin
    #[arg(long, value_name = "FILE", help_heading = "Import", conflicts_with_all = ["from_google", "url"])]
    from_authlib: Option<String>,
    /// The JSON file that Google Cloud offers for download; `-` is stdin
    #[arg(
        long,
        value_name = "FILE",
        help_heading = "Import",
        conflicts_with = "url"
    )]
    from_google: Option<String>,
    /// Do not ask the issuer what it offers
    #[arg(long, help_heading = "Service", conflicts_with = "url")]
    no_discover: bool,
    /// Replace a service of that name
    #[arg(long, help_heading = "Service")]
    force: bool,
}

/// Runs it.
pub fn run(cx: &Context, mut args: Args) -> Result<()> {
    if args.url.is_none() && args.name.as_deref().is_some_and(is_url) {
        args.url = args.name.take();
    }
    let flags = args.values.layer()?;
    // First, as hints repeat it.
    if let Some(name) = &args.name {
        refuse_half_a_url(name, "hallpass add")?;
        check(name)?;
    }
    if let Some(url) = &args.url {
        let name = args.name.as_deref().map(|name| format!("{name} "));
        let line = format!("hallpass add {}", name.unwrap_or_default());
        check_url("the URL", url, &line)?;
    }
    let source = source(cx, &args)?;
    let name = name(&args, &source)?;
    let configuration = cx.configuration()?;
    if configuration.services.contains_key(&name) && !args.force {
        return Err(exists(&name));
    }
    let mut layer = source.layer;
    over(&mut layer, flags);
    if layer.provider.is_none() {
        layer.provider = service_source::provider_of(&configuration, &name, &layer)?;
    }
    service_source::ask_for_variables(cx, &configuration, &name, &mut layer)?;
    let secret = match args.values.client.stored_secret(cx)? {
        Some(secret) => Some(secret),
        None => source.secret.filter(|_| layer.client_secret.is_none()),
    };
    if secret.is_some() {
        over(&mut layer, secret_in_store());
    }
    let service = preview(&configuration, &name, &layer)?;
    let ui = cx.ports().ui;
    if is_discovered(&service) && !args.no_discover && !source.discovered {
        let metadata = cx
            .block_on(discovery::discover_for(&cx.ports(), &service.values, true))
            .map_err(or_without_asking)?;
        ui.notice(&offers(&metadata));
        if service.values.scope.is_none() {
            layer.scope = usual_scope(&metadata);
        }
    }
    if let Some(secret) = &secret {
        store_client_secret(cx, &name, secret)?;
        ui.notice(&format!(
            "Client secret kept in: {}.",
            cx.store().describe()
        ));
    }
    cx.edit_configuration(&|text| {
        let text = match args.force {
            true => edit::remove(text, &name)?,
            false => text.to_owned(),
        };
        edit::put(&text, &name, &layer)
    })?;
    ui.notice(&format!("Added service {name}."));
    tell_what_is_next(cx, &service);
    Ok(())
}

fn source(cx: &Context, args: &Args) -> Result<Source> {
    if let Some(path) = &args.from_authlib {
        return service_source::from_authlib(cx, path, args.name.as_deref());
    }
    if let Some(path) = &args.from_google {
        return service_source::from_google(cx, path);
    }
    match &args.url {
        Some(url) => service_source::from_url(cx, url),
        None => Ok(Source::default()),
    }
}

fn name(args: &Args, source: &Source) -> Result<String> {
    match args.name.as_ref().or(source.name.as_ref()) {
        Some(name) => check(name).map(|()| name.clone()),
        None => Err(
            Error::new(Code::Usage, "the service has no name").with_hint(
                "for example: hallpass add work https://sso.example.com --api-base-url \
             https://api.example.com/",
            ),
        ),
    }
}

fn check(name: &str) -> Result<()> {
    check_name(name).map_err(|why| {
        let shown = printable(name, 80);
        Error::new(Code::Usage, format!("service name \"{shown}\" {why}"))
            .with_hint("letters, digits, `.`, `_` and `-`, at most 64")
    })
}

fn exists(name: &str) -> Error {
    Error::new(
        Code::ServiceExists,
        format!("service \"{name}\" exists already"),
    )
    .with_hint(format!(
        "`hallpass edit {name}` changes it; --force replaces it"
    ))
}

/// The service as it will be, checked before anything is written.
fn preview(configuration: &Configuration, name: &str, layer: &Registration) -> Result<Service> {
    let mut new = configuration.clone();
    new.services.insert(name.to_owned(), layer.clone());
    new.resolve(name, &Context::variable, &Registration::default())
}

/// Whether the endpoints come from the server's metadata.
fn is_discovered(service: &Service) -> bool {
    let values = &service.values;
    let named = values.issuer.is_some() || values.server_metadata_url.is_some();
    named && values.authorization_endpoint.is_none() && values.token_endpoint.is_none()
}

fn or_without_asking(error: Error) -> Error {
    let hint = error.hint().unwrap_or("is the issuer right?").to_owned();
    error.with_hint(format!(
        "{hint} (--no-discover adds the service all the same)"
    ))
}

/// What the server offers, in a line.
fn offers(metadata: &ServerMetadata) -> String {
    let pkce = metadata.code_challenge_methods_supported.as_ref();
    let offers: Vec<&str> = [
        ("browser sign-in", metadata.authorization_endpoint.is_some()),
        (
            "device sign-in",
            metadata.device_authorization_endpoint.is_some(),
        ),
        (
            "client registration",
            metadata.registration_endpoint.is_some(),
        ),
        ("UserInfo", metadata.userinfo_endpoint.is_some()),
        ("revocation", metadata.revocation_endpoint.is_some()),
        (
            "PKCE S256",
            pkce.is_some_and(|methods| methods.iter().any(|method| method == "S256")),
        ),
    ]
    .into_iter()
    .filter_map(|(what, offered)| offered.then_some(what))
    .collect();
    let issuer = metadata.issuer.as_deref().unwrap_or("the server");
    format!("{} offers {}.", printable(issuer, 200), offers.join(", "))
}

fn tell_what_is_next(cx: &Context, service: &Service) {
    let ui = cx.ports().ui;
    let name = &service.name;
    if service.values.client_id.is_none() {
        ui.notice(&format!(
            "It has no client yet; the redirect URI to register is {}",
            service.redirect_uri_to_register()
        ));
    }
    ui.notice(&format!("Next: hallpass login {name}"));
}
