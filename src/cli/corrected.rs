//! A command line as it was meant, to be shown in a hint: what was typed, with what was left out.

use crate::error::{Code, Error};
use crate::secret::{printable, quoted};

/// What was typed, the program's own name first.
pub fn typed() -> Vec<String> {
    std::env::args_os()
        .map(|word| word.to_string_lossy().into_owned())
        .collect()
}

/// A line to type, shown safely; `more`: something followed that is not repeated, as it may hold
/// a secret.
pub fn line<'a>(words: impl IntoIterator<Item = &'a str>, more: bool) -> String {
    let words: Vec<String> = words.into_iter().map(quoted).collect();
    let rest = if more { " …" } else { "" };
    printable(&format!("hallpass {}", words.join(" ")), 300) + rest
}

/// A word of which only what is before a value is shown: what it is was not understood, and it may
/// be an item, a header or user information.
pub fn bare(word: &str) -> String {
    let place = word.split(['?', '#']).next().unwrap_or_default();
    let rest = if place == word { "" } else { "?…" };
    let first = place.split('/').next().unwrap_or_default();
    let Some(at) = first.find(['=', ':']) else {
        return format!("{place}{rest}");
    };
    let is_port = first[at + 1..].bytes().all(|b| b.is_ascii_digit());
    if first.as_bytes()[at] == b':' && is_port && at + 1 < first.len() {
        return format!("{place}{rest}");
    }
    format!("{}…", &first[..=at])
}

/// Where the command of `hallpass [GLOBAL FLAG…] COMMAND …` stands, if it is this one.
pub fn place_of(argv: &[String], command: &str) -> Option<usize> {
    let mut words = argv.iter().enumerate().skip(1);
    while let Some((at, word)) = words.next() {
        match word.as_str() {
            "--error-format" => drop(words.next()),
            flag if flag.starts_with('-') => {}
            word => return (word == command).then_some(at),
        }
    }
    None
}

/// `exec SERVICE COMMAND …`, where the `--` before the command was left out; whatever clap made of
/// it. `is_service`: the leading words that name services are no commands.
pub fn exec_without_dashes(argv: &[String], is_service: &dyn Fn(&str) -> bool) -> Option<Error> {
    let exec = place_of(argv, "exec")?;
    let mut services = 0;
    let mut words = argv.iter().enumerate().skip(exec + 1);
    let mut command = None;
    while let Some((at, word)) = words.next() {
        match word.as_str() {
            "--" => return None,
            "--env" | "--min-ttl" | "--error-format" if command.is_none() => drop(words.next()),
            flag if flag.starts_with('-') => {}
            word if services == 0 || command.is_none() && is_service(word) => services += 1,
            _ => command = command.or(Some(at)),
        }
    }
    let at = command?;
    // NAME=VALUE, as before a command in a shell.
    let shown = match argv[at].split_once('=') {
        Some((name, _)) if !name.contains('/') => format!("{name}=…"),
        _ => argv[at].clone(),
    };
    let command = printable(&quoted(&shown), 80);
    let before = argv[1..at].iter().map(String::as_str);
    let meant = before.chain(["--", shown.as_str()]);
    let what = format!("-- is missing before the command {command}");
    let hint = line(meant, argv.len() > at + 1);
    Some(Error::new(Code::Usage, what).with_hint(hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argv(line: &str) -> Vec<String> {
        let words = format!("hallpass {line}");
        words.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn the_dashes_go_before_the_command() {
        let is_service = |word: &str| ["demo", "work", "work@ada"].contains(&word);
        for (line, hint) in [
            ("exec demo env", "exec demo -- env"),
            ("exec demo curl -s x", "exec demo -- curl …"),
            (
                "exec demo work@ada make all",
                "exec demo work@ada -- make …",
            ),
            ("exec demo --env A=B make", "exec demo --env A=B -- make"),
            (
                "-v --error-format text exec nobody ./run",
                "-v --error-format text exec nobody -- ./run",
            ),
            ("exec demo sh -c $x;", "exec demo -- sh …"),
            ("exec demo KEY=hunter2 make", "exec demo -- 'KEY=…' …"),
        ] {
            let error = exec_without_dashes(&argv(line), &is_service).expect(line);
            assert_eq!(error.hint(), Some(&*format!("hallpass {hint}")), "{line}");
            assert!(error.to_string().contains("--"), "{error}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
        for line in [
            "exec demo -- env",
            "exec demo --envv x -- env",
            "exec demo",
            "exec demo work",
            "exec --nope",
            "call exec env",
        ] {
            assert!(
                exec_without_dashes(&argv(line), &is_service).is_none(),
                "{line}"
            );
        }
    }

    #[test]
    fn the_line_is_one_that_a_shell_takes_and_a_terminal_shows() {
        assert_eq!(
            line(["call", "demo", "a=it's\u{1b}[2J"], true),
            "hallpass call demo 'a=it'\\''s\\u{1b}[2J' …"
        );
    }
}
