//! Lines of a batch, URL templates and a journal: whatever they say, requests stay at the service.
#![no_main]

use std::collections::BTreeMap;

use hallpass::batch::input::Maker;
use hallpass::batch::journal::Journal;
use hallpass::batch::template::Template;
use hallpass::error::Result;
use hallpass::port::files::Log;
use hallpass::service::{Configuration, Registration};
use hallpass_fuzz::check_error;
use libfuzzer_sys::fuzz_target;

const SERVICE: &str = "[service.x]\nclient_id = \"c\"\ntoken_endpoint = \"https://as.example/t\"\n\
                       api_base_url = \"https://api.example/v1/\"\n";

// A template, a line end, lines.
fuzz_target!(|bytes: &[u8]| {
    let configuration = Configuration::parse(SERVICE, "config.toml").expect("a constant");
    let service = configuration
        .resolve("x", &|_| None, &Registration::default())
        .expect("a constant");
    let captured = BTreeMap::new();
    let cut = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let (first, lines) = bytes.split_at(cut);
    let template = match std::str::from_utf8(first).map(Template::parse) {
        Ok(Ok(template)) => Some(template),
        Ok(Err(error)) => {
            check_error(&error);
            None
        }
        Err(_) => None,
    };
    for template in [None, template] {
        let maker = Maker::new(&service, &captured, None, Default::default(), template);
        let maker = maker.expect("a service with a base URL");
        for made in lines.split(|byte| *byte == b'\n').filter_map(|line| maker.make(line)) {
            match made.outgoing {
                Ok(outgoing) => {
                    let url = &outgoing.url;
                    assert!(matches!(url.scheme(), "http" | "https"), "{url}");
                    assert!(url.username().is_empty() && url.password().is_none(), "{url}");
                }
                Err(error) => check_error(&error),
            }
        }
    }
    if let Err(error) = Journal::open(Box::new(Lines(bytes.to_vec())), "x") {
        check_error(&error);
    }
});

struct Lines(Vec<u8>);

impl Log for Lines {
    fn read(&mut self, line: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        self.0.split(|byte| *byte == b'\n').try_for_each(line)
    }

    fn append(&mut self, lines: &[u8]) -> Result<()> {
        self.0.extend_from_slice(lines);
        Ok(())
    }
}
