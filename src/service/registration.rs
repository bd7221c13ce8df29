//! The keys of a service table, as a preset, the configuration file, the environment or a flag
//! may give them. Names are the IANA/RFC ones; Authlib's names are accepted on import only.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use crate::protocol::client_authentication::ClientAuthenticationMethod;

/// One layer's values; every key optional.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Registration {
    /// Name of the preset this service starts from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Values of the preset's `{placeholders}`: tenant, subdomain, region, host.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, String>,

    /// Issuer identifier; metadata is discovered from it (RFC 8414 §3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The metadata document, where it is not at the issuer's well-known path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_metadata_url: Option<String>,
    /// Issuer with `{tenantid}`-like placeholders that the ID Token's claims fill (Entra).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer_template: Option<String>,

    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_endpoint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint: Option<String>,
    /// Where refresh requests go, where that is not `token_endpoint` (Figma).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_endpoint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_authorization_endpoint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revocation_endpoint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introspection_endpoint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo_endpoint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_session_endpoint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration_endpoint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,

    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Where the client secret is found; never the secret itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<SecretSource>,
    /// `none`, `client_secret_basic`, `client_secret_post`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_method: Option<ClientAuthenticationMethod>,

    /// The grant `login` uses; by default it chooses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant: Option<Grant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_types_supported: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_challenge_methods_supported: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_mode: Option<ResponseMode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_signed_response_alg: Option<String>,

    /// Scope to ask for, one entry each; a file may also give one string with spaces.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "words_or_list"
    )]
    pub scope: Option<Vec<String>>,
    /// What stands between scopes on the wire; a space unless a dialect says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope_separator: Option<String>,
    /// Resource indicators (RFC 8707), sent at authorization and token requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<Vec<String>>,
    /// Extra parameters of the authorization request; none may override a protocol one.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub authorization_parameters: BTreeMap<String, String>,
    /// Extra parameters of token requests.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub token_parameters: BTreeMap<String, String>,

    /// Relative request URLs are appended to this; may name values captured at sign-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_base_url: Option<String>,
    /// Members of the token response or parameters of the callback that `api_base_url` may name
    /// (`instance_url`, `realmId`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capture: Option<Vec<String>>,
    /// Further origins that may see the token: `https://*.example.com`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<Vec<String>>,
    /// Headers added to every API request (`Notion-Version`, …).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub api_headers: BTreeMap<String, String>,
    /// Allows `-k` to send a credential to a non-loopback host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub insecure_api: Option<bool>,

    /// What redirect URIs the server accepts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect: Option<RedirectRule>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_path: Option<String>,
    /// The whole redirect URI where it is https or not ours to catch (`redirect = "https"`, `"paste"`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_uri: Option<String>,

    /// Switches of the border between this server and the RFCs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dialect: Option<Vec<crate::dialect::Switch>>,
    /// How lists are paged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pagination: Option<Pagination>,
}

/// Reads `"openid email"` and `["openid", "email"]` alike.
fn words_or_list<'de, D>(deserializer: D) -> Result<Option<Vec<String>>, D::Error>
where
    D: serde::Deserializer<'de>,
{
    #[derive(Deserialize)]
    #[serde(
        untagged,
        expecting = "a string of words with spaces, or a list of strings"
    )]
    enum Words {
        One(String),
        Many(Vec<String>),
    }
    Ok(Some(match Words::deserialize(deserializer)? {
        Words::One(text) => text.split_whitespace().map(str::to_owned).collect(),
        Words::Many(list) => list,
    }))
}

/// Where a client secret is found at run time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretSource {
    /// In the token store.
    Store,
    /// In an environment variable of this name.
    Env(String),
    /// In a file at this path (trailing line end dropped).
    File(String),
    /// On the standard output of this command: program and arguments, no shell.
    Command(Vec<String>),
}

/// How a session is got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grant {
    /// RFC 6749 §4.1 with PKCE.
    AuthorizationCode,
    /// RFC 8628.
    DeviceCode,
    /// RFC 6749 §4.4.
    ClientCredentials,
    /// RFC 6749 §4.3; never by default.
    Password,
}

/// `response_mode` (OAuth 2.0 Multiple Response Types; Form Post).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// In the query of a GET.
    Query,
    /// In the body of a POST.
    FormPost,
}

/// What redirect URIs a server accepts for a native client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum RedirectRule {
    /// `http://127.0.0.1:{any}/path` (RFC 8252 §7.3).
    #[default]
    LoopbackAnyPort,
    /// `http://[::1]:{any}/path`.
    LoopbackV6,
    /// `http://localhost:{any}/path`.
    LoopbackLocalhost,
    /// `http://127.0.0.1:{redirect_port}/path`, as registered.
    Exact,
    /// `http://localhost:{redirect_port}/path`, as registered.
    ExactLocalhost,
    /// Only an https URI: the person pastes what the browser lands on.
    Https,
    /// The server shows the answer: the person pastes it.
    Paste,
}

/// How an API pages its lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pagination {
    /// `link`, `next_url`, `cursor`, `offset`, `page`, `hal`, `odata`, `json_api`, `graphql`.
    pub style: PaginationStyle,
    /// Path to the next cursor or URL in the body, as `.a.b`; `.a[-1].id` is of the last item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Path to the items in the body, as `.a.b`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<String>,
    /// What takes the cursor, offset or page: a query parameter, or a member of a POST's body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
}

/// See [`Pagination::style`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum PaginationStyle {
    /// Link header, rel=next (RFC 8288)
    Link,
    /// URL of the next page in the body
    NextUrl,
    /// Cursor in the body, sent back as a parameter
    Cursor,
    /// Parameter counts items
    Offset,
    /// Parameter counts pages
    Page,
    /// _links.next.href
    Hal,
    /// @odata.nextLink
    Odata,
    /// links.next
    JsonApi,
    /// pageInfo.endCursor, sent back as a variable
    Graphql,
}

impl PaginationStyle {
    /// As `--page-style` takes it.
    pub fn name(self) -> &'static str {
        match self {
            PaginationStyle::Link => "link",
            PaginationStyle::NextUrl => "next-url",
            PaginationStyle::Cursor => "cursor",
            PaginationStyle::Offset => "offset",
            PaginationStyle::Page => "page",
            PaginationStyle::Hal => "hal",
            PaginationStyle::Odata => "odata",
            PaginationStyle::JsonApi => "json-api",
            PaginationStyle::Graphql => "graphql",
        }
    }
}
