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
  eval \"$(hallpass completions bash)\"                  in ~/.bashrc
  hallpass completions zsh > ~/.zfunc/_hallpass
  hallpass completions fish > ~/.config/fish/completions/hallpass.fish")]
pub struct Args {
    /// bash, zsh, fish, powershell, elvish
    #[arg(value_enum, hide_possible_values = true)]
    shell: Shell,
}

/// Commands whose first operand is a service.
const TAKE_A_SERVICE: &[&str] = &[
    "login", "logout", "status", "token", "call", "batch", "exec", "userinfo", "inspect", "show",
    "edit", "remove", "doctor",
];

/// Runs it.
pub fn run(_cx: &Context, args: Args) -> Result<()> {
    output::text(&script(args.shell)?)
}

/// The script of one shell.
fn script(shell: Shell) -> Result<String> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "hallpass", &mut script);
    let script = String::from_utf8(script)
        .map_err(|_| Error::new(Code::Internal, "the completion script is not text"))?;
    Ok(with_service_names(shell, script))
}

/// What makes the services' names complete too, where the shell lets it be added simply: the
/// script asks `hallpass list --names`, which reads one file.
fn with_service_names(shell: Shell, script: String) -> String {
    match shell {
        Shell::Bash => script + &BASH.replace("COMMANDS", &TAKE_A_SERVICE.join(" ")),
        Shell::Fish => script + &FISH.replace("COMMANDS", &TAKE_A_SERVICE.join(" ")),
        Shell::Zsh => script
            .lines()
            .map(|line| {
                let begins = |kinds: &[&str]| kinds.iter().any(|kind| line.starts_with(kind));
                if begins(&["':service -- ", "'::service -- ", "'*::services -- "]) {
                    line.replace(":_default'", ":_hallpass_services'") + "\n"
                } else if begins(&["'*::words -- "]) {
                    line.replace(":_default'", ":_hallpass_words'") + "\n"
                } else {
                    format!("{line}\n")
                }
            })
            .collect::<String>()
            .replacen("\n\n", ZSH, 1),
        _ => script,
    }
}

const BASH: &str = r#"
_hallpass_with_services() {
    _hallpass "$@"
    local cur=${COMP_WORDS[COMP_CWORD]}
    [[ $cur == -* || $COMP_CWORD -ne 2 ]] && return 0
    case " COMMANDS " in
        *" ${COMP_WORDS[1]} "*)
            COMPREPLY=($(compgen -W "$(hallpass list --names 2>/dev/null)" -- "$cur"))
            ;;
    esac
}
complete -F _hallpass_with_services -o bashdefault -o default hallpass
"#;

const FISH: &str = "complete -c hallpass -n \"__fish_seen_subcommand_from COMMANDS\" -f \
     -a \"(hallpass list --names 2>/dev/null)\"\n";

const ZSH: &str = r#"

_hallpass_services() {
    local -a names
    names=(${(f)"$(hallpass list --names 2>/dev/null)"})
    compadd -a names
}

_hallpass_words() {
    if (( CURRENT == 1 )); then _hallpass_services; else _default; fi
}

"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_complete_where_the_shell_lets_them() {
        for shell in [Shell::Bash, Shell::Fish, Shell::Zsh] {
            assert!(script(shell).unwrap().contains("hallpass list --names"));
        }
        let zsh = script(Shell::Zsh).unwrap();
        let with =
            zsh.matches(":_hallpass_services'").count() + zsh.matches(":_hallpass_words'").count();
        assert!(with >= TAKE_A_SERVICE.len(), "{with} operands complete");
    }

    #[test]
    fn the_commands_whose_first_operand_is_a_service_are_named() {
        let mut root = Cli::command();
        root.build();
        let takes = |command: &&clap::Command| {
            let first = command.get_positionals().next();
            let names = first.and_then(|first| first.get_value_names());
            names.is_some_and(|names| names[0].starts_with("SERVICE"))
        };
        let found: Vec<&str> = root
            .get_subcommands()
            .filter(takes)
            .map(clap::Command::get_name)
            .collect();
        assert_eq!(found, TAKE_A_SERVICE);
    }
}
