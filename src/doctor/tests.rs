//! Checks of a service: each can fail, and says what to do then.

use serde_json::json;

use super::*;
use crate::grant::testing::{client, service};
use crate::port::fake::{Answer, World, block_on};
use crate::service::registration::{ClientAuthenticationMethod, Grant, RedirectRule, SecretSource};
use crate::session::Record;
use crate::session::record::sample;

pub(super) fn found<'f>(findings: &'f [Finding], check: &str) -> &'f Finding {
    findings
        .iter()
        .find(|finding| finding.check == check)
        .unwrap_or_else(|| panic!("no check {check}"))
}

pub(super) fn code(finding: &Finding) -> Option<Code> {
    match finding.verdict {
        Verdict::Failure(code) => Some(code),
        _ => None,
    }
}

fn reach(world: &World) -> Vec<Finding> {
    block_on(server::reach(&world.ports(), &service()))
}

fn dated(date: &str) -> Answer {
    Answer::response(404, &[("date", date)], "")
}

/// The double's clock stands at 2027-01-15 08:00:00.
#[test]
fn a_clock_is_judged_by_the_servers_date() {
    let cases = [
        ("Fri, 15 Jan 2027 08:00:00 GMT", Verdict::Ok),
        ("Fri, 15 Jan 2027 08:00:05 GMT", Verdict::Ok),
        ("Fri, 15 Jan 2027 08:00:50 GMT", Verdict::Warning),
        ("Fri, 15 Jan 2027 07:59:10 GMT", Verdict::Warning),
        (
            "Fri, 15 Jan 2027 09:00:00 GMT",
            Verdict::Failure(Code::ResponseInvalid),
        ),
        (
            "Thu, 14 Jan 2027 08:00:00 GMT",
            Verdict::Failure(Code::ResponseInvalid),
        ),
        ("tomorrow", Verdict::Skipped),
    ];
    for (date, verdict) in cases {
        let world = World::new();
        world.http.push(dated(date));
        let findings = reach(&world);
        assert_eq!(found(&findings, "server").verdict, Verdict::Ok);
        assert_eq!(found(&findings, "clock").verdict, verdict, "{date}");
    }
    let world = World::new();
    world.http.push(dated("Fri, 15 Jan 2027 09:00:00 GMT"));
    let findings = reach(&world);
    let clock = found(&findings, "clock");
    assert_eq!(
        clock.message,
        "this machine's clock is 3600 s behind the server's"
    );
}

#[test]
fn a_server_that_cannot_be_reached_is_told_and_its_clock_is_not_judged() {
    let world = World::new();
    let error = crate::port::HttpError::NotSent("cannot reach as.example:443".into());
    world.http.push(Answer::Fail(error));
    let findings = reach(&world);
    assert_eq!(code(found(&findings, "server")), Some(Code::Unreachable));
    assert_eq!(found(&findings, "clock").verdict, Verdict::Skipped);
}

#[test]
fn metadata_of_another_issuer_is_a_failure() {
    let world = World::new();
    let mut service = service();
    service.values.token_endpoint = None;
    world.http.on_request(|_| {
        Answer::json(
            200,
            &json!({"issuer": "https://evil.example", "token_endpoint": "https://evil.example/t"}),
        )
    });
    let (client, finding) = block_on(server::metadata(&world.ports(), &service));
    assert!(client.is_none());
    assert_eq!(code(&finding), Some(Code::MetadataInvalid));
    assert_eq!(finding.check, "metadata");
}

#[test]
fn a_missing_client_secret_is_the_clients_fault() {
    let world = World::new();
    let mut service = service();
    service.values.client_secret = Some(SecretSource::Env("UNSET".into()));
    let (client, finding) = block_on(server::metadata(&world.ports(), &service));
    assert!(client.is_none());
    assert_eq!(finding.check, "client");
    assert_eq!(code(&finding), Some(Code::ServiceIncomplete));
}

