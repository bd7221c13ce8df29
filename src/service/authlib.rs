//! Import of a call of Authlib's `register()`, pasted as Python source, a dict or JSON.

mod literal;

use literal::{Arguments, Literal, Parser, Wrong};

use super::Registration;
use super::assign::assign;
use super::merge::{Origins, overlay};
use super::registration::SecretSource;
use super::resolved::Origin;
use super::validate::PROTOCOL_PARAMETERS;
use crate::error::{Code, Error, Result};
use crate::secret::{Secret, printable};

/// One registration, its secret apart.
#[derive(Debug, Default)]
pub struct Imported {
    /// First argument of `register()`.
    pub name: Option<String>,
    pub registration: Registration,
    pub client_secret: Option<Secret>,
    /// What was left out and why.
    pub notes: Vec<String>,
}

/// Every registration in the text, in order.
pub fn parse(text: &str) -> Result<Vec<Imported>> {
    let mut found = Vec::new();
    for (at, line) in calls(text) {
        let arguments = Parser::new(&text[at..], line).arguments(true);
        found.push(imported(arguments.map_err(refused)?)?);
    }
    if found.is_empty() {
        found.push(imported(bare(text)?)?);
    }
    Ok(found)
}

/// Where the arguments of each `….register(` begin, with its line.
fn calls(text: &str) -> Vec<(usize, usize)> {
    let marker = "register(";
    text.match_indices(marker)
        .filter(|(at, _)| {
            let line = text[..*at].rsplit('\n').next().unwrap_or_default();
            let called = line.is_empty() || line.ends_with(['.', ' ', '\t', '=']);
            called && !line.trim_start().starts_with(['#', '@']) && !line.ends_with("def ")
        })
        .map(|(at, _)| {
            let line = text[..at].matches('\n').count() + 1;
            (at + marker.len(), line)
        })
        .collect()
}

/// `{…}`, `name = {…}` or `client_id=…, …`.
fn bare(text: &str) -> Result<Arguments> {
    let trimmed = text.trim();
    if !trimmed.starts_with('{') {
        return Parser::new(trimmed, 1).arguments(false).map_err(refused);
    }
    match Parser::new(trimmed, 1).value().map_err(refused)? {
        Literal::Dict(entries) => Ok(named(entries)),
        _ => Err(not_one("it is no dict")),
    }
}

/// A dict's entries as arguments; `{"work": {…}}` names the service.
fn named(mut entries: Vec<(String, Literal)>) -> Arguments {
    if let [(_, Literal::Dict(_))] = entries.as_slice()
        && let Some((name, Literal::Dict(inner))) = entries.pop()
    {
        return Arguments {
            positional: vec![Literal::Text(name)],
            named: inner,
        };
    }
    Arguments {
        positional: Vec::new(),
        named: entries,
    }
}

fn imported(arguments: Arguments) -> Result<Imported> {
    let mut into = Imported::default();
    if let Some(Literal::Text(name)) = arguments.positional.into_iter().next() {
        into.name = Some(name);
    }
    for (key, value) in arguments.named {
        take(&mut into, &key, value)?;
    }
    let values = &into.registration;
    if values.client_id.is_none() && values.token_endpoint.is_none() && into.notes.is_empty() {
        return Err(not_one("it has neither client_id nor access_token_url"));
    }
    Ok(into)
}

fn take(into: &mut Imported, key: &str, value: Literal) -> Result<()> {
    match (key, value) {
        (_, Literal::None) => {}
        ("request_token_url" | "request_token_params", _) => {
            return Err(Error::new(
                Code::ConfigInvalid,
                format!("{key}: this registration is for OAuth 1, which hallpass does not speak"),
            )
            .with_hint("does the provider offer OAuth 2.0 too? register a client for that"));
        }
        ("name", Literal::Text(name)) => into.name = Some(name),
        ("client_secret", Literal::Text(secret)) => into.client_secret = Some(Secret::from(secret)),
        ("client_secret", Literal::Environment(variable)) => {
            into.registration.client_secret = Some(SecretSource::Env(variable));
        }
        ("client_kwargs", Literal::Dict(entries)) => {
            for (key, value) in entries {
                take_client_keyword(into, &key, value)?;
            }
        }
        ("authorize_params", Literal::Dict(entries)) => {
            take_parameters(into, "authorization_parameters", entries)?;
        }
        ("access_token_params", Literal::Dict(entries)) => {
            take_parameters(into, "token_parameters", entries)?;
        }
        ("refresh_token_url", Literal::Text(url)) => {
            into.registration.refresh_endpoint = Some(url);
        }
        ("access_token_method", Literal::Text(method)) if method == "POST" => {}
        ("overwrite" | "client_secret", Literal::Bool(_)) => {}
        (_, Literal::Environment(variable)) => into.notes.push(format!(
            "{}: the program takes it from ${}; it was left out",
            printable(key, 80),
            printable(&variable, 80)
        )),
        (_, value) => match (ours(key), as_text(&value)) {
            (Some(ours), Some(text)) => put(into, ours, &text)?,
            _ => left_out(into, key),
        },
    }
    Ok(())
}

