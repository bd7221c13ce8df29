//! Lines that are requests, fill a template, or are neither.

use super::*;
use proptest::prelude::*;

fn service() -> Service {
    let mut service = Service {
        name: "x".into(),
        account: None,
        values: Default::default(),
        origins: Default::default(),
        variables: Default::default(),
    };
    service.values.api_base_url = Some("https://a.example/v1/".into());
    service
}

fn made(template: Option<&str>, line: &str) -> Option<Made> {
    let (service, captured) = (service(), BTreeMap::new());
    let template = template.map(|text| Template::parse(text).unwrap());
    let mut headers = HeaderMap::new();
    headers.insert("accept", HeaderValue::from_static("*/*"));
    let maker = Maker::new(&service, &captured, None, headers, template).unwrap();
    maker.make(line.as_bytes())
}

fn request(line: &str) -> (String, Vec<String>, Vec<u8>) {
    let out = made(None, line).unwrap().outgoing.unwrap();
    let headers = out.headers.iter();
    let headers = headers.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()));
    let body = match out.payload {
        Payload::Whole(bytes) => bytes.to_vec(),
        _ => Vec::new(),
    };
    (
        format!("{} {}", out.method, out.url),
        headers.collect(),
        body,
    )
}

#[test]
fn an_object_describes_a_request() {
    let (line, headers, _) = request(r#"{"url":"things?a=1"}"#);
    assert_eq!(line, "GET https://a.example/v1/things?a=1");
    assert_eq!(headers, ["accept: */*"]);
    let (line, headers, body) = request(
        r#"{"id":7,"method":"patch","url":"/t/1","headers":{"X-A":"1","Accept":null},"json":{"b": 1.0}}"#,
    );
    assert_eq!(line, "PATCH https://a.example/v1/t/1");
    assert_eq!(headers, ["content-type: application/json", "x-a: 1"]);
    assert_eq!(body, br#"{"b": 1.0}"#);
    let (line, _, body) = request(r#"{"url":"https://b.example/","body":"a=1\u00e9"}"#);
    assert_eq!(line, "POST https://b.example/");
    assert_eq!(body, "a=1é".as_bytes());
    assert_eq!(request(r#"{"url":"x","body_base64":"/w=="}"#).2, b"\xff");
    assert_eq!(request(r#"{"url":"x","body":[1]}"#).2, b"[1]");
    let (_, headers, _) = request(r#"{"url":"x","method":"POST"}"#);
    assert!(headers.contains(&"content-length: 0".to_owned()));
    let (_, headers, _) = request(r#"{"url":"x","headers":{"X":["a","b"]}}"#);
    assert_eq!(headers[1..], ["x: a", "x: b"]);
}

#[test]
fn lines_that_are_no_request_say_why_and_keep_their_id() {
    for line in [
        "{",
        "7",
        "[]",
        r#"{"method":"GET"}"#,
        r#"{"url":"x","data":1}"#,
        r#"{"url":"x","json":1,"body":"x"}"#,
        r#"{"url":"x","method":"GE T"}"#,
        r#"{"url":"x","headers":{"A":"b\nc: d"}}"#,
        r#"{"url":"x","headers":{"Authorization":"Bearer x"}}"#,
        r#"{"url":"x","headers":{"Content-Length":"3"}}"#,
        r#"{"url":"x","headers":{"A":{}}}"#,
        r#"{"url":"x","body_base64":"*"}"#,
        r#"{"url":"ftp://a.example/"}"#,
        r#"{"url":"x","id":[]}"#,
    ] {
        let error = made(None, line).unwrap().outgoing.unwrap_err();
        assert_eq!(error.code(), Code::Usage, "{line}");
    }
    let made = made(None, r#"{"id":"a","urll":"x"}"#).unwrap();
    assert_eq!(made.id, Some("a".into()));
    let error = made.outgoing.unwrap_err().to_string();
    assert!(
        error.contains("urll") && !error.contains("line 1"),
        "{error}"
    );
    assert!(self::made(None, " \t").is_none());
}

#[test]
fn lines_fill_a_template() {
    let url = |template, line: &str| {
        let made = made(Some(template), line).unwrap();
        made.outgoing.map(|out| out.url.to_string())
    };
    let base = "https://a.example/v1";
    for (template, line, path) in [
        ("users/{id}", "a b", "/users/a%20b"),
        ("users/{id}", "\"a/b\"", "/users/a%2Fb"),
        ("users/{id}", "\"a", "/users/%22a"),
        (
            "{o}/{id}?q={q}",
            r#"{"o":"x","id":7,"q":true,"n":[]}"#,
            "/x/7?q=true",
        ),
    ] {
        assert_eq!(url(template, line).unwrap(), format!("{base}{path}"));
    }
    for (template, line) in [
        ("users/{id}", ".."),
        ("users/{id}", r#"{"uid":7}"#),
        ("users/{id}", r#"{"id":null}"#),
        ("users/{id}", "{7"),
        ("{o}/{id}", "7"),
        ("users", "7"),
    ] {
        assert_eq!(
            url(template, line).unwrap_err().code(),
            Code::Usage,
            "{line}"
        );
    }
    let plain = made(Some("users/{id}"), "7").unwrap();
    assert_eq!((plain.id, plain.id_given), (Some("7".into()), false));
}

proptest! {
    #[test]
    fn any_line_is_read_without_panic(line in "\\PC{0,40}", object in "[{}\":,a-z0-9\\[\\]]{0,24}") {
        for line in [line, object] {
            let _ = made(None, &line);
            let _ = made(Some("a/{id}"), &line);
        }
    }
}
