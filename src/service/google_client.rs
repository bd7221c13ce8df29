//! Import of the client file that Google Cloud offers for download (`client_secret_….json`).

use serde_json::Value;

use super::Registration;
use super::registration::RedirectRule;
use crate::error::{Code, Error, Result};
use crate::secret::Secret;

/// The client's values over the google preset, and its secret.
pub fn parse(text: &str) -> Result<(Registration, Option<Secret>)> {
    let document: Value = serde_json::from_str(text).map_err(|_| refused("it is not JSON"))?;
    let (kind, client) = ["installed", "web"]
        .iter()
        .find_map(|kind| Some((*kind, document.get(kind)?.as_object()?)))
        .ok_or_else(|| match document.get("type").and_then(Value::as_str) {
            Some("service_account") => {
                refused("it is the key of a service account, not an OAuth client")
            }
            _ => refused("it has neither \"installed\" nor \"web\""),
        })?;
    let text = |key: &str| client.get(key).and_then(Value::as_str).map(str::to_owned);
    let client_id = text("client_id").ok_or_else(|| refused("it has no client_id"))?;
    let mut layer = Registration {
        provider: Some("google".to_owned()),
        client_id: Some(client_id),
        ..Registration::default()
    };
    if kind == "web" {
        fix_redirect(&mut layer, client.get("redirect_uris"))?;
    }
    Ok((layer, text("client_secret").map(Secret::from)))
}

/// A web client's redirect URI is compared as a whole: one on loopback must be registered.
fn fix_redirect(layer: &mut Registration, uris: Option<&Value>) -> Result<()> {
    let uris = uris.and_then(Value::as_array).into_iter().flatten();
    for uri in uris.filter_map(Value::as_str) {
        let Ok(url) = url::Url::parse(uri) else {
            continue;
        };
        layer.redirect = match url.host_str() {
            Some("127.0.0.1") => Some(RedirectRule::Exact),
            Some("localhost") => Some(RedirectRule::ExactLocalhost),
            _ => continue,
        };
        layer.redirect_port = url.port_or_known_default();
        layer.redirect_path = Some(url.path().to_owned());
        return Ok(());
    }
    Err(refused("it is a web client without a redirect URI on this machine").with_hint(
        "create a client of type \"Desktop app\", or register http://127.0.0.1:8400/callback for this one",
    ))
}

fn refused(why: &str) -> Error {
    Error::new(
        Code::ConfigInvalid,
        format!("not a Google client file: {why}"),
    )
    .with_hint("download it from https://console.cloud.google.com/apis/credentials")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_desktop_client_is_taken_with_its_secret_apart() {
        let (layer, secret) = parse(
            r#"{"installed":{"client_id":"1.apps","project_id":"p","client_secret":"GOCSPX-x",
                "auth_uri":"https://evil.example/auth","redirect_uris":["http://localhost"]}}"#,
        )
        .unwrap();
        assert_eq!(layer.client_id.as_deref(), Some("1.apps"));
        assert_eq!(layer.provider.as_deref(), Some("google"));
        assert_eq!(
            layer.authorization_endpoint, None,
            "endpoints come from the preset"
        );
        assert_eq!(secret, Some(Secret::from("GOCSPX-x")));
        assert!(!format!("{layer:?}").contains("GOCSPX"));
    }

    #[test]
    fn a_web_client_needs_a_loopback_redirect() {
        let web = |uris: &str| {
            parse(&format!(
                r#"{{"web":{{"client_id":"1","redirect_uris":{uris}}}}}"#
            ))
        };
        let (layer, _) =
            web(r#"["https://app.example/cb","http://localhost:8080/oauth"]"#).unwrap();
        assert_eq!(layer.redirect, Some(RedirectRule::ExactLocalhost));
        assert_eq!(layer.redirect_port, Some(8080));
        assert_eq!(layer.redirect_path.as_deref(), Some("/oauth"));
        assert!(web(r#"["https://app.example/cb"]"#).is_err());
    }

    #[test]
    fn other_files_are_refused_without_repeating_them() {
        for (text, why) in [
            ("GOCSPX-x", "it is not JSON"),
            ("{}", "it has neither \"installed\" nor \"web\""),
            (
                r#"{"type":"service_account","private_key":"k"}"#,
                "service account",
            ),
            (
                r#"{"installed":{"client_secret":"GOCSPX-x"}}"#,
                "it has no client_id",
            ),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.to_string().contains(why), "{error}");
            assert!(!format!("{error:?}").contains("GOCSPX"), "{error:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_file_is_taken_or_refused(
            kind in "installed|web|type|x", key in "client_id|client_secret|redirect_uris|x",
            value in "\"[a-z:/.@ 0-9-]{0,20}\"|\\[\"[a-z:/0-9.]{0,30}\"\\]|null|7",
            text in "\\PC{0,40}",
        ) {
            let document = format!("{{\"{kind}\":{{\"client_id\":\"c\",\"{key}\":{value}}}}}");
            for text in [document, text] {
                match parse(&text) {
                    Ok((layer, _)) => {
                        proptest::prop_assert!(layer.client_id.is_some());
                        proptest::prop_assert!(layer.client_secret.is_none());
                    }
                    Err(error) => proptest::prop_assert_eq!(error.code(), Code::ConfigInvalid),
                }
            }
        }
    }
}