/// Keywords of the HTTP session, of which two belong to the registration.
fn take_client_keyword(into: &mut Imported, key: &str, value: Literal) -> Result<()> {
    match (key, as_text(&value)) {
        ("scope" | "token_endpoint_auth_method", Some(text)) => put(into, key, &text),
        // S256 is what is sent anyway.
        ("code_challenge_method", Some(text)) if text == "S256" => Ok(()),
        ("token_placement", Some(text)) if text == "header" => Ok(()),
        _ => {
            left_out(into, &format!("client_kwargs.{key}"));
            Ok(())
        }
    }
}

fn take_parameters(into: &mut Imported, map: &str, entries: Vec<(String, Literal)>) -> Result<()> {
    for (name, value) in entries {
        match as_text(&value) {
            Some(text) if !PROTOCOL_PARAMETERS.contains(&name.as_str()) => {
                put(into, &format!("{map}.{name}"), &text)?;
            }
            _ => left_out(into, &format!("{map}.{name}")),
        }
    }
    Ok(())
}

/// Our key for one of Authlib's, or the same where metadata is given under its IANA name.
fn ours(key: &str) -> Option<&str> {
    match key {
        "authorize_url" => Some("authorization_endpoint"),
        "access_token_url" => Some("token_endpoint"),
        "client_id"
        | "api_base_url"
        | "userinfo_endpoint"
        | "server_metadata_url"
        | "issuer"
        | "jwks_uri"
        | "authorization_endpoint"
        | "token_endpoint"
        | "revocation_endpoint"
        | "introspection_endpoint"
        | "device_authorization_endpoint"
        | "end_session_endpoint"
        | "registration_endpoint"
        | "scope" => Some(key),
        _ => None,
    }
}

fn put(into: &mut Imported, key: &str, text: &str) -> Result<()> {
    let value = assign(key, text).map_err(|error| {
        let hint = error.hint().unwrap_or_default().to_owned();
        Error::new(Code::ConfigInvalid, error.to_string()).with_hint(hint)
    })?;
    overlay(&mut into.registration, &mut Origins::new(), value, &|_| {
        Origin::File
    });
    Ok(())
}

fn as_text(value: &Literal) -> Option<String> {
    match value {
        Literal::Text(text) | Literal::Number(text) => Some(text.clone()),
        Literal::Bool(yes) => Some(yes.to_string()),
        Literal::List(items) => {
            let words: Option<Vec<String>> = items.iter().map(as_text).collect();
            words.map(|words| words.join(" "))
        }
        _ => None,
    }
}

fn left_out(into: &mut Imported, key: &str) {
    let key = printable(key, 80);
    into.notes.push(format!(
        "{key}: nothing here corresponds to it; it was left out"
    ));
}

fn refused(wrong: Wrong) -> Error {
    not_one(&format!("line {}: {}", wrong.line, wrong.what))
}

fn not_one(why: &str) -> Error {
    Error::new(
        Code::ConfigInvalid,
        format!("not a call of Authlib's register(): {why}"),
    )
    .with_hint("paste it from the opening `oauth.register(` to the closing parenthesis")
}

#[cfg(test)]
mod tests {
    use super::super::registration::ClientAuthenticationMethod;
    use super::*;

    fn one(text: &str) -> Imported {
        let mut all = parse(text).unwrap();
        assert_eq!(all.len(), 1);
        all.remove(0)
    }

