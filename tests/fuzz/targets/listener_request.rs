//! The head of a request at the listener: what passes is in our own form, and nothing is hidden in it.
#![no_main]

use hallpass::edge::redirect_listener::request::{BODY, judge};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok((head, length)) = judge(bytes) else {
        return;
    };
    assert!(length <= BODY);
    assert!(head.len() <= 2 * bytes.len() + 64, "it grows");
    let head = std::str::from_utf8(&head).expect("text");
    assert!(head.is_ascii() && !head.contains("\r\n\r\n") && !head.contains('\0'));
    let mut lines = head.split("\r\n");
    let first = lines.next().expect("a request line");
    let parts: Vec<&str> = first.split(' ').collect();
    assert_eq!(parts.len(), 3, "{first:?}");
    assert!(parts[1].starts_with('/') && !parts[1].starts_with("//"), "{first:?}");
    assert_eq!(parts[2], "HTTP/1.1");
    let (mut hosts, mut lengths, mut closes) = (0, 0, 0);
    for line in lines {
        assert!(!line.contains(['\r', '\n']), "{line:?}");
        let (name, _) = line.split_once(':').expect("a field");
        match name.to_ascii_lowercase().as_str() {
            "host" => hosts += 1,
            "content-length" => lengths += 1,
            "connection" => closes += 1,
            "cookie" | "authorization" | "transfer-encoding" | "expect" | "upgrade"
            | "hallpass-forwarded" => panic!("{name} passed"),
            _ => {}
        }
    }
    assert_eq!((hosts, closes), (1, 1));
    assert_eq!(lengths, usize::from(length > 0));
});
