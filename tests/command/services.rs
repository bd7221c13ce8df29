//! `add`, `list`, `show`, `edit`, `remove`, `providers`.

use crate::support::{Authority, Sandbox};

#[test]
fn an_issuer_is_added_and_used() {
    let authority = Authority::honest();
    let sandbox = Sandbox::new();
    let issuer = authority.issuer();
    let client = hallpass::demo::CLIENT_ID;
    sandbox
        .run(&[
            "add",
            "work",
            "--issuer",
            &issuer,
            "--client-id",
            client,
            "--scope",
            "openid email offline_access",
        ])
        .ok();
    sandbox.hallpass("login work").ok();
    let list = sandbox.hallpass("list --names").ok();
    assert!(list.out().lines().any(|line| line == "work"), "{list:#?}");
}

#[test]
fn a_name_is_not_taken_twice() {
    let sandbox = Sandbox::new().service("work", "issuer = \"http://127.0.0.1:1\"\n");
    sandbox
        .hallpass("add work --issuer http://127.0.0.1:2 --client-id x --no-discover")
        .fails(3)
        .says("work");
}

#[test]
fn an_unknown_service_is_named_with_a_hint() {
    let sandbox = Sandbox::new();
    for command in [
        "token", "login", "logout", "userinfo", "show", "remove", "call",
    ] {
        let ended = sandbox.run(
            &[command, "nosuch", "x"][..match command {
                "call" => 3,
                _ => 2,
            }],
        );
        let _ = ended.fails(3).says("nosuch").says("hint: ");
    }
}

#[test]
fn show_tells_where_each_value_comes_from() {
    let sandbox = Sandbox::new().service("google", "client_id = \"mine\"\n");
    let show = sandbox.hallpass("show google --origin").ok();
    let has = |key: &str, from: &str| {
        let mut lines = show.out().lines();
        lines.any(|line| line.contains(key) && line.contains(from))
    };
    assert!(has("client_id", "config.toml"), "{show:#?}");
    assert!(has("issuer", "preset google"), "{show:#?}");
}

#[test]
fn editing_keeps_comments() {
    let sandbox = Sandbox::new().service(
        "work",
        "# who gave me this: Grace\nissuer = \"http://127.0.0.1:1\" # staging\nclient_id = \"a\"\n",
    );
    sandbox.hallpass("edit work --set client_id=b").ok();
    let text = sandbox.read("config/config.toml");
    assert!(text.contains("# who gave me this: Grace"), "{text}");
    assert!(
        text.contains("# staging") && text.contains("\"b\""),
        "{text}"
    );
}

