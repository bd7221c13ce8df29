//! `hallpass man`.

use std::path::Path;

use clap::CommandFactory;

use crate::cli::args::Cli;
use crate::cli::context::Context;
use crate::error::{Code, Error, Result};
use crate::port::files::Mode;
use crate::secret::printable;

/// Write man pages into a folder
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  hallpass man ~/.local/share/man/man1
  hallpass man /tmp/pages && man /tmp/pages/hallpass-call.1")]
pub struct Args {
    /// Folder, created where it is missing
    #[arg(value_name = "DIR")]
    folder: std::path::PathBuf,
}

/// Runs it.
pub fn run(cx: &Context, args: Args) -> Result<()> {
    let mut root = Cli::command().disable_help_subcommand(true);
    root.build();
    let made = std::fs::create_dir_all(&args.folder);
    made.map_err(|error| unwritable(&args.folder).with_source(error))?;
    write(cx, &root, &args.folder)
}

fn write(cx: &Context, command: &clap::Command, folder: &Path) -> Result<()> {
    for below in command.get_subcommands() {
        write(cx, below, folder)?;
    }
    let page = clap_mangen::Man::new(command.clone());
    let path = folder.join(page.get_filename());
    let mut text = Vec::new();
    let rendered = page.render(&mut text);
    rendered.map_err(|error| unwritable(folder).with_source(error))?;
    let text = as_it_stands(&String::from_utf8_lossy(&text));
    let path = path.to_string_lossy();
    let mut file = cx.files().download(&path, Mode::Fresh, &[])?;
    file.write(text.as_bytes())?;
    file.finish()
}

fn unwritable(folder: &Path) -> Error {
    let folder = printable(&folder.to_string_lossy(), 300);
    Error::new(
        Code::OutputFailed,
        format!("cannot write man pages into {folder}"),
    )
    .with_hint("name a folder that you may write to")
}

/// What stands after the flags, in sections of its own and in lines as they are: filled, the
/// examples are no commands any more, and columns are none.
fn as_it_stands(page: &str) -> String {
    let mut out = String::with_capacity(page.len());
    let mut extra = false;
    for line in page.lines() {
        match (line, line.strip_suffix(':')) {
            (".SH EXTRA", _) => extra = true,
            (line, _) if line.starts_with(".SH ") => {
                if extra {
                    out.push_str(".fi\n");
                }
                extra = false;
                out.push_str(&format!("{line}\n"));
            }
            (line, Some(heading)) if extra && !line.starts_with(' ') => {
                out.push_str(&format!(".fi\n.SH {}\n.nf\n", heading.to_uppercase()));
            }
            (line, _) => out.push_str(&format!("{line}\n")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_have_a_section_and_keep_their_lines() {
        let page = ".SH OPTIONS\nfilled\n.SH EXTRA\nExamples:\n  a  b\n\nWords.\n.SH VERSION\nv1\n";
        assert_eq!(
            as_it_stands(page),
            ".SH OPTIONS\nfilled\n.fi\n.SH EXAMPLES\n.nf\n  a  b\n\nWords.\n.fi\n.SH VERSION\nv1\n"
        );
    }
}
