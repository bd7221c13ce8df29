//! Answers of token and device authorization endpoints, turned into the strict JSON of
//! RFC 6749 §5 and RFC 8628 §3.2.

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, TRANSFER_ENCODING};
use http::response::Parts;
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Map, Value};
use url::Url;

use super::{Switch, body, oauth_error};
use crate::error::{Code, Error, Result};
use crate::protocol::json::kind;
use crate::protocol::token::TokenType;
use crate::protocol::{device_authorization, number};
use crate::secret::{SafeUrl, printable};

/// [`token_response_as`] where a Bearer token was asked for.
pub fn token_response(
    switches: &[Switch],
    response: Response<Vec<u8>>,
) -> Result<Response<Vec<u8>>> {
    token_response_as(switches, response, TokenType::Bearer)
}

/// What a token endpoint said, in strict JSON: 200 with the members of RFC 6749 §5.1 checked and
/// every unknown member kept, or a 4xx/5xx with those of §5.2 (see [`super::error_response`]).
///
/// `ResponseInvalid` for anything that is neither, and for a token that is not of type `wanted`.
pub fn token_response_as(
    switches: &[Switch],
    response: Response<Vec<u8>>,
    wanted: TokenType,
) -> Result<Response<Vec<u8>>> {
    strict(switches, response, "token", |members| {
        token(switches, members, wanted)
    })
}

/// [`token_response`] for a device authorization endpoint (RFC 8628 §3.2).
pub fn device_authorization_response(
    switches: &[Switch],
    response: Response<Vec<u8>>,
) -> Result<Response<Vec<u8>>> {
    strict(switches, response, "device authorization", |mut members| {
        match members.remove("verification_url") {
            Some(url) if switches.contains(&Switch::VerificationUrl) => {
                members.insert("verification_uri".into(), url);
            }
            Some(_) if !members.contains_key("verification_uri") => {
                return Err(invalid("verification_url stands in for verification_uri")
                    .with_hint(Switch::VerificationUrl.hint()));
            }
            _ => {}
        }
        device_authorization::normalise(members)
    })
}

fn strict(
    switches: &[Switch],
    response: Response<Vec<u8>>,
    endpoint: &str,
    granted: impl FnOnce(Map<String, Value>) -> Result<Map<String, Value>>,
) -> Result<Response<Vec<u8>>> {
    let (mut head, bytes) = response.into_parts();
    body::refuse_encoding(&head)?;
    if head.status.is_redirection() || head.status.is_informational() {
        return Err(redirected(&head, endpoint));
    }
    let members = body::parse(&head, &bytes);
    let failed = match &members {
        Ok(members) => members.get("error").is_some_and(|error| !error.is_null()),
        Err(_) => false,
    };
    let bytes = if !head.status.is_success() {
        oauth_error::strict(&oauth_error::read(switches, &head, members))
    } else if failed {
        head.status = StatusCode::BAD_REQUEST;
        oauth_error::strict(&oauth_error::read(switches, &head, members))
    } else {
        let members = members.map_err(|body::Unreadable(what)| {
            let status = head.status.as_u16();
            Error::new(
                Code::ResponseInvalid,
                format!("the {endpoint} endpoint answered {status} with {what}"),
            )
            .with_hint("check the endpoint's URL; a proxy or a sign-in page of the network may stand in between")
        })?;
        head.status = StatusCode::OK;
        Value::Object(granted(members)?).to_string().into_bytes()
    };
    for name in [CONTENT_LENGTH, CONTENT_ENCODING, TRANSFER_ENCODING] {
        head.headers.remove(name);
    }
    let json = HeaderValue::from_static("application/json");
    head.headers.insert(CONTENT_TYPE, json);
    Ok(Response::from_parts(head, bytes))
}

fn redirected(head: &Parts, endpoint: &str) -> Error {
    let to = head.headers.get(LOCATION);
    let to = to.and_then(|to| Url::parse(to.to_str().ok()?).ok());
    let to = match to {
        Some(to) => format!(" to {}", printable(&SafeUrl::new(to).to_string(), 200)),
        None => String::new(),
    };
    Error::new(
        Code::ResponseInvalid,
        format!(
            "the {endpoint} endpoint answered {}{to}; redirects are not followed there",
            head.status.as_u16()
        ),
    )
    .with_hint("use the endpoint's final URL")
}

/// The members of RFC 6749 §5.1, checked one by one.
fn token(
    switches: &[Switch],
    mut members: Map<String, Value>,
    wanted: TokenType,
) -> Result<Map<String, Value>> {
    if switches.contains(&Switch::AuthedUser) {
        lift_authed_user(&mut members);
    }
    header_token(&members)?;
    token_type(switches, &mut members, wanted)?;
    for name in ["refresh_token", "id_token"] {
        optional_token(&mut members, name)?;
    }
    scope(switches, &mut members)?;
    for name in [
        "expires_in",
        "refresh_token_expires_in",
        "refresh_expires_in",
    ] {
        lifetime(&mut members, name)?;
    }
    Ok(members)
}

/// Slack: the person's own token and what belongs to it replace the outer ones.
fn lift_authed_user(members: &mut Map<String, Value>) {
    let Some(Value::Object(mut user)) = members.remove("authed_user") else {
        return;
    };
    let has_token = user.contains_key("access_token");
    for name in [
        "access_token",
        "token_type",
        "scope",
        "refresh_token",
        "expires_in",
    ] {
        let own = user.remove(name);
        if has_token {
            members.remove(name);
            if let Some(own) = own {
                members.insert(name.into(), own);
            }
        }
    }
    if let Some(id) = user.remove("id") {
        members.insert("authed_user_id".into(), id);
    }
}