    #[test]
    fn a_pasted_call() {
        let imported = one(r#"
            from authlib.integrations.flask_client import OAuth
            oauth = OAuth(app)
            # oauth.register("old")
            oauth.register(
                name="work",   # the one
                client_id='id-1',
                client_secret="hunter2",
                access_token_url='https://sso.example/token',
                access_token_params=None,
                authorize_url='https://sso.example/' 'authorize',
                authorize_params={'prompt': 'consent', 'max_age': 60, 'state': 'x'},
                api_base_url='https://api.example/v1/',
                client_kwargs={'scope': 'openid email', 'token_endpoint_auth_method': 'client_secret_post', 'timeout': 3},
                userinfo_endpoint='https://sso.example/userinfo',
                fetch_token=lambda: session["t"],
            )
        "#);
        let values = &imported.registration;
        assert_eq!(imported.name.as_deref(), Some("work"));
        assert_eq!(values.client_id.as_deref(), Some("id-1"));
        assert_eq!(imported.client_secret, Some(Secret::from("hunter2")));
        assert_eq!(
            values.authorization_endpoint.as_deref(),
            Some("https://sso.example/authorize")
        );
        assert_eq!(
            values.token_endpoint.as_deref(),
            Some("https://sso.example/token")
        );
        assert_eq!(values.scope.as_ref().map(Vec::len), Some(2));
        assert_eq!(
            values.token_endpoint_auth_method,
            Some(ClientAuthenticationMethod::ClientSecretPost)
        );
        let parameters: Vec<_> = values.authorization_parameters.iter().collect();
        assert_eq!(parameters.len(), 2, "state stays ours: {parameters:?}");
        assert_eq!(values.authorization_parameters["max_age"], "60");
        assert_eq!(imported.notes.len(), 3, "{:?}", imported.notes);
        assert!(!format!("{imported:?}").contains("hunter2"));
    }

    #[test]
    fn a_dict_json_and_bare_keywords() {
        for text in [
            r#"{"client_id": "c", "server_metadata_url": "https://a.example/.well-known/openid-configuration", "client_kwargs": {"scope": ["openid", "email"]}}"#,
            r#"{"work": {"client_id": "c", "server_metadata_url": "https://a.example/.well-known/openid-configuration", "client_kwargs": {"scope": "openid email"}}}"#,
            "client_id='c', server_metadata_url='https://a.example/.well-known/openid-configuration', client_kwargs=dict_or({'scope': 1}), scope=('openid email')",
        ] {
            let values = one(text).registration;
            assert_eq!(values.client_id.as_deref(), Some("c"), "{text}");
            assert!(values.server_metadata_url.is_some(), "{text}");
            assert_eq!(values.scope.map(|scope| scope.len()), Some(2), "{text}");
        }
    }

    #[test]
    fn what_comes_from_the_environment_stays_there() {
        let imported = one(
            "oauth.register('g', client_id=os.getenv('ID'), client_secret=os.environ['SECRET'])",
        );
        assert_eq!(imported.client_secret, None);
        assert_eq!(
            imported.registration.client_secret,
            Some(SecretSource::Env("SECRET".into()))
        );
        assert_eq!(imported.registration.client_id, None);
        assert!(imported.notes[0].contains("$ID"), "{:?}", imported.notes);
    }

    #[test]
    fn oauth_1_is_refused_plainly() {
        let error = parse("oauth.register('t', client_id='c', request_token_url='https://x/r')")
            .unwrap_err();
        assert!(error.to_string().contains("OAuth 1"), "{error}");
    }

    #[test]
    fn several_calls_are_several_registrations() {
        let all = parse("o.register('a', client_id='1')\no.register('b', client_id='2')").unwrap();
        let names: Vec<_> = all.into_iter().filter_map(|one| one.name).collect();
        assert_eq!(names, ["a", "b"]);
    }

    #[test]
    fn errors_have_a_line_and_repeat_nothing() {
        let error = parse("\no.register('a',\n client_secret='hunter2\n)").unwrap_err();
        assert!(
            error.to_string().contains("line 4: a string does not end"),
            "{error}"
        );
        assert!(!format!("{error:?}").contains("hunter2"));
        assert!(parse("print('hello')").is_err());
        assert!(parse("").is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_source_is_taken_or_refused_and_never_repeated(
            name in "client_id|client_secret|scope|authorize_url|x",
            value in "['\"]TOPSECRET['\"]|TOPSECRET\\(|\\{|None|\\[1, 2\\]|os.getenv\\('A'\\)",
            rest in "[a-z(){}'\",=# \n]{0,30}",
        ) {
            for text in [format!("oauth.register({name}={value}, {rest}"), rest] {
                if let Err(error) = parse(&text) {
                    let told = format!("{error} {:?}", error.hint());
                    proptest::prop_assert!(!told.contains("TOPSECRET"), "{}", told);
                }
            }
        }
    }
}
