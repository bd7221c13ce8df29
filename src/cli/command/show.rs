//! `hallpass show`.

use serde_json::{Map, Value, json};

use crate::cli::args::Format;
use crate::cli::context::Context;
use crate::cli::output;
use crate::error::{Code, Error, Result};
use crate::service::merge::{KEYS, MAPS};
use crate::service::{Origin, Registration, Service, validate};

/// Show one service and where each value comes from
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  hallpass show google
  hallpass show work --origin      preset, config.toml, $VARIABLE: who says what
  hallpass show work --format json | jq -r .values.issuer")]
pub struct Args {
    /// Service
    pub service: String,
    /// Where each value comes from
    #[arg(long)]
    origin: bool,
    /// How results look
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs it.
pub fn run(cx: &Context, args: Args) -> Result<()> {
    let configuration = cx.configuration()?;
    let none = Registration::default();
    let service = configuration.merged(&args.service, &Context::variable, &none)?;
    let lines = lines(&service)?;
    match args.format {
        Format::Json => output::json(&as_json(&service, &lines))?,
        Format::Text => output::text(&as_text(&service, &lines, args.origin))?,
    }
    // Shown first, so that what is wrong can be seen; then told.
    validate::check(&service)
}

/// One value: `variables.tenant`, its value, where it came from.
struct Line<'s> {
    key: String,
    value: toml::Value,
    origin: Option<&'s Origin>,
}

fn lines(service: &Service) -> Result<Vec<Line<'_>>> {
    let values = toml::Table::try_from(&service.values).map_err(|error| {
        Error::new(Code::Internal, "a service cannot be written as TOML").with_source(error)
    })?;
    let mut lines = Vec::new();
    let mut push = |key: String, value: &toml::Value| {
        let origin = service.origin_of(&key);
        let value = value.clone();
        lines.push(Line { key, value, origin });
    };
    for key in KEYS {
        match values.get(*key) {
            Some(toml::Value::Table(entries)) if MAPS.contains(key) => {
                for (entry, value) in entries {
                    push(format!("{key}.{entry}"), value);
                }
            }
            Some(value) => push((*key).to_owned(), value),
            None => {}
        }
    }
    Ok(lines)
}

fn as_text(service: &Service, lines: &[Line<'_>], origins: bool) -> String {
    let shown: Vec<String> = lines
        .iter()
        .map(|line| format!("{} = {}", line.key, line.value))
        .collect();
    let width = shown.iter().map(|text| text.chars().count()).max();
    // A few long lines must not push every comment out of sight.
    let width = width.unwrap_or_default().min(64);
    let mut out = format!("# {}", service.name);
    out.push_str(&format!(
        "; redirect URI to register: {}\n",
        service.redirect_uri_to_register()
    ));
    for (line, text) in lines.iter().zip(shown) {
        match line.origin.filter(|_| origins) {
            Some(origin) => out.push_str(&format!("{text:<width$}  # {origin}\n")),
            None => out.push_str(&format!("{text}\n")),
        }
    }
    out
}

fn as_json(service: &Service, lines: &[Line<'_>]) -> Value {
    let origins: Map<String, Value> = lines
        .iter()
        .filter_map(|line| Some((line.key.clone(), line.origin?.to_string().into())))
        .collect();
    json!({
        "name": service.name,
        "account": service.account,
        "redirect_uri_to_register": service.redirect_uri_to_register(),
        "values": service.values,
        "origins": origins,
    })
}
