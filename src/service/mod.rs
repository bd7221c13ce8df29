//! What to talk to: registrations, presets, their merge, import. Pure: text in, values out.
//!
//! One table of keys serves presets, the configuration file, the environment and flags; they are
//! merged preset < file < environment < flags, and each value remembers where it came from.

pub mod assign;
pub mod authlib;
pub mod configuration;
pub mod edit;
pub mod google_client;
pub mod merge;
pub mod placeholder;
pub mod preset;
pub mod registration;
pub mod resolved;
mod strict;
pub mod validate;

pub use configuration::Configuration;
pub use preset::Preset;
pub use registration::Registration;
pub use resolved::{Origin, Service};
