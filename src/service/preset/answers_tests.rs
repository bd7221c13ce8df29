//! What each provider's token endpoint really answers, by its own documentation and public
//! recordings, read with the dialect of its preset.

use std::collections::BTreeMap;

use http::Response;
use serde_json::{Value, json};

use super::{Preset, shipped_names};
use crate::dialect::{self, Switch};

fn switches(provider: &str) -> Vec<Switch> {
    let preset = Preset::require(provider, &BTreeMap::new()).unwrap();
    preset.registration.dialect.unwrap_or_default()
}

fn read(provider: &str, status: u16, body: &Value) -> (u16, Value) {
    let answer = Response::builder()
        .status(status)
        .header("content-type", "application/json; charset=utf-8")
        .body(body.to_string().into_bytes())
        .unwrap();
    let strict = dialect::token_response(&switches(provider), answer)
        .unwrap_or_else(|error| panic!("{provider}: {error}"));
    let body = serde_json::from_slice(strict.body()).unwrap();
    (strict.status().as_u16(), body)
}

/// Answers to a code, and the scope that was granted by them.
fn granted() -> Vec<(&'static str, Value, Option<&'static str>)> {
    vec![
        (
            "auth0",
            json!({"access_token": "eyJz93a", "refresh_token": "GEbRxBN", "id_token": "eyJ0XAi",
                "scope": "openid profile email offline_access", "expires_in": 86400,
                "token_type": "Bearer"}),
            Some("openid profile email offline_access"),
        ),
        (
            "bitbucket",
            json!({"access_token": "R2yb4", "scopes": "repository account", "expires_in": 7200,
                "refresh_token": "gn3z", "state": "authorization_code", "token_type": "bearer"}),
            Some("repository account"),
        ),
        // Since May 2026.
        (
            "bitbucket",
            json!({"access_token": "R2yb4", "scope": "repository account", "expires_in": 7200,
                "refresh_token": "gn3z", "token_type": "bearer"}),
            Some("repository account"),
        ),
        (
            "discord",
            json!({"access_token": "6qrZcUqja7812RVdnEKjpzOL4CvHBFG", "token_type": "Bearer",
                "expires_in": 604800, "refresh_token": "D43f5y0ahjqew82jZ4NViEr2YafMKhue",
                "scope": "identify email"}),
            Some("identify email"),
        ),
        (
            "dropbox",
            json!({"access_token": "sl.u.AbX9y6Fe3AuH5o66", "expires_in": 13220,
                "token_type": "bearer", "scope": "account_info.read files.content.read",
                "refresh_token": "nBiM85CZALsAAAAAAAAAAQ", "uid": "12345",
                "account_id": "dbid:AAH4f99T0taONIb"}),
            Some("account_info.read files.content.read"),
        ),
        (
            "forgejo",
            json!({"access_token": "eyJh", "token_type": "bearer", "expires_in": 3600,
                "refresh_token": "eyJi"}),
            None,
        ),
        (
            "gitea",
            json!({"access_token": "eyJh", "token_type": "bearer", "expires_in": 3600,
                "refresh_token": "eyJi"}),
            None,
        ),
        // An OAuth app's token does not end.
        (
            "github",
            json!({"access_token": "gho_16C7", "scope": "repo,gist", "token_type": "bearer"}),
            Some("repo gist"),
        ),
        (
            "github",
            json!({"access_token": "ghu_16C7", "expires_in": 28800, "refresh_token": "ghr_1B4a",
                "refresh_token_expires_in": 15897600, "scope": "", "token_type": "bearer"}),
            Some(""),
        ),
        (
            "gitlab",
            json!({"access_token": "de6780bc", "token_type": "Bearer", "expires_in": 7200,
                "refresh_token": "8257e65c", "scope": "openid read_api", "created_at": 1607635748}),
            Some("openid read_api"),
        ),
        (
            "google",
            json!({"access_token": "1/fFAGRNJru1FTz70BzhT3Zg", "expires_in": 3920,
                "token_type": "Bearer", "scope": "openid https://www.googleapis.com/auth/drive",
                "refresh_token": "1//xEoDL4iW3cxlI7yDbSRFYNG01kVKM2C-259HOF2aQbI",
                "refresh_token_expires_in": 604799, "id_token": "eyJ"}),
            Some("openid https://www.googleapis.com/auth/drive"),
        ),
        (
            "keycloak",
            json!({"access_token": "eyJ", "expires_in": 300, "refresh_expires_in": 1800,
                "refresh_token": "eyJ", "token_type": "Bearer", "id_token": "eyJ",
                "not-before-policy": 0, "session_state": "a856fb91", "scope": "openid email"}),
            Some("openid email"),
        ),
        (
            "microsoft",
            json!({"token_type": "Bearer", "scope": "User.Read openid profile email",
                "expires_in": 3599, "ext_expires_in": 3599, "access_token": "eyJ0",
                "refresh_token": "AwABAAAA", "id_token": "eyJ0"}),
            Some("User.Read openid profile email"),
        ),
        (
            "notion",
            json!({"access_token": "ntn_1", "token_type": "bearer", "refresh_token": null,
                "bot_id": "b3414d65", "workspace_icon": null, "workspace_name": "Ada's",
                "workspace_id": "b8eb7d6d", "duplicated_template_id": null,
                "owner": {"type": "user", "user": {"object": "user", "id": "6794760a"}},
                "request_id": "3c90c3cc"}),
            None,
        ),
        (
            "okta",
            json!({"access_token": "eyJ", "token_type": "Bearer", "expires_in": 3600,
                "scope": "offline_access openid", "refresh_token": "a9Vp", "id_token": "eyJ"}),
            Some("offline_access openid"),
        ),
        (
            "reddit",
            json!({"access_token": "eyJ", "token_type": "bearer", "expires_in": 86400,
                "scope": "identity read"}),
            Some("identity read"),
        ),
        // No expires_in.
        (
            "salesforce",
            json!({"access_token": "00DB0!AR8AQ", "signature": "2P+H==", "token_type": "Bearer",
                "instance_url": "https://yourInstance.my.salesforce.com",
                "id": "https://login.salesforce.com/id/00DB/005B", "issued_at": "1278448384422",
                "refresh_token": "5Aep", "scope": "id api refresh_token"}),
            Some("id api refresh_token"),
        ),
        (
            "slack",
            json!({"ok": true, "app_id": "A0", "team": {"id": "T9"}, "enterprise": null,
                "is_enterprise_install": false,
                "authed_user": {"id": "U1", "scope": "users:read,chat:write", "token_type": "user",
                    "access_token": "xoxe.xoxp-1", "refresh_token": "xoxe-1", "expires_in": 43200}}),
            Some("users:read chat:write"),
        ),
        // A refresh lifts the person's token to the top by itself.
        (
            "slack",
            json!({"ok": true, "access_token": "xoxe.xoxp-2", "expires_in": 43200,
                "refresh_token": "xoxe-2", "token_type": "user", "scope": "users:read,chat:write",
                "team": {"id": "T9"}}),
            Some("users:read chat:write"),
        ),
        (
            "spotify",
            json!({"access_token": "NgCXRK", "token_type": "Bearer", "expires_in": 3600,
                "scope": "user-read-private user-read-email", "refresh_token": "NgAagA"}),
            Some("user-read-private user-read-email"),
        ),
        (
            "strava",
            json!({"token_type": "Bearer", "expires_at": 1568775134, "expires_in": 21600,
                "refresh_token": "e5n567567", "access_token": "a4b945687",
                "athlete": {"id": 1, "username": "ada"}}),
            None,
        ),
        (
            "twitch",
            json!({"access_token": "rfx2", "expires_in": 14124, "refresh_token": "5b93",
                "scope": ["openid", "user:read:email"], "token_type": "bearer", "id_token": "eyJ"}),
            Some("openid user:read:email"),
        ),
        (
            "x",
            json!({"token_type": "bearer", "expires_in": 7200, "access_token": "Q0Mz",
                "scope": "users.read tweet.read offline.access", "refresh_token": "bWRW"}),
            Some("users.read tweet.read offline.access"),
        ),
    ]
}

