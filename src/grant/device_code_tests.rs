//! The device grant against a scripted server and a fake clock (must 97, S14).

use serde_json::{Value, json};

use super::*;
use crate::grant::testing::client;
use crate::port::fake::{Answer, World, block_on};

fn details() -> Value {
    json!({
        "device_code": "dc-SECRET", "user_code": "WDJB-MJHT",
        "verification_uri": "https://as.example/device",
        "verification_uri_complete": "https://as.example/device?user_code=WDJB-MJHT",
        "expires_in": 600,
    })
}

fn error(name: &str) -> Answer {
    Answer::json(400, &json!({"error": name}))
}

fn token() -> Answer {
    Answer::json(200, &json!({"access_token": "at", "token_type": "Bearer"}))
}

fn world(details: &Value, answers: Vec<Answer>) -> World {
    let world = World::new();
    world.http.push(Answer::json(200, details));
    for answer in answers {
        world.http.push(answer);
    }
    world
}

fn signed_in(world: &World) -> Result<SignedIn> {
    let options = Options {
        deadline: Duration::from_secs(3600),
        ..Options::default()
    };
    block_on(sign_in(&world.ports(), &client(), &options))
}

fn gaps(world: &World) -> Vec<u64> {
    world.clock.slept().iter().map(Duration::as_secs).collect()
}

fn failed(world: &World) -> Error {
    match signed_in(world) {
        Ok(_) => panic!("this was to fail"),
        Err(error) => error,
    }
}

#[test]
fn the_journey_of_rfc_8628() {
    let world = world(&details(), vec![error("authorization_pending"), token()]);
    assert_eq!(signed_in(&world).unwrap().token.access_token.expose(), "at");
    assert_eq!(gaps(&world), [5, 5]);
    let first = world.http.form(0);
    assert!(first.contains(&("client_id".into(), "cli".into())));
    assert!(first.contains(&("scope".into(), "notes".into())));
    let poll = world.http.form(2);
    let grant_type = "urn:ietf:params:oauth:grant-type:device_code";
    assert!(poll.contains(&("grant_type".into(), grant_type.into())));
    assert!(poll.contains(&("device_code".into(), "dc-SECRET".into())));
    let shown = world.ui.notices.borrow().join("\n");
    assert!(shown.contains("https://as.example/device\n"), "{shown}");
    assert!(shown.contains("WDJB-MJHT"));
    assert!(!shown.contains("SECRET"));
    assert!(world.browser.opened.borrow().is_empty());
}

/// S14: gaps of 5, 10, 15 and 20 seconds.
#[test]
fn each_slow_down_adds_five_seconds_for_good() {
    let answers = vec![
        error("slow_down"),
        error("slow_down"),
        error("slow_down"),
        error("authorization_pending"),
        token(),
    ];
    let world = world(&details(), answers);
    signed_in(&world).unwrap();
    assert_eq!(gaps(&world), [5, 10, 15, 20, 20]);
}

/// GitHub: `slow_down` names the new interval.
#[test]
fn a_slow_down_may_name_a_longer_interval_but_no_shorter_one() {
    let told = |interval| Answer::json(200, &json!({"error": "slow_down", "interval": interval}));
    let world = world(&details(), vec![told(30), told(1), token()]);
    signed_in(&world).unwrap();
    assert_eq!(gaps(&world), [5, 30, 35]);
}

/// RFC 8628 §3.5: connection time-outs double the interval; trouble of the server does too.
#[test]
fn no_answer_halves_the_frequency_within_a_cap() {
    let answers = vec![
        Answer::Fail(HttpError::Ambiguous("timed out".into())),
        Answer::new(502, "text/html", "<h1>"),
        Answer::Fail(HttpError::NotSent("no route".into())),
        Answer::response(429, &[("retry-after", "50")], ""),
        Answer::Fail(HttpError::NotSent("no route".into())),
        token(),
    ];
    let world = world(&details(), answers);
    signed_in(&world).unwrap();
    assert_eq!(gaps(&world), [5, 10, 20, 40, 60, 60]);
}

#[test]
fn the_end_of_the_code_ends_the_polling() {
    let mut short = details();
    short["expires_in"] = json!(22);
    let pending = std::iter::repeat_with(|| error("authorization_pending")).take(99);
    let world = world(&short, pending.collect());
    let error = failed(&world);
    assert_eq!(error.code(), Code::TimedOut);
    assert_eq!(
        world.http.count(),
        1 + 4,
        "polls at 5, 10, 15 and 20 seconds"
    );
}

