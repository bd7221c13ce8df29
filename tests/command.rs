//! Transcripts of the real binary, one file a command.

mod batch;
#[cfg(unix)]
mod batch_killed;
#[cfg(unix)]
mod batch_terminal;
mod call;
mod call_answers;
#[cfg(unix)]
mod call_arriving;
#[cfg(unix)]
mod call_cures;
mod call_pages;
#[cfg(unix)]
mod call_pages_live;
mod call_redirects;
#[cfg(unix)]
mod call_terminal;
mod call_timing;
mod curl_lines;
mod demo;
mod doctor;
mod exec;
#[cfg(unix)]
mod faults;
mod flows;
mod httpie_items;
mod login;
mod presets;
mod same_person;
mod secrets;
mod services;
mod session;
mod status;
mod store;
mod together;
mod usage;