/// `access_token` is there and fits into a header (RFC 6750 §2.1, a little wider: %x21-7E).
fn header_token(members: &Map<String, Value>) -> Result<()> {
    match members.get("access_token") {
        None | Some(Value::Null) => Err(invalid("access_token is missing")),
        Some(Value::String(token)) if token.is_empty() => Err(invalid("access_token is empty")),
        Some(Value::String(token)) if token.bytes().all(|b| b.is_ascii_graphic()) => Ok(()),
        Some(Value::String(_)) => Err(invalid(
            "access_token holds characters that no header may hold",
        )),
        Some(other) => Err(wrong_type("access_token", other, "string")),
    }
}

fn token_type(
    switches: &[Switch],
    members: &mut Map<String, Value>,
    wanted: TokenType,
) -> Result<()> {
    let sent = match members.remove("token_type") {
        None | Some(Value::Null) if switches.contains(&Switch::MissingTokenType) => {
            "bearer".to_owned()
        }
        None | Some(Value::Null) => {
            return Err(invalid("token_type is missing").with_hint(Switch::MissingTokenType.hint()));
        }
        Some(Value::String(sent)) => sent,
        Some(other) => return Err(wrong_type("token_type", &other, "string")),
    };
    let bot_or_user = matches!(sent.as_str(), "bot" | "user");
    let strict = match (sent.to_ascii_lowercase().as_str(), wanted) {
        ("bearer", TokenType::Bearer) => "bearer",
        ("dpop", TokenType::DPoP) => "DPoP",
        (_, TokenType::Bearer) if bot_or_user && switches.contains(&Switch::BotOrUserTokenType) => {
            "bearer"
        }
        (_, wanted) => {
            let error = invalid(&format!(
                "token_type is {:?} where {wanted:?} was asked for",
                printable(&sent, 40)
            ));
            return Err(match bot_or_user {
                true => error.with_hint(Switch::BotOrUserTokenType.hint()),
                false => error,
            });
        }
    };
    members.insert("token_type".into(), strict.into());
    Ok(())
}

/// Printable ASCII, or not there; an empty one counts as not there, so that a refresh keeps the
/// old one.
fn optional_token(members: &mut Map<String, Value>, name: &str) -> Result<()> {
    match members.get(name) {
        None => Ok(()),
        Some(Value::Null) => {
            members.remove(name);
            Ok(())
        }
        Some(Value::String(token)) if token.is_empty() => {
            members.remove(name);
            Ok(())
        }
        Some(Value::String(token)) if token.bytes().all(|b| (0x20..=0x7e).contains(&b)) => Ok(()),
        Some(Value::String(_)) => Err(invalid(&format!("{name} is not printable ASCII"))),
        Some(other) => Err(wrong_type(name, other, "string")),
    }
}

fn scope(switches: &[Switch], members: &mut Map<String, Value>) -> Result<()> {
    if switches.contains(&Switch::ScopesMember)
        && let Some(scopes) = members.remove("scopes")
    {
        members.entry("scope").or_insert(scopes);
    }
    let joined = match members.remove("scope") {
        None | Some(Value::Null) => return Ok(()),
        Some(Value::String(scope)) if scope.contains(',') => {
            if !switches.contains(&Switch::CommaScopes) {
                return Err(
                    invalid("scope is separated by commas").with_hint(Switch::CommaScopes.hint())
                );
            }
            join(scope.split([',', ' ']))
        }
        Some(Value::String(scope)) => join(scope.split(' ')),
        Some(Value::Array(scopes)) => {
            if !switches.contains(&Switch::ScopeArray) {
                return Err(invalid("scope is an array").with_hint(Switch::ScopeArray.hint()));
            }
            if let Some(other) = scopes.iter().find(|scope| !scope.is_string()) {
                return Err(wrong_type("an entry of scope", other, "string"));
            }
            join(scopes.iter().filter_map(Value::as_str))
        }
        Some(other) => return Err(wrong_type("scope", &other, "string")),
    };
    members.insert("scope".into(), joined.into());
    Ok(())
}

fn join<'a>(scopes: impl Iterator<Item = &'a str>) -> String {
    let scopes: Vec<_> = scopes.map(str::trim).filter(|s| !s.is_empty()).collect();
    scopes.join(" ")
}

/// Whole seconds, or not there.
fn lifetime(members: &mut Map<String, Value>, name: &str) -> Result<()> {
    match members.get(name) {
        None => {}
        Some(Value::Null) => {
            members.remove(name);
        }
        Some(value) => {
            let seconds =
                number::seconds(value).map_err(|why| invalid(&format!("{name} {why}")))?;
            members.insert(name.into(), seconds.into());
        }
    }
    Ok(())
}

fn wrong_type(name: &str, value: &Value, expected: &str) -> Error {
    invalid(&format!(
        "{name} is of type {}, not {expected}",
        kind(value)
    ))
}

fn invalid(what: &str) -> Error {
    Error::new(Code::ResponseInvalid, format!("invalid answer: {what}"))
}

#[cfg(test)]
#[path = "response_tests.rs"]
mod tests;
