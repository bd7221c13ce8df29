//! Sending against scripted servers.

use std::cell::{Cell, RefCell};

use super::answer::Answer;
use super::body::Reader;
use super::options::{DataFlag, Typed, plan};
use super::request::{Outgoing, prepare};
use super::send::{Policy, Sender};
use super::tokens::Tokens;
use crate::error::{Code, Error, Result};
use crate::port::fake::{Answer as Script, FakeFiles, FakeProgress, World, block_on};
use crate::port::{BoxFuture, HttpError};
use crate::protocol::token::TokenType;
use crate::secret::Secret;
use crate::service::Service;
use crate::transport::{Audience, Credential};

struct FakeTokens {
    number: Cell<u32>,
    audience: Audience,
    dead: Cell<bool>,
}

impl Tokens for FakeTokens {
    fn credential(&self) -> Credential {
        let token = Secret::from(format!("t{}", self.number.get()));
        Credential::new(token, TokenType::Bearer, self.audience.clone())
    }

    fn renew<'a>(&'a self, refused: &'a Credential) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            if self.dead.get() {
                return Err(Error::new(Code::RefreshRefused, "the session has ended"));
            }
            if *refused.token() == *self.credential().token() {
                self.number.set(self.number.get() + 1);
            }
            Ok(())
        })
    }

    fn scope(&self) -> Vec<String> {
        vec!["a".into()]
    }
}

struct Stage {
    world: World,
    files: FakeFiles,
    progress: FakeProgress,
    tokens: FakeTokens,
    service: Service,
    policy: Policy,
    url: RefCell<String>,
}

impl Stage {
    fn new() -> Stage {
        let mut audience = Audience::default();
        audience
            .allow("https://api.example", "config.toml")
            .unwrap();
        audience
            .allow("https://*.friends.example", "config.toml")
            .unwrap();
        Stage {
            world: World::new(),
            files: FakeFiles::default(),
            progress: FakeProgress::default(),
            tokens: FakeTokens {
                number: Cell::new(1),
                audience,
                dead: Cell::default(),
            },
            service: Service {
                name: "x".into(),
                account: None,
                values: Default::default(),
                origins: Default::default(),
                variables: Default::default(),
            },
            policy: Policy::default(),
            url: RefCell::new("https://api.example/a".into()),
        }
    }

    fn following() -> Stage {
        let mut stage = Stage::new();
        stage.policy.follow = true;
        stage
    }

    fn outgoing(&self, typed: Typed) -> Outgoing {
        let url = url::Url::parse(&self.url.borrow()).unwrap();
        let reader = Reader::new(&self.files);
        let plan = plan(typed).unwrap();
        prepare(plan, url, &self.service, &reader, &self.world.random).unwrap()
    }

    fn send(&self, typed: Typed) -> Result<Answer> {
        let sender = Sender {
            ports: self.world.ports(),
            http: &self.world.http,
            files: &self.files,
            progress: &self.progress,
            tokens: &self.tokens,
            service: &self.service,
            policy: &self.policy,
            deadline: None,
        };
        block_on(sender.send(&self.outgoing(typed)))
    }

    fn redirect(&self, status: u16, location: &str) {
        let answer = Script::response(status, &[("location", location)], "");
        self.world.http.push(answer);
    }

    fn ok(&self) {
        self.world.http.push(Script::new(200, "text/plain", "fine"));
    }

    /// `Authorization` of every request.
    fn credentials(&self) -> Vec<String> {
        let requests = self.world.http.requests.borrow();
        requests
            .iter()
            .map(|request| match request.headers().get("authorization") {
                Some(value) => value.to_str().unwrap().to_owned(),
                None => "-".into(),
            })
            .collect()
    }
}

fn with_header(line: &str) -> Typed {
    Typed {
        headers: vec![line.into()],
        ..Typed::default()
    }
}

fn post(body: &str) -> Typed {
    Typed {
        data: vec![(DataFlag::Data, body.into())],
        ..Typed::default()
    }
}

fn unauthorized() -> Script {
    Script::response(
        401,
        &[("www-authenticate", "Bearer error=\"invalid_token\"")],
        "{}",
    )
}

/// S8: one renewal, one more try.
#[test]
fn a_refused_token_is_renewed_once() {
    let stage = Stage::new();
    stage.world.http.push(unauthorized());
    stage.ok();
    let answer = stage.send(post("a=1")).unwrap();
    assert_eq!(answer.head.status, 200);
    assert!(answer.renewed);
    assert_eq!(stage.credentials(), ["Bearer t1", "Bearer t2"]);
    let requests = stage.world.http.requests.borrow();
    assert_eq!(&requests[1].body()[..], b"a=1");
}