#[test]
fn a_taken_port_breaks_a_fixed_redirect_uri() {
    let world = World::new();
    let mut service = service();
    service.values.redirect = Some(RedirectRule::Exact);
    service.values.redirect_port = Some(8080);
    let finding = client::redirect_rule(&world.ports(), &service);
    assert_eq!(finding.verdict, Verdict::Ok);
    assert!(finding.message.contains("http://127.0.0.1:8080/callback"));
    world.listener.taken.set(true);
    let finding = client::redirect_rule(&world.ports(), &service);
    assert_eq!(code(&finding), Some(Code::Unreachable));
}

fn asked(answer: Answer) -> Finding {
    let world = World::new();
    world.http.push(answer);
    block_on(client::authorization_request(&world.ports(), &client()))
}

#[test]
fn the_authorization_endpoints_answer_tells_whether_it_knows_client_and_redirect_uri() {
    let to = |place: &str| Answer::response(302, &[("location", place)], "");
    let fine = [
        to("/login?return=1"),
        to("http://127.0.0.1:50000/callback?error=login_required&state=x"),
        Answer::new(200, "text/html", "<form>"),
    ];
    for answer in fine {
        assert_eq!(asked(answer).verdict, Verdict::Ok);
    }
    let refused = [
        to("http://127.0.0.1:50000/callback?error=invalid_scope&state=x"),
        to("https://accounts.example/oauth/error?authError=redirect_uri_mismatch"),
        Answer::new(400, "text/html", "Invalid parameter: redirect_uri"),
        Answer::new(401, "text/html", "unknown client"),
    ];
    for answer in refused {
        let finding = asked(answer);
        assert_eq!(code(&finding), Some(Code::ServerRefused));
        let hint = finding.hint.unwrap();
        assert!(hint.contains("http://127.0.0.1:50000/callback"), "{hint}");
    }
    assert_eq!(
        asked(Answer::new(403, "text/html", "robot?")).verdict,
        Verdict::Warning
    );
}

fn authenticated(answer: Answer, method: ClientAuthenticationMethod) -> Finding {
    let world = World::new();
    world.http.push(answer);
    let mut client = client();
    client.authentication = method;
    client.secret = (method != ClientAuthenticationMethod::None).then(|| "canary".into());
    let finding = block_on(client::client_authentication(&world.ports(), &client));
    assert_eq!(world.http.count(), 1);
    assert!(!format!("{finding:?}").contains("canary"));
    finding
}

#[test]
fn a_made_up_code_proves_client_authentication() {
    use ClientAuthenticationMethod as Method;
    let error = |status, error: &str| Answer::json(status, &json!({ "error": error }));
    for method in [
        Method::None,
        Method::ClientSecretBasic,
        Method::ClientSecretPost,
    ] {
        let finding = authenticated(error(400, "invalid_grant"), method);
        assert_eq!(finding.verdict, Verdict::Ok, "{finding:?}");
        let finding = authenticated(error(401, "invalid_client"), method);
        assert_eq!(code(&finding), Some(Code::ServerRefused));
        assert!(finding.hint.unwrap().contains("--client-secret-stdin"));
    }
    let finding = authenticated(error(400, "invalid_request"), Method::None);
    assert_eq!(finding.verdict, Verdict::Warning);
    let finding = authenticated(Answer::new(503, "text/html", "busy"), Method::None);
    assert_eq!(code(&finding), Some(Code::TransportFailed));
}

#[test]
fn a_server_that_gives_a_token_for_anything_is_a_failure() {
    let token = json!({"access_token": "canary", "token_type": "bearer"});
    let finding = authenticated(Answer::json(200, &token), ClientAuthenticationMethod::None);
    assert_eq!(code(&finding), Some(Code::ResponseInvalid));
}

