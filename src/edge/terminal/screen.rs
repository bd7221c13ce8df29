//! What standard output and standard error are: a terminal, how wide, and whether colour is wanted.

use std::io::IsTerminal;

use crate::edge::env;

/// Facts about one output stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// A person may be looking.
    pub is_terminal: bool,
    /// Colour is wanted there.
    pub colour: bool,
    /// Columns, where it is a terminal that tells.
    pub width: Option<u16>,
}

impl Screen {
    /// Where data goes.
    pub fn stdout() -> Self {
        let out = std::io::stdout();
        Screen::of(out.is_terminal(), || terminal_size::terminal_size_of(&out))
    }

    /// Where everything else goes.
    pub fn stderr() -> Self {
        let err = std::io::stderr();
        Screen::of(err.is_terminal(), || terminal_size::terminal_size_of(&err))
    }

    /// Columns of a terminal; what every terminal has where it does not tell.
    pub fn columns(&self) -> Option<u16> {
        self.is_terminal.then(|| self.width.unwrap_or(80))
    }

    fn of(is_terminal: bool, size: impl FnOnce() -> Option<Size>) -> Self {
        Screen {
            is_terminal,
            colour: colour_wanted(is_terminal, &env::var),
            width: if is_terminal { columns(size()) } else { None },
        }
    }
}

type Size = (terminal_size::Width, terminal_size::Height);

/// Some terminals (a serial line, an editor's) tell 0.
fn columns(size: Option<Size>) -> Option<u16> {
    size.map(|(width, _)| width.0).filter(|width| *width > 0)
}

/// `NO_COLOR` forbids, then `CLICOLOR_FORCE` forces, then `TERM=dumb` forbids; else a terminal
/// decides. An empty variable counts as unset.
fn colour_wanted(is_terminal: bool, environment: &dyn Fn(&str) -> Option<String>) -> bool {
    if environment("NO_COLOR").is_some() {
        return false;
    }
    if environment("CLICOLOR_FORCE").is_some_and(|value| value != "0") {
        return true;
    }
    is_terminal && environment("TERM").is_none_or(|term| term != "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_follows_the_variables_in_order() {
        let wanted = |is_terminal, set: &[(&str, &str)]| {
            colour_wanted(is_terminal, &|name| {
                set.iter()
                    .find(|(key, _)| *key == name)
                    .map(|(_, value)| (*value).to_owned())
            })
        };
        assert!(wanted(true, &[]));
        assert!(!wanted(false, &[]));
        assert!(!wanted(true, &[("TERM", "dumb")]));
        assert!(wanted(false, &[("CLICOLOR_FORCE", "1")]));
        assert!(!wanted(false, &[("CLICOLOR_FORCE", "0")]));
        assert!(!wanted(true, &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]));
    }

    #[test]
    fn a_width_of_zero_is_no_width() {
        let size = |columns| Some((terminal_size::Width(columns), terminal_size::Height(1)));
        assert_eq!(columns(size(0)), None);
        assert_eq!(columns(size(80)), Some(80));
    }
}
