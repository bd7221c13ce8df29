//! The configuration file as a whole: services, store choice; read strictly, edited with its
//! comments kept.

use std::collections::BTreeMap;

use super::{Registration, Service};
use crate::error::Result;

/// `config.toml` after parsing.
#[derive(Debug, Clone, Default)]
pub struct Configuration {
    /// `[service.NAME]` tables.
    pub services: BTreeMap<String, Registration>,
    /// `[store]`.
    pub store: StoreTable,
    /// `NAME` → TOML text of the person's own presets.
    pub user_presets: BTreeMap<String, String>,
}

/// `[store]`: which store is used; chosen once by the person and remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreTable {
    /// `keyring`, `file`, `command`; nothing chosen means `keyring`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// `file`: where; by default in the data folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// `file`: a key file instead of a passphrase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<String>,
    /// `file`: seconds the unlocked key may rest in the Linux kernel keyring.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remember: Option<u64>,
    /// `command`: program and arguments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<Vec<String>>,
    /// `command`: `hallpass` or `docker-credential`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
}

impl Configuration {
    /// Parses the file's text; errors name `path`, line and key.
    pub fn parse(text: &str, path: &str) -> Result<Configuration> {
        let _ = (text, path);
        todo!()
    }

    /// Resolves `NAME` or `NAME@ACCOUNT`: preset < file < environment < flags.
    ///
    /// `environment` looks a `HALLPASS_…` variable up; `flags` is the last layer.
    pub fn resolve(
        &self,
        reference: &str,
        environment: &dyn Fn(&str) -> Option<String>,
        flags: &Registration,
    ) -> Result<Service> {
        let _ = (reference, environment, flags);
        todo!()
    }

    /// The one service whose `api_base_url` covers `url`, by whole path segments.
    pub fn covering(
        &self,
        url: &url::Url,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Service> {
        let _ = (url, environment);
        todo!()
    }
}
