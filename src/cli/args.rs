//! The command line as clap sees it: global flags and one variant a command.
