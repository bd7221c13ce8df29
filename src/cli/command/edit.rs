//! `hallpass edit`.

use crate::cli::context::Context;
use crate::cli::service_args::{ServiceArgs, store_client_secret};
use crate::error::{Code, Error, Result};
use crate::service::assign::check_key;
use crate::service::{Configuration, Registration, edit};

/// Change a service
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  hallpass edit work --set scope='openid email offline_access'
  hallpass edit work --set redirect_port=8400 --unset audience
  pass show work/oauth | hallpass edit work --client-secret-stdin")]
pub struct Args {
    /// Service
    pub service: String,
    /// Take a key out of config.toml, so that the preset's value counts again
    #[arg(long, value_name = "KEY", help_heading = "Service")]
    unset: Vec<String>,
    #[command(flatten)]
    values: ServiceArgs,
}

/// Runs it.
pub fn run(cx: &Context, args: Args) -> Result<()> {
    let name = args.service.as_str();
    let layer = args.values.layer()?;
    for key in &args.unset {
        check_key(key).or_else(|error| check_key(&format!("{key}.x")).map_err(|_| error))?;
    }
    let configuration = cx.configuration()?;
    // A provider's name alone is a service too; its first change writes it down.
    let configured = configuration.services.contains_key(name);
    let service = configuration.merged(name, &Context::variable, &Registration::default())?;
    if service.account.is_some() {
        return Err(Error::new(
            Code::Usage,
            format!(
                "an account has no settings of its own: \"{}\"",
                service.reference()
            ),
        )
        .with_hint(format!("`hallpass edit {}`", service.name)));
    }
    if layer == Registration::default() && args.unset.is_empty() {
        return Err(
            Error::new(Code::Usage, "nothing to change").with_hint(format!(
                "--set KEY=VALUE, --unset KEY, or an editor on {}",
                cx.paths().config_file().display()
            )),
        );
    }
    let mut layer = layer;
    if !configured && layer.provider.is_none() {
        layer.provider = service.values.provider.clone();
    }
    let change = |text: &str| {
        let mut text = text.to_owned();
        for key in &args.unset {
            text = edit::unset(&text, name, key)?;
        }
        let text = edit::put(&text, name, &layer)?;
        check(&configuration, &text, name)?;
        Ok(text)
    };
    if let Some(secret) = args.values.client.stored_secret(cx)? {
        store_client_secret(cx, name, &secret)?;
    }
    cx.edit_configuration(&change)?;
    cx.ports().ui.notice(&format!("Changed service {name}."));
    Ok(())
}

/// Refuses a change after which the service could not be used; a variable still missing may come.
fn check(old: &Configuration, text: &str, name: &str) -> Result<()> {
    let mut new = Configuration::parse(text, "config.toml")?;
    new.user_presets = old.user_presets.clone();
    match new.resolve(name, &Context::variable, &Registration::default()) {
        Err(error) if error.code() != Code::ServiceIncomplete => Err(error),
        _ => Ok(()),
    }
}