#[test]
fn every_providers_answer_to_a_code_is_read() {
    for (provider, body, scope) in granted() {
        let (status, strict) = read(provider, 200, &body);
        assert_eq!(status, 200, "{provider}: {strict}");
        let kind = strict["token_type"].as_str().unwrap();
        assert_eq!(kind.to_ascii_lowercase(), "bearer", "{provider}");
        assert_eq!(
            strict.get("scope").and_then(Value::as_str),
            scope,
            "{provider}"
        );
        let sent = body
            .get("expires_in")
            .or(body.pointer("/authed_user/expires_in"));
        assert_eq!(strict.get("expires_in"), sent, "{provider}");
    }
}

#[test]
fn no_provider_is_left_out() {
    for name in shipped_names() {
        let covered = granted().iter().any(|(provider, _, _)| *provider == name);
        assert!(covered, "{name} has no recorded answer");
    }
}

/// A switch in a preset that its provider's answers do not need would only widen what is taken.
#[test]
fn answers_that_need_a_switch_are_refused_without_it() {
    for (provider, at, switch) in [
        ("bitbucket", 0, Switch::ScopesMember),
        ("github", 0, Switch::CommaScopes),
        ("slack", 0, Switch::AuthedUser),
        ("slack", 1, Switch::BotOrUserTokenType),
        ("twitch", 0, Switch::ScopeArray),
    ] {
        let bodies = granted();
        let mut of_it = bodies.iter().filter(|(name, _, _)| *name == provider);
        let (_, body, scope) = of_it.nth(at).unwrap();
        let others: Vec<_> = switches(provider)
            .into_iter()
            .filter(|s| *s != switch)
            .collect();
        let answer = Response::new(body.to_string().into_bytes());
        let same = dialect::token_response(&others, answer).is_ok_and(|strict| {
            let strict: Value = serde_json::from_slice(strict.body()).unwrap();
            strict.get("scope").and_then(Value::as_str) == *scope
        });
        assert!(!same, "{provider} does not need {switch:?}");
    }
}

