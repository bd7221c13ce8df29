//! A batch and a list of pages against nginx, over TLS and HTTP/2.

use std::collections::BTreeSet;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Authority, Sandbox, skip};

/// Pages of its list.
const PAGES: usize = 200;

/// nginx on a port of its own; ends when dropped.
struct Nginx {
    child: Child,
    port: u16,
}

impl Nginx {
    /// `None` where it is not installed.
    fn start(sandbox: &Sandbox) -> Option<Nginx> {
        let program = ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/bin/nginx"];
        let program = program
            .map(PathBuf::from)
            .into_iter()
            .find(|path| path.exists())?;
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let names = ["localhost".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
        sandbox.write("nginx/cert.pem", &made.cert.pem());
        sandbox.write("nginx/key.pem", &made.signing_key.serialize_pem());
        let folder = sandbox.path("nginx");
        sandbox.write("nginx/nginx.conf", &configuration(&folder, port));
        let mut child = Command::new(program)
            .args(["-e", "stderr", "-p"])
            .arg(&folder)
            .arg("-c")
            .arg(folder.join("nginx.conf"))
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("nginx starts");
        let begin = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = child.try_wait().expect("waiting works");
            assert!(ended.is_none(), "nginx ended: {ended:?}");
            assert!(
                begin.elapsed() < Duration::from_secs(30),
                "nginx never listened"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
        Some(Nginx { child, port })
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One process, so that nobody has to be trusted with the folder and one kill ends it.
fn configuration(folder: &Path, port: u16) -> String {
    let folder = folder.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {folder}/{name};\n"))
        .concat();
    let next: String = (1..PAGES)
        .map(|page| format!("{page} '</v1/pages?page={}>; rel=\"next\"'; ", page + 1))
        .collect();
    format!(
        "daemon off; master_process off; pid {folder}/pid;
         events {{ worker_connections 256; }}
         http {{
           {temporary}
           log_format seen '$connection $server_protocol $status $request_method $http_authorization';
           access_log {folder}/access.log seen;
           keepalive_requests 100000;
           map $arg_page $next {{ default ''; {next} }}
           server {{
             listen 127.0.0.1:{port} ssl http2;
             ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
             default_type application/json;
             location /v1/pages {{ add_header Link $next; return 200 '[$arg_page]'; }}
             location / {{ return 200 '{{\"path\":\"$uri\"}}'; }}
           }}
         }}"
    )
}

/// A machine with a session at nginx, and the flag that trusts it.
fn signed_in(sandbox: Sandbox, nginx: &Nginx) -> (Authority, Sandbox, String) {
    let authority = Authority::honest();
    let own = authority.service();
    let lines = own.lines().filter(|line| !line.starts_with("api_base_url"));
    let mut body: String = lines.map(|line| format!("{line}\n")).collect();
    body.push_str(&format!(
        "api_base_url = \"https://localhost:{}/v1\"\n",
        nginx.port
    ));
    let sandbox = sandbox.service("demo", &body);
    sandbox.hallpass("login demo").ok();
    let cacert = sandbox.path("nginx/cert.pem");
    let cacert = cacert.to_str().expect("Unicode").to_owned();
    (authority, sandbox, cacert)
}

/// Every line of the log is the same: connection, version, status, method and token.
fn one_connection(sandbox: &Sandbox, requests: usize) {
    let token = sandbox.hallpass("token demo").ok();
    let log = sandbox.read("nginx/access.log");
    let seen: BTreeSet<&str> = log.lines().collect();
    assert_eq!(log.lines().count(), requests);
    assert_eq!(seen.len(), 1, "{seen:?}");
    let line = seen.first().expect("a line");
    let end = format!(" HTTP/2.0 200 GET Bearer {}", token.data());
    assert!(line.ends_with(&end), "{line}");
}

#[test]
fn pages_are_one_http2_connection_to_the_last() {
    let sandbox = Sandbox::new();
    let Some(nginx) = Nginx::start(&sandbox) else {
        return skip("nginx");
    };
    let (_authority, sandbox, cacert) = signed_in(sandbox, &nginx);
    let words = [
        "call",
        "demo",
        "/pages?page=1",
        "--paginate",
        "--cacert",
        &cacert,
    ];
    let expected: Vec<String> = (1..=PAGES).map(|page| page.to_string()).collect();
    let run = sandbox.run(&words).ok();
    assert_eq!(run.out(), format!("[{}]", expected.join(",")));
    one_connection(&sandbox, PAGES);
}

#[test]
fn a_batch_is_one_http2_connection_and_its_answers_keep_their_order() {
    let sandbox = Sandbox::new();
    let Some(nginx) = Nginx::start(&sandbox) else {
        return skip("nginx");
    };
    let (_authority, sandbox, cacert) = signed_in(sandbox, &nginx);
    let ids: String = (0..1000).map(|n| format!("{n}\n")).collect();
    let run = ["batch", "demo", "users/{id}", "--cacert", &cacert];
    let ended = sandbox.run_with_input(&run, ids.as_bytes()).ok();
    let expected: String = (0..1000)
        .map(|n| {
            let index = n + 1;
            format!("{{\"index\":{index},\"id\":\"{n}\",\"status\":200,\"body\":{{\"path\":\"/v1/users/{n}\"}}}}\n")
        })
        .collect();
    assert_eq!(ended.out(), expected);

    one_connection(&sandbox, 1000);
}
