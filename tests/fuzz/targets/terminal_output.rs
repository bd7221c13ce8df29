//! An API's bytes at a terminal: nothing in them is obeyed, however they are cut into pieces.
#![no_main]

use hallpass::call::pretty::Pretty;
use hallpass::call::safe::{Safe, Style};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((size, bytes)) = bytes.split_first() else {
        return;
    };
    let size = usize::from(*size).max(1);
    for style in [Style::Text, Style::Json] {
        let show = |size: usize| {
            let (mut safe, mut out) = (Safe::default(), Vec::new());
            bytes.chunks(size).for_each(|piece| safe.push(piece, style, &mut out));
            safe.finish(style, &mut out);
            out
        };
        let whole = show(bytes.len().max(1));
        check(&whole);
        assert_eq!(whole, show(size), "pieces change what is shown");
    }
    let print = |size: usize| {
        let (mut pretty, mut out) = (Pretty::new(false), Vec::new());
        bytes.chunks(size).for_each(|piece| pretty.push(piece, &mut out));
        pretty.finish(&mut out);
        out
    };
    let whole = print(bytes.len().max(1));
    check(&whole);
    assert_eq!(whole, print(size), "pieces change what is printed");
});

fn check(shown: &[u8]) {
    let text = std::str::from_utf8(shown).expect("UTF-8");
    // A carriage return alone would let a line be written over.
    for c in text.replace("\r\n", "\n").chars() {
        let obeyed = c.is_control() && !matches!(c, '\n' | '\t');
        let bidirectional = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert!(!obeyed && !bidirectional, "{c:?} reaches the terminal");
    }
}
