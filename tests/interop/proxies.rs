//! `hallpass call` through real proxies: what the origin and the proxy get to see.

use crate::support::api::RecordingApi;
use crate::support::nginx::{Nginx, free_port};
use crate::support::proxies::{self, PASSWORD, USER};
use crate::support::sandbox::Transcript;
use crate::support::{Sandbox, skip};

const ECHO: &str = "location / { return 200 '{\"path\":\"$uri\"}'; }";

/// A service on `base` whose token comes from the environment.
fn signed_in(base: &str) -> Sandbox {
    let service = format!(
        "client_id = \"c\"\ntoken_endpoint = \"{base}/token\"\n\
         authorization_endpoint = \"{base}/authorize\"\napi_base_url = \"{base}/v1\"\n"
    );
    Sandbox::new()
        .service("demo", &service)
        .env("HALLPASS_TOKEN_DEMO", "secret-token")
}

fn call(sandbox: &Sandbox, flags: &[&str]) -> Transcript {
    let mut arguments = vec!["call", "demo", "x"];
    arguments.extend(flags);
    sandbox.run(&arguments)
}

/// What the origin got: through whatever proxy, the token and nothing of the proxy's.
fn origin_saw(api: &RecordingApi, times: usize) {
    let requests = api.requests();
    assert_eq!(requests.len(), times);
    for request in requests {
        let headers = request.headers();
        assert_eq!(headers["authorization"], "Bearer secret-token");
        assert!(!headers.contains_key("proxy-authorization"), "{headers:?}");
        assert!(!headers.contains_key("proxy-connection"), "{headers:?}");
        let all = format!("{headers:?}");
        assert!(!all.contains(PASSWORD) && !all.contains(USER), "{all}");
    }
}

#[test]
fn a_real_http_proxy_from_the_flag_and_the_environment_keeps_its_password() {
    let api = RecordingApi::start();
    let sandbox = signed_in(&api.origin());
    let Some(proxy) = proxies::http(&sandbox) else {
        return skip("tinyproxy");
    };
    let url = format!("http://{USER}:{PASSWORD}@127.0.0.1:{}", proxy.port);
    call(&sandbox, &["-x", &url]).ok();
    origin_saw(&api, 1);
    let by_environment = sandbox.env("http_proxy", &url);
    call(&by_environment, &[]).ok();
    origin_saw(&api, 2);
    assert_eq!(
        by_environment
            .read("tinyproxy.log")
            .matches("GET http")
            .count(),
        2
    );
    // A wrong password is told without showing it, and the origin sees nothing.
    let wrong = format!("http://{USER}:hunter2@127.0.0.1:{}", proxy.port);
    let refused = call(&by_environment, &["-x", &wrong]).does_not_say("hunter2");
    assert_ne!(refused.code, 0);
    origin_saw(&api, 2);
    let through = by_environment
        .read("tinyproxy.log")
        .matches("GET http")
        .count();
    // Around it.
    call(&by_environment, &["--noproxy", "127.0.0.1"]).ok();
    call(&by_environment, &["-x", ""]).ok();
    let excepted = by_environment.env("no_proxy", "127.0.0.0/8");
    call(&excepted, &[]).ok();
    origin_saw(&api, 5);
    assert_eq!(
        excepted.read("tinyproxy.log").matches("GET http").count(),
        through
    );
}

#[test]
fn a_real_http_proxy_only_tunnels_https() {
    let sandbox = signed_in("https://localhost:1");
    let Some(nginx) = Nginx::start(&sandbox, ECHO) else {
        return skip("nginx");
    };
    let Some(proxy) = proxies::http(&sandbox) else {
        return skip("tinyproxy");
    };
    let origin = format!("https://localhost:{}", nginx.port);
    let url = format!("http://{USER}:{PASSWORD}@127.0.0.1:{}", proxy.port);
    let ca = sandbox.path("nginx/ca.pem");
    let ca = ca.to_str().expect("Unicode");
    let target = format!("{origin}/v1/x");
    let run = [
        "call",
        "demo",
        &target,
        "--allow-origin",
        &origin,
        "--cacert",
        ca,
    ];
    let through = [&run[..], &["-x", &url]].concat();
    sandbox.run(&through).ok();
    let sandbox = sandbox.env("HTTPS_PROXY", &url);
    sandbox.run(&run).ok();
    let log = nginx.log(&sandbox);
    assert_eq!(log.len(), 2, "{log:?}");
    for line in &log {
        // Version, the token, and no Proxy-Authorization.
        assert!(line.contains("HTTP/2.0 200 GET"), "{line}");
        assert!(line.ends_with(" Bearer secret-token -"), "{line}");
    }
    let seen = sandbox.read("tinyproxy.log");
    assert_eq!(seen.matches("CONNECT localhost:").count(), 2, "{seen}");
    assert!(
        !seen.contains("secret-token") && !seen.contains("/v1/x"),
        "{seen}"
    );
}

#[test]
fn a_real_socks5_proxy_keeps_its_password() {
    let api = RecordingApi::start();
    let sandbox = signed_in(&api.origin());
    let Some(proxy) = proxies::socks() else {
        return skip("microsocks");
    };
    let at = |scheme: &str, password: &str| {
        format!("{scheme}://{USER}:{password}@127.0.0.1:{}", proxy.port)
    };
    call(&sandbox, &["-x", &at("socks5", PASSWORD)]).ok();
    call(&sandbox, &["-x", &at("socks5h", PASSWORD)]).ok();
    let by_environment = sandbox.env("ALL_PROXY", &at("socks5", PASSWORD));
    call(&by_environment, &[]).ok();
    origin_saw(&api, 3);
    let refused = call(&by_environment, &["-x", &at("socks5", "hunter2")]).does_not_say("hunter2");
    assert_ne!(refused.code, 0);
    origin_saw(&api, 3);
}

#[test]
fn a_real_https_origin_is_reached_through_socks5() {
    let sandbox = signed_in("https://localhost:1");
    let Some(nginx) = Nginx::start(&sandbox, ECHO) else {
        return skip("nginx");
    };
    let Some(proxy) = proxies::socks() else {
        return skip("microsocks");
    };
    let origin = format!("https://localhost:{}", nginx.port);
    let url = format!("socks5h://{USER}:{PASSWORD}@127.0.0.1:{}", proxy.port);
    let ca = sandbox.path("nginx/ca.pem");
    let ca = ca.to_str().expect("Unicode");
    let target = format!("{origin}/v1/x");
    let run = [
        "call",
        "demo",
        &target,
        "--allow-origin",
        &origin,
        "--cacert",
        ca,
        "-x",
        &url,
    ];
    sandbox.run(&run).ok();
    let log = nginx.log(&sandbox);
    assert!(log[0].ends_with(" Bearer secret-token -"), "{log:?}");
}

#[test]
fn a_real_dead_proxy_is_never_gone_around() {
    let api = RecordingApi::start();
    let sandbox = signed_in(&api.origin());
    for scheme in ["http", "https", "socks5", "socks5h"] {
        let url = format!("{scheme}://u:hunter2@127.0.0.1:{}", free_port());
        let run = call(&sandbox, &["-x", &url]).fails(6);
        let _ = run.says("proxy").does_not_say("hunter2");
    }
    assert!(api.requests().is_empty());
}
