//! What fills the placeholders of a preset.

use super::*;

#[test]
fn variables_fill_placeholders() {
    let text = "[service.kc]\nprovider = 'keycloak'\nvariables = { host = 'sso.example.com', realm = 'crew' }\n";
    let service = resolve(text, "kc").unwrap();
    assert_eq!(
        service.values.issuer.as_deref(),
        Some("https://sso.example.com/realms/crew")
    );
    assert_eq!(service.origin_of("variables.host"), Some(&Origin::File));
    let environment = [("HALLPASS_KC_REALM", "staff")];
    let service = parse(text)
        .unwrap()
        .resolve("kc", &variables(&environment), &Registration::default())
        .unwrap();
    assert!(service.values.issuer.unwrap().ends_with("/realms/staff"));

    let error = resolve("[service.kc]\nprovider = 'keycloak'\n", "kc").unwrap_err();
    assert_eq!(error.code(), Code::ServiceIncomplete);
    assert!(error.to_string().contains("{host}"), "{error}");
    assert_eq!(
        error.hint(),
        Some("`hallpass edit kc --set variables.host=… --set variables.realm=…`")
    );
    // Nobody is sent to the administrators' realm for want of a word.
    let error = resolve(
        "[service.kc]\nprovider = 'keycloak'\nvariables = { host = 'sso.example.com' }\n",
        "kc",
    );
    let error = error.unwrap_err();
    assert!(error.to_string().contains("{realm}"), "{error}");
    assert_eq!(
        error.hint(),
        Some("`hallpass edit kc --set variables.realm=…`")
    );

    let error = resolve(
        "[service.kc]\nprovider = 'keycloak'\nvariables = { hots = 'x' }\n",
        "kc",
    );
    let error = error.unwrap_err();
    let hint = error.hint().unwrap();
    assert!(
        hint.starts_with("did you mean host? it has host ("),
        "{hint}"
    );
    assert!(hint.contains("; realm ("), "{hint}");
    let hostile = "[service.kc]\nprovider = 'keycloak'\n\
                   variables = { realm = 'r', host = 'evil.example/?' }\n";
    assert!(resolve(hostile, "kc").is_err());
}

#[test]
fn a_preset_reaches_an_instance_of_ones_own() {
    for (name, url) in [
        ("gitlab", "http://localhost:8080/api/v4/"),
        ("gitea", "http://localhost:8080/api/v1/"),
    ] {
        let mut flags = Registration::default();
        let host = "http://localhost:8080".to_owned();
        flags.variables.insert("host".to_owned(), host);
        let service = Configuration::default()
            .resolve(name, &nothing, &flags)
            .unwrap();
        assert_eq!(service.values.api_base_url.as_deref(), Some(url));
    }
}
