//! `hallpass add`.

use crate::cli::context::Context;
use crate::cli::service_args::{ServiceArgs, over, secret_in_store, store_client_secret};
use crate::error::{Code, Error, Result};
use crate::grant::discovery;
use crate::protocol::metadata::ServerMetadata;
use crate::secret::{Secret, printable};
use crate::service::authlib::{self, Imported};
use crate::service::configuration::check_name;
use crate::service::{Configuration, Registration, Service, edit, google_client};

/// Add a service
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  hallpass add work --issuer https://sso.example.com/realms/staff --client-id hallpass-cli
  hallpass add gl --provider gitlab --var host=gitlab.example.com --client-id 1a2b
  hallpass add google --from-google client_secret.json
  hallpass add --from-authlib register.py         oauth.register(\"work\", client_id=…, …)")]
pub struct Args {
    /// Name of the service; a provider's name takes its preset
    name: Option<String>,
    #[command(flatten)]
    values: ServiceArgs,
    /// A call of Authlib's register(), as Python or JSON; `-` is stdin
    #[arg(
        long,
        value_name = "FILE",
        help_heading = "Import",
        conflicts_with = "from_google"
    )]
    from_authlib: Option<String>,
    /// The JSON file that Google Cloud offers for download; `-` is stdin
    #[arg(long, value_name = "FILE", help_heading = "Import")]
    from_google: Option<String>,
    /// Do not ask the issuer what it offers
    #[arg(long, help_heading = "Service")]
    no_discover: bool,
    /// Replace a service of that name
    #[arg(long)]
    force: bool,
}

/// Runs it.
pub fn run(cx: &Context, args: Args) -> Result<()> {
    let mut import = import(cx, &args)?;
    over(&mut import.layer, args.values.layer()?);
    let name = name(&args, import.name.as_deref())?;
    let configuration = cx.configuration()?;
    if configuration.services.contains_key(&name) && !args.force {
        return Err(Error::new(
            Code::ServiceExists,
            format!("service \"{name}\" exists already"),
        )
        .with_hint(format!(
            "`hallpass edit {name}` changes it; --force replaces it"
        )));
    }
    let mut layer = import.layer;
    if layer.provider.is_none() {
        layer.provider = provider_of(&configuration, &name, &layer)?;
    }
    ask_for_variables(cx, &configuration, &mut layer)?;
    let secret = match args.values.client.stored_secret(cx)? {
        Some(secret) => Some(secret),
        None => import.secret.filter(|_| layer.client_secret.is_none()),
    };
    if secret.is_some() {
        over(&mut layer, secret_in_store());
    }
    let service = preview(&configuration, &name, &layer)?;
    let ui = cx.ports().ui;
    if is_discovered(&service) && !args.no_discover {
        let metadata = cx
            .block_on(discovery::discover_for(&cx.ports(), &service.values, true))
            .map_err(or_without_asking)?;
        ui.notice(&offers(&metadata));
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

/// What a file brings: a name, values, a secret that is not among them.
#[derive(Default)]
struct Import {
    name: Option<String>,
    layer: Registration,
    secret: Option<Secret>,
}

fn import(cx: &Context, args: &Args) -> Result<Import> {
    if let Some(path) = &args.from_authlib {
        let imported = choose(authlib::parse(&cx.read_input(path)?)?, args.name.as_deref())?;
        for note in imported.notes {
            cx.ports().ui.warn(&note);
        }
        return Ok(Import {
            name: imported.name,
            layer: imported.registration,
            secret: imported.client_secret,
        });
    }
    if let Some(path) = &args.from_google {
        let (layer, secret) = google_client::parse(&cx.read_input(path)?)?;
        return Ok(Import {
            name: None,
            layer,
            secret,
        });
    }
    Ok(Import::default())
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

fn name(args: &Args, imported: Option<&str>) -> Result<String> {
    let Some(name) = args.name.as_deref().or(imported) else {
        return Err(Error::new(Code::Usage, "the service has no name")
            .with_hint("for example: hallpass add work --issuer https://sso.example.com"));
    };
    let Err(why) = check_name(name) else {
        return Ok(name.to_owned());
    };
    let shown = printable(name, 80);
    let error = Error::new(Code::Usage, format!("service name \"{shown}\" {why}"));
    Err(if name.contains("://") {
        error.with_hint(format!("hallpass add NAME --issuer {shown}"))
    } else {
        error.with_hint("letters, digits, `.`, `_` and `-`, at most 64")
    })
}

/// The provider of the service's own name, unless the flags say which server it is.
fn provider_of(
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

/// Asks for variables that have no default.
fn ask_for_variables(
    cx: &Context,
    configuration: &Configuration,
    layer: &mut Registration,
) -> Result<()> {
    let Some(provider) = &layer.provider else {
        return Ok(());
    };
    let preset = configuration.provider(provider)?;
    for (name, variable) in &preset.variables {
        if variable.default.is_some() || layer.variables.contains_key(name) {
            continue;
        }
        let question = format!("{} {name} ({}):", preset.display_name, variable.help);
        let flag = format!("--var {name}=…");
        let answer = cx.ports().ui.ask(&question, &flag)?;
        layer
            .variables
            .insert(name.clone(), answer.trim().to_owned());
    }
    Ok(())
}

/// The service as it will be, checked before anything is written.
fn preview(configuration: &Configuration, name: &str, layer: &Registration) -> Result<Service> {
    let mut new = configuration.clone();
    new.services.insert(name.to_owned(), layer.clone());
    new.resolve(name, &Context::variable, &Registration::default())
}

fn or_without_asking(error: Error) -> Error {
    let hint = error.hint().unwrap_or("is the issuer right?").to_owned();
    error.with_hint(format!(
        "{hint}; --no-discover adds the service all the same"
    ))
}

/// Whether the endpoints come from the server's metadata.
fn is_discovered(service: &Service) -> bool {
    let values = &service.values;
    let named = values.issuer.is_some() || values.server_metadata_url.is_some();
    named && values.authorization_endpoint.is_none() && values.token_endpoint.is_none()
}

/// What the server offers, in a line.
fn offers(metadata: &ServerMetadata) -> String {
    let mut offers = Vec::new();
    if metadata.authorization_endpoint.is_some() {
        offers.push("browser sign-in");
    }
    if metadata.device_authorization_endpoint.is_some() {
        offers.push("device sign-in");
    }
    if metadata.registration_endpoint.is_some() {
        offers.push("client registration");
    }
    if metadata.userinfo_endpoint.is_some() {
        offers.push("UserInfo");
    }
    if metadata.revocation_endpoint.is_some() {
        offers.push("revocation");
    }
    let s256 = |methods: &Vec<String>| methods.iter().any(|method| method == "S256");
    if metadata
        .code_challenge_methods_supported
        .as_ref()
        .is_some_and(s256)
    {
        offers.push("PKCE S256");
    }
    let issuer = metadata.issuer.as_deref().unwrap_or("the server");
    format!("{} offers {}", printable(issuer, 200), offers.join(", "))
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
