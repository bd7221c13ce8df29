//! What `HALLPASS_…` variables may not do.

use super::*;

fn parse(text: &str) -> Result<Configuration> {
    Configuration::parse(text, "config.toml")
}

fn variables<'a>(pairs: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
    move |name| {
        let found = pairs.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    }
}

#[test]
fn the_environment_cannot_widen_where_a_token_goes() {
    let configuration = parse("[service.g]\nprovider = 'google'\n").unwrap();
    for name in [
        "API_BASE_URL",
        "AUDIENCE",
        "INSECURE_API",
        "CAPTURE",
        "REFRESH_ENDPOINT",
        "REVOCATION_ENDPOINT",
        "INTROSPECTION_ENDPOINT",
        "USERINFO_ENDPOINT",
        "END_SESSION_ENDPOINT",
    ] {
        let name = format!("HALLPASS_G_{name}");
        let environment = [(name.as_str(), "https://evil.example")];
        let error = configuration
            .resolve("g", &variables(&environment), &Registration::default())
            .unwrap_err();
        assert_eq!(error.code(), Code::ConfigInvalid, "{name}");
    }
}

/// A session is bound to its server: what leaves the server as it is must leave the rest too.
#[test]
fn no_variable_of_a_preset_sends_a_sessions_tokens_elsewhere() {
    let bound = "issuer = 'https://a.example'\ntoken_endpoint = 'https://a.example/token'\n";
    let server = [
        ("HALLPASS_G_ISSUER", "https://a.example"),
        ("HALLPASS_G_TOKEN_ENDPOINT", "https://a.example/token"),
    ];
    let host = ("HALLPASS_G_HOST", "evil.example");
    let provider = ("HALLPASS_G_PROVIDER", "gitea");
    for (lines, environment) in [
        (format!("provider = 'gitea'\n{bound}"), vec![host]),
        (bound.to_owned(), vec![provider, host]),
        (bound.to_owned(), vec![provider]),
        (
            "provider = 'gitea'\n".to_owned(),
            [&server[..], &[host]].concat(),
        ),
        (
            "client_id = 'c'\n".to_owned(),
            [&server[..], &[provider, host]].concat(),
        ),
    ] {
        let configuration = parse(&format!("[service.g]\n{lines}")).unwrap();
        let error = configuration
            .resolve("g", &variables(&environment), &Registration::default())
            .unwrap_err();
        assert_eq!(error.code(), Code::ConfigInvalid, "{lines}{environment:?}");
        assert!(
            error.to_string().contains("tokens of service \"g\""),
            "{error}"
        );
    }
    // Another server is another session.
    let service = parse("[service.g]\nprovider = 'gitlab'\n")
        .unwrap()
        .resolve("g", &variables(&[host]), &Registration::default())
        .unwrap();
    let base = service.values.api_base_url.unwrap();
    assert_eq!(base, "https://evil.example/api/v4/");
}
