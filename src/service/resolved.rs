//! A service with every layer merged, ready for use, each value with its origin.

use std::collections::BTreeMap;
use std::fmt;

use url::Url;

use super::merge::Origins;
use super::preset::Variable;
use super::registration::RedirectRule;
use super::{Registration, placeholder, validate};
use crate::error::{Code, Error, Result};
use crate::secret::printable;

/// Path of the loopback redirect URI where the service names none.
pub const REDIRECT_PATH: &str = "/callback";

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
    /// Where each key of `values` came from, by its TOML name; entries of maps as
    /// `variables.tenant`.
    pub origins: Origins,
    /// What the preset says of its variables.
    pub variables: BTreeMap<String, Variable>,
}

impl Service {
    /// Where a key's value came from.
    pub fn origin_of(&self, key: &str) -> Option<&Origin> {
        self.origins.get(key)
    }

    /// What a person is told about a `{placeholder}`.
    pub fn variable_help(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(|v| v.help.as_str())
    }

    /// `NAME`, or `NAME@ACCOUNT` where an account was asked for.
    pub fn reference(&self) -> String {
        match &self.account {
            Some(account) => format!("{}@{account}", self.name),
            None => self.name.clone(),
        }
    }

    /// Scope to ask for.
    pub fn scope(&self) -> &[String] {
        self.values.scope.as_deref().unwrap_or_default()
    }

    /// Resource indicators to ask for (RFC 8707).
    pub fn resource(&self) -> &[String] {
        self.values.resource.as_deref().unwrap_or_default()
    }

    /// Switches of its border.
    pub fn dialect(&self) -> &[crate::dialect::Switch] {
        self.values.dialect.as_deref().unwrap_or_default()
    }

    /// What redirect URIs its server accepts.
    pub fn redirect_rule(&self) -> RedirectRule {
        self.values.redirect.unwrap_or_default()
    }

    /// Path of the loopback redirect URI.
    pub fn redirect_path(&self) -> &str {
        self.values
            .redirect_path
            .as_deref()
            .unwrap_or(REDIRECT_PATH)
    }

    /// `client_id`, or an error that says where to get one.
    pub fn require_client_id(&self) -> Result<&str> {
        self.values.client_id.as_deref().ok_or_else(|| {
            let name = &self.name;
            let error = Error::new(
                Code::ServiceIncomplete,
                format!("service \"{name}\" has no client_id"),
            );
            match &self.values.provider {
                Some(provider) => error.with_hint(format!(
                    "`hallpass login {name}` leads through getting one; \
                     `hallpass providers {provider}` says where"
                )),
                None => error.with_hint(format!(
                    "register a client with the server, then `hallpass edit {name} --set client_id=…`"
                )),
            }
        })
    }

    /// The redirect URI to enter where the client is registered.
    pub fn redirect_uri_to_register(&self) -> String {
        let path = self.redirect_path();
        let port = match self.values.redirect_port {
            Some(port) => format!(":{port}"),
            None => String::new(),
        };
        let uri = self.values.redirect_uri.clone();
        match self.redirect_rule() {
            RedirectRule::LoopbackAnyPort | RedirectRule::Exact => {
                format!("http://127.0.0.1{port}{path}")
            }
            RedirectRule::LoopbackV6 => format!("http://[::1]{port}{path}"),
            RedirectRule::LoopbackLocalhost | RedirectRule::ExactLocalhost => {
                format!("http://localhost{port}{path}")
            }
            RedirectRule::Https => uri.unwrap_or_else(|| format!("https://localhost{path}")),
            RedirectRule::Paste => uri.unwrap_or_else(|| "urn:ietf:wg:oauth:2.0:oob".to_owned()),
        }
    }

    /// The origins that may see a token of this service, each with where it came from: that of
    /// `api_base_url`, unless a sign-in fills it, and the `audience` patterns.
    pub fn allowed_origins(&self) -> Vec<(String, Origin)> {
        let own = Origin::File;
        let base = self.values.api_base_url.as_deref().and_then(|base| {
            let (scheme, rest) = base.split_once("://")?;
            let authority = rest.split(['/', '?', '#']).next()?;
            // A placeholder in the host is for the audience to hold: this does not parse then.
            let url = validate::secure_url(&format!("{scheme}://{authority}")).ok()?;
            let from = self.origin_of("api_base_url").unwrap_or(&own);
            Some((url.origin().ascii_serialization(), from.clone()))
        });
        let from = self.origin_of("audience").unwrap_or(&own);
        let audience = self.values.audience.iter().flatten();
        base.into_iter()
            .chain(audience.map(|pattern| (pattern.clone(), from.clone())))
            .collect()
    }

    /// `api_base_url` with what the sign-in captured filled in. The caller holds it against the
    /// audience: what a server said does not widen it.
    pub fn api_base_url(&self, captured: &BTreeMap<String, String>) -> Result<Option<Url>> {
        let Some(base) = &self.values.api_base_url else {
            return Ok(None);
        };
        let filled = placeholder::fill(base, &|name| captured.get(name).cloned());
        if let Some(missing) = placeholder::names(&filled).first() {
            return Err(Error::new(
                Code::ServiceIncomplete,
                format!(
                    "api_base_url of service \"{}\" needs {missing}, which its server did not send",
                    self.name
                ),
            )
            .with_hint(format!(
                "sign in again with `hallpass login {0}`, or `hallpass edit {0} --set api_base_url=…`",
                self.name
            )));
        }
        validate::secure_url(&filled).map(Some).map_err(|why| {
            Error::new(
                Code::OriginNotAllowed,
                format!(
                    "api_base_url of service \"{}\": \"{}\" {why}",
                    self.name,
                    printable(&filled, 200)
                ),
            )
        })
    }

    /// Whether `url` lies under `api_base_url`, by whole path segments.
    pub fn covers(&self, url: &Url) -> bool {
        let Some(base) = self.values.api_base_url.as_deref() else {
            return false;
        };
        let Ok(base) = validate::secure_url(base) else {
            return false;
        };
        let prefix = base.path().trim_end_matches('/');
        base.origin() == url.origin()
            && url
                .path()
                .strip_prefix(prefix)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}
