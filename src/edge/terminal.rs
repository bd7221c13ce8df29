//! The person at the terminal: questions, notices, the wire trace; all on stderr.

#[cfg(unix)]
mod line;
mod screen;

use std::cell::OnceCell;
use std::io::{IsTerminal, Write};

use anstyle::{AnsiColor, Effects, Style};

use super::progress;
use crate::error::{Code, Error, Result};
use crate::port::{BoxFuture, Interrupts, UserInterface};
use crate::secret::Secret;

pub use screen::Screen;

const WARNING: Style = AnsiColor::Yellow.on_default().effects(Effects::BOLD);
const TRACE: Style = Style::new().effects(Effects::DIMMED);

/// Answers that are neither yes nor no, before the question is given up.
const TRIES: usize = 3;

/// stderr for words, stdin for answers.
pub struct Terminal {
    tracing: bool,
    no_input: bool,
    screen: OnceCell<Screen>,
    #[cfg(unix)]
    pending: line::Pending,
}

impl Terminal {
    /// `tracing`: `-v` was given; `no_input`: never ask.
    pub fn new(tracing: bool, no_input: bool) -> Self {
        Terminal {
            tracing,
            no_input,
            screen: OnceCell::new(),
            #[cfg(unix)]
            pending: line::Pending::default(),
        }
    }

    fn screen(&self) -> &Screen {
        self.screen.get_or_init(Screen::stderr)
    }

    /// `text` in `style` where colour is wanted.
    fn styled(&self, style: Style, text: &str) -> String {
        if self.screen().colour {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }

    fn refuse_without_a_person(&self, question: &str, flag: &str) -> Result<()> {
        if self.can_prompt() {
            return Ok(());
        }
        let why = if self.no_input {
            "--no-input forbids asking"
        } else {
            "there is no terminal to ask at"
        };
        let question = question.trim_end_matches([':', '?', ' ']);
        Err(Error::new(Code::PromptNeeded, format!("{question}: {why}"))
            .with_hint(format!("give the answer with {flag}")))
    }

    /// A line from standard input; an end of input is a no.
    fn answer(&self, question: &str) -> Result<String> {
        write_out(&format!("{question} "), self.screen().colour);
        let mut answer = String::new();
        let read = std::io::stdin().read_line(&mut answer).map_err(|error| {
            Error::new(Code::Cancelled, "the answer cannot be read").with_source(error)
        })?;
        if read == 0 {
            write_out("\n", false);
            return Err(Error::new(Code::Cancelled, "nothing was answered"));
        }
        Ok(answer.trim().to_owned())
    }
}

impl UserInterface for Terminal {
    fn can_prompt(&self) -> bool {
        !self.no_input && std::io::stdin().is_terminal() && self.screen().is_terminal
    }

    fn notice(&self, line: &str) {
        write_out(&format!("{line}\n"), self.screen().colour);
    }

    fn warn(&self, line: &str) {
        warn(line);
    }

    fn trace(&self, line: &str) {
        if self.tracing {
            let line = self.styled(TRACE, line);
            write_out(&format!("{line}\n"), self.screen().colour);
        }
    }

    fn tracing(&self) -> bool {
        self.tracing
    }

    fn ask(&self, question: &str, flag: &str) -> Result<String> {
        self.refuse_without_a_person(question, flag)?;
        self.answer(question)
    }

    fn ask_secret(&self, question: &str, flag: &str) -> Result<Secret> {
        self.refuse_without_a_person(question, flag)?;
        // rpassword lets Ctrl-C act before it puts the terminal back, so the signal waits for us.
        let held = super::interrupts::Signals.hold();
        let answer = rpassword::prompt_password(format!("{question} "));
        drop(held);
        match answer {
            Ok(secret) => Ok(Secret::from(secret)),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {
                Err(Error::new(Code::Interrupted, "interrupted"))
            }
            Err(error) => {
                Err(Error::new(Code::Cancelled, "nothing was entered").with_source(error))
            }
        }
    }