#[test]
fn an_api_that_always_refuses_is_asked_twice() {
    let stage = Stage::new();
    stage.world.http.on_request(|_| unauthorized());
    let answer = stage.send(Typed::default()).unwrap();
    assert_eq!(answer.head.status, 401);
    assert_eq!(answer.trouble.unwrap().code(), Code::ApiStatus);
    assert_eq!(stage.world.http.count(), 2);
}

#[test]
fn a_session_that_cannot_be_renewed_says_so_beside_the_answer() {
    let stage = Stage::new();
    stage.tokens.dead.set(true);
    stage.world.http.push(unauthorized());
    let answer = stage.send(Typed::default()).unwrap();
    assert_eq!(answer.trouble.unwrap().code(), Code::RefreshRefused);
    assert_eq!(stage.world.http.count(), 1);
}

#[test]
fn a_body_from_a_stream_is_not_sent_twice() {
    let stage = Stage::new();
    stage.files.put("", b"once");
    stage.world.http.push(unauthorized());
    let typed = Typed {
        upload: Some("-".into()),
        ..Typed::default()
    };
    let answer = stage.send(typed).unwrap();
    let trouble = answer.trouble.unwrap();
    assert!(
        trouble.to_string().contains("cannot be sent again"),
        "{trouble}"
    );
    assert_eq!(stage.world.http.count(), 1);
    assert_eq!(
        stage.tokens.number.get(),
        2,
        "the next run has a good token"
    );
}

#[test]
fn insufficient_scope_names_the_login_that_cures_it() {
    let stage = Stage::new();
    let challenge = "Bearer error=\"insufficient_scope\", scope=\"b\"";
    let answer = Script::response(403, &[("www-authenticate", challenge)], "");
    stage.world.http.push(answer);
    let trouble = stage.send(Typed::default()).unwrap().trouble.unwrap();
    assert_eq!(trouble.code(), Code::InsufficientScope);
    assert!(
        trouble
            .hint()
            .unwrap()
            .contains("hallpass login x --scope 'a b'")
    );
}

/// must 83
#[test]
fn an_origin_outside_the_audience_is_refused_before_anything_is_sent() {
    let stage = Stage::new();
    for url in [
        "https://evil.example/",
        "http://api.example/",
        "https://api.example:444/",
    ] {
        stage.url.replace(url.into());
        let error = stage.send(Typed::default()).unwrap_err();
        assert_eq!(error.code(), Code::OriginNotAllowed, "{url}");
    }
    assert_eq!(stage.world.http.count(), 0);
}

#[test]
fn redirects_are_followed_only_when_asked_for() {
    let stage = Stage::new();
    stage.redirect(302, "/b");
    let answer = stage.send(Typed::default()).unwrap();
    assert_eq!((answer.head.status.as_u16(), answer.redirects), (302, 0));
}

/// S9, must 84: the credential and the person's own headers stay on their origin.
#[test]
fn nothing_secret_leaves_the_origin_by_redirect() {
    for place in [
        "https://evil.example/",
        "https://api.example:8443/",
        "https://sub.api.example/",
        "https://api.example./",
        "https://api.example@evil.example/",
        "//evil.example/",
    ] {
        for status in [301, 302, 303, 307, 308] {
            let stage = Stage::following();
            stage.redirect(status, place);
            // And back again: a foreign server does not steer what is authenticated.
            stage.redirect(status, "https://api.example/delete-everything");
            stage.ok();
            let answer = stage.send(with_header("X-Api-Key: k")).unwrap();
            assert_eq!(answer.redirects, 2);
            assert_eq!(
                stage.credentials(),
                ["Bearer t1", "-", "-"],
                "{status} {place}"
            );
            for request in &stage.world.http.requests.borrow()[1..] {
                assert!(!request.headers().contains_key("x-api-key"), "{place}");
            }
            assert_eq!(stage.world.ui.notices.borrow().len(), 1);
        }
    }
}

#[test]
fn within_the_origin_everything_goes_along() {
    let stage = Stage::following();
    stage.redirect(302, "/b?c=d");
    stage.ok();
    let answer = stage.send(with_header("X-Api-Key: k")).unwrap();
    assert_eq!(answer.url.as_str(), "https://api.example/b?c=d");
    assert_eq!(stage.credentials(), ["Bearer t1", "Bearer t1"]);
    assert!(
        stage.world.http.requests.borrow()[1]
            .headers()
            .contains_key("x-api-key")
    );
}

