//! A service with every layer merged, ready for use, each value with its origin.

use std::collections::BTreeMap;
use std::fmt;

use super::Registration;

/// Where a value came from; for `show --origin` and for what a credential may reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A preset shipped in the binary.
    Preset(String),
    /// A preset of the person's own.
    UserPreset(String),
    /// The configuration file.
    File,
    /// An environment variable.
    Environment(String),
    /// A flag.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Preset(name) => write!(f, "preset {name}"),
            Origin::UserPreset(name) => write!(f, "your preset {name}"),
            Origin::File => f.write_str("config.toml"),
            Origin::Environment(name) => write!(f, "${name}"),
            Origin::Flag(name) => f.write_str(name),
        }
    }
}

/// A service, resolved.
#[derive(Debug, Clone)]
pub struct Service {
    /// Its name in the configuration.
    pub name: String,
    /// The account asked for with `SERVICE@ACCOUNT`; `None` is the default account.
    pub account: Option<String>,
    /// Every value after the merge; `{placeholders}` of `variables` are filled in.
    pub values: Registration,
    /// Where each key of `values` came from, by its TOML name.
    pub origins: BTreeMap<&'static str, Origin>,
}
