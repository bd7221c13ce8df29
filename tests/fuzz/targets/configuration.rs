//! The configuration file and presets of the person's own, with everything resolved.
#![no_main]

use std::collections::BTreeMap;

use hallpass::service::{Configuration, Origin, Registration, preset::Preset};
use hallpass_fuzz::check_error;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Err(error) = Preset::parse("own", text, "own.toml", Origin::UserPreset("own".into())) {
        check_error(&error);
    }
    let configuration = match Configuration::parse(text, "config.toml") {
        Ok(configuration) => configuration,
        Err(error) => return check_error(&error),
    };
    let nothing = |_: &str| None;
    for name in configuration.services.keys() {
        match configuration.resolve(name, &nothing, &Registration::default()) {
            Ok(service) => {
                assert_eq!(&service.name, name);
                if let Err(error) = service.api_base_url(&BTreeMap::new()) {
                    check_error(&error);
                }
                for (pattern, _) in service.allowed_origins() {
                    assert!(
                        pattern.starts_with("https://") || pattern.starts_with("http://"),
                        "{pattern:?} may see a token"
                    );
                }
            }
            Err(error) => check_error(&error),
        }
    }
});
