//! Where an API sends us, and whether the credential may go along.
#![no_main]

use hallpass::call::redirect::{KeepPost, hop};
use hallpass::transport::{AllowedOrigin, Audience};
use hallpass_fuzz::check_error;
use http::{Method, StatusCode};
use libfuzzer_sys::fuzz_target;
use url::Url;

// A pattern of an origin, a line end, a Location.
fuzz_target!(|bytes: &[u8]| {
    let from = Url::parse("https://api.example/v1/x").expect("a constant");
    let cut = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let (pattern, location) = bytes.split_at(cut);
    let location = location.strip_prefix(b"\n").unwrap_or(location);
    let mut next = None;
    for status in [301, 302, 303, 307, 308] {
        let status = StatusCode::from_u16(status).expect("a constant");
        match hop(status, location, &from, &Method::POST, KeepPost::default()) {
            Ok(hop) => {
                assert_eq!(hop.url.scheme(), "https", "encryption left behind");
                assert!(hop.url.username().is_empty() && hop.url.password().is_none());
                assert_eq!(hop.same_origin, hop.url.origin() == from.origin());
                next = Some(hop.url);
            }
            Err(error) => check_error(&error),
        }
    }
    let Ok(pattern) = std::str::from_utf8(pattern) else {
        return;
    };
    if let Err(error) = AllowedOrigin::new(pattern, "fuzz") {
        return check_error(&error);
    }
    let mut audience = Audience::default();
    audience.allow(pattern, "fuzz").expect("a pattern that was accepted");
    if let Some(url) = next
        && audience.allows(&url)
    {
        let host = url.host_str().expect("https has a host");
        let named = pattern.split("://").nth(1).unwrap_or(pattern).to_lowercase();
        let named = named.split([':', '/']).next().unwrap_or_default();
        let suffix = named.strip_prefix('*').unwrap_or(named);
        // Unicode, numbers that are addresses and the like have another spelling in a URL.
        let plain = suffix.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b))
            && suffix.bytes().any(|b| b.is_ascii_lowercase() && b != b'x');
        assert!(
            !plain || url.domain().is_none() || host.trim_end_matches('.').ends_with(suffix.trim_end_matches('.')),
            "{pattern:?} let {host:?} see a token"
        );
    }
});