/// The dead refresh token of each provider that says it in its own way.
#[test]
fn every_providers_dead_refresh_token_is_invalid_grant() {
    for (provider, status, body) in [
        (
            "github",
            200,
            json!({"error": "bad_refresh_token",
                "error_description": "The refresh token passed is incorrect or expired.",
                "error_uri": "https://docs.github.com"}),
        ),
        (
            "slack",
            200,
            json!({"ok": false, "error": "invalid_refresh_token"}),
        ),
        (
            "strava",
            400,
            json!({"message": "Bad Request", "errors": [
                {"resource": "RefreshToken", "field": "refresh_token", "code": "invalid"}]}),
        ),
        (
            "twitch",
            400,
            json!({"status": 400, "message": "Invalid refresh token"}),
        ),
        (
            "gitea",
            400,
            json!({"error": "unauthorized_client",
                "error_description": "token was already used"}),
        ),
        (
            "google",
            400,
            json!({"error": "invalid_grant",
                "error_description": "Token has been expired or revoked."}),
        ),
        (
            "microsoft",
            400,
            json!({"error": "invalid_grant", "error_codes": [700082], "timestamp": "2026-11-24",
                "error_description": "AADSTS700082: The refresh token has expired",
                "trace_id": "0", "correlation_id": "0"}),
        ),
        (
            "salesforce",
            400,
            json!({"error": "invalid_grant", "error_description": "expired access/refresh token"}),
        ),
        (
            "notion",
            400,
            json!({"error": "invalid_grant", "error_description": "Invalid refresh token.",
                "request_id": "0"}),
        ),
    ] {
        let (status, strict) = read(provider, status, &body);
        assert_eq!(strict["error"], "invalid_grant", "{provider}: {strict}");
        assert_eq!(status, 400, "{provider}");
    }
}
