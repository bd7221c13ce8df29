//! Answers that are documents: of an API about itself, and of introspection, registration, UserInfo.
#![no_main]

use hallpass::protocol::{introspection, registration, resource_metadata, userinfo};
use hallpass_fuzz::{Message, check_error, check_text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let api = url::Url::parse("https://api.example/v1").expect("a constant");
    match resource_metadata::ResourceMetadata::parse(bytes, &api) {
        Ok(found) => {
            assert_eq!(found.resource, "https://api.example/v1");
            for issuer in &found.authorization_servers {
                let url = url::Url::parse(issuer).expect("a checked issuer");
                assert!(url.username().is_empty() && url.query().is_none());
            }
            found.resource_name.iter().for_each(|name| check_text(name));
        }
        Err(error) => check_error(&error),
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        match resource_metadata::check_named_url(text, &api) {
            Ok(url) => assert_eq!(url.origin(), api.origin()),
            Err(error) => check_error(&error),
        }
    }
    let Some(response) = Message::cut(bytes).and_then(Message::response) else {
        return;
    };
    if let Err(error) = introspection::read(&response) {
        check_error(&error);
    }
    match registration::read(&response) {
        Ok(client) => {
            assert!(!client.client_id.is_empty());
            check_text(&client.client_id);
        }
        Err(error) => check_error(&error),
    }
    match userinfo::read(&response) {
        Ok(userinfo::Answer::Claims(claims)) => {
            match userinfo::check_subject(&claims, Some("ada")) {
                Ok(subject) => assert_eq!(subject, Some("ada")),
                Err(error) => check_error(&error),
            }
        }
        Ok(userinfo::Answer::Signed(_)) => {}
        Err(error) => check_error(&error),
    }
});