#[test]
fn removing_a_service_leaves_the_others() {
    let sandbox = Sandbox::new()
        .service("a", "issuer = \"http://127.0.0.1:1\"\nclient_id = \"x\"\n")
        .service("b", "issuer = \"http://127.0.0.1:2\"\nclient_id = \"x\"\n");
    sandbox.hallpass("remove a --keep-sessions").ok();
    let list = sandbox.hallpass("list --format json").ok().json();
    let names: Vec<_> = list
        .as_array()
        .expect("a list")
        .iter()
        .map(|service| service["name"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert!(
        names.contains(&"b".to_owned()) && !names.contains(&"a".to_owned()),
        "{names:?}"
    );
}

#[test]
fn a_mistake_in_the_file_is_named_by_line_and_key() {
    let sandbox = Sandbox::new().service("work", "issuer = \"x\"\nclientid = \"y\"\n");
    let ended = sandbox.hallpass("token work").fails(3);
    assert!(ended.stderr.contains("clientid"), "{ended:#?}");
    assert!(
        ended.stderr.contains("line ") || ended.stderr.contains(":7"),
        "{ended:#?}"
    );
}

#[test]
fn a_client_secret_never_reaches_the_file() {
    let authority = Authority::honest();
    let sandbox = Sandbox::new();
    let arguments = [
        "add",
        "work",
        "--issuer",
        &authority.issuer(),
        "--client-id",
        "x",
        "--client-secret-stdin",
        "--no-discover",
    ];
    sandbox.run_with_input(&arguments, b"hunter2-canary\n").ok();
    for (path, content) in sandbox.left_behind() {
        let found = content.windows(14).any(|w| w == b"hunter2-canary");
        assert!(!found, "the secret is in {}", path.display());
    }
}

#[test]
fn providers_says_where_to_register_and_what_to_enter() {
    let sandbox = Sandbox::bare();
    let shown = sandbox.hallpass("providers google").ok();
    assert!(shown.out().contains("https://"), "{shown:#?}");
    assert!(shown.out().contains("http://127.0.0.1"), "{shown:#?}");
    sandbox.hallpass("providers nosuch").fails(3);
}

/// Every shipped preset: where, how, which redirect URI, how in and out, when checked, what next.
#[test]
fn providers_shows_every_preset_to_a_newcomer() {
    let sandbox = Sandbox::bare();
    let all = sandbox.hallpass("providers --format json").ok().json();
    let all = all.as_array().expect("a list").clone();
    assert_eq!(all.len(), 20);
    for provider in &all {
        let name = provider["name"].as_str().expect("a name");
        let page = sandbox.hallpass(&format!("providers {name}")).ok();
        let uri = provider["redirect_uri_to_register"].as_str().expect("one");
        for part in [uri, "https://", "sign-in", "sign-out", "2026-", "hallpass "] {
            assert!(page.out().contains(part), "{name} lacks {part}: {page:#?}");
        }
        assert!(page.out().lines().all(|line| line.chars().count() < 110));
    }
    let found = sandbox.hallpass("providers git").ok();
    for name in ["github", "gitlab", "gitea"] {
        assert!(found.out().contains(name), "{found:#?}");
    }
}

/// A preset that somebody handed over: it is named by file and line, and nothing of it runs.
#[test]
fn a_hostile_preset_of_ones_own_is_refused_by_name() {
    for (text, says) in [
        (
            "issuer = 'http://evil.example'\nclient_id = 'c'\n",
            "is not https",
        ),
        (
            "issuer = 'https://a.example'\nclient_id = 'c'\naudience = ['http://evil.example']\n",
            "is not https",
        ),
        (
            "issuer = 'https://a.example'\nclient_id = 'c'\naudience = ['https://*']\n",
            "may have its star only",
        ),
        (
            "issuer = 'https://a.example'\nclient_id = 'c'\nauthorization_parameters = { redirect_uri = 'https://evil.example' }\n",
            "belongs to the protocol",
        ),
        (
            "issuer = 'https://a.example'\nclient_id = 'c'\napi_headers = { Authorization = 'Bearer x' }\n",
            "is not a header that can be set",
        ),
        (
            "issuer = 'https://a.example'\nclient_secret = 'hunter2'\n",
            "providers/mine.toml:2",
        ),
        ("isuer = 'https://a.example'\n", "did you mean issuer?"),
        ("\u{1}garbage", "providers/mine.toml:1"),
    ] {
        let sandbox = Sandbox::new();
        sandbox.write("config/providers/mine.toml", text);
        let ended = sandbox.hallpass("login mine --no-input").fails(3);
        let _ = ended.says(says).does_not_say("hunter2");
        assert!(sandbox.opened().is_empty());
    }
    // In place of a shipped one it says so.
    let sandbox = Sandbox::new();
    let own = "issuer = 'https://sso.example.com'\ndisplay_name = \"\\u001b[2JGoogle\"\n";
    sandbox.write("config/providers/google.toml", own);
    sandbox.write("config/providers/.#mine.toml", "an editor's lock");
    let page = sandbox.hallpass("providers google").ok();
    assert!(
        page.out().contains("in place of the shipped one"),
        "{page:#?}"
    );
    assert!(!page.out().contains('\u{1b}'), "{page:#?}");
}

/// A preset of one's own is as good as a shipped one.
#[test]
fn a_preset_of_ones_own_is_added_and_signed_in_to() {
    let authority = Authority::honest();
    let sandbox = Sandbox::new();
    let preset = format!(
        "display_name = 'Ours'\nvariables = {{ host = {{ help = 'the host' }} }}\n\
         issuer = 'https://{{host}}'\nscope = ['openid', 'email']\nclient_id = '{}'\n",
        hallpass::demo::CLIENT_ID
    );
    sandbox.write("config/providers/ours.toml", &preset);
    let host = format!("host={}", authority.issuer());
    sandbox
        .run(&["add", "work", "--provider", "ours", "--var", &host])
        .ok();
    sandbox.hallpass("login work").ok();
    let show = sandbox.hallpass("show work --origin").ok();
    assert!(show.out().contains("preset ours"), "{show:#?}");
}

#[test]
fn an_issuer_given_by_flag_gets_the_usual_scopes_too() {
    let authority = Authority::honest();
    let issuer = authority.issuer();
    let sandbox = Sandbox::new();
    let words = ["add", "work", "--issuer", &issuer, "--client-id", "c"];
    sandbox.run(&words).ok();
    sandbox
        .run(&["add", "same", &issuer, "--client-id", "c"])
        .ok();
    let scope = |name: &str| {
        let shown = sandbox.run(&["show", name, "--format", "json"]).ok().json();
        shown["values"]["scope"].clone()
    };
    assert!(
        scope("work").to_string().contains("offline_access"),
        "{}",
        scope("work")
    );
    assert_eq!(scope("work"), scope("same"));
}

#[test]
fn a_self_hosted_instance_is_where_its_client_is_registered() {
    let sandbox = Sandbox::new();
    sandbox
        .hallpass("add gl --provider gitlab --var host=gitlab.example.com --no-discover")
        .ok();
    let asked = sandbox.hallpass("login gl --no-input").code(2);
    asked.says("https://gitlab.example.com/-/user_settings/applications");
    let shown = sandbox.hallpass("providers gitlab").ok();
    assert!(
        shown
            .out()
            .contains("https://gitlab.com/-/user_settings/applications")
    );
}

#[test]
fn an_issuer_without_its_scheme_is_told_with_the_url_that_was_meant() {
    let sandbox = Sandbox::new();
    for (line, what, meant) in [
        (
            "add x --issuer 127.0.0.1:8777",
            "--issuer \"127.0.0.1:8777\" is not a URL",
            "--issuer http://127.0.0.1:8777",
        ),
        (
            "add x --issuer sso.example.com/realms/a",
            "is not a URL",
            "--issuer https://sso.example.com/realms/a",
        ),
        (
            "add x --issuer http://sso.example.com",
            "is not encrypted",
            "--issuer https://sso.example.com",
        ),
        (
            "add x --token-endpoint localhost:1/token --authorization-endpoint https://a.example",
            "--token-endpoint",
            "--token-endpoint http://localhost:1/token",
        ),
        (
            "add x 127.0.0.1:8777",
            "is not a URL",
            "hallpass add x http://127.0.0.1:8777",
        ),
        (
            "add sso.example.com/realms/a",
            "neither a service nor a URL",
            "hallpass add https://sso.example.com/realms/a",
        ),
        (
            "login 127.0.0.1:8777",
            "neither a service nor a URL",
            "hallpass login http://127.0.0.1:8777",
        ),
    ] {
        let ended = sandbox.hallpass(line).fails(2).says(what).says("https://");
        let hint = ended.stderr.lines().last().expect("a hint");
        assert!(hint.ends_with(&format!(": {meant}")), "{line}: {hint}");
    }
    // One that is in the file already.
    let sandbox = sandbox.service("old", "issuer = \"127.0.0.1:8777\"\nclient_id = \"c\"\n");
    let ended = sandbox.hallpass("token old").fails(3);
    let _ = ended.says("`hallpass edit old --set issuer=http://127.0.0.1:8777`");
}

/// A terminal obeys no hint, and a shell takes it as the one line that it is.
#[test]
fn what_is_repeated_of_a_url_that_was_meant_is_harmless() {
    let sandbox = Sandbox::new();
    for arguments in [
        &["add", "x\u{1b}[2J", "a.example"][..],
        &["add", "a.example/\u{202e}"],
        &["login", "a.example/\u{202e}"],
        &["add", "x", "--issuer", "a.example/\u{202e}"],
    ] {
        let told = sandbox.run(arguments);
        assert!(!told.stderr.is_empty(), "{arguments:?}");
        for unsafe_to_show in ['\u{1b}', '\u{202e}'] {
            assert!(!told.stderr.contains(unsafe_to_show), "{told:#?}");
        }
    }
    let told = sandbox.hallpass("login a.example/x&reboot").fails(2);
    told.says("hallpass login 'https://a.example/x&reboot'");
}

#[test]
fn what_a_provider_needs_to_know_is_told_as_the_line_that_says_it() {
    let sandbox = Sandbox::new();
    for (line, meant) in [
        (
            "add kc --provider keycloak --client-id c --var host=sso.example.com",
            "hint: hallpass add kc --provider keycloak --var host=sso.example.com --var realm=…",
        ),
        (
            "add keycloak --client-id c",
            "hint: hallpass add keycloak --var host=… --var realm=…",
        ),
        ("add gitea", "hint: hallpass add gitea --var host=…"),
        ("add forgejo", "hint: hallpass add forgejo --var host=…"),
    ] {
        let ended = sandbox.hallpass(line).fails(2).says("needs to know");
        assert_eq!(ended.stderr.lines().last(), Some(meant), "{line}");
    }
    // Nobody's token goes to an instance that nobody named.
    let ended = sandbox.run_with_input(&["login", "gitea", "--with-token"], b"pat\n");
    let _ = ended.fails(3).says("{host}").says("variables.host=…");
    let config = sandbox.read("config/config.toml");
    assert!(!config.contains("[service"), "{config}");
}

#[test]
fn a_variable_that_the_provider_does_not_have_is_named_with_those_it_has() {
    let sandbox = Sandbox::new();
    for (variable, near) in [("foo", ""), ("realms", "did you mean realm? ")] {
        let line = format!("add kc --provider keycloak --client-id c --var {variable}=1");
        let ended = sandbox.hallpass(&line).fails(3);
        let ended = ended.says(&format!("provider keycloak has no variable \"{variable}\""));
        let ended = ended.says(&format!("hint: {near}it has host (the server"));
        let _ = ended.says("; realm (the realm's name");
    }
    let line = "add google --client-id c --var foo=1";
    let ended = sandbox.hallpass(line).fails(3);
    let _ = ended.says("uses variable \"foo\"").says("leave --var out");
}
