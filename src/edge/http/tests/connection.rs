//! Plain HTTP: what is sent, what is not done, and how failures are told.

use std::io::Write;
use std::time::Duration;

use futures_util::StreamExt;

use super::super::{AddressFamily, HttpOptions, HttpVersion, file};
use super::server::{Server, answering, read_request, read_until};
use super::{client, fetch, get, request, stream_of};
use crate::port::{Body, Connection, Http, HttpError};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn failure(server_says: &'static str) -> HttpError {
    let server = answering(&[server_says]);
    let url = server.url("/cb?code=hunter2");
    let error = fetch(&client(HttpOptions::default()), get(&url)).unwrap_err();
    server.saw();
    let told = format!("{error} {error:?}");
    assert!(!told.contains("hunter2"), "{told}");
    error
}

#[test]
fn a_request_carries_our_name_and_nothing_unasked() {
    let server = answering(&[OK]);
    let answer = fetch(&client(HttpOptions::default()), get(&server.url("/a?b=c"))).unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.body()[..]),
        (200, &b"ok"[..])
    );
    let seen = server.saw().remove(0).to_ascii_lowercase();
    assert!(seen.starts_with("get /a?b=c http/1.1\r\n"), "{seen}");
    let name = concat!("user-agent: hallpass/", env!("CARGO_PKG_VERSION"), "\r\n");
    assert!(seen.contains(name), "{seen}");
    for unasked in [
        "cookie",
        "referer",
        "accept-encoding",
        "authorization",
        "content-length",
    ] {
        assert!(!seen.contains(unasked), "{unasked} in {seen}");
    }
}

#[test]
fn redirects_cookies_and_encodings_are_left_alone() {
    let server = answering(&[
        "HTTP/1.1 307 X\r\nLocation: http://127.0.0.1:1/\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nraw",
    ]);
    let client = client(HttpOptions::default());
    let first = fetch(&client, get(&server.url("/"))).unwrap();
    assert_eq!(first.status().as_u16(), 307);
    let second = fetch(&client, get(&server.url("/"))).unwrap();
    assert_eq!(&second.body()[..], b"raw");
    assert!(!server.saw()[1].to_ascii_lowercase().contains("cookie:"));
}

#[test]
fn streams_go_out_with_their_length_or_in_chunks() {
    let server = answering(&[OK, OK]);
    let client = client(HttpOptions::default());
    let url = server.url("/");
    fetch(&client, request(&url, stream_of(Some(6), &["abc", "def"]))).unwrap();
    fetch(&client, request(&url, stream_of(None, &["abc", "def"]))).unwrap();
    let seen = server.saw();
    assert!(seen[0].contains("content-length: 6\r\n"), "{}", seen[0]);
    assert!(seen[0].ends_with("\r\n\r\nabcdef"), "{}", seen[0]);
    assert!(
        seen[1].contains("3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n"),
        "{}",
        seen[1]
    );
}

#[test]
fn a_file_goes_out_from_an_offset() {
    let mut content = tempfile::NamedTempFile::new().unwrap();
    content.write_all(b"0123456789").unwrap();
    let server = answering(&[OK]);
    let url = server.url("/");
    let client = client(HttpOptions::default());
    let body = crate::edge::clock::runtime()
        .block_on(file(content.path(), 4))
        .unwrap();
    fetch(&client, request(&url, body)).unwrap();
    assert!(server.saw()[0].ends_with("\r\n\r\n456789"));
}

#[test]
fn a_folder_is_no_body() {
    let folder = tempfile::tempdir().unwrap();
    let result = crate::edge::clock::runtime().block_on(file(folder.path(), 0));
    assert!(result.is_err());
}

#[test]
fn refused_connections_are_not_sent() {
    let server = Server::run(drop);
    let url = server.url("/cb?code=hunter2");
    server.saw();
    let error = fetch(&client(HttpOptions::default()), get(&url)).unwrap_err();
    let HttpError::NotSent(_) = error else {
        panic!("{error:?}");
    };
    assert!(
        error.to_string().starts_with("cannot reach 127.0.0.1:"),
        "{error}"
    );
    assert!(error.to_string().ends_with("connection refused"), "{error}");
    assert!(error.hint().is_some());
    assert!(!format!("{error:?}").contains("hunter2"));
}

