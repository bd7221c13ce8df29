//! From argv to exit code: what was typed becomes what it means, runs, and ends.

pub mod args;
pub mod command;
pub mod connection_args;
pub mod context;
mod corrected;
pub mod duration;
mod lasting;
pub mod new_client;
pub mod new_service;
mod other_words;
pub mod output;
pub mod service_args;
pub mod service_source;
pub mod sessions;
pub mod signed_in;
pub mod store_choice;
pub mod table;
pub mod time_words;
mod usage_error;

use std::process::ExitCode;

use clap::Parser;

use crate::error::Code;

/// The whole program.
pub fn main() -> ExitCode {
    context::harden();
    let cli = match args::Cli::try_parse_from(args::with_help_as_a_flag(std::env::args_os())) {
        Ok(cli) => cli,
        Err(error) => {
            let cx = context::Context::new(args::GlobalArgs::default());
            return output::usage(&error, usage_error::wanted_format(), &cx);
        }
    };
    let error_format = cli.global.error_format;
    let cx = context::Context::new(cli.global);
    match command::run(&cx, cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::error(&error, error_format);
            ExitCode::from(error.exit_code())
        }
    }
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        ExitCode::from(code.exit_code())
    }
}
