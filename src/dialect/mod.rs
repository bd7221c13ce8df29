//! The border between what a server says and what the RFCs say, both ways; pure functions.
//!
//! Always tolerated in a token answer: form encoding, JSON under another content type,
//! `expires_in` as a numeric string or float, missing `expires_in` and `scope`, an error sent with
//! status 200. Everything else that strays from RFC 6749 §5 needs the [`Switch`] that names it.

use serde::{Deserialize, Serialize};

mod body;
mod oauth_error;
mod provider_error;
mod request;
mod response;

pub use body::refuse_encoding;
pub use oauth_error::{error_response, refused, secrets_of, without_secrets};
pub use request::{authorization_parameters, token_request};
pub use response::{device_authorization_response, token_response, token_response_as};

/// One deviation of one server, switched on by a preset's or a service's `dialect` list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Switch {
    /// Granted scope comes back separated by commas.
    CommaScopes,
    /// Granted scope comes back as a JSON array.
    ScopeArray,
    /// Granted scope comes back as `scopes`.
    ScopesMember,
    /// Scope is asked for as `scopes` in device authorization requests.
    ScopesParameter,
    /// The token response has no `token_type`; it means Bearer.
    MissingTokenType,
    /// `token_type` is `bot` or `user`; both mean Bearer.
    BotOrUserTokenType,
    /// The person's token lies in `authed_user`; without one the outer token counts.
    AuthedUser,
    /// Scope of the person's token is asked for as `user_scope`.
    UserScope,
    /// The token request is a JSON object.
    JsonTokenRequest,
    /// A public client authenticates by Basic with an empty password.
    BasicWithoutSecret,
    /// `client_id` is called `client_key`.
    ClientKey,
    /// `verification_uri` is called `verification_url`.
    VerificationUrl,
    /// Error codes of GitHub's own in place of `invalid_grant` and `invalid_client`.
    GithubErrors,
    /// Error codes of Slack's own in place of `invalid_grant` and `invalid_client`.
    SlackErrors,
    /// Errors as `{"message", "errors": [{"resource", "field", "code"}]}`.
    StravaErrors,
    /// Errors as `{"status", "message"}`.
    TwitchErrors,
    /// A dead refresh token is reported as `unauthorized_client`.
    GiteaErrors,
}

/// What is known of a switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deviation {
    /// As written in TOML.
    pub name: &'static str,
    /// Who does it.
    pub provider: &'static str,
    /// Where that is written down.
    pub evidence: &'static str,
}

impl Switch {
    /// Every switch.
    pub const ALL: &'static [Switch] = &[
        Switch::CommaScopes,
        Switch::ScopeArray,
        Switch::ScopesMember,
        Switch::ScopesParameter,
        Switch::MissingTokenType,
        Switch::BotOrUserTokenType,
        Switch::AuthedUser,
        Switch::UserScope,
        Switch::JsonTokenRequest,
        Switch::BasicWithoutSecret,
        Switch::ClientKey,
        Switch::VerificationUrl,
        Switch::GithubErrors,
        Switch::SlackErrors,
        Switch::StravaErrors,
        Switch::TwitchErrors,
        Switch::GiteaErrors,
    ];

    /// Name, provider and evidence.
    pub fn about(self) -> Deviation {
        let (name, provider, evidence) = match self {
            Switch::CommaScopes => (
                "comma_scopes",
                "GitHub, Slack, Strava",
                "https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps",
            ),
            Switch::ScopeArray => (
                "scope_array",
                "Twitch",
                "https://dev.twitch.tv/docs/authentication/getting-tokens-oauth/",
            ),
            Switch::ScopesMember => (
                "scopes_member",
                "Bitbucket",
                "https://gist.github.com/droidMakk/583cfe96d7f6f8a7e239764bf6f353ab",
            ),
            Switch::ScopesParameter => (
                "scopes_parameter",
                "Twitch",
                "https://dev.twitch.tv/docs/authentication/getting-tokens-oauth/",
            ),
            Switch::MissingTokenType => (
                "missing_token_type",
                "LinkedIn",
                "https://github.com/panva/openid-client/issues/826",
            ),
            Switch::BotOrUserTokenType => (
                "bot_or_user_token_type",
                "Slack",
                "https://docs.slack.dev/reference/methods/oauth.v2.access",
            ),
            Switch::AuthedUser => (
                "authed_user",
                "Slack",
                "https://docs.slack.dev/reference/methods/oauth.v2.access",
            ),
            Switch::UserScope => (
                "user_scope",
                "Slack",
                "https://docs.slack.dev/authentication/installing-with-oauth",
            ),
            Switch::JsonTokenRequest => (
                "json_token_request",
                "Notion",
                "https://developers.notion.com/reference/create-a-token",
            ),
            Switch::BasicWithoutSecret => (
                "basic_without_secret",
                "Reddit",
                "https://github.com/reddit-archive/reddit/wiki/OAuth2",
            ),
            Switch::ClientKey => (
                "client_key",
                "TikTok",
                "https://developers.tiktok.com/doc/oauth-user-access-token-management",
            ),
            Switch::VerificationUrl => (
                "verification_url",
                "Google",
                "https://developers.google.com/identity/protocols/oauth2/limited-input-device",
            ),
            Switch::GithubErrors => (
                "github_errors",
                "GitHub",
                "https://docs.github.com/apps/managing-oauth-apps/troubleshooting-oauth-app-access-token-request-errors/",
            ),
            Switch::SlackErrors => (
                "slack_errors",
                "Slack",
                "https://docs.slack.dev/reference/methods/oauth.v2.access",
            ),
            Switch::StravaErrors => (
                "strava_errors",
                "Strava",
                "https://github.com/dreeveapp/dreeve/issues/1449",
            ),
            Switch::TwitchErrors => (
                "twitch_errors",
                "Twitch",
                "https://dev.twitch.tv/docs/authentication/refresh-tokens/",
            ),
            Switch::GiteaErrors => (
                "gitea_errors",
                "Gitea, Forgejo",
                "https://github.com/go-gitea/gitea/blob/main/routers/web/auth/oauth2_provider.go",
            ),
        };
        Deviation {
            name,
            provider,
            evidence,
        }
    }

    /// What to do where only this switch would have made the answer acceptable.
    fn hint(self) -> String {
        let about = self.about();
        format!(
            "{} does this; if your server is known for it too, add \"{}\" to the service's dialect list",
            about.provider, about.name
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_switch_is_named_as_in_toml_and_has_evidence() {
        for &switch in Switch::ALL {
            let about = switch.about();
            assert_eq!(serde_json::json!(switch), about.name);
            assert!(about.evidence.starts_with("https://"), "{about:?}");
            assert!(!about.provider.is_empty());
        }
    }
}
