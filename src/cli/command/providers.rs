//! `hallpass providers`.

use serde_json::{Value, json};

use crate::cli::args::Format;
use crate::cli::context::Context;
use crate::cli::{output, table};
use crate::error::Result;
use crate::secret::printable;
use crate::service::{Origin, Preset, preset};

mod page;

/// List the presets and how to register a client with each
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  hallpass providers
  hallpass providers git       those that have it in their name
  hallpass providers google    where to register, which redirect URI to enter
  hallpass providers --format json | jq -r '.[].name'")]
pub struct Args {
    /// A provider's name, or a part of it
    search: Option<String>,
    /// How results look
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs it.
pub fn run(cx: &Context, args: Args) -> Result<()> {
    let user_presets = &cx.configuration()?.user_presets;
    let search = args.search.as_deref().unwrap_or_default();
    let mut found = Vec::new();
    for name in preset::names(user_presets) {
        let preset = Preset::require(name, user_presets)?;
        if name == search {
            found = vec![preset];
            break;
        }
        let text = format!("{name} {}", preset.display_name).to_lowercase();
        if text.contains(&search.to_lowercase()) {
            found.push(preset);
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    let only = found.len() == 1 && !search.is_empty();
    match (args.format, found.as_slice()) {
        (_, []) => Preset::require(search, user_presets).map(drop),
        (Format::Json, [one]) if only => output::json(&as_json(one)),
        (Format::Json, all) => output::json(&all.iter().map(as_json).collect()),
        (Format::Text, [one]) if only => output::text(&page::page(one)),
        (Format::Text, all) => output::text(&list(all, cx.stdout().columns())),
    }
}

fn list(presets: &[Preset], line: Option<u16>) -> String {
    let rows = presets.iter().map(|preset| {
        let needs: Vec<&str> = preset
            .variables
            .iter()
            .filter(|(_, variable)| variable.default.is_none())
            .map(|(name, _)| name.as_str())
            .collect();
        let mut notes = Vec::new();
        if !needs.is_empty() {
            notes.push(format!("needs {}", needs.join(", ")));
        }
        if preset.registration.client_id.is_some() {
            notes.push("nothing to register".to_owned());
        }
        if let Origin::UserPreset(_) = preset.origin {
            notes.push("yours".to_owned());
        }
        [
            preset.name.clone(),
            printable(&preset.display_name, 60),
            page::sign_in(preset).to_owned(),
            notes.join("; "),
        ]
    });
    table::render(["PROVIDER", "NAME", "SIGN-IN", ""], rows.collect(), line)
}

fn as_json(preset: &Preset) -> Value {
    let variables = preset.variables.iter().map(|(name, variable)| {
        let value = json!({ "default": variable.default, "help": variable.help });
        (name.clone(), value)
    });
    json!({
        "name": preset.name,
        "display_name": preset.display_name,
        "documentation": preset.documentation_for(&Default::default()),
        "register": preset.register,
        "redirect_uri_to_register": preset.service().redirect_uri_to_register(),
        "checked": preset.checked,
        "origin": preset.origin.to_string(),
        "variables": variables.collect::<serde_json::Map<_, _>>(),
        "values": preset.registration,
    })
}
