//! What a store or a state file gives back: a session's record, read or called unreadable.
#![no_main]

use hallpass::port::EntryKey;
use hallpass::session::Record;
use hallpass_fuzz::check_error;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let key = EntryKey::session("work@ada");
    match Record::read(Some(text.into()), &key) {
        Ok(Some(record)) => {
            let stored = record.to_stored().expect("what was read can be written");
            let again = Record::read(Some(stored.clone()), &key);
            let again = again.expect("what was written can be read").expect("it is there");
            let again = again.to_stored().expect("what was read can be written");
            assert_eq!(whole(again.expose()), whole(stored.expose()));
        }
        Ok(None) => panic!("a text that is no text"),
        Err(error) => check_error(&error),
    }
});

/// A text as JSON without its fractions: serde_json reads those fast, and may be wrong in the last
/// digit. Nothing of ours is a fraction; a server's own members may be.
fn whole(text: &str) -> Value {
    let mut value = serde_json::from_str(text).expect("JSON");
    mask(&mut value);
    value
}

fn mask(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() => *value = Value::Null,
        Value::Array(values) => values.iter_mut().for_each(mask),
        Value::Object(members) => members.values_mut().for_each(mask),
        _ => {}
    }
}
