//! Parts of a form as curl's -F takes them.
#![no_main]

use hallpass::call::form::Part;
use hallpass::call::options::FormFlag;
use hallpass_fuzz::check_error;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(spec) = std::str::from_utf8(bytes) else {
        return;
    };
    for flag in [FormFlag::Form, FormFlag::Literal] {
        match Part::parse(spec, flag) {
            Ok(part) => assert!(part.name.len() <= spec.len()),
            Err(error) => check_error(&error),
        }
    }
});