    fn confirm(&self, question: &str, default: bool, flag: &str) -> Result<bool> {
        self.refuse_without_a_person(question, flag)?;
        let choice = if default { "[Y/n]" } else { "[y/N]" };
        for _ in 0..TRIES {
            let answer = self.answer(&format!("{question} {choice}"))?;
            match yes_or_no(&answer) {
                Some(Answer::Yes) => return Ok(true),
                Some(Answer::No) => return Ok(false),
                Some(Answer::Default) => return Ok(default),
                None => self.notice("please answer y or n"),
            }
        }
        Err(Error::new(
            Code::Cancelled,
            "neither yes nor no was answered",
        ))
    }

    fn next_line<'a>(&'a self) -> BoxFuture<'a, Result<Secret>> {
        Box::pin(self.read_line())
    }
}

#[cfg(unix)]
impl Terminal {
    async fn read_line(&self) -> Result<Secret> {
        match self.start_reading() {
            Some(reading) => reading.line().await,
            None => std::future::pending().await,
        }
    }

    /// `None` where there is nothing to read from.
    fn start_reading(&self) -> Option<line::Reading> {
        use std::os::fd::AsFd;
        let input = std::io::stdin();
        if input.is_terminal() && (self.no_input || line::is_in_background(&input)) {
            return None;
        }
        let signals = line::Signals {
            hold: || super::interrupts::Signals.hold(),
            came: super::interrupts::came,
        };
        line::Reading::start(
            input.as_fd().try_clone_to_owned().ok()?,
            std::io::stderr().as_fd().try_clone_to_owned().ok()?,
            self.pending.clone(),
            signals,
        )
        .ok()
    }
}

#[cfg(not(unix))]
impl Terminal {
    /// The console edits lines itself and takes long ones; its thread ends with the process.
    async fn read_line(&self) -> Result<Secret> {
        if std::io::stdin().is_terminal() && self.no_input {
            return std::future::pending().await;
        }
        let (sender, receiver) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            if std::io::stdin()
                .read_line(&mut line)
                .is_ok_and(|read| read > 0)
            {
                let _ = sender.send(Secret::from(line.trim_end().to_owned()));
            }
        });
        receiver
            .await
            .map_err(|_| Error::new(Code::Cancelled, "the input has ended"))
    }
}

enum Answer {
    Yes,
    No,
    Default,
}

fn yes_or_no(answer: &str) -> Option<Answer> {
    match answer.to_ascii_lowercase().as_str() {
        "" => Some(Answer::Default),
        "y" | "yes" => Some(Answer::Yes),
        "n" | "no" => Some(Answer::No),
        _ => None,
    }
}

/// A line from where there is no [`Terminal`].
pub(super) fn say(line: &str) {
    write_out(&format!("{line}\n"), Screen::stderr().colour);
}

/// A warning from where there is no [`Terminal`].
pub(super) fn warn(line: &str) {
    let colour = Screen::stderr().colour;
    let prefix = if colour {
        format!("{WARNING}warning:{WARNING:#}")
    } else {
        "warning:".to_owned()
    };
    write_out(&format!("{prefix} {line}\n"), colour);
}

/// Writes to stderr in one piece, beside a progress bar if one is drawn. That stderr is gone can
/// be told to nobody.
fn write_out(text: &str, colour: bool) {
    progress::beside(|| {
        let choice = if colour {
            anstream::ColorChoice::Always
        } else {
            anstream::ColorChoice::Never
        };
        let mut err = anstream::AutoStream::new(std::io::stderr().lock(), choice);
        let _ = err.write_all(text.as_bytes());
        let _ = err.flush();
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_person_a_question_names_the_flag_that_answers_it() {
        let terminal = Terminal::new(false, true);
        let error = terminal.ask("Client ID:", "--client-id").unwrap_err();
        assert_eq!(error.code(), Code::PromptNeeded);
        assert_eq!(error.to_string(), "Client ID: --no-input forbids asking");
        assert_eq!(error.hint(), Some("give the answer with --client-id"));
        assert!(terminal.ask_secret("Secret:", "--client-secret -").is_err());
        assert!(terminal.confirm("Sure?", true, "--yes").is_err());
    }

    #[test]
    fn only_clear_answers_count() {
        assert!(matches!(yes_or_no("YES"), Some(Answer::Yes)));
        assert!(matches!(yes_or_no("n"), Some(Answer::No)));
        assert!(matches!(yes_or_no(""), Some(Answer::Default)));
        assert!(yes_or_no("maybe").is_none());
    }
}
