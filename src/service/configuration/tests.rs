//! What a configuration file may say, and how a name is resolved.

use super::*;
use crate::service::assign;
use crate::service::registration::SecretSource;

mod placeholders;

fn parse(text: &str) -> Result<Configuration> {
    Configuration::parse(text, "config.toml")
}

fn nothing(_: &str) -> Option<String> {
    None
}

fn resolve(text: &str, reference: &str) -> Result<Service> {
    parse(text)?.resolve(reference, &nothing, &Registration::default())
}

fn variables<'a>(pairs: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
    |name| {
        let found = pairs.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    }
}

#[track_caller]
fn refuses(text: &str, message: &str, hint: &str) {
    let error = parse(text).unwrap_err();
    assert_eq!(error.to_string(), message);
    assert_eq!(error.hint(), Some(hint));
    assert_eq!(error.code(), Code::ConfigInvalid);
}

#[test]
fn unknown_keys_are_errors_with_line_and_suggestion() {
    refuses(
        "# mine\n[service.work]\nissuer = 'https://a.example'\nclientid = 'x'\n",
        "config.toml:4: unknown key \"clientid\" in [service.work]",
        "did you mean client_id?",
    );
    refuses(
        "[service.work]\naccess_token_url = 'https://a.example'\n",
        "config.toml:2: unknown key \"access_token_url\" in [service.work]",
        "that is Authlib's name; here it is token_endpoint",
    );
    refuses(
        "\n[services.work]\n",
        "config.toml:2: unknown key \"services\" in the file",
        "did you mean service?",
    );
    refuses(
        "[store]\nkind = 'vault'\n",
        "config.toml:1: kind in [store] is \"vault\"",
        "one of: keyring, file, command",
    );
}

#[test]
fn wrong_types_name_the_line() {
    let error = parse("[service.a]\nclient_id = 12\n").unwrap_err();
    assert!(error.to_string().starts_with("config.toml:2: "), "{error}");
    let error = parse("[service.a]\nclient_id = \n").unwrap_err();
    assert!(error.to_string().starts_with("config.toml:2: "), "{error}");
    assert!(parse("service = 3").is_err());
    assert!(parse("[service]\na = 3").is_err());
}

#[test]
fn a_client_secret_in_the_file_is_refused_without_being_repeated() {
    let error = parse("[service.a]\nclient_secret = 'hunter2'\n").unwrap_err();
    assert_eq!(
        error.to_string(),
        "config.toml:2: client_secret in [service.a] holds a value"
    );
    assert!(!format!("{error:?}").contains("hunter2"));
    let fine =
        parse("[service.a]\nclient_secret = 'store'\n[service.b]\nclient_secret = { env = 'X' }");
    assert!(fine.is_ok());
}

#[test]
fn service_names_are_plain() {
    for good in ["a", "A-1", "work_api", "gitlab.example.com"] {
        assert_eq!(check_name(good), Ok(()), "{good}");
    }
    for bad in ["", "-a", ".a", "a b", "a@b", "a/b", "ä", &"x".repeat(65)] {
        assert!(check_name(bad).is_err(), "{bad}");
        assert!(parse(&format!("[service.'{bad}']\n")).is_err(), "{bad}");
    }
}

#[test]
fn references_split_at_the_first_at_sign() {
    assert_eq!(split_reference("google").unwrap(), ("google", None));
    assert_eq!(
        split_reference("google@ada@example.com").unwrap(),
        ("google", Some("ada@example.com"))
    );
    for bad in ["google@", "@ada", "a b", "google@a b", "google@a\u{202e}b"] {
        assert!(split_reference(bad).is_err(), "{bad}");
    }
}

#[test]
fn an_unconfigured_provider_resolves_from_its_preset_alone() {
    let service = resolve("", "google").unwrap();
    assert_eq!(service.values.provider.as_deref(), Some("google"));
    assert_eq!(
        service.origin_of("issuer"),
        Some(&Origin::Preset("google".into()))
    );
    let error = service.require_client_id().unwrap_err();
    assert_eq!(error.to_string(), "service \"google\" has no client_id");
}

#[test]
fn a_service_with_a_server_of_its_own_is_not_the_preset_of_its_name() {
    let text = "[service.google]\nissuer = 'https://sso.example'\n";
    let service = resolve(text, "google").unwrap();
    assert_eq!(service.values.provider, None);
    assert_eq!(
        service.values.api_base_url, None,
        "tokens must not go there"
    );
    let text = "[service.google]\nclient_id = 'mine'\n";
    assert!(
        resolve(text, "google")
            .unwrap()
            .values
            .api_base_url
            .is_some()
    );
}

