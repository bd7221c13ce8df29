//! What people bring along: a client file of Google's, an Authlib registration, a token.
#![no_main]

use hallpass::service::{authlib, google_client};
use hallpass_fuzz::check_error;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match google_client::parse(text) {
        Ok((layer, _)) => {
            assert!(layer.client_id.is_some());
            // The secret is apart: it must not end in the configuration file.
            assert!(layer.client_secret.is_none());
        }
        Err(error) => check_error(&error),
    }
    match authlib::parse(text) {
        Ok(found) => {
            assert!(!found.is_empty());
            for note in found.iter().flat_map(|one| &one.notes) {
                assert!(note.len() < 4096, "{} bytes of a note", note.len());
            }
        }
        Err(error) => check_error(&error),
    }
});
