//! Wrong usage told as every other error: one line of what is wrong, one of what to do.

use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::args::{Cli, ErrorFormat};
use super::{corrected, other_words};
use crate::error::{Code, Error};
use crate::secret::printable;

/// `--error-format` as far as it can be read from an argv that clap refused.
pub fn wanted_format() -> ErrorFormat {
    let arguments = std::env::args_os().skip(1);
    format_in(arguments.map(|argument| argument.to_string_lossy().into_owned()))
}

fn format_in(arguments: impl Iterator<Item = String>) -> ErrorFormat {
    let mut previous = String::new();
    for argument in arguments.take_while(|argument| argument != "--") {
        let flagged = previous == "--error-format" && argument == "json";
        if flagged || argument == "--error-format=json" {
            return ErrorFormat::Json;
        }
        previous = argument;
    }
    ErrorFormat::Text
}

/// clap's error in our words.
///
/// `typed`: the command line, which clap does not always repeat.
pub fn told(clap: &clap::Error, typed: &[String]) -> Error {
    let value = |kind| clap.get(kind).map(shown);
    let argument = value(ContextKind::InvalidArg).unwrap_or_default();
    let message = match clap.kind() {
        ErrorKind::UnknownArgument => format!("unexpected argument \"{argument}\""),
        ErrorKind::InvalidSubcommand => format!(
            "no command \"{}\"",
            value(ContextKind::InvalidSubcommand).unwrap_or_default()
        ),
        ErrorKind::InvalidValue => match value(ContextKind::InvalidValue) {
            Some(given) if !given.is_empty() => {
                format!("{} cannot be \"{given}\"", name_of(&argument))
            }
            _ => format!("{} needs a value", name_of(&argument)),
        },
        ErrorKind::ValueValidation => format!(
            "{} cannot be \"{}\"{}",
            name_of(&argument),
            value(ContextKind::InvalidValue).unwrap_or_default(),
            std::error::Error::source(clap)
                .map(|cause| format!(": {}", printable(&cause.to_string(), 200)))
                .unwrap_or_default()
        ),
        ErrorKind::MissingRequiredArgument => format!("missing {argument}"),
        ErrorKind::ArgumentConflict => match value(ContextKind::PriorArg) {
            Some(prior) if prior == argument => format!("{argument} is given twice"),
            Some(prior) => format!("{argument} does not go with {prior}"),
            None => first_paragraph(clap),
        },
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            "no command is given".to_owned()
        }
        _ => first_paragraph(clap),
    };
    Error::new(Code::Usage, message).with_hint(hint(clap, typed))
}

fn hint(clap: &clap::Error, typed: &[String]) -> String {
    let command = command_of(clap).or_else(|| typed_command(typed));
    if let Some(elsewhere) = elsewhere(clap, command.as_deref()) {
        return elsewhere;
    }
    for kind in [
        ContextKind::SuggestedSubcommand,
        ContextKind::SuggestedArg,
        ContextKind::SuggestedValue,
    ] {
        if let Some(suggested) = clap.get(kind).map(shown) {
            return format!("did you mean {suggested}?");
        }
    }
    if let Some(valid) = clap.get(ContextKind::ValidValue).map(shown)
        && !valid.is_empty()
    {
        return format!("one of: {valid}");
    }
    match command {
        Some(command) => format!("`{command} --help` shows how"),
        None => "--help after the command shows what it takes".to_owned(),
    }
}

/// What the word or flag of another tool is here.
fn elsewhere(clap: &clap::Error, command: Option<&str>) -> Option<String> {
    let value = |kind| clap.get(kind).map(shown);
    match (clap.kind(), command) {
        (ErrorKind::InvalidSubcommand, _) => {
            let word = value(ContextKind::InvalidSubcommand)?;
            let ours = other_words::command(&word)?;
            Some(format!("here it is `hallpass {ours}`"))
        }
        (ErrorKind::UnknownArgument, Some("hallpass call")) => {
            let flag = value(ContextKind::InvalidArg)?;
            other_words::flag(&flag).map(str::to_owned)
        }
        _ => None,
    }
}