#[test]
fn unknown_names_suggest() {
    let error = resolve("[service.work]\n", "wrok").unwrap_err();
    assert_eq!(error.to_string(), "no service \"wrok\"");
    assert!(error.hint().unwrap().contains("did you mean work?"));
    let error = resolve("", "goggle").unwrap_err();
    assert!(error.hint().unwrap().contains("did you mean google?"));
    let error = resolve("[service.w]\nprovider = 'goggle'", "w").unwrap_err();
    assert_eq!(error.code(), Code::UnknownProvider);
    let error = resolve("", "quite-another").unwrap_err();
    assert!(error.hint().unwrap().contains("hallpass add quite-another"));
}

#[test]
fn file_environment_and_flags_stand_over_the_preset_in_that_order() {
    let configuration =
        parse("[service.g]\nprovider = 'google'\nclient_id = 'file'\nscope = 'openid'\n").unwrap();
    let environment = [("HALLPASS_G_CLIENT_ID", "env"), ("HALLPASS_G_SCOPE", "a b")];
    let flags = assign::assign("client_id", "flag").unwrap();
    let service = configuration
        .resolve("g", &variables(&environment), &flags)
        .unwrap();
    assert_eq!(service.values.client_id.as_deref(), Some("flag"));
    assert_eq!(service.scope(), ["a", "b"]);
    let origin = |key| service.origin_of(key).unwrap().to_string();
    assert_eq!(origin("client_id"), "--client-id");
    assert_eq!(origin("scope"), "$HALLPASS_G_SCOPE");
    assert_eq!(origin("provider"), "config.toml");
    assert_eq!(origin("issuer"), "preset google");
}

#[test]
fn a_secret_in_the_environment_is_named_not_read() {
    let environment = [("HALLPASS_G_CLIENT_SECRET", "hunter2")];
    let service = parse("[service.g]\nprovider = 'google'\n")
        .unwrap()
        .resolve("g", &variables(&environment), &Registration::default())
        .unwrap();
    let source = SecretSource::Env("HALLPASS_G_CLIENT_SECRET".into());
    assert_eq!(service.values.client_secret, Some(source));
}

#[test]
fn one_variable_for_two_services_is_an_error() {
    let configuration =
        parse("[service.a-b]\nprovider = 'google'\n[service.'a.b']\nprovider = 'github'\n")
            .unwrap();
    let environment = [("HALLPASS_A_B_CLIENT_ID", "x")];
    let error = configuration
        .resolve("a-b", &variables(&environment), &Registration::default())
        .unwrap_err();
    assert!(error.to_string().contains("could mean service"), "{error}");
}

#[test]
fn endpoints_are_https_unless_loopback_and_the_error_says_which() {
    let text = "[service.w]\ntoken_endpoint = 'http://a.example/token'\n";
    let error = resolve(text, "w").unwrap_err();
    assert_eq!(
        error.to_string(),
        "token_endpoint of service \"w\" (from config.toml): \"http://a.example/token\" is not https"
    );
    for key in [
        "issuer",
        "authorization_endpoint",
        "userinfo_endpoint",
        "jwks_uri",
        "api_base_url",
    ] {
        assert!(
            resolve(&format!("[service.w]\n{key} = 'http://a.example/'\n"), "w").is_err(),
            "{key}"
        );
        assert!(
            resolve(
                &format!("[service.w]\n{key} = 'http://127.0.0.1:80/'\n"),
                "w"
            )
            .is_ok(),
            "{key}"
        );
    }
}

#[test]
fn what_belongs_to_the_protocol_cannot_be_configured() {
    for line in [
        "authorization_parameters = { state = 'x' }",
        "authorization_parameters = { redirect_uri = 'x' }",
        "token_parameters = { client_secret = 'x' }",
        "api_headers = { Authorization = 'x' }",
        "api_headers = { 'X-A' = \"a\\nb\" }",
        "scope = ['a b']",
        "audience = ['https://*.com']",
        "redirect_path = 'callback'",
        "redirect = 'exact'",
        "redirect_port = 0",
        "client_id = ''",
        "api_base_url = 'https://api.example/{tenant}/'",
        "api_base_url = '{instance_url}/v1'\ncapture = ['instance_url']",
    ] {
        let text = format!("[service.w]\nissuer = 'https://a.example'\n{line}\n");
        assert!(resolve(&text, "w").is_err(), "{line}");
    }
}

#[test]
fn a_captured_base_url_is_held_by_its_audience() {
    let text = "[service.w]\nissuer = 'https://a.example'\ncapture = ['instance_url']\n\
        api_base_url = '{instance_url}/data/'\naudience = ['https://*.my.example.com']\n";
    let service = resolve(text, "w").unwrap();
    let origins: Vec<_> = service
        .allowed_origins()
        .into_iter()
        .map(|(o, _)| o)
        .collect();
    assert_eq!(origins, ["https://*.my.example.com"]);
    assert!(service.api_base_url(&BTreeMap::new()).is_err());
    let captured = BTreeMap::from([(
        "instance_url".to_owned(),
        "https://x.my.example.com".to_owned(),
    )]);
    let url = service.api_base_url(&captured).unwrap().unwrap();
    assert_eq!(url.as_str(), "https://x.my.example.com/data/");
    let hostile = BTreeMap::from([("instance_url".to_owned(), "http://evil.example".to_owned())]);
    assert!(service.api_base_url(&hostile).is_err());
}

