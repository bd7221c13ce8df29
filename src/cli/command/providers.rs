//! `hallpass providers`.

use serde_json::{Value, json};

use crate::cli::args::Format;
use crate::cli::context::Context;
use crate::cli::{output, table};
use crate::error::Result;
use crate::service::registration::RedirectRule;
use crate::service::{Origin, Preset, preset};

/// List the presets and how to register a client with each
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  hallpass providers
  hallpass providers git                     those that have it in their name
  hallpass providers google                  where to register, which redirect URI to enter
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
        (Format::Text, [one]) if only => output::text(&page(one)),
        (Format::Text, all) => output::text(&list(all)),
    }
}

fn list(presets: &[Preset]) -> String {
    let rows = presets.iter().map(|preset| {
        let mut flows = vec!["browser"];
        if preset.registration.device_authorization_endpoint.is_some() {
            flows.push("device");
        }
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
            preset.display_name.clone(),
            flows.join(", "),
            notes.join("; "),
        ]
    });
    table::render(["PROVIDER", "NAME", "SIGN-IN", ""], rows.collect())
}

/// Everything a person needs to get a client.
fn page(preset: &Preset) -> String {
    let service = preset.service();
    let values = &preset.registration;
    let mut out = format!("{} ({})\n", preset.display_name, preset.name);
    let mut line = |label: &str, text: &str| {
        out.push_str(&format!("  {label:<14}{text}\n"));
    };
    if values.client_id.is_some() {
        line(
            "client",
            "it ships one that works everywhere: nothing to register",
        );
    }
    if let Some(documentation) = &preset.documentation {
        line("register at", documentation);
    }
    if let Some(register) = &preset.register {
        line("how", register);
    }
    let any_port = match service.redirect_rule() {
        RedirectRule::LoopbackAnyPort
        | RedirectRule::LoopbackV6
        | RedirectRule::LoopbackLocalhost
            if values.redirect_port.is_none() =>
        {
            " (hallpass then uses any free port)"
        }
        RedirectRule::Https | RedirectRule::Paste => " (then paste what the browser shows)",
        _ => "",
    };
    let redirect = service.redirect_uri_to_register();
    line("redirect URI", &format!("{redirect}{any_port}"));
    for (name, variable) in &preset.variables {
        let default = match &variable.default {
            Some(default) => format!("; {default} if not given"),
            None => String::new(),
        };
        line(
            &format!("--var {name}"),
            &format!("{}{default}", variable.help),
        );
    }
    if let Some(scope) = &values.scope {
        line("scope", &scope.join(" "));
    }
    if let Some(base) = &values.api_base_url {
        line("API", base);
    }
    if let Some(checked) = &preset.checked {
        line("checked", checked);
    }
    let flags: String = preset
        .variables
        .iter()
        .filter(|(_, variable)| variable.default.is_none())
        .map(|(name, _)| format!(" --var {name}=…"))
        .collect();
    let next = match flags.is_empty() {
        true => format!("hallpass login {}", preset.name),
        false => format!("hallpass add {}{flags}", preset.name),
    };
    line("next", &next);
    out
}

fn as_json(preset: &Preset) -> Value {
    let variables = preset.variables.iter().map(|(name, variable)| {
        let value = json!({ "default": variable.default, "help": variable.help });
        (name.clone(), value)
    });
    json!({
        "name": preset.name,
        "display_name": preset.display_name,
        "documentation": preset.documentation,
        "register": preset.register,
        "redirect_uri_to_register": preset.service().redirect_uri_to_register(),
        "checked": preset.checked,
        "origin": preset.origin.to_string(),
        "variables": variables.collect::<serde_json::Map<_, _>>(),
        "values": preset.registration,
    })
}