fn typed_command(typed: &[String]) -> Option<String> {
    let names = Cli::command();
    let mut names = names.get_subcommands().map(clap::Command::get_name);
    let name = names.find(|name| corrected::place_of(typed, name).is_some())?;
    Some(format!("hallpass {name}"))
}

/// `hallpass call` out of `Usage: hallpass call [OPTIONS] <SERVICE>`.
fn command_of(clap: &clap::Error) -> Option<String> {
    let usage = clap.get(ContextKind::Usage).map(shown).unwrap_or_default();
    let words: Vec<&str> = usage
        .split_whitespace()
        .skip_while(|word| *word != "hallpass")
        .take_while(|word| word.starts_with(|c: char| c.is_ascii_lowercase()))
        .collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// `--scope <SCOPE>` → `--scope`.
fn name_of(argument: &str) -> &str {
    argument.split_whitespace().next().unwrap_or(argument)
}

fn shown(value: &ContextValue) -> String {
    let text = match value {
        ContextValue::Strings(list) => list.join(", "),
        ContextValue::StyledStr(text) => text.to_string(),
        other => other.to_string(),
    };
    printable(text.trim(), 200)
}

fn first_paragraph(clap: &clap::Error) -> String {
    let text = clap.render().to_string();
    let paragraph = text.split("\n\n").next().unwrap_or_default();
    let words: Vec<&str> = paragraph.split_whitespace().collect();
    let line = words.join(" ");
    printable(line.strip_prefix("error: ").unwrap_or(&line), 300)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[track_caller]
    fn says(arguments: &[&str], message: &str, hint: &str) {
        let argv: Vec<&str> = ["hallpass"].iter().chain(arguments).copied().collect();
        let typed: Vec<String> = argv.iter().map(|word| (*word).to_owned()).collect();
        let error = told(&Cli::try_parse_from(argv).unwrap_err(), &typed);
        assert_eq!(
            (error.to_string().as_str(), error.hint()),
            (message, Some(hint))
        );
        assert_eq!(error.code(), Code::Usage);
    }

    #[test]
    fn each_mistake_has_one_line_and_a_hint() {
        says(&["lgin", "x"], "no command \"lgin\"", "did you mean login?");
        says(
            &["list", "--formt", "json"],
            "unexpected argument \"--formt\"",
            "did you mean --format?",
        );
        says(
            &["list", "--format", "xml"],
            "--format cannot be \"xml\"",
            "one of: text, json",
        );
        says(
            &["show"],
            "missing <SERVICE>",
            "`hallpass show --help` shows how",
        );
        says(
            &["list", "--format"],
            "--format needs a value",
            "one of: text, json",
        );
        says(
            &["add", "x", "--redirect-port", "many"],
            "--redirect-port cannot be \"many\": invalid digit found in string",
            "`hallpass add --help` shows how",
        );
        says(
            &["call", "x", "y", "-X"],
            "--request needs a value",
            "`hallpass call --help` shows how",
        );
        says(
            &["call", "x", "y", "-D", "-"],
            "unexpected argument \"-D\"",
            "-i shows status and headers before the body, -I only them",
        );
        says(
            &["api", "x"],
            "no command \"api\"",
            "here it is `hallpass call`",
        );
        says(
            &["batch", "x", "-D"],
            "unexpected argument \"-D\"",
            "`hallpass batch --help` shows how",
        );
    }

    #[test]
    fn the_error_format_is_found_in_a_wrong_command_line() {
        let find = |line: &str| format_in(line.split(' ').map(str::to_owned));
        assert_eq!(find("--error-format json nope"), ErrorFormat::Json);
        assert_eq!(find("nope --error-format=json"), ErrorFormat::Json);
        assert_eq!(find("call x -- --error-format=json"), ErrorFormat::Text);
        assert_eq!(find("call --error-format text"), ErrorFormat::Text);
    }
}
