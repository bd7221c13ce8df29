//! An API's answer on its way: unpacking, documents in a stream, the range of a resumed download.
#![no_main]

use hallpass::call::decode::Decoder;
use hallpass::call::documents::Documents;
use hallpass::call::resume::{Offset, Start, facts};
use hallpass::port::files::Unfinished;
use hallpass_fuzz::{Message, check_error};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((size, message)) = bytes.split_first() else {
        return;
    };
    let size = usize::from(*size).max(1);
    let Some(response) = Message::cut(message).and_then(Message::response) else {
        return;
    };
    let (status, headers, body) = (response.status(), response.headers(), response.body());
    match Decoder::of(headers) {
        Ok(Some(decoder)) => unpack(decoder, body, size),
        Ok(None) => {}
        Err(error) => check_error(&error),
    }
    let kind = headers.get(http::header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let cut = |size: usize| {
        let (mut documents, mut found) = (Documents::of(kind), Vec::new());
        for piece in body.chunks(size) {
            found.extend(documents.push(piece).expect("far below the limit"));
        }
        found.extend(documents.finish());
        found
    };
    assert_eq!(cut(size), cut(body.len().max(1)), "pieces change the documents");
    let url = url::Url::parse("https://api.example/f").expect("a constant");
    let found = Unfinished {
        have: 7,
        facts: Some(if size % 2 == 0 { facts(url.as_str(), headers, false) } else { body.clone() }),
    };
    match Start::new(Offset::Found, Some(found), &url) {
        Ok(start) => {
            if let Err(error) = start.answered(status, headers) {
                check_error(&error);
            }
        }
        Err(error) => check_error(&error),
    }
});

/// Bounded pieces, whatever the factor.
fn unpack(mut decoder: Decoder, body: &[u8], size: usize) {
    let mut total = 0;
    for piece in body.chunks(size) {
        let pushed = decoder.push(piece, &mut |unpacked| {
            assert!(unpacked.len() <= 1 << 20, "{} bytes at once", unpacked.len());
            total += unpacked.len();
            Ok(total < 1 << 24)
        });
        match pushed {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => return check_error(&error),
        }
    }
    if let Err(error) = decoder.finish() {
        check_error(&error);
    }
}
