//! What to talk to: registrations, presets, their merge, import. Pure: text in, values out.
//!
//! One table of keys serves presets, the configuration file, the environment and flags; they are
//! merged preset < file < environment < flags, and each value remembers where it came from.

pub mod configuration;
pub mod registration;
pub mod resolved;

pub use configuration::Configuration;
pub use registration::Registration;
pub use resolved::{Origin, Service};