#[test]
fn an_origin_of_the_audience_gets_the_credential_but_no_other_header() {
    let stage = Stage::following();
    stage.redirect(302, "https://eu.friends.example/");
    stage.ok();
    stage.send(with_header("X-Api-Key: k")).unwrap();
    assert_eq!(stage.credentials(), ["Bearer t1", "Bearer t1"]);
    assert!(
        !stage.world.http.requests.borrow()[1]
            .headers()
            .contains_key("x-api-key")
    );
}

#[test]
fn encryption_is_never_left_by_redirect() {
    let stage = Stage::following();
    stage.redirect(302, "http://api.example/");
    let error = stage.send(Typed::default()).unwrap_err();
    assert_eq!(error.code(), Code::OriginNotAllowed);
    assert_eq!(stage.world.http.count(), 1);
}

#[test]
fn redirects_end() {
    let stage = Stage::following();
    stage
        .world
        .http
        .on_request(|_| Script::response(302, &[("location", "/a")], ""));
    let error = stage.send(Typed::default()).unwrap_err();
    assert_eq!(error.code(), Code::ResponseInvalid);
    assert_eq!(stage.world.http.count(), 51);
}

#[test]
fn a_redirected_post_becomes_a_get_or_sends_its_body_again() {
    for (status, method, body) in [(302, "GET", ""), (307, "POST", "a=1")] {
        let stage = Stage::following();
        stage.redirect(status, "/b");
        stage.ok();
        stage.send(post("a=1")).unwrap();
        let requests = stage.world.http.requests.borrow();
        assert_eq!(requests[1].method(), method);
        assert_eq!(&requests[1].body()[..], body.as_bytes());
        assert_eq!(
            requests[1].headers().contains_key("content-type"),
            !body.is_empty()
        );
    }
    let stage = Stage::following();
    stage.files.put("", b"once");
    stage.redirect(307, "/b");
    let typed = Typed {
        upload: Some("-".into()),
        ..Typed::default()
    };
    let error = stage.send(typed).unwrap_err();
    assert!(error.to_string().contains("stream"), "{error}");
}

#[test]
fn retries_wait_as_the_server_asks() {
    let mut stage = Stage::new();
    stage.policy.retry.times = 2;
    stage
        .world
        .http
        .push(Script::response(503, &[("retry-after", "7")], ""));
    stage
        .world
        .http
        .push(Script::Fail(HttpError::Ambiguous("reset".into())));
    stage.ok();
    let answer = stage.send(Typed::default()).unwrap();
    assert_eq!((answer.head.status.as_u16(), answer.retries), (200, 2));
    assert_eq!(stage.world.clock.slept()[0].as_secs(), 7);
    assert_eq!(stage.progress.waits.borrow().len(), 2, "waiting is shown");
}

#[test]
fn nothing_unsafe_is_sent_twice_after_a_broken_connection() {
    let mut stage = Stage::new();
    stage.policy.retry.times = 5;
    stage
        .world
        .http
        .push(Script::Fail(HttpError::Ambiguous("reset".into())));
    let error = stage.send(post("a=1")).unwrap_err();
    assert_eq!(error.code(), Code::TransportFailed);
    assert_eq!(stage.world.http.count(), 1);
}

#[test]
fn without_certificate_check_a_credential_stays_at_home() {
    let mut stage = Stage::new();
    stage.policy.insecure = true;
    let error = stage.send(Typed::default()).unwrap_err();
    assert_eq!(error.code(), Code::OriginNotAllowed);
    assert!(error.hint().unwrap().contains("--cacert"));
    stage.service.values.insecure_api = Some(true);
    stage.ok();
    assert!(stage.send(Typed::default()).is_ok());
}

#[test]
fn the_trace_hides_the_token() {
    let stage = Stage::new();
    stage.world.ui.wants_trace.set(true);
    stage.ok();
    stage.send(with_header("X-Plain: seen")).unwrap();
    let traces = stage.world.ui.traces.borrow().join("\n");
    assert!(
        traces.contains("> authorization: Bearer [redacted]"),
        "{traces}"
    );
    assert!(
        traces.contains("x-plain: seen") && traces.contains("< 200 OK"),
        "{traces}"
    );
    assert!(!traces.contains("t1"));
}
