//! Challenges of an API: bounded, and printable where they are shown.
#![no_main]

use hallpass::call::{challenge, rate_limit};
use hallpass::protocol::bearer::{Demand, challenges, demand, dpop_nonce, resource_metadata};
use hallpass_fuzz::{Message, check_text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some(response) = Message::cut(bytes).and_then(Message::response) else {
        return;
    };
    let (status, headers) = (response.status(), response.headers());
    let found = challenges(headers);
    assert!(found.len() <= 64, "{} challenges", found.len());
    for challenge in &found {
        assert!(challenge.parameters.len() <= 64);
        assert_eq!(challenge.scheme, challenge.scheme.to_ascii_lowercase());
    }
    match demand(status, headers) {
        Some(Demand::ValidToken { description }) => description.iter().for_each(|d| check_text(d)),
        Some(Demand::Scope { scope }) => scope.iter().for_each(|scope| check_text(scope)),
        Some(Demand::Authentication { acr_values, .. }) => {
            acr_values.iter().for_each(|acr| check_text(acr));
        }
        Some(Demand::Other { error, description }) => {
            check_text(&error);
            description.iter().for_each(|d| check_text(d));
        }
        Some(Demand::DpopNonce { nonce }) => check_text(&nonce),
        Some(Demand::Token) | None => {}
    }
    let _ = (dpop_nonce(headers), resource_metadata(headers));
    let _ = challenge::read(status, headers);
    // An hour, a day: whatever a server says, the wait is a number and not a crash.
    let _ = rate_limit::wait(status, headers, 1_800_000_000);
});
