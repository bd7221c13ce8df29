//! Which flow `login` chooses: browser where there is one, device where there is none and the
//! server offers it, a pasted address always.

use serde_json::json;

use crate::support::server::Answer;
use crate::support::{Authority, Sandbox, wire};

fn signing_in() -> (Authority, Sandbox) {
    let authority = Authority::honest();
    let sandbox = Sandbox::new().service("demo", &authority.service());
    (authority, sandbox)
}

/// The provider without a device grant.
fn without_device(authority: &Authority) {
    authority.metadata(|document| {
        let members = document.as_object_mut().expect("an object");
        members.remove("device_authorization_endpoint");
    });
}

/// The first poll comes after a second and is answered with this.
fn polled(authority: &Authority, answer: Answer) {
    authority.mutate("/device_authorization", |body| {
        body["interval"] = json!(1);
    });
    authority.always("/token", answer);
}

fn device_requests(authority: &Authority) -> usize {
    authority.requests("/device_authorization").len()
}

#[test]
fn a_browser_is_opened_where_there_is_one_although_the_server_offers_the_device_grant() {
    let (authority, sandbox) = signing_in();
    sandbox.hallpass("login demo").ok();
    assert_eq!(sandbox.opened().len(), 1);
    assert_eq!(device_requests(&authority), 0);
}

/// A container, a machine at the other end of an SSH connection, a server without a display.
#[test]
fn without_a_browser_the_device_grant_is_chosen() {
    for (name, value) in [
        ("container", "docker"),
        ("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.2 22"),
        ("DISPLAY", ""),
    ] {
        let (authority, sandbox) = signing_in();
        let sandbox = sandbox.without_env("BROWSER").env(name, value);
        let mut running = sandbox.start(&["login", "demo"]);
        running.wait_for("enter the code");
        running.wait_for("Waiting for the approval");
        assert_eq!(device_requests(&authority), 1, "{name}");
        assert!(authority.requests("/authorize").is_empty());
        let _ = running.killed();
    }
}

#[test]
fn a_display_that_is_forwarded_is_a_browsers() {
    let (authority, sandbox) = signing_in();
    let sandbox = sandbox
        .without_env("BROWSER")
        .env("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.2 22")
        .env("DISPLAY", "localhost:10.0")
        // Nothing there that would show a page.
        .env("PATH", "/nonexistent");
    let mut running = sandbox.start(&["login", "demo"]);
    running.authorization_url();
    assert_eq!(device_requests(&authority), 0);
    let _ = running.killed();
}

#[test]
fn without_browser_and_device_grant_the_address_is_printed_and_one_is_taken_back() {
    let (authority, sandbox) = signing_in();
    without_device(&authority);
    let sandbox = sandbox.without_env("BROWSER");
    let mut running = sandbox.start(&["login", "demo"]);
    let url = running.authorization_url();
    let answer = wire::get(&url).expect("the provider answers");
    let location = answer.headers()[http::header::LOCATION]
        .to_str()
        .expect("ASCII");
    running.write(format!("{location}\n").as_bytes());
    running.finish().ok();
    sandbox.hallpass("token demo").ok();
}

#[test]
fn paste_takes_an_address_and_listens_nowhere() {
    let (_authority, sandbox) = signing_in();
    let mut running = sandbox.start(&["login", "demo", "--flow", "paste"]);
    let url = running.authorization_url();
    let answer = wire::get(&url).expect("the provider answers");
    let location = answer.headers()[http::header::LOCATION]
        .to_str()
        .expect("ASCII");
    let redirect: url::Url = location.parse().expect("a URL");
    assert!(
        std::net::TcpStream::connect(wire::address(&redirect)).is_err(),
        "something listens at {redirect}"
    );
    running.write(format!("{location}\n").as_bytes());
    running.finish().ok();
    assert!(sandbox.opened().is_empty(), "a browser was opened");
    sandbox.hallpass("token demo").ok();
}

