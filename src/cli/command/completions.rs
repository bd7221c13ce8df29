//! `hallpass completions`.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::args::Cli;
use crate::cli::context::Context;
use crate::cli::output;
use crate::error::{Code, Error, Result};

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  hallpass completions bash > ~/.local/share/bash-completion/completions/hallpass
  hallpass completions zsh > ~/.zfunc/_hallpass
  hallpass completions fish > ~/.config/fish/completions/hallpass.fish")]
pub struct Args {
    /// bash, zsh, fish, powershell, elvish
    #[arg(value_enum, hide_possible_values = true)]
    shell: Shell,
}

/// Commands whose first operand is a service.
const TAKE_A_SERVICE: &[&str] = &[
    "login", "logout", "status", "token", "call", "userinfo", "show", "edit", "remove",
];

/// Runs it.
pub fn run(_cx: &Context, args: Args) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "hallpass", &mut script);
    let mut script = String::from_utf8(script)
        .map_err(|_| Error::new(Code::Internal, "the completion script is not text"))?;
    script.push_str(&service_names(args.shell));
    output::text(&script)
}

/// What makes the services' names complete too, where the shell lets it be added simply.
fn service_names(shell: Shell) -> String {
    let commands = TAKE_A_SERVICE.join(" ");
    match shell {
        Shell::Fish => format!(
            "complete -c hallpass -n \"__fish_seen_subcommand_from {commands}\" -f \
             -a \"(hallpass list --names 2>/dev/null)\"\n"
        ),
        Shell::Bash => format!(
            "\n\
             _hallpass_with_services() {{\n\
             \x20   _hallpass \"$@\"\n\
             \x20   [[ ${{COMP_WORDS[COMP_CWORD]}} == -* || $COMP_CWORD -ne 2 ]] && return 0\n\
             \x20   case \" {commands} \" in\n\
             \x20       *\" ${{COMP_WORDS[1]}} \"*)\n\
             \x20           COMPREPLY=( $(compgen -W \"$(hallpass list --names 2>/dev/null)\" -- \"${{COMP_WORDS[COMP_CWORD]}}\") )\n\
             \x20           ;;\n\
             \x20   esac\n\
             }}\n\
             complete -F _hallpass_with_services -o nosort -o bashdefault -o default hallpass\n"
        ),
        _ => String::new(),
    }
}
