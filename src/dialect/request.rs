//! Requests on their way out: strict OAuth in, what the server wants out.

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request};
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::Switch;
use crate::error::Result;
use crate::protocol::client_authentication::basic;

/// Edits a form-encoded token, device authorization or revocation request for its server.
///
/// The client has authenticated already; every request asks for JSON.
pub fn token_request(switches: &[Switch], request: Request<Vec<u8>>) -> Result<Request<Vec<u8>>> {
    let (mut head, body) = request.into_parts();
    head.headers
        .insert(ACCEPT, HeaderValue::from_static("application/json"));
    if switches.is_empty() {
        return Ok(Request::from_parts(head, body));
    }
    let mut form: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    for switch in switches {
        match switch {
            Switch::ClientKey => rename(&mut form, "client_id", "client_key"),
            Switch::ScopesParameter if !form.iter().any(|(name, _)| name == "grant_type") => {
                rename(&mut form, "scope", "scopes");
            }
            Switch::BasicWithoutSecret if !head.headers.contains_key(AUTHORIZATION) => {
                let place = form.iter().position(|(name, _)| name == "client_id");
                let named_secret = form.iter().any(|(name, _)| name == "client_secret");
                if let (Some(place), false) = (place, named_secret) {
                    let (_, client_id) = form.remove(place);
                    head.headers.insert(AUTHORIZATION, basic(&client_id, "")?);
                }
            }
            _ => {}
        }
    }
    let body = if switches.contains(&Switch::JsonTokenRequest) {
        let json = HeaderValue::from_static("application/json");
        head.headers.insert(CONTENT_TYPE, json);
        object(form).to_string()
    } else {
        let mut encoded = form_urlencoded::Serializer::new(String::new());
        encoded.extend_pairs(form).finish()
    };
    Ok(Request::from_parts(head, body.into_bytes()))
}

/// Edits the parameters of an authorization request for its server.
pub fn authorization_parameters(
    switches: &[Switch],
    mut parameters: Vec<(String, String)>,
) -> Vec<(String, String)> {
    for switch in switches {
        match switch {
            Switch::ClientKey => rename(&mut parameters, "client_id", "client_key"),
            Switch::UserScope => rename(&mut parameters, "scope", "user_scope"),
            _ => {}
        }
    }
    parameters
}

fn rename(parameters: &mut [(String, String)], from: &str, to: &str) {
    for (name, _) in parameters {
        if name == from {
            to.clone_into(name);
        }
    }
}

/// Parameters as a JSON object; one that repeats (`resource`) becomes an array.
fn object(form: Vec<(String, String)>) -> Value {
    let mut members = Map::new();
    for (name, value) in form {
        let value = Value::String(value);
        match members.get_mut(&name) {
            None => {
                members.insert(name, value);
            }
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    Value::Object(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(switches: &[Switch], body: &str) -> Request<Vec<u8>> {
        let request = Request::post("https://as.example/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.as_bytes().to_vec())
            .unwrap();
        token_request(switches, request).unwrap()
    }

    fn text(request: &Request<Vec<u8>>) -> &str {
        std::str::from_utf8(request.body()).unwrap()
    }

    #[test]
    fn every_request_asks_for_json() {
        let request = sent(&[], "a=1&b=%2B");
        assert_eq!(request.headers()[ACCEPT], "application/json");
        assert_eq!(text(&request), "a=1&b=%2B");
    }

    #[test]
    fn notion_takes_a_json_body() {
        let request = sent(
            &[Switch::JsonTokenRequest],
            "grant_type=authorization_code&code=a%2Bb&redirect_uri=http%3A%2F%2Flocalhost",
        );
        assert_eq!(request.headers()[CONTENT_TYPE], "application/json");
        assert_eq!(
            text(&request),
            r#"{"grant_type":"authorization_code","code":"a+b","redirect_uri":"http://localhost"}"#
        );
        let twice = sent(&[Switch::JsonTokenRequest], "resource=a&resource=b");
        assert_eq!(text(&twice), r#"{"resource":["a","b"]}"#);
    }

    #[test]
    fn twitch_asks_for_scopes_when_a_device_sign_in_begins() {
        let request = sent(&[Switch::ScopesParameter], "client_id=a&scope=b+c");
        assert_eq!(text(&request), "client_id=a&scopes=b+c");
        let granted = "grant_type=client_credentials&scope=b";
        assert_eq!(text(&sent(&[Switch::ScopesParameter], granted)), granted);
    }

    #[test]
    fn a_reddit_installed_app_sends_basic_with_an_empty_password() {
        let request = sent(&[Switch::BasicWithoutSecret], "code=c&client_id=app");
        // base64("app:")
        assert_eq!(request.headers()[AUTHORIZATION], "Basic YXBwOg==");
        assert_eq!(text(&request), "code=c");
        let confidential = sent(
            &[Switch::BasicWithoutSecret],
            "client_id=app&client_secret=s",
        );
        assert!(!confidential.headers().contains_key(AUTHORIZATION));
    }

    #[test]
    fn tiktok_calls_the_client_id_client_key() {
        let request = sent(&[Switch::ClientKey], "client_id=a&code=b");
        assert_eq!(text(&request), "client_key=a&code=b");
        let parameters = vec![("client_id".to_owned(), "a".to_owned())];
        let parameters = authorization_parameters(&[Switch::ClientKey], parameters);
        assert_eq!(parameters[0].0, "client_key");
    }

    #[test]
    fn slack_is_asked_for_a_persons_scope_by_its_own_name() {
        let parameters = vec![("scope".to_owned(), "chat:write".to_owned())];
        let parameters = authorization_parameters(&[Switch::UserScope], parameters);
        assert_eq!(parameters, [("user_scope".into(), "chat:write".into())]);
    }
}
