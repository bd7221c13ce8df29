//! `hallpass list`.

use serde_json::json;

use crate::cli::args::Format;
use crate::cli::context::Context;
use crate::cli::{output, table};
use crate::error::Result;
use crate::service::{Configuration, Registration};

/// List the services
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  hallpass list
  hallpass list --format json | jq -r '.[].name'
  hallpass list --names          one a line, for scripts and completion")]
pub struct Args {
    /// How results look
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Names only, those of providers included
    #[arg(long, conflicts_with = "format")]
    names: bool,
}

/// Runs it.
pub fn run(cx: &Context, args: Args) -> Result<()> {
    let configuration = cx.configuration()?;
    if args.names {
        return output::text(&names(&configuration));
    }
    let services: Vec<Row> = configuration
        .services
        .keys()
        .map(|name| row(&configuration, name))
        .collect();
    if args.format == Format::Json {
        let services = services.iter().map(|row| {
            json!({
                "name": row.name,
                "provider": row.provider,
                "server": row.server,
                "client_id": row.client_id,
                "problem": row.problem,
            })
        });
        return output::json(&services.collect());
    }
    if services.is_empty() {
        let ui = cx.ports().ui;
        ui.notice("No services yet: `hallpass login google`, or `hallpass add NAME --issuer URL`.");
        ui.notice("`hallpass providers` lists what is known already.");
        return Ok(());
    }
    let rows = services.iter().map(|row| {
        let state = match (&row.problem, &row.client_id) {
            (Some(problem), _) => problem.as_str(),
            (None, None) => "no client yet",
            (None, Some(_)) => "",
        };
        let provider = row.provider.as_deref().unwrap_or("-");
        let server = row.server.as_deref().unwrap_or("-");
        [row.name.as_str(), provider, server, state].map(str::to_owned)
    });
    output::text(&table::render(
        ["SERVICE", "PROVIDER", "SERVER", ""],
        rows.collect(),
        cx.stdout().columns(),
    ))
}

struct Row {
    name: String,
    provider: Option<String>,
    server: Option<String>,
    client_id: Option<String>,
    problem: Option<String>,
}

fn row(configuration: &Configuration, name: &str) -> Row {
    let none = Registration::default();
    let service = configuration.merged(name, &Context::variable, &none);
    let checked = configuration.resolve(name, &Context::variable, &none);
    let problem = checked.err().map(|error| error.to_string());
    let values = service.map(|service| service.values).unwrap_or_default();
    Row {
        name: name.to_owned(),
        provider: values.provider,
        server: values.issuer.or(values.token_endpoint),
        client_id: values.client_id,
        problem,
    }
}

/// The person's services first, then the providers, each once.
fn names(configuration: &Configuration) -> String {
    let mut names: Vec<&str> = configuration.services.keys().map(String::as_str).collect();
    for name in crate::service::preset::names(&configuration.user_presets) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.iter().map(|name| format!("{name}\n")).collect()
}
