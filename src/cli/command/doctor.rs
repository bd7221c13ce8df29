//! `hallpass doctor`.

use serde_json::json;

use crate::cli::args::Format;
use crate::cli::context::Context;
use crate::cli::output;
use crate::doctor::{self, Finding, Verdict};
use crate::error::Result;

/// Find out why it does not work, and what to do
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  hallpass doctor           folders, keyring, browser, listener, proxy, trust
  hallpass doctor google    and the service: server, clock, client, session
  hallpass doctor google --format json | jq -r '.checks[].hint'

The exit code is 0 when nothing failed, else that of the first failure.")]
pub struct Args {
    /// Service, or SERVICE@ACCOUNT; without one only this machine is looked at
    service: Option<String>,
    /// How results look
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs it.
pub fn run(cx: &Context, args: Args) -> Result<()> {
    let configuration = cx.configuration();
    let file = cx.paths().config_file().display().to_string();
    let (network, folders) = (cx.network(), cx.folders());
    let mut findings = cx.block_on(doctor::examine_machine(
        &cx.ports(),
        &file,
        configuration.as_deref(),
        &folders,
        &network,
    ));
    if let (Some(reference), Ok(_)) = (&args.service, &configuration) {
        match cx.service(reference) {
            Ok(service) => {
                let ports = cx.ports();
                findings.extend(cx.block_on(doctor::examine_service(&ports, &service)));
            }
            Err(error) => findings.push(doctor::unresolved(&error)),
        }
    }
    match args.format {
        Format::Text => output::text(&page(&findings, cx.stdout().colour))?,
        Format::Json => output::json(&machine(&findings))?,
    }
    doctor::outcome(&findings)
}

/// One line a check, what to do under it.
fn page(findings: &[Finding], colour: bool) -> String {
    use anstyle::{AnsiColor, Style};
    let width = findings.iter().map(|finding| finding.check.len()).max();
    let width = width.unwrap_or_default();
    let mut page = String::new();
    for finding in findings {
        let style = match finding.verdict {
            _ if !colour => Style::new(),
            Verdict::Ok => AnsiColor::Green.on_default(),
            Verdict::Warning => AnsiColor::Yellow.on_default(),
            Verdict::Failure(_) => AnsiColor::Red.on_default().bold(),
            Verdict::Skipped => Style::new().dimmed(),
        };
        let verdict = format!("{:<7}", finding.verdict.as_str());
        page.push_str(&format!(
            "{style}{verdict}{style:#}  {:<width$}  {}\n",
            finding.check, finding.message
        ));
        if let Some(hint) = &finding.hint {
            page.push_str(&format!("{:<7}  {:<width$}  → {hint}\n", "", ""));
        }
    }
    page
}

fn machine(findings: &[Finding]) -> serde_json::Value {
    let checks: Vec<_> = findings
        .iter()
        .map(|finding| {
            let code = match finding.verdict {
                Verdict::Failure(code) => Some(code.as_str()),
                _ => None,
            };
            json!({
                "check": finding.check,
                "result": finding.verdict.as_str(),
                "message": finding.message,
                "hint": finding.hint,
                "code": code,
            })
        })
        .collect();
    json!({ "checks": checks })
}
