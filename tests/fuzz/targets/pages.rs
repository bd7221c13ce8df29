//! Where an API's answer leads to its next page: recognised, followed nowhere unsafe, never endless.
#![no_main]

use hallpass::call::filter;
use hallpass::call::pages::next::{Next, Page, next};
use hallpass::call::pages::recognise::recognise;
use hallpass::call::pages::target::resolve;
use hallpass_fuzz::{Message, check_error};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some(response) = Message::cut(bytes).and_then(Message::response) else {
        return;
    };
    let (headers, document) = (response.headers(), filter::parse(response.body()).ok());
    let from = url::Url::parse("https://api.example/v1/items?page=1").expect("a constant");
    for graphql in [false, true] {
        let Some(rule) = recognise(headers, document.as_ref(), graphql) else {
            continue;
        };
        let page = Page {
            headers,
            document: document.as_ref(),
            items: Some(10),
            position: Some(1),
            base: 1,
        };
        match next(&rule, page) {
            Ok(Next::Url(link)) => match resolve(&link, &from) {
                Ok(url) => {
                    assert_eq!(url.scheme(), "https", "encryption left behind");
                    assert!(url.username().is_empty() && url.password().is_none());
                }
                Err(error) => check_error(&error),
            },
            Ok(Next::Position(position)) => assert!(position > 1, "the same page again"),
            Ok(Next::Cursor(cursor)) => assert!(cursor.bare().len() < 1 << 20),
            Ok(Next::End) => {}
            Err(error) => check_error(&error),
        }
    }
});
