//! `hallpass man`.

use clap::CommandFactory;

use crate::cli::args::Cli;
use crate::cli::context::Context;
use crate::error::{Code, Error, Result};
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
pub fn run(_cx: &Context, args: Args) -> Result<()> {
    let written = std::fs::create_dir_all(&args.folder)
        .and_then(|()| clap_mangen::generate_to(Cli::command(), &args.folder));
    written.map_err(|error| {
        let folder = printable(&args.folder.to_string_lossy(), 300);
        Error::new(
            Code::OutputFailed,
            format!("cannot write man pages into {folder}"),
        )
        .with_hint("name a folder that you may write to")
        .with_source(error)
    })
}
