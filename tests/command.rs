//! Transcripts of the real binary, one file a command.

mod demo;
