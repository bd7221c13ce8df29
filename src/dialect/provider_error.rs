//! Errors that servers report in a shape or with codes of their own, told in the RFC's codes.

use serde_json::{Map, Value};

use super::Switch;

/// The RFC's code and the server's words for an error object, by the switches of its server;
/// `None` where they have nothing to say about it.
pub(super) fn translate(
    switches: &[Switch],
    members: &Map<String, Value>,
) -> Option<(&'static str, Option<String>)> {
    switches.iter().find_map(|switch| {
        let (code, words) = match switch {
            Switch::GithubErrors => (github(text(members, "error")?)?, "error_description"),
            Switch::SlackErrors => (slack(text(members, "error")?)?, "error"),
            Switch::GiteaErrors => (gitea(members)?, "error_description"),
            Switch::TwitchErrors => (twitch(text(members, "message")?)?, "message"),
            Switch::StravaErrors => return strava(members),
            _ => return None,
        };
        Some((code, text(members, words).map(str::to_owned)))
    })
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    members.get(name)?.as_str()
}

fn github(error: &str) -> Option<&'static str> {
    match error {
        "bad_verification_code" | "bad_refresh_token" => Some("invalid_grant"),
        "incorrect_client_credentials" => Some("invalid_client"),
        "incorrect_device_code" => Some("invalid_grant"),
        "unverified_user_email" => Some("access_denied"),
        _ => None,
    }
}

fn slack(error: &str) -> Option<&'static str> {
    match error {
        "invalid_code"
        | "code_already_used"
        | "invalid_refresh_token"
        | "token_expired"
        | "token_revoked" => Some("invalid_grant"),
        "invalid_client_id" | "bad_client_secret" => Some("invalid_client"),
        "bad_redirect_uri" | "invalid_arguments" => Some("invalid_request"),
        "invalid_grant_type" => Some("unsupported_grant_type"),
        "oauth_authorization_url_mismatch" => Some("invalid_grant"),
        _ => None,
    }
}

/// Only these two descriptions mean that the refresh token is dead; the code alone also stands
/// for a wrong client secret.
fn gitea(members: &Map<String, Value>) -> Option<&'static str> {
    let dead = [
        "unable to parse refresh token",
        "token was already used",
        "client is not authorized",
    ];
    let description = text(members, "error_description")?;
    (text(members, "error")? == "unauthorized_client" && dead.contains(&description))
        .then_some("invalid_grant")
}

fn twitch(message: &str) -> Option<&'static str> {
    match message.to_ascii_lowercase().as_str() {
        "invalid refresh token" | "invalid authorization code" | "invalid device code" => {
            Some("invalid_grant")
        }
        "invalid client" | "invalid client secret" => Some("invalid_client"),
        "authorization_pending" => Some("authorization_pending"),
        _ => None,
    }
}

fn strava(members: &Map<String, Value>) -> Option<(&'static str, Option<String>)> {
    let first = members.get("errors")?.as_array()?.first()?.as_object()?;
    let code = match text(first, "resource")? {
        "RefreshToken" | "AuthorizationCode" => "invalid_grant",
        "Application" if text(first, "field") == Some("redirect_uri") => "invalid_request",
        "Application" => "invalid_client",
        _ => return None,
    };
    let part = |name| text(first, name).unwrap_or("?");
    let words = format!("{} {} is {}", part("resource"), part("field"), part("code"));
    Some((code, Some(words)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn code(switch: Switch, body: Value) -> Option<&'static str> {
        let members = body.as_object().unwrap().clone();
        assert_eq!(translate(&[], &members), None);
        translate(&[switch], &members).map(|(code, _)| code)
    }

    #[test]
    fn github_reports_a_dead_refresh_token_by_its_own_name() {
        let body = json!({
            "error": "bad_refresh_token",
            "error_description": "The refresh token passed is incorrect or expired.",
            "error_uri": "https://docs.github.com/apps",
        });
        assert_eq!(code(Switch::GithubErrors, body), Some("invalid_grant"));
        let body = json!({"error": "incorrect_client_credentials"});
        assert_eq!(code(Switch::GithubErrors, body), Some("invalid_client"));
        let body = json!({"error": "authorization_pending"});
        assert_eq!(code(Switch::GithubErrors, body), None);
    }

    #[test]
    fn slack_reports_with_ok_false_and_its_own_names() {
        let body = json!({"ok": false, "error": "invalid_refresh_token"});
        assert_eq!(code(Switch::SlackErrors, body), Some("invalid_grant"));
        let body = json!({"ok": false, "error": "bad_client_secret"});
        assert_eq!(code(Switch::SlackErrors, body), Some("invalid_client"));
        let body = json!({"ok": false, "error": "ratelimited"});
        assert_eq!(code(Switch::SlackErrors, body), None);
    }

    #[test]
    fn strava_reports_by_resource() {
        let body = |resource: &str, field: &str| {
            json!({
                "message": "Bad Request",
                "errors": [{"resource": resource, "field": field, "code": "invalid"}],
            })
        };
        let refresh = body("RefreshToken", "refresh_token");
        assert_eq!(code(Switch::StravaErrors, refresh), Some("invalid_grant"));
        let client = body("Application", "client_id");
        assert_eq!(code(Switch::StravaErrors, client), Some("invalid_client"));
    }

    #[test]
    fn twitch_reports_by_message() {
        let body = json!({"status": 400, "message": "Invalid refresh token"});
        assert_eq!(code(Switch::TwitchErrors, body), Some("invalid_grant"));
        let body = json!({"status": 400, "message": "authorization_pending"});
        let pending = Some("authorization_pending");
        assert_eq!(code(Switch::TwitchErrors, body), pending);
    }

    #[test]
    fn gitea_reports_a_used_refresh_token_as_unauthorized_client() {
        let body =
            |words: &str| json!({"error": "unauthorized_client", "error_description": words});
        let used = body("token was already used");
        assert_eq!(code(Switch::GiteaErrors, used), Some("invalid_grant"));
        let secret = body("invalid client secret");
        assert_eq!(code(Switch::GiteaErrors, secret), None);
    }
}
