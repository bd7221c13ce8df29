//! Answers of a token endpoint: strict JSON or an error, whatever came.
#![no_main]

use hallpass::dialect::{Switch, device_authorization_response, error_response, token_response};
use hallpass_fuzz::{Message, check_error, check_oauth};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, message)) = bytes.split_first() else {
        return;
    };
    let Some(response) = Message::cut(message).and_then(Message::response) else {
        return;
    };
    check_oauth(&error_response(&response));
    let one = &Switch::ALL[*choice as usize % Switch::ALL.len()..][..1];
    for switches in [&[][..], one, Switch::ALL] {
        match token_response(switches, response.clone()) {
            Ok(strict) => check(switches, &strict),
            Err(error) => check_error(&error),
        }
        if let Err(error) = device_authorization_response(switches, response.clone()) {
            check_error(&error);
        }
    }
});

/// Strict answers are JSON, and turning one into strict JSON again changes nothing.
fn check(switches: &[Switch], strict: &http::Response<Vec<u8>>) {
    let status = strict.status();
    assert!(status == 200 || status.as_u16() >= 400);
    assert_eq!(strict.body().first(), Some(&b'{'));
    if status == 200 && switches.is_empty() {
        let again = token_response(&[], strict.clone()).expect("strict is accepted");
        // Members that were taken out may have changed the others' order, which says nothing.
        assert_eq!(json(&again), json(strict));
    }
}

fn json(response: &http::Response<Vec<u8>>) -> serde_json::Value {
    serde_json::from_slice(response.body()).expect("strict answers are JSON")
}