/// Nobody can paste anything: it does not wait for the deadline.
#[test]
fn paste_without_an_input_ends_at_once_and_says_why() {
    let (authority, sandbox) = signing_in();
    let ended = sandbox.hallpass("login demo --flow paste").fails(8);
    assert!(
        ended.took < std::time::Duration::from_secs(20),
        "{ended:#?}"
    );
    let _ = ended
        .says("the input ended before the sign-in to demo was finished")
        .says("hint: paste the address at a terminal");
    assert!(authority.requests("/token").is_empty());
}

#[test]
fn a_server_with_the_device_grant_alone_gets_it_even_where_there_is_a_browser() {
    let (authority, sandbox) = signing_in();
    authority.metadata(|document| {
        let members = document.as_object_mut().expect("an object");
        members.remove("authorization_endpoint");
        members.insert(
            "grant_types_supported".into(),
            json!(["urn:ietf:params:oauth:grant-type:device_code"]),
        );
    });
    let mut running = sandbox.start(&["login", "demo"]);
    running.wait_for("enter the code");
    let _ = running.killed();
    assert!(sandbox.opened().is_empty());
}

#[test]
fn the_device_flow_of_a_server_without_one_is_an_error_that_says_so() {
    let (authority, sandbox) = signing_in();
    without_device(&authority);
    let ended = sandbox.hallpass("login demo --flow device").fails(3);
    let _ = ended.says("device_authorization_endpoint").says("hint: ");
    assert!(sandbox.opened().is_empty());
}

#[test]
fn a_denial_and_a_code_that_nobody_entered_end_it_and_keep_nothing() {
    for (error, says) in [
        ("access_denied", "denied on the other device"),
        ("expired_token", "nobody approved"),
    ] {
        let (authority, sandbox) = signing_in();
        polled(&authority, Answer::json(400, &json!({ "error": error })));
        let ended = sandbox.hallpass("login demo --flow device").fails(8);
        let _ = ended.says(says);
        assert_eq!(authority.requests("/token").len(), 1);
        sandbox.hallpass("token demo").fails(4);
    }
}

/// RFC 8628 §3.3.1: the address is shown; opening it is the person's choice.
#[test]
fn the_code_is_shown_and_no_page_is_opened_with_it() {
    let (authority, sandbox) = signing_in();
    authority.mutate("/device_authorization", |body| {
        body["user_code"] = json!("WDJB-\u{1b}[2JMJHT");
    });
    let mut running = sandbox.start(&["login", "demo", "--flow", "device"]);
    running.wait_for("/device");
    running.wait_for("WDJB-\\u{1b}[2JMJHT");
    let ended = running.killed();
    assert!(!ended.stderr.contains('\u{1b}'), "{ended:#?}");
    assert!(sandbox.opened().is_empty());
}

#[test]
fn a_machines_client_signs_in_for_itself_and_nobody_is_asked() {
    let authority = Authority::honest();
    let client =
        hallpass::demo::DemoClient::confidential("machine", "canary-secret", "client_secret_post");
    authority.provider(|p| p.add_client(client));
    let body = format!(
        "issuer = \"{0}\"\nclient_id = \"machine\"\ngrant = \"client_credentials\"\n\
         client_secret = {{ env = \"MACHINE\" }}\nscope = [\"notes:read\"]\n\
         token_endpoint_auth_method = \"client_secret_post\"\napi_base_url = \"{0}/api/\"\n",
        authority.issuer()
    );
    let sandbox = Sandbox::new()
        .service("robot", &body)
        .env("MACHINE", "canary-secret");
    sandbox.hallpass("login robot").ok().does_not_say("http");
    assert!(sandbox.opened().is_empty());
    assert_eq!(authority.token_requests("client_credentials"), 1);
    let first = sandbox.hallpass("token robot").ok();
    let second = sandbox.hallpass("token robot --refresh").ok();
    assert_ne!(first.data(), second.data());
    assert_eq!(authority.token_requests("client_credentials"), 2);
    // Without its secret it says which it is.
    let bare = sandbox.without_env("MACHINE");
    let _ = bare
        .hallpass("token robot --refresh")
        .fails(3)
        .says("MACHINE");
}
