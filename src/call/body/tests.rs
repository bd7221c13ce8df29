//! Bodies put together from typed pieces and files.

use super::*;
use crate::call::options::{DataFlag, FormFlag, ItemBody, Typed, plan};
use crate::port::fake::{FakeFiles, FakeRandom, block_on};

fn files() -> FakeFiles {
    let files = FakeFiles::default();
    files.put("a.txt", b"l1\r\nl2\n x&\n");
    files.put("j.json", b"{\"k\": [1]}");
    files.put("", b"typed in");
    files.put("big", &vec![b'x'; 2 << 20]);
    files
}

fn sent(typed: Typed) -> Result<String> {
    let files = files();
    let reader = Reader::new(&files);
    let (payload, _) = payload(plan(typed)?.body, &reader, &FakeRandom::default())?;
    let body = block_on(payload.open(&files))?;
    let bytes = match body {
        Body::Whole(bytes) => bytes.to_vec(),
        Body::Stream { stream, .. } => block_on(stream.map(|b| b.unwrap().to_vec()).concat()),
    };
    Ok(String::from_utf8(bytes).unwrap())
}

fn data(flags: &[(DataFlag, &str)]) -> Typed {
    Typed {
        data: flags
            .iter()
            .map(|(flag, text)| (*flag, (*text).to_owned()))
            .collect(),
        ..Typed::default()
    }
}

fn items(body: ItemBody, items: &[&str]) -> Typed {
    Typed {
        items: items.iter().map(|item| (*item).to_owned()).collect(),
        item_body: body,
        ..Typed::default()
    }
}

/// What curl 7.88 sent for the same arguments.
#[test]
fn data_flags_mean_what_curl_means() {
    use DataFlag::*;
    for (flags, body) in [
        (&[(Data, "a=1"), (Data, "b=2")][..], "a=1&b=2"),
        (&[(Data, ""), (Data, "x")], "&x"),
        (&[(Data, "@a.txt")], "l1l2 x&"),
        (&[(Binary, "@a.txt")], "l1\r\nl2\n x&\n"),
        (&[(Binary, "@-")], "typed in"),
        (&[(Raw, "@a.txt")], "@a.txt"),
        (&[(Json, "{\"a\":"), (Json, "1}")], "{\"a\":1}"),
        (&[(Json, "@j.json")], "{\"k\": [1]}"),
        (&[(Data, "x"), (Json, "1}")], "x1}"),
        (&[(Json, "1}"), (Data, "x")], "1}&x"),
        (&[(UrlEncode, "a b&c")], "a+b%26c"),
        (&[(UrlEncode, "=a b")], "a+b"),
        (&[(UrlEncode, "n=a b&c")], "n=a+b%26c"),
        (&[(UrlEncode, "n@a.txt")], "n=l1%0D%0Al2%0A+x%26%0A"),
        (&[(UrlEncode, "@a.txt")], "l1%0D%0Al2%0A+x%26%0A"),
    ] {
        assert_eq!(sent(data(flags)).unwrap(), body, "{flags:?}");
    }
}

/// What HTTPie 3.2.4 sent for the same items.
#[test]
fn items_mean_what_httpie_means() {
    use ItemBody::*;
    for (kind, words, body) in [
        (
            Guess,
            &["a=1", "b:=2", "c=@a.txt"][..],
            "{\"a\": \"1\", \"b\": 2, \"c\": \"l1\\r\\nl2\\n x&\\n\"}",
        ),
        (Guess, &["o:=@j.json"], "{\"o\": {\"k\": [1]}}"),
        (Form, &["a=1 2", "b:=true", "c:=3.5"], "a=1+2&b=True&c=3.5"),
    ] {
        assert_eq!(sent(items(kind, words)).unwrap(), body, "{words:?}");
    }
    let error = sent(items(Form, &["a:=[1]"])).unwrap_err();
    assert_eq!(error.code(), Code::Usage);
}

#[test]
fn a_large_file_is_streamed_and_may_be_sent_again() {
    let files = files();
    let reader = Reader::new(&files);
    let plan = plan(data(&[(DataFlag::Binary, "@big")])).unwrap();
    let (payload, _) = payload(plan.body, &reader, &FakeRandom::default()).unwrap();
    assert!(matches!(payload, Payload::Segments(_)));
    assert_eq!(payload.length(), Some(2 << 20));
    assert!(payload.can_repeat());
    assert!(
        files.opened.borrow().is_empty(),
        "not read before it is sent"
    );
}

#[test]
fn standard_input_is_read_once_and_an_upload_of_it_never_repeats() {
    let twice = data(&[(DataFlag::Binary, "@-"), (DataFlag::Binary, "@-")]);
    assert_eq!(sent(twice).unwrap_err().code(), Code::Usage);
    let upload = Typed {
        upload: Some("-".into()),
        ..Typed::default()
    };
    let files = files();
    let (payload, _) = payload(
        plan(upload).unwrap().body,
        &Reader::new(&files),
        &FakeRandom::default(),
    )
    .unwrap();
    assert!(!payload.can_repeat());
    assert_eq!(payload.length(), None);
}

#[test]
fn one_way_to_make_a_body_at_a_time() {
    let mut typed = data(&[(DataFlag::Data, "a")]);
    typed.form.push((FormFlag::Form, "b=1".into()));
    assert_eq!(plan(typed).unwrap_err().code(), Code::Usage);
    let mut typed = items(ItemBody::Guess, &["a=1"]);
    typed.head = true;
    assert_eq!(plan(typed).unwrap_err().code(), Code::Usage);
    let mut typed = data(&[(DataFlag::Data, "a=1"), (DataFlag::UrlEncode, "q=x y")]);
    typed.get = true;
    let plan = plan(typed).unwrap();
    assert_eq!((plan.method.as_str(), &plan.body), ("GET", &BodyPlan::None));
    let reader_files = FakeFiles::default();
    let query = Reader::new(&reader_files).pieces(&plan.query).unwrap();
    assert_eq!(query, b"a=1&q=x+y");
}
