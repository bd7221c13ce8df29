//! Through proxies: what they see, and what they must not.

use std::io::{Read, Write};
use std::net::TcpStream;

use super::super::HttpOptions;
use super::server::{Server, answering, read_request, read_until, splice};
use super::{client, fetch, get};
use crate::port::HttpError;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";

fn through(proxy: String) -> HttpOptions {
    HttpOptions {
        proxy: Some(proxy),
        insecure: true,
        ..HttpOptions::default()
    }
}

#[test]
fn an_http_proxy_gets_the_whole_url_and_its_own_credentials() {
    let proxy = answering(&[OK]);
    let options = through(format!("http://u:hunter2@{}", proxy.address));
    fetch(&client(options), get("http://api.example/a?b=c")).unwrap();
    let seen = proxy.saw().remove(0);
    assert!(
        seen.starts_with("GET http://api.example/a?b=c HTTP/1.1\r\n"),
        "{seen}"
    );
    assert!(
        seen.to_ascii_lowercase()
            .contains("proxy-authorization: basic dtpodw50zxiy"),
        "{seen}"
    );
}

#[test]
fn a_tunnel_hides_the_request_from_the_proxy_and_the_proxys_password_from_the_server() {
    let target = Server::run(|listener| {
        let (mut stream, _) = listener.accept().unwrap();
        let mut first = [0; 5];
        stream.read_exact(&mut first).unwrap();
        first
    });
    let address = target.address;
    let proxy = Server::run(move |listener| {
        let (mut stream, _) = listener.accept().unwrap();
        let request = read_request(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        splice(stream, TcpStream::connect(address).unwrap());
        request
    });
    let options = through(format!("http://u:hunter2@{}", proxy.address));
    let _ = fetch(&client(options), get("https://api.example/a?b=c"));
    let seen = proxy.saw();
    assert!(
        seen.starts_with("CONNECT api.example:443 HTTP/1.1\r\n"),
        "{seen}"
    );
    assert!(
        seen.to_ascii_lowercase()
            .contains("proxy-authorization: basic"),
        "{seen}"
    );
    assert!(!seen.contains("/a?b=c"), "{seen}");
    assert_eq!(target.saw()[0], 0x16, "TLS from the first byte on");
}

#[test]
fn a_proxy_that_wants_a_password_or_refuses_is_told_without_ours() {
    for (answer, told) in [
        (
            "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
            "user name and password",
        ),
        ("HTTP/1.1 403 Forbidden\r\n\r\n", "the proxy refused"),
    ] {
        let proxy = answering(&[answer]);
        let options = through(format!("http://u:hunter2@{}", proxy.address));
        let error = fetch(&client(options), get("https://api.example/?code=hunter2")).unwrap_err();
        proxy.saw();
        assert!(matches!(error, HttpError::NotSent(_)), "{error:?}");
        assert!(error.to_string().contains(told), "{error}");
        assert!(
            error.to_string().contains("through the proxy 127.0.0.1:"),
            "{error}"
        );
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
}

#[test]
fn socks5h_leaves_the_name_to_the_proxy() {
    let proxy = Server::run(|listener| {
        let (mut stream, _) = listener.accept().unwrap();
        let mut greeting = [0; 2];
        stream.read_exact(&mut greeting).unwrap();
        let mut methods = vec![0; greeting[1].into()];
        stream.read_exact(&mut methods).unwrap();
        stream.write_all(&[5, 0]).unwrap();
        let mut head = [0; 5];
        stream.read_exact(&mut head).unwrap();
        let mut name = vec![0; head[4].into()];
        stream.read_exact(&mut name).unwrap();
        let mut port = [0; 2];
        stream.read_exact(&mut port).unwrap();
        stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).unwrap();
        let request = read_until(&mut stream, "\r\n\r\n");
        stream.write_all(OK.as_bytes()).unwrap();
        (head[3], String::from_utf8(name).unwrap(), request)
    });
    let options = through(format!("socks5h://{}", proxy.address));
    fetch(&client(options), get("http://api.example/a")).unwrap();
    let (kind, name, request) = proxy.saw();
    assert_eq!((kind, name.as_str()), (3, "api.example"));
    assert!(request.starts_with("GET /a HTTP/1.1\r\n"), "{request}");
}

#[test]
fn a_dead_proxy_is_named() {
    let server = Server::run(drop);
    let address = server.address;
    server.saw();
    let error = fetch(
        &client(through(format!("http://{address}"))),
        get("http://api.example/"),
    )
    .unwrap_err();
    assert!(matches!(error, HttpError::NotSent(_)), "{error:?}");
    assert!(
        error
            .to_string()
            .contains(&format!("through the proxy {address}")),
        "{error}"
    );
}
