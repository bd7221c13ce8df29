//! The command line as clap sees it: global flags and one variant a command.

use clap::{Parser, Subcommand, ValueEnum};

use super::command;

/// Sign in once to any OAuth 2.0 or OpenID Connect service, then call its API from the shell.
#[derive(Debug, Parser)]
#[command(
    name = "hallpass",
    version,
    propagate_version = false,
    disable_help_subcommand = true
)]
#[command(after_help = "Start here:
  hallpass demo                          the whole journey, no account, no network
  hallpass login google                  sign in with the browser
  hallpass call google oauth2/v3/userinfo
  curl -H @<(hallpass token google --as header) https://…")]
pub struct Cli {
    #[command(flatten)]
    pub global: GlobalArgs,
    #[command(subcommand)]
    pub command: Command,
}

/// Flags that every command takes.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct GlobalArgs {
    /// Show requests and responses on stderr, secrets redacted
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Everywhere")]
    pub verbose: u8,
    /// Never ask anything; what would be asked becomes an error
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub no_input: bool,
    /// How errors look on stderr
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        help_heading = "Everywhere"
    )]
    pub error_format: ErrorFormat,
}

/// `--error-format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ErrorFormat {
    /// Two lines: what failed, and `hint:`.
    #[default]
    Text,
    /// One JSON object.
    Json,
}

/// `--format` of the commands that print results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For machines.
    Json,
}

/// One variant a command, in the order of `--help`.
#[derive(Debug, Subcommand)]
pub enum Command {
    Login(command::login::Args),
    Logout(command::logout::Args),
    Call(Box<command::call::Args>),
    Token(command::token::Args),
    Status(command::status::Args),
    Userinfo(command::userinfo::Args),
    Inspect(command::inspect::Args),
    Add(Box<command::add::Args>),
    List(command::list::Args),
    Show(command::show::Args),
    Edit(command::edit::Args),
    Remove(command::remove::Args),
    Providers(command::providers::Args),
    Demo(command::demo::Args),
    Completions(command::completions::Args),
    Man(command::man::Args),
}