#[test]
fn a_missing_offline_scope_is_told_where_the_server_has_one() {
    let mut client = client();
    let offered = |names: &[&str]| Some(names.iter().map(|&name| name.to_owned()).collect());
    assert_eq!(client::scopes(&client, false).verdict, Verdict::Ok);
    client.metadata.scopes_supported = offered(&["notes", "offline_access"]);
    let finding = client::scopes(&client, false);
    // A refresh token is there all the same.
    assert_eq!(client::scopes(&client, true).verdict, Verdict::Ok);
    assert_eq!(finding.verdict, Verdict::Warning);
    assert!(
        finding
            .hint
            .unwrap()
            .contains("--scope 'notes offline_access'")
    );
    client.service.values.scope = Some(vec!["notes".into(), "offline_access".into()]);
    assert_eq!(client::scopes(&client, false).verdict, Verdict::Ok);
    client.metadata.scopes_supported = offered(&["other"]);
    assert!(
        client::scopes(&client, false)
            .message
            .contains("does not list notes")
    );
}

#[test]
fn what_needs_endpoints_is_skipped_without_them() {
    let world = World::new();
    let mut service = service();
    service.values.token_endpoint = None;
    world
        .http
        .on_request(|_| Answer::new(500, "text/html", "down"));
    let mut findings = block_on(server::reach(&world.ports(), &service));
    let (client, finding) = block_on(server::metadata(&world.ports(), &service));
    findings.push(finding);
    findings.extend(block_on(of_client(&world.ports(), client.as_ref(), false)));
    assert!(code(found(&findings, "metadata")).is_some());
    for check in ["authorization request", "client authentication", "scopes"] {
        assert_eq!(found(&findings, check).verdict, Verdict::Skipped);
    }
}

const NOW: i64 = 1_800_000_000;

fn session_of(change: impl FnOnce(&mut Record)) -> Vec<Finding> {
    let mut record = sample();
    change(&mut record);
    session::of_record(&record, &service(), NOW + 600, false, None)
}

#[test]
fn what_the_server_says_of_the_refresh_token_is_told() {
    let refresh = |told| {
        let findings = session::of_record(&sample(), &service(), NOW + 600, false, told);
        let finding = found(&findings, "refresh token");
        (finding.verdict, finding.message.clone())
    };
    let (verdict, message) = refresh(Some(true));
    assert_eq!(verdict, Verdict::Ok);
    assert!(
        message.contains("the server says that it is good"),
        "{message}"
    );
    assert_eq!(refresh(Some(false)).0, Verdict::Warning);
    assert_eq!(refresh(None).0, Verdict::Ok);
}

#[test]
fn a_session_is_told_with_the_time_it_has_left() {
    let findings = session_of(|_| ());
    assert!(
        findings.iter().all(|f| f.verdict == Verdict::Ok),
        "{findings:?}"
    );
    let told = &found(&findings, "session").message;
    assert_eq!(told, "signed in as ada, access token for 50 min");
}

#[test]
fn a_session_that_will_not_last_is_told_ahead_of_time() {
    let refresh = |findings: &[Finding]| {
        let finding = found(findings, "refresh token");
        (finding.verdict, finding.message.clone())
    };
    let none = session_of(|record| record.token.refresh_token = None);
    assert_eq!(refresh(&none).0, Verdict::Warning);
    let ends = |seconds| session_of(|record| record.token.refresh_token_expires_in = Some(seconds));
    assert_eq!(
        refresh(&ends(86_400)),
        (Verdict::Warning, "it ends in 23 h".into())
    );
    assert_eq!(
        refresh(&ends(300)),
        (Verdict::Warning, "it has expired".into())
    );
    assert_eq!(refresh(&ends(30 * 86_400)).0, Verdict::Ok);
    let machine = session_of(|record| {
        record.grant = Grant::ClientCredentials;
        record.token.refresh_token = None;
    });
    assert_eq!(refresh(&machine).0, Verdict::Ok);
}

#[test]
fn scope_that_was_not_granted_is_named() {
    let findings = session_of(|record| {
        record.requested_scope = ["openid", "read", "write", "offline_access"]
            .map(str::to_owned)
            .into();
    });
    let finding = found(&findings, "granted scope");
    assert_eq!(finding.verdict, Verdict::Warning);
    assert_eq!(finding.message, "the server left out write");
}
