//! What a store or a state file gives back: a session's record, read or called unreadable.
#![no_main]

use hallpass::port::EntryKey;
use hallpass::session::Record;
use hallpass_fuzz::check_error;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let key = EntryKey::session("work@ada");
    match Record::read(Some(text.into()), &key) {
        Ok(Some(record)) => {
            let stored = record.to_stored().expect("what was read can be written");
            let again = Record::read(Some(stored), &key).expect("what was written can be read");
            assert_eq!(again, Some(record));
        }
        Ok(None) => panic!("a text that is no text"),
        Err(error) => check_error(&error),
    }
});