#[test]
fn refusals_end_the_polling() {
    for (name, code) in [
        ("access_denied", Code::Cancelled),
        ("expired_token", Code::TimedOut),
        ("invalid_grant", Code::ServerRefused),
    ] {
        let world = world(&details(), vec![error(name), token()]);
        let error = failed(&world);
        assert_eq!(error.code(), code, "{name}");
        assert_eq!(error.oauth().unwrap().error, name);
        assert_eq!(world.http.count(), 2);
    }
}

/// Polling on cannot mend an answer that is not one.
#[test]
fn an_invalid_token_answer_ends_the_polling() {
    let body = json!({"access_token": "at", "token_type": "mac"});
    let world = world(&details(), vec![Answer::json(200, &body), token()]);
    assert_eq!(failed(&world).code(), Code::ResponseInvalid);
    assert_eq!(world.http.count(), 2);
}

#[test]
fn a_qr_code_of_the_complete_uri_is_drawn_for_a_person() {
    let world = world(&details(), vec![token()]);
    world.ui.prompts.set(true);
    signed_in(&world).unwrap();
    let notices = world.ui.notices.borrow();
    assert!(notices.iter().any(|line| line.contains("WDJB-MJHT")));
    let rows: Vec<&str> = notices
        .iter()
        .filter_map(|line| {
            line.strip_prefix("\u{1b}[97m\u{1b}[40m")?
                .strip_suffix("\u{1b}[0m")
        })
        .collect();
    // Module for module the code of that address, with the four light ones all round that
    // scanners need (ISO/IEC 18004 §9.1).
    let uri = details()["verification_uri_complete"]
        .as_str()
        .unwrap()
        .to_owned();
    let code = qrcode::QrCode::with_error_correction_level(uri, qrcode::EcLevel::L).unwrap();
    let (width, modules) = (code.width(), code.to_colors());
    for (y, row) in rows.iter().enumerate() {
        let halves = row.chars().enumerate().flat_map(|(x, drawn)| {
            let light = match drawn {
                '█' => [true, true],
                '▀' => [true, false],
                '▄' => [false, true],
                _ => [false, false],
            };
            [(x, 2 * y, light[0]), (x, 2 * y + 1, light[1])]
        });
        for (x, y, light) in halves {
            let inside = (4..width + 4).contains(&x) && (4..width + 4).contains(&y);
            let dark = inside && modules[(y - 4) * width + x - 4] == qrcode::Color::Dark;
            // An odd number of rows ends in half a line that nothing is drawn in.
            if y < width + 8 {
                assert_eq!(light, !dark, "module {x}, {y}");
            }
        }
    }
    assert_eq!(rows.len(), (width + 8).div_ceil(2));
}

/// Nobody can scan what goes into a file; the address and the code are there.
#[test]
fn without_a_person_there_is_no_qr_code() {
    let world = world(&details(), vec![token()]);
    signed_in(&world).unwrap();
    let notices = world.ui.notices.borrow().join("\n");
    assert!(
        !notices.contains('█') && notices.contains("WDJB-MJHT"),
        "{notices}"
    );
}

#[test]
fn the_persons_deadline_counts_too() {
    let pending = std::iter::repeat_with(|| error("authorization_pending")).take(99);
    let world = world(&details(), pending.collect());
    let options = Options {
        deadline: Duration::from_secs(12),
        ..Options::default()
    };
    let outcome = block_on(sign_in(&world.ports(), &client(), &options));
    assert_eq!(outcome.unwrap_err().code(), Code::TimedOut);
    assert_eq!(world.http.count(), 1 + 2);
}

/// A server that names a long interval, or asks for one, does not outlast the person's deadline.
#[test]
fn no_interval_outlasts_the_deadline() {
    for (interval, answers) in [
        (60, vec![]),
        (
            5,
            vec![Answer::json(
                400,
                &json!({"error": "slow_down", "interval": 300}),
            )],
        ),
        (5, vec![Answer::new(503, "", ""), Answer::new(503, "", "")]),
        (5, vec![Answer::Never]),
    ] {
        let mut details = details();
        details["interval"] = interval.into();
        let world = world(&details, answers);
        let options = Options {
            deadline: Duration::from_secs(12),
            ..Options::default()
        };
        let Err(error) = block_on(sign_in(&world.ports(), &client(), &options)) else {
            panic!("nobody approved");
        };
        assert_eq!(error.code(), Code::TimedOut);
        assert_eq!(gaps(&world).iter().sum::<u64>(), 12, "{:?}", gaps(&world));
    }
}
