//! The whole journey against npm `oidc-provider`: login and consent pages, refresh, API, UserInfo,
//! logout.

use std::cell::Cell;
use std::time::{Duration, SystemTime};

use crate::never_lost::many::{Server, storm};
use crate::never_lost::storm_rounds;
use crate::support::Sandbox;
use crate::support::browser::Plan;
use crate::support::keyring::Keyring;
use crate::support::oidc_provider::OidcProvider;

#[test]
fn a_public_client_signs_in_calls_and_signs_out() {
    let Some(server) = OidcProvider::start(3600) else {
        return;
    };
    let sandbox = Sandbox::new().service("real", &server.service("hallpass-public"));
    sandbox.hallpass("login real").ok().says("ada");
    let me = sandbox.hallpass("call real me").ok().json();
    assert_eq!(me["id"], "ada");
    let person = sandbox.hallpass("userinfo real").ok().json();
    assert_eq!(person["email"], "ada@example.com");
    assert_eq!(server.count("POST /token"), 1);
    let token = sandbox.hallpass("token real").ok();
    sandbox.hallpass("logout real").ok();
    assert!(
        server.count("POST /token/revocation") >= 1,
        "{:?}",
        server.log()
    );
    sandbox.hallpass("token real").fails(4);
    assert!(!token.data().is_empty());
}

#[test]
fn a_secret_full_of_special_characters_goes_through_basic() {
    let Some(server) = OidcProvider::start(3600) else {
        return;
    };
    let body = server.service("hallpass-basic");
    let secret = "client_secret = { env = \"REAL_SECRET\" }\n";
    let sandbox = Sandbox::new()
        .service("real", &format!("{body}{secret}"))
        .env("REAL_SECRET", "a:b c%+/&=");
    sandbox.hallpass("login real").ok();
    sandbox.hallpass("token real --refresh").ok();
}

#[test]
fn an_expired_token_is_renewed_and_the_refresh_token_rotates() {
    let Some(server) = OidcProvider::start(2) else {
        return;
    };
    let sandbox = Sandbox::new().service("real", &server.service("hallpass-public"));
    sandbox.hallpass("login real").ok();
    // Called again and again while two lifetimes pass.
    let start = std::time::Instant::now();
    while start.elapsed().as_secs() < 5 {
        sandbox.hallpass("call real me").ok();
    }
    assert!(server.count("POST /token") >= 3, "{:?}", server.log());
}

#[test]
fn es256_id_tokens_are_checked_with_the_right_key() {
    let Some(server) = OidcProvider::start(3600) else {
        return;
    };
    let mut body = server.service("hallpass-es256");
    body.push_str("id_token_signed_response_alg = \"ES256\"\n");
    let sandbox = Sandbox::new().service("real", &body);
    sandbox.hallpass("login real").ok();
}

#[test]
fn a_denied_consent_is_a_cancelled_sign_in() {
    let Some(server) = OidcProvider::start(3600) else {
        return;
    };
    let sandbox = Sandbox::new()
        .browser(Plan::Deny)
        .service("real", &server.service("hallpass-public"));
    let code = sandbox.hallpass("login real").code;
    assert!(code == 8 || code == 5, "exit {code}");
    assert_eq!(server.count("POST /token"), 0);
}

#[test]
fn client_credentials_give_a_token_that_the_api_takes() {
    let Some(server) = OidcProvider::start(3600) else {
        return;
    };
    let body = format!(
        "issuer = \"{0}\"\nclient_id = \"hallpass-machine\"\ngrant = \"client_credentials\"\n\
         client_secret = {{ env = \"REAL_SECRET\" }}\n\
         token_endpoint_auth_method = \"client_secret_post\"\napi_base_url = \"{0}/api/\"\n",
        server.issuer()
    );
    let sandbox = Sandbox::new()
        .service("real", &body)
        .env("REAL_SECRET", "machine-secret");
    sandbox.hallpass("login real").ok();
    let me = sandbox.hallpass("call real me").ok().json();
    assert_eq!(me["id"], "hallpass-machine");
}

#[test]
fn twenty_processes_each_renew_in_turn_on_a_server_with_reuse_detection() {
    // No token lives for two hours, so every process finds it stale: rotations in a row, and one
    // refresh token used twice would kill the session.
    let (Some(server), Some(keyring)) = (OidcProvider::start(3600), Keyring::start()) else {
        return;
    };
    let sandbox =
        super::keyring::sandbox(&keyring).service("real", &server.service("hallpass-public"));
    sandbox.hallpass("login real").ok();
    let running: Vec<_> = (0..20)
        .map(|_| sandbox.start(&["token", "real", "--min-ttl", "2h"]))
        .collect();
    let ended: Vec<_> = running.into_iter().map(|run| run.finish()).collect();
    assert!(
        ended.iter().all(|transcript| transcript.code == 0),
        "{ended:#?}"
    );
    let asked = server.count("POST /token");
    assert!((2..=21).contains(&asked), "{asked}");
    sandbox.hallpass("token real --refresh").ok();
}

/// A certified server in a storm.
struct Stormy {
    server: OidcProvider,
    before: Cell<usize>,
}

impl Server for Stormy {
    fn expire(&self, sandbox: &Sandbox) {
        self.server.tell("ttl?value=1");
        sandbox.hallpass("token demo --refresh").ok();
        let renewed = SystemTime::now();
        self.server.tell("ttl?value=3600");
        self.before.set(self.server.count("POST /token"));
        // It has to have ended by the clock.
        while renewed.elapsed().is_ok_and(|e| e < Duration::from_secs(1)) {
            std::thread::yield_now();
        }
    }

    fn hold(&self) -> Box<dyn FnOnce() + '_> {
        self.server.tell("hold");
        Box::new(|| drop(self.server.tell("release")))
    }

    fn refreshes(&self) -> usize {
        self.server.count("POST /token") - self.before.get()
    }
}

#[test]
fn sixty_four_processes_make_one_refresh_a_round_on_a_server_with_reuse_detection() {
    let (Some(server), Some(keyring)) = (OidcProvider::start(3600), Keyring::start()) else {
        return;
    };
    let sandbox =
        super::keyring::sandbox(&keyring).service("demo", &server.service("hallpass-public"));
    sandbox.hallpass("login demo").ok();
    let stormy = Stormy {
        server,
        before: Cell::default(),
    };
    let lines = ["token demo", "call demo me"];
    storm(
        "oidc-provider and keyring, mixed",
        &stormy,
        &sandbox,
        storm_rounds(),
        &lines,
    );
}
