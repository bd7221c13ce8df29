//! The command line as clap sees it: global flags and one variant a command.

use std::ffi::OsString;

use clap::{ArgMatches, Args, FromArgMatches, Parser, Subcommand, ValueEnum};

use super::command;

/// Sign in once to any OAuth 2.0 or OpenID Connect service, then call its API from the shell.
#[derive(Debug, Parser)]
#[command(
    name = "hallpass",
    version,
    propagate_version = false,
    disable_help_subcommand = true,
    max_term_width = 100,
    help_template = TEMPLATE,
    after_help = START_HERE,
    after_long_help = LONG_HELP
)]
pub struct Cli {
    #[command(flatten)]
    pub global: GlobalArgs,
    #[command(subcommand)]
    pub command: Command,
}

/// `hallpass help call` means `hallpass call --help`, as in git and gh.
pub fn with_help_as_a_flag(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = arguments.collect();
    if arguments.get(1).is_some_and(|word| word == "help") {
        arguments.remove(1);
        arguments.push("--help".into());
    }
    arguments
}

/// The page of `hallpass --help`; clap has no groups of commands, so they stand here, and a test
/// holds them against the definitions.
const TEMPLATE: &str = "\
{about-with-newline}
{usage-heading} {usage}

\u{1b}[1m\u{1b}[4mCommands:\u{1b}[0m
 Sign in
  login        Sign in to a service and keep the session
  logout       Revoke a session at its server and delete it here
  status       Show every session: account, scope, time left, store
  token        Print a valid access token and nothing else
 Call
  call         Make one authenticated request
  batch        Send many requests at once, one a line
  exec         Run a command with fresh tokens in its environment
  userinfo     Show who is signed in (OpenID Connect UserInfo)
  inspect      Decode a JWT offline: header, claims, times in words
 Services
  providers    List the presets and how to register a client with each
  add          Add a service
  list         List the services
  show         Show one service and where each value comes from
  edit         Change a service
  remove       Remove a service
 More
  demo         Run the whole journey here: no account, no network
  doctor       Find out why it does not work, and what to do
  store        Show, choose or move the store that keeps sessions
  completions  Print a completion script for a shell
  man          Write man pages into a folder

{options}{after-help}";

const START_HERE: &str = "\
Start here:
  hallpass demo                             the journey, no account or network
  hallpass login google                     sign in with the browser
  hallpass call google oauth2/v3/userinfo   one authenticated request
  curl -H @<(hallpass token google --as header) https://…

`hallpass COMMAND --help` has examples, `hallpass --help` variables, exit codes.";

const LONG_HELP: &str = "\
Start here:
  hallpass demo                             the journey, no account or network
  hallpass login google                     sign in with the browser
  hallpass call google oauth2/v3/userinfo   one authenticated request
  curl -H @<(hallpass token google --as header) https://…

Environment:
  HALLPASS_CONFIG_DIR            folder of config.toml and providers/*.toml
  HALLPASS_STATE_DIR             folder of session facts and the encrypted store
  HALLPASS_CACHE_DIR             folder of public documents
  HALLPASS_<SERVICE>_<KEY>       a key of a service, over config.toml:
                                 HALLPASS_WORK_CLIENT_ID
  HALLPASS_<SERVICE>_CLIENT_SECRET
                                 its client secret
  HALLPASS_<SERVICE>_<VARIABLE>  a variable of its provider:
                                 HALLPASS_WORK_TENANT
  HALLPASS_TOKEN_<SERVICE>       an access token, for machines without a store
  HALLPASS_STORE_PASSPHRASE_FILE
                                 a file with the encrypted store's passphrase
  BROWSER                        the browser to start
  NO_COLOR, CLICOLOR_FORCE       no colour, colour into pipes too
  HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY
                                 proxies

Exit codes:
  0 done                          6 a server could not be reached
  1 a bug, or output failed       7 the token store failed or is locked
  2 wrong usage                   8 cancelled, or not finished in time
  3 configuration                 9 a response failed validation
  4 sign-in needed               22 the API answered 4xx or 5xx
  5 the server refused          130 interrupted
  exec ends as its command does; 126: it cannot be run, 127: there is none";

/// Flags that every command takes.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct GlobalArgs {
    /// Show requests and responses on stderr, secrets redacted
    #[arg(short, long, action = clap::ArgAction::Count, help_heading = "Everywhere")]
    pub verbose: u8,
    /// Never ask anything; what would be asked becomes an error
    #[arg(long, help_heading = "Everywhere")]
    pub no_input: bool,
    /// How errors look on stderr
    #[arg(
        long,
        value_enum,
        default_value_t,
        hide_default_value = true,
        value_name = "text|json",
        hide_possible_values = true,
        help_heading = "Everywhere"
    )]
    pub error_format: ErrorFormat,
}

/// Adds [`GlobalArgs`] to a command, after its own flags. Those of the root would come before
/// them in its help, as clap hands them down before it builds the command; it joins the values
/// all the same.
fn everywhere(command: clap::Command) -> clap::Command {
    let flags = GlobalArgs::augment_args(clap::Command::new("everywhere"));
    let flags = flags.get_arguments().cloned();
    flags.fold(command, |command, flag| command.arg(flag.global(true)))
}

/// `--error-format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ErrorFormat {
    /// Two lines: what failed, and `hint:`
    #[default]
    Text,
    /// One JSON object
    Json,
}

/// `--format` of the commands that print results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Text,
    /// For machines
    Json,
}

/// Names every command once: variant, word, arguments.
///
/// clap's derive would build the arguments of every command for each run; here only those of the
/// command that was typed are built: `--version` takes 0.71 M instructions in place of 1.13 M.
macro_rules! commands {
    ($($variant:ident $name:literal $args:ty;)*) => {
        /// One variant a command, in the order of `--help`.
        #[derive(Debug)]
        pub enum Command {
            $($variant($args),)*
        }

        impl Subcommand for Command {
            fn augment_subcommands(root: clap::Command) -> clap::Command {
                root$(.subcommand(clap::Command::new($name).defer(|command| {
                    everywhere(<$args>::augment_args(command))
                })))*
            }

            fn augment_subcommands_for_update(root: clap::Command) -> clap::Command {
                Self::augment_subcommands(root)
            }

            fn has_subcommand(name: &str) -> bool {
                [$($name),*].contains(&name)
            }
        }

        impl FromArgMatches for Command {
            fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
                Self::from_arg_matches_mut(&mut matches.clone())
            }

            fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, clap::Error> {
                let (name, mut matches) = matches.remove_subcommand().ok_or_else(missing)?;
                match name.as_str() {
                    $($name => <$args>::from_arg_matches_mut(&mut matches).map(Command::$variant),)*
                    _ => Err(missing()),
                }
            }

            fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
                *self = Self::from_arg_matches(matches)?;
                Ok(())
            }
        }
    };
}

commands! {
    Login "login" command::login::Args;
    Logout "logout" command::logout::Args;
    Status "status" command::status::Args;
    Token "token" command::token::Args;
    Call "call" Box<command::call::Args>;
    Batch "batch" Box<command::batch::Args>;
    Exec "exec" command::exec::Args;
    Userinfo "userinfo" command::userinfo::Args;
    Inspect "inspect" command::inspect::Args;
    Providers "providers" command::providers::Args;
    Add "add" Box<command::add::Args>;
    List "list" command::list::Args;
    Show "show" command::show::Args;
    Edit "edit" Box<command::edit::Args>;
    Remove "remove" command::remove::Args;
    Demo "demo" command::demo::Args;
    Doctor "doctor" command::doctor::Args;
    Store "store" command::store::Args;
    Completions "completions" command::completions::Args;
    Man "man" command::man::Args;
}

fn missing() -> clap::Error {
    clap::Error::new(clap::error::ErrorKind::MissingSubcommand)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definitions_hold_together() {
        Cli::command().debug_assert();
    }

    /// Every command, and those below it.
    fn all_commands() -> Vec<clap::Command> {
        let mut root = Cli::command();
        root.build();
        let mut waiting = vec![root];
        let mut all = Vec::new();
        while let Some(command) = waiting.pop() {
            waiting.extend(command.get_subcommands().cloned());
            all.push(command);
        }
        all
    }

    /// clap would break longer lines in the middle of a command.
    #[test]
    fn what_help_says_beside_flags_fits_a_terminal_of_80_columns() {
        let mut wide = Vec::new();
        for command in all_commands() {
            let texts = [command.get_after_help(), command.get_after_long_help()];
            let mut texts: Vec<String> = texts.iter().flatten().map(ToString::to_string).collect();
            texts.push(TEMPLATE.to_owned());
            for line in texts.iter().flat_map(|text| text.lines()) {
                let width = unicode_width::UnicodeWidthStr::width(line);
                if width > 80 {
                    wide.push(format!("{}: {width}: {line}", command.get_name()));
                }
            }
        }
        assert!(wide.is_empty(), "{}", wide.join("\n"));
    }

    #[test]
    fn every_commands_help_ends_with_the_flags_of_all_and_examples() {
        for mut command in all_commands() {
            let name = command.get_bin_name().unwrap_or_default().to_owned();
            if !name.contains(' ') {
                continue;
            }
            let help = command.render_long_help().to_string();
            let (own, end) = help.split_once("\nEverywhere:\n").expect(&name);
            let (everywhere, after) = end.split_once("\nExamples:\n").expect(&name);
            assert!(own.contains("\nUsage: hallpass"), "{name}");
            let headings = everywhere.lines().filter(|line| line.ends_with(':'));
            assert_eq!(headings.count(), 0, "{name}: {everywhere}");
            let examples = after.lines().filter(|line| line.contains(&name));
            assert!(examples.count() >= 2, "{name}: {after}");
        }
    }

    #[test]
    fn help_lists_every_command_with_its_own_words_in_order() {
        let listed: Vec<(&str, &str)> = TEMPLATE
            .lines()
            .filter(|line| line.starts_with("  "))
            .filter_map(|line| line.trim().split_once("  "))
            .map(|(name, about)| (name, about.trim()))
            .collect();
        let mut command = Cli::command();
        command.build();
        let defined: Vec<(String, String)> = command
            .get_subcommands()
            .map(|sub| {
                let about = sub.get_about().map(ToString::to_string);
                (sub.get_name().to_owned(), about.unwrap_or_default())
            })
            .collect();
        let defined: Vec<(&str, &str)> = defined
            .iter()
            .map(|(name, about)| (name.as_str(), about.as_str()))
            .collect();
        assert_eq!(listed, defined);
    }
}
