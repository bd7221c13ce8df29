//! Whatever a list answers: the way to its next page is bounded, stays encrypted, and comes back
//! into the request as it was; what pages become together is JSON where they were.
#![no_main]

use hallpass::call::filter;
use hallpass::call::pages::cursor::{self, Cursor};
use hallpass::call::pages::join::Join;
use hallpass::call::pages::list::Items;
use hallpass::call::pages::next::{Next, Page, next};
use hallpass::call::pages::{link, partial, recognise, target};
use hallpass_fuzz::{Message, check_error, check_text};
use libfuzzer_sys::fuzz_target;
use url::Url;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        for link in link::parse(text) {
            assert!(text.contains(&link.target));
        }
        assert_eq!(Cursor::read(&Cursor::read(text).written()), Cursor::read(text));
    }
    let Some(response) = Message::cut(bytes).and_then(Message::response) else {
        return;
    };
    let from = Url::parse("https://api.example.com/v1/items?cursor=a&k=v").expect("a constant");
    let body = response.body();
    let document = match body.trim_ascii_start().first() {
        Some(b'[' | b'{') => filter::parse(body).ok(),
        _ => None,
    };
    let mut items = Items::default();
    let mut count = None;
    if let Some(document) = &document {
        items.learn(document);
        count = items.of(document).map(|items| items.len() as u64);
        for told in [partial::says_more(document, count), partial::refusal(document)] {
            if let Some(told) = told {
                check_text(&told);
            }
        }
        let mut cut = document.clone();
        items.cut(&mut cut, 1);
        assert!(items.of(&cut).is_none_or(|items| items.len() <= 1));
        together(body);
    }
    for graphql in [false, true] {
        let Some(rule) = recognise::recognise(response.headers(), document.as_ref(), graphql)
        else {
            continue;
        };
        let page = Page {
            headers: response.headers(),
            document: document.as_ref(),
            items: count,
            position: Some(1),
            base: 1,
        };
        match next(&rule, page) {
            Ok(Next::Url(link)) => match target::resolve(&link, &from) {
                Ok(url) => {
                    assert_eq!(url.scheme(), "https");
                    assert!(url.username().is_empty() && url.password().is_none());
                }
                Err(error) => check_error(&error),
            },
            Ok(Next::Cursor(cursor)) => comes_back(&from, &cursor),
            Ok(Next::Position(position)) => assert!(position > 1, "the same page again"),
            Ok(Next::End) => {}
            Err(error) => check_error(&error),
        }
    }
});

fn comes_back(from: &Url, cursor: &Cursor) {
    assert!(cursor.bare().len() <= cursor::MAX);
    let mut url = from.clone();
    cursor::set_query(&mut url, "cursor", cursor.bare());
    let query = url.query().expect("a query");
    assert_eq!(cursor::pair(query, "cursor").as_deref(), Some(cursor.bare()));
    assert_eq!(cursor::pair(query, "k").as_deref(), Some("v"));
    assert_eq!(url.origin(), from.origin());
    let body = cursor::set_json(b"{\"a\":1}", "b.c", cursor).expect("an object");
    // Beyond a float's range serde_json reads no number.
    let Ok(read) = serde_json::from_slice::<serde_json::Value>(&body) else {
        return assert!(matches!(cursor, Cursor::Number(_)) && filter::parse(&body).is_ok());
    };
    assert_eq!(read["a"], 1);
    if let Cursor::Text(text) = cursor {
        assert_eq!(read["b"]["c"], text.as_str());
    }
}

/// Twice the same page.
fn together(body: &[u8]) {
    let Ok(page) = serde_json::from_slice::<Vec<serde_json::Value>>(body) else {
        return;
    };
    let mut join = Join::default();
    let mut out = Vec::new();
    join.array(body, &mut out);
    join.array(body, &mut out);
    join.finish(&mut out);
    let whole: Vec<serde_json::Value> = serde_json::from_slice(&out).expect("JSON");
    assert_eq!(whole.len(), 2 * page.len());
}