#[test]
fn allowed_origins_are_that_of_the_base_url_and_the_audience() {
    let text = "[service.w]\nissuer = 'https://a.example'\napi_base_url = 'https://API.example:8443/v1/{realm}'\n\
        capture = ['realm']\naudience = ['https://up.example']\n";
    let service = resolve(text, "w").unwrap();
    let origins: Vec<_> = service
        .allowed_origins()
        .into_iter()
        .map(|(o, _)| o)
        .collect();
    assert_eq!(origins, ["https://api.example:8443", "https://up.example"]);
}

#[test]
fn covering_takes_whole_segments_and_refuses_two() {
    let text = "[service.a]\nissuer = 'https://i.example'\napi_base_url = 'https://api.example/v1'\n\
        [service.b]\nissuer = 'https://i.example'\napi_base_url = 'https://api.example/v10/'\n\
        [service.c]\nissuer = 'https://i.example'\napi_base_url = 'https://api.example/v10'\n\
        [service.broken]\nissuer = 'http://i.example'\napi_base_url = 'https://api.example/v1'\n";
    let configuration = parse(text).unwrap();
    let covering = |url: &str| configuration.covering(&url.parse().unwrap(), &nothing);
    assert_eq!(covering("https://api.example/v1/users").unwrap().name, "a");
    assert_eq!(covering("https://api.example/v1").unwrap().name, "a");
    let error = covering("https://api.example/v10/x").unwrap_err();
    assert_eq!(error.code(), Code::AmbiguousService);
    assert!(
        error.to_string().starts_with("b and c all cover"),
        "{error}"
    );
    for other in [
        "https://api.example/v2",
        "http://api.example/v1",
        "https://api.example:444/v1",
    ] {
        assert_eq!(
            covering(other).unwrap_err().code(),
            Code::UnknownService,
            "{other}"
        );
    }
}

proptest::proptest! {
    #[test]
    fn any_text_parses_or_is_refused(text in "\\PC{0,80}") {
        let _ = Configuration::parse(&text, "config.toml");
        let _ = split_reference(&text);
    }

    #[test]
    fn any_toml_like_text_parses_or_is_refused(
        lines in proptest::collection::vec(
            "(\\[service\\.[a-z]\\]|[a-z_]{1,12} = ('[a-z:/.{}]{0,12}'|[0-9]|\\['[a-z]'\\]|\\{ a = 'b' \\})|client_secret = 'TOPSECRET')",
            0..6,
        )
    ) {
        if let Err(error) = Configuration::parse(&lines.join("\n"), "config.toml") {
            let told = format!("{error:?}");
            proptest::prop_assert!(!told.contains("TOPSECRET"));
        }
    }
}

/// A value for every variable without a default.
fn example(name: &str) -> Registration {
    let preset = Configuration::default().provider(name).unwrap();
    let mut flags = Registration::default();
    for (variable, about) in &preset.variables {
        if about.default.is_none() {
            let value = "sso.example.com".to_owned();
            flags.variables.insert(variable.clone(), value);
        }
    }
    flags
}

#[test]
fn every_shipped_preset_resolves_and_passes_every_check() {
    for name in super::super::preset::shipped_names() {
        let service = Configuration::default()
            .resolve(name, &nothing, &example(name))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let values = &service.values;
        assert!(
            values.issuer.is_some()
                || (values.authorization_endpoint.is_some() && values.token_endpoint.is_some()),
            "{name} cannot be reached"
        );
        let redirect = service.redirect_uri_to_register();
        let register = Configuration::default().provider(name).unwrap().register;
        let register = register.unwrap();
        let path = redirect.split("//").nth(1).unwrap();
        let told = register.contains(path) || register.contains("redirect URI has to be entered");
        // Strava compares the host alone.
        assert!(
            told || name == "strava",
            "{name}: {redirect} is not in its hint"
        );
        for (pattern, _) in service.allowed_origins() {
            assert!(pattern.starts_with("https://"), "{name}: {pattern}");
        }
    }
}

#[test]
fn twitch_is_told_the_client_id_in_a_header() {
    let service = resolve("[service.twitch]\nclient_id = 'abc'\n", "twitch").unwrap();
    assert_eq!(service.values.api_headers["Client-Id"], "abc");
}

#[test]
fn a_url_with_a_password_is_not_repeated() {
    for url in [
        "https://u:hunter2@a.example",
        "http://u:hunter2@a.example",
        "u:hunter2@a.example",
    ] {
        let error = resolve(&format!("[service.w]\nissuer = '{url}'\n"), "w").unwrap_err();
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
}
