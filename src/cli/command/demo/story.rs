//! How the demo tells its story: steps in plain words, and under them what went over the wire.

use anstyle::Style;

use crate::cli::output;
use crate::demo::Exchange;
use crate::error::Result;
use crate::port::{BoxFuture, UserInterface};
use crate::secret::Secret;

/// Columns before the words of an exchange.
const INDENT: &str = "     ";
/// Columns that a line of the wire may take.
const WIDTH: usize = 100;

/// Parameters that tell something, in the order they are told; the others are left out.
const TOLD: &[&str] = &[
    "grant_type",
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code",
    "code_verifier",
    "refresh_token",
    "token",
    "decision",
    "issuer",
    "error",
    "error_description",
    "iss",
    "access_token",
    "id_token",
    "expires_in",
    "sub",
    "name",
    "email",
    "id",
    "active",
];

/// The one who tells.
#[derive(Debug, Clone, Copy)]
pub struct Story {
    /// Headings stand out, the wire stands back.
    pub colour: bool,
}

impl Story {
    /// A step begins.
    pub fn step(self, number: usize, title: &str) -> Result<()> {
        let bold = Style::new().bold();
        output::line(&format!(
            "\n  {}",
            self.styled(bold, &format!("{number}. {title}"))
        ))
    }

    /// A sentence under the step.
    pub fn say(self, text: &str) -> Result<()> {
        match text {
            "" => output::line(""),
            text => output::line(&format!("{INDENT}{text}")),
        }
    }

    /// The exchanges that belong to the step.
    pub fn wire(self, exchanges: &[Exchange]) -> Result<()> {
        let text = wire(exchanges);
        let faint = Style::new().dimmed();
        output::stdout(self.styled(faint, &text).as_bytes()).map(drop)
    }

    fn styled(self, style: Style, text: &str) -> String {
        match self.colour {
            true => format!("{style}{text}{style:#}"),
            false => text.to_owned(),
        }
    }
}

/// Requests and answers, a few lines each.
fn wire(exchanges: &[Exchange]) -> String {
    let mut text = String::new();
    for exchange in exchanges {
        let status = exchange.status;
        let credentials = exchange.authorization.as_deref();
        let credentials = credentials.map_or(String::new(), |c| format!("  [{c}]"));
        text.push_str(&format!(
            "{INDENT}> {} {}{credentials}\n",
            exchange.method, exchange.path
        ));
        text.push_str(&told(&exchange.sent, "    "));
        text.push_str(&format!("{INDENT}< {status}\n"));
        text.push_str(&told(&exchange.answered, "    "));
    }
    text
}

/// `name=value` pairs, several a line.
fn told(pairs: &[(String, String)], margin: &str) -> String {
    let mut lines = vec![String::new()];
    for name in TOLD {
        let Some((_, value)) = pairs.iter().find(|(seen, _)| seen == name) else {
            continue;
        };
        let pair = format!("{name}={value}");
        let last = lines.last_mut().filter(|line| {
            line.is_empty() || INDENT.len() + line.len() + pair.chars().count() < WIDTH
        });
        match last {
            Some(line) if line.is_empty() => line.push_str(&pair),
            Some(line) => line.push_str(&format!("  {pair}")),
            None => lines.push(pair),
        }
    }
    lines.retain(|line| !line.is_empty());
    lines
        .iter()
        .map(|line| format!("{INDENT}{margin}{line}\n"))
        .collect()
}

/// How long it took, for people.
pub fn seconds(millis: u64) -> String {
    format!("{}.{:02} s", millis / 1000, millis % 1000 / 10)
}

/// The person as the demo's sign-in meets them: told everything, asked nothing. Where no browser
/// opens, words about a browser would not be true, and are left out.
pub struct Audience<'a> {
    pub story: Story,
    /// Whether there is a browser to tell about.
    pub browser: bool,
    /// Where words go.
    pub ui: &'a dyn UserInterface,
}

impl UserInterface for Audience<'_> {
    fn can_prompt(&self) -> bool {
        false
    }

    fn notice(&self, line: &str) {
        if self.browser {
            // stdout that cannot be written shows when the step's own words are.
            let _ = self.story.say(line);
        }
    }

    fn warn(&self, line: &str) {
        self.ui.warn(line);
    }

    fn trace(&self, line: &str) {
        self.ui.trace(line);
    }

    fn tracing(&self) -> bool {
        self.ui.tracing()
    }

    fn ask(&self, question: &str, flag: &str) -> Result<String> {
        self.ui.ask(question, flag)
    }

    fn ask_secret(&self, question: &str, flag: &str) -> Result<Secret> {
        self.ui.ask_secret(question, flag)
    }

    fn confirm(&self, question: &str, default: bool, flag: &str) -> Result<bool> {
        self.ui.confirm(question, default, flag)
    }

    fn next_line<'a>(&'a self) -> BoxFuture<'a, Result<Secret>> {
        Box::pin(std::future::pending())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_told_in_order_and_wrapped() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let pairs = [
            pair("code", "demo_code_3fab…"),
            pair("unknown", "x"),
            pair("grant_type", "authorization_code"),
            pair("redirect_uri", &"u".repeat(70)),
        ];
        let text = told(&pairs, "");
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        assert_eq!(lines[0], "grant_type=authorization_code");
        assert!(lines[1].starts_with("redirect_uri=u") && lines.len() == 3);
        assert!(!text.contains("unknown"));
    }
}