#[test]
fn what_may_have_left_is_ambiguous() {
    for answer in [
        "",
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200",
        "SSH-2.0-OpenSSH_9.6\r\n\r\n",
    ] {
        let error = failure(answer);
        assert!(
            matches!(error, HttpError::Ambiguous(_)),
            "{answer:?}: {error:?}"
        );
    }
}

#[test]
fn an_endless_head_breaks_a_limit() {
    let server = Server::run(|listener| {
        let (mut stream, _) = listener.accept().unwrap();
        read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        for number in 0..10_000 {
            if stream
                .write_all(format!("X-{number}: {}\r\n", "v".repeat(1000)).as_bytes())
                .is_err()
            {
                return;
            }
        }
    });
    let error = fetch(&client(HttpOptions::default()), get(&server.url("/"))).unwrap_err();
    assert!(matches!(error, HttpError::Limit(_)), "{error:?}");
    server.saw();
}

#[test]
fn a_silent_tls_server_is_given_up_as_not_sent() {
    let server = Server::run(|listener| {
        let (mut stream, _) = listener.accept().unwrap();
        // Reads until the client hangs up, and never answers.
        read_until(&mut stream, "never");
    });
    let options = HttpOptions {
        connect_timeout: Some(Duration::from_millis(200)),
        insecure: true,
        ..HttpOptions::default()
    };
    let url = server.url("/").replace("http:", "https:");
    let error = fetch(&client(options), get(&url)).unwrap_err();
    let HttpError::NotSent(_) = error else {
        panic!("{error:?}");
    };
    assert!(
        error.to_string().contains("no connection within 0.2 s"),
        "{error}"
    );
    server.saw();
}

#[test]
fn the_address_family_is_kept_to() {
    let only = |family| {
        client(HttpOptions {
            family,
            ..HttpOptions::default()
        })
    };
    let server = answering(&[OK, OK]);
    let url = server.url("/");
    let error = fetch(&only(AddressFamily::V6), get(&url)).unwrap_err();
    assert!(matches!(error, HttpError::NotSent(_)), "{error:?}");
    assert!(error.to_string().contains("IPv6"), "{error}");
    fetch(&only(AddressFamily::V4), get(&url)).unwrap();
    let url = url.replace("127.0.0.1", "localhost");
    let error = fetch(&only(AddressFamily::V6), get(&url)).unwrap_err();
    assert!(matches!(error, HttpError::NotSent(_)), "{error:?}");
    fetch(&only(AddressFamily::V4), get(&url)).unwrap();
    server.saw();
}

#[test]
fn http2_is_spoken_with_prior_knowledge_when_asked_for() {
    let server = Server::run(|listener| {
        let (mut stream, _) = listener.accept().unwrap();
        read_until(&mut stream, "\r\n\r\n")
    });
    let options = HttpOptions {
        version: HttpVersion::Http2,
        ..HttpOptions::default()
    };
    let _ = fetch(&client(options), get(&server.url("/")));
    assert_eq!(server.saw(), "PRI * HTTP/2.0\r\n\r\n");
}

#[test]
fn urls_with_user_information_or_other_schemes_are_not_sent() {
    for url in [
        "http://u:hunter2@127.0.0.1:9/",
        "ftp://127.0.0.1/",
        "/relative",
    ] {
        let error = fetch(&client(HttpOptions::default()), get(url)).unwrap_err();
        assert!(matches!(error, HttpError::NotSent(_)), "{error:?}");
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
}

#[test]
fn a_response_tells_whether_a_connection_was_made_for_it() {
    let server = Server::run(|listener| {
        let (mut stream, _) = listener.accept().unwrap();
        for _ in 0..2 {
            read_request(&mut stream);
            stream.write_all(OK.as_bytes()).unwrap();
        }
    });
    let client = client(HttpOptions::default());
    let url = server.url("/");
    crate::edge::clock::runtime().block_on(async {
        let mut connects = Vec::new();
        for _ in 0..2 {
            let answer = client.send(get(&url)).await.unwrap();
            let connection = *answer.extensions().get::<Connection>().unwrap();
            assert_eq!(connection.remote, Some(server.address));
            connects.push(connection.connect.is_some());
            let Body::Stream { mut stream, .. } = answer.into_body() else {
                panic!("answers stream");
            };
            while stream.next().await.is_some() {}
        }
        assert_eq!(connects, [true, false]);
    });
    server.saw();
}
