//! Downloads taken up again: what is asked, and what an answer allows.

use super::*;

const URL: &str = "https://a.example/f?sig=secret";
const MODIFIED: &str = "Mon, 02 Jan 2023 10:00:00 GMT";
const LATER: &str = "Mon, 02 Jan 2023 10:00:01 GMT";

fn url() -> Url {
    Url::parse(URL).unwrap()
}

fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
    let lines = lines.iter().map(|(name, value)| {
        (
            HeaderName::from_static(name),
            HeaderValue::from_str(value).unwrap(),
        )
    });
    lines.collect()
}

fn left(have: u64, lines: &[(&'static str, &str)]) -> Option<Unfinished> {
    Some(Unfinished {
        have,
        facts: Some(facts(URL, &headers(lines), false)),
    })
}

fn asked(start: &Start) -> Vec<String> {
    let mut headers = HeaderMap::new();
    start.ask(&mut headers);
    let mut lines: Vec<_> = headers
        .iter()
        .map(|(n, v)| format!("{n}: {}", v.to_str().unwrap()))
        .collect();
    lines.sort();
    lines
}

fn begun(lines: &[(&'static str, &str)]) -> Start {
    Start::new(Offset::Found, left(5, lines), &url()).unwrap()
}

#[test]
fn the_rest_is_asked_for_with_a_check() {
    let dates = [("last-modified", MODIFIED), ("date", LATER)];
    let start = begun(&[&[("etag", "\"e\"")][..], &dates].concat());
    assert_eq!(asked(&start), ["if-range: \"e\"", "range: bytes=5-"]);
    let start = begun(&[&[("etag", "W/\"e\"")][..], &dates].concat());
    let if_range = format!("if-range: {MODIFIED}");
    assert_eq!(asked(&start), [&if_range, "range: bytes=5-"]);
    assert_eq!(
        asked(&Start::new(Offset::Found, None, &url()).unwrap()),
        [""; 0]
    );
}

#[test]
fn what_cannot_be_recognised_begins_anew() {
    for lines in [
        &[][..],
        // The same length is not the same file.
        &[("content-length", "9")],
        &[("etag", "W/\"e\"")],
        // It may have changed once more within that second.
        &[("last-modified", MODIFIED), ("date", MODIFIED)],
        &[("last-modified", MODIFIED)],
        &[("last-modified", "yesterday"), ("date", LATER)],
    ] {
        let start = begun(lines);
        assert!(
            start.anew.is_some() && asked(&start).is_empty(),
            "{lines:?}"
        );
    }
    let other = Url::parse("https://a.example/g").unwrap();
    let found = left(5, &[("etag", "\"e\"")]);
    let start = Start::new(Offset::Found, found, &other).unwrap();
    assert!(start.anew.is_some());
}

#[test]
fn bytes_of_another_program_are_added_to_only_where_the_offset_is_named() {
    let foreign = || {
        Some(Unfinished {
            have: 5,
            facts: None,
        })
    };
    let part = headers(&[("content-range", "bytes 5-8/9")]);
    let whole = headers(&[("content-range", "bytes */5")]);
    let range = StatusCode::RANGE_NOT_SATISFIABLE;
    let start = Start::new(Offset::Found, foreign(), &url()).unwrap();
    assert_eq!((start.from, start.on_trust()), (5, false));
    let error = start
        .answered(StatusCode::PARTIAL_CONTENT, &part)
        .unwrap_err();
    assert!(error.hint().unwrap().contains("-C 5"));
    assert_eq!(start.answered(range, &whole).unwrap(), Answered::Whole);
    let start = Start::new(Offset::At(5), foreign(), &url()).unwrap();
    assert!(start.on_trust());
    assert_eq!(
        start.answered(StatusCode::PARTIAL_CONTENT, &part).unwrap(),
        Answered::Write(Mode::Continue)
    );
}

#[test]
fn an_offset_must_be_where_the_file_ends() {
    let found = || left(5, &[("etag", "\"e\"")]);
    assert_eq!(Start::new(Offset::At(5), found(), &url()).unwrap().from, 5);
    let error = Start::new(Offset::At(4), found(), &url()).unwrap_err();
    assert_eq!(error.code(), Code::Usage);
    assert!(Offset::parse("x").is_err());
}

#[test]
fn only_the_bytes_asked_for_are_appended() {
    let start = begun(&[("etag", "\"e\""), ("content-length", "9")]);
    let answered = |status: u16, range: &str, etag: &str| {
        start.answered(
            StatusCode::from_u16(status).unwrap(),
            &headers(&[("content-range", range), ("etag", etag)]),
        )
    };
    let same = "\"e\"";
    assert_eq!(
        answered(206, "bytes 5-8/9", same).unwrap(),
        Answered::Write(Mode::Continue)
    );
    assert_eq!(
        answered(200, "", "\"f\"").unwrap(),
        Answered::Write(Mode::Fresh)
    );
    for (status, range, etag) in [
        (206, "bytes 4-8/9", same),
        (206, "bytes 5-9/10", same),
        (206, "x", same),
        // Servers that know ranges and not If-Range.
        (206, "bytes 5-8/9", "\"f\""),
        (416, "bytes */4", same),
        (416, "bytes */5", same),
    ] {
        assert_eq!(
            answered(status, range, etag).unwrap_err().code(),
            Code::ResponseInvalid,
            "{range} {etag}"
        );
    }
    let dated = begun(&[("last-modified", MODIFIED), ("date", LATER)]);
    let part = |modified| {
        let lines = [
            ("content-range", "bytes 5-8/9"),
            ("last-modified", modified),
        ];
        dated.answered(StatusCode::PARTIAL_CONTENT, &headers(&lines))
    };
    assert!(part(MODIFIED).is_ok() && part(LATER).is_err());
    let all = begun(&[("etag", same), ("content-length", "5")]);
    let whole = headers(&[("content-range", "bytes */5")]);
    assert_eq!(
        all.answered(StatusCode::RANGE_NOT_SATISFIABLE, &whole)
            .unwrap(),
        Answered::Whole
    );
}

#[test]
fn the_url_itself_is_not_kept_nor_a_length_that_is_not_the_files() {
    let kept = |packed| {
        let lines = headers(&[("content-length", "77")]);
        String::from_utf8(facts(URL, &lines, packed)).unwrap()
    };
    assert!(!kept(false).contains("secret") && kept(false).contains("77"));
    assert!(!kept(true).contains("77"));
}

proptest::proptest! {
    /// Bytes of another file are never put behind those that are there.
    #[test]
    fn any_range_goes_on_at_the_right_byte_or_is_refused(
        range in "bytes [0-9]{0,3}-[0-9]{0,3}/([0-9]{0,4}|\\*)|[ -~]{0,20}", remembered in "\\PC{0,30}",
    ) {
        let found = Unfinished { have: 5, facts: Some(remembered.into_bytes()) };
        if let Ok(start) = Start::new(Offset::At(5), Some(found), &url()) {
            let answer = headers(&[("content-range", range.as_str())]);
            let answered = start.answered(StatusCode::PARTIAL_CONTENT, &answer);
            if matches!(answered, Ok(Answered::Write(Mode::Continue))) {
                proptest::prop_assert!(range.starts_with("bytes 5-"), "{}", range);
            }
        }
    }
}
