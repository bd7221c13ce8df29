//! One file a command: an `Args` struct and a `run`, thin: no HTTP, no JSON parsing, no paths.

pub mod add;
pub mod batch;
pub mod call;
pub mod completions;
pub mod demo;
pub mod doctor;
pub mod edit;
pub mod exec;
pub mod inspect;
pub mod list;
pub mod login;
pub mod logout;
pub mod man;
pub mod providers;
pub mod remove;
pub mod show;
pub mod status;
pub mod store;
pub mod token;
pub mod userinfo;

use super::args::Command;
use super::context::Context;
use crate::error::Result;

/// Runs the chosen command.
pub fn run(cx: &Context, command: Command) -> Result<()> {
    match command {
        Command::Login(args) => login::run(cx, args),
        Command::Logout(args) => logout::run(cx, args),
        Command::Call(args) => call::run(cx, *args),
        Command::Batch(args) => batch::run(cx, *args),
        Command::Exec(args) => exec::run(cx, args),
        Command::Token(args) => token::run(cx, args),
        Command::Status(args) => status::run(cx, args),
        Command::Store(args) => store::run(cx, args),
        Command::Userinfo(args) => userinfo::run(cx, args),
        Command::Inspect(args) => inspect::run(cx, args),
        Command::Add(args) => add::run(cx, *args),
        Command::List(args) => list::run(cx, args),
        Command::Show(args) => show::run(cx, args),
        Command::Edit(args) => edit::run(cx, *args),
        Command::Remove(args) => remove::run(cx, args),
        Command::Providers(args) => providers::run(cx, args),
        Command::Demo(args) => demo::run(cx, args),
        Command::Doctor(args) => doctor::run(cx, args),
        Command::Completions(args) => completions::run(cx, args),
        Command::Man(args) => man::run(cx, args),
    }
}
