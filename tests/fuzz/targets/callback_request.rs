//! Whatever a page or a local user sends to the listener: only the right `state` counts.
#![no_main]

use hallpass::protocol::authorization_response::{
    Answer, Delivery, Expectation, Verdict, judge, judge_pasted,
};
use hallpass_fuzz::{Message, check_error, check_oauth};
use libfuzzer_sys::fuzz_target;

const STATE: &str = "S1-s2_s3";

fuzz_target!(|bytes: &[u8]| {
    let expected = |delivery, issuer_required| Expectation {
        redirect_uri: url::Url::parse("http://127.0.0.1:4711/callback").expect("a constant"),
        delivery,
        state: STATE.into(),
        issuer: Some("https://issuer.example".into()),
        issuer_required,
    };
    if let Ok(line) = std::str::from_utf8(bytes) {
        check(&judge_pasted(&line.into(), &expected(Delivery::Query, false)), bytes);
    }
    let Some(request) = Message::cut(bytes).and_then(Message::request) else {
        return;
    };
    for delivery in [Delivery::Query, Delivery::FormPost] {
        for issuer_required in [false, true] {
            check(&judge(&request, &expected(delivery, issuer_required)), bytes);
        }
    }
});

fn check(verdict: &Verdict, bytes: &[u8]) {
    let Verdict::Answer(answer) = verdict else {
        return;
    };
    // The state may come percent-encoded, but each of its characters must have been there.
    assert!(bytes.len() >= STATE.len(), "an answer without the state");
    match answer {
        Answer::Code { code, .. } => assert!(!code.expose().is_empty()),
        Answer::Error(error) => check_oauth(error),
        Answer::Invalid(error) => check_error(error),
    }
}
