//! What is typed after `hallpass call`: words, items, nested keys, and the URL they lead to.
#![no_main]

use hallpass::call::items::{Kind, split};
use hallpass::call::nested::{Tree, build};
use hallpass::call::{items, url, words};
use hallpass_fuzz::check_error;
use libfuzzer_sys::fuzz_target;

// One word a line; the first is taken for a URL too.
fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let typed: Vec<String> = text.lines().map(str::to_owned).collect();
    if let Some(first) = typed.first() {
        append(first);
    }
    if let Err(error) = words::sort(typed.clone(), false, None) {
        check_error(&error);
    }
    let mut pairs = Vec::new();
    for word in &typed {
        match items::parse(word) {
            Ok(item) => {
                assert!(item.key.len() + item.value.len() <= word.len());
                match item.kind {
                    Kind::Text => pairs.push((item.key, Tree::Text(item.value))),
                    Kind::Json => {
                        if let Ok(tree) = Tree::parse(&item.value) {
                            pairs.push((item.key, tree));
                        }
                    }
                    _ => {}
                }
            }
            Err(error) => {
                check_error(&error);
                let json = serde_json::from_str::<&serde_json::value::RawValue>(word).is_ok();
                assert!(json || split(word).is_none_or(|item| item.kind == Kind::EmptyHeader));
            }
        }
    }
    // `a[999999999]=x` must not fill memory.
    match build(pairs) {
        Ok(tree) => {
            let mut out = String::new();
            tree.write(&mut out);
            assert!(out.len() < 1 << 24, "{} bytes of JSON", out.len());
            // JSON by its grammar: a number stays as it was typed, of whatever size.
            serde_json::from_str::<&serde_json::value::RawValue>(&out).expect("JSON");
        }
        Err(error) => check_error(&error),
    }
});

/// A relative URL stays on the service's origin and under its path.
fn append(typed: &str) {
    let base = ::url::Url::parse("https://api.example/v1/").expect("a constant");
    match url::append(&base, typed) {
        Ok(url) => assert_eq!(url.origin(), base.origin()),
        Err(error) => check_error(&error),
    }
    if words::is_absolute(typed) {
        match url::absolute(typed) {
            Ok(url) => assert!(matches!(url.scheme(), "http" | "https")),
            Err(error) => check_error(&error),
        }
    }
}
