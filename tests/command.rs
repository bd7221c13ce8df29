//! Transcripts of the real binary, one file a command.

mod batch;
mod call;
mod call_answers;
mod curl_lines;
mod demo;
mod doctor;
mod exec;
mod httpie_items;
mod login;
mod secrets;
mod services;
mod session;
mod store;
mod usage;
