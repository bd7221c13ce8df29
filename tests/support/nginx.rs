//! nginx on ports of its own, over TLS under a small authority.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

use super::Sandbox;

/// A running nginx; ends when dropped. Its files are in the sandbox's folder `nginx`: `ca.pem`,
/// `client.pem`, `client.key` and `access.log`.
pub struct Nginx {
    child: Child,
    /// TLS, HTTP/2 by ALPN.
    pub port: u16,
    /// TLS that wants a client certificate of the same authority.
    pub client_port: u16,
    /// Plain, and not in the log.
    quiet_port: u16,
}

impl Nginx {
    /// `locations`: inside `server { … }`. `None` where it is not installed.
    pub fn start(sandbox: &Sandbox, locations: &str) -> Option<Nginx> {
        Nginx::start_with(sandbox, "", locations)
    }

    /// [`Nginx::start`] with `maps` inside `http { … }`.
    pub fn start_with(sandbox: &Sandbox, maps: &str, locations: &str) -> Option<Nginx> {
        let program = ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/bin/nginx"];
        let program = program
            .map(PathBuf::from)
            .into_iter()
            .find(|path| path.exists())?;
        certificates(sandbox);
        let (port, client_port, quiet_port) = (free_port(), free_port(), free_port());
        let folder = sandbox.path("nginx");
        let text = configuration(&folder, (port, client_port, quiet_port), maps, locations);
        sandbox.write("nginx/nginx.conf", &text);
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
        Some(Nginx {
            child,
            port,
            client_port,
            quiet_port,
        })
    }

    /// Lines of the access log: `connection protocol status method host uri authorization`.
    pub fn log(&self, sandbox: &Sandbox) -> Vec<String> {
        // It answers first and writes the line then. It does one thing after the other, so once
        // it answers this, the lines of all earlier answers are written.
        let mut later = TcpStream::connect(("127.0.0.1", self.quiet_port)).expect("nginx");
        let asked = later.write_all(b"GET / HTTP/1.0\r\n\r\n");
        let answered = asked.and_then(|()| later.read_to_end(&mut Vec::new()));
        assert!(answered.expect("an answer") > 0, "nginx does not answer");
        let text = sandbox.read("nginx/access.log");
        text.lines().map(str::to_owned).collect()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}

fn certificates(sandbox: &Sandbox) {
    let key = || KeyPair::generate().expect("a key");
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(DnType::CommonName, "an authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, key()).expect("a certificate");
    sandbox.write("nginx/ca.pem", &ca.pem());
    let names = ["localhost", "127.0.0.1", "::1", "api.example.test"].map(str::to_owned);
    for (name, names) in [("server", names.to_vec()), ("client", Vec::new())] {
        let own = key();
        let mut params = CertificateParams::new(names).expect("names");
        params.distinguished_name.push(DnType::CommonName, name);
        let made = params.signed_by(&own, &ca).expect("a certificate");
        sandbox.write(&format!("nginx/{name}.pem"), &made.pem());
        sandbox.write(&format!("nginx/{name}.key"), &own.serialize_pem());
    }
}

/// One process, so that nobody has to be trusted with the folder and one kill ends it.
fn configuration(folder: &Path, ports: (u16, u16, u16), maps: &str, locations: &str) -> String {
    let (port, client_port, quiet_port) = ports;
    let folder = folder.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {folder}/{name};\n"))
        .concat();
    let ipv6 = match std::net::TcpListener::bind(("::1", 0)) {
        Ok(_) => format!("listen [::1]:{port} ssl http2;"),
        Err(_) => String::new(),
    };
    format!(
        "daemon off; master_process off; pid {folder}/pid;
         events {{ worker_connections 256; }}
         http {{
           {temporary}
           log_format seen '$connection $server_protocol $status $request_method $host $request_uri $http_authorization $http_proxy_authorization';
           access_log {folder}/access.log seen;
           keepalive_requests 100000; client_max_body_size 0;
           ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server.key;
           default_type application/json;
           {maps}
           server {{
             listen 127.0.0.1:{port} ssl http2; {ipv6}
             {locations}
           }}
           server {{
             listen 127.0.0.1:{client_port} ssl http2;
             ssl_client_certificate {folder}/ca.pem; ssl_verify_client on;
             location / {{ return 200 '{{\"subject\":\"$ssl_client_verify\"}}'; }}
           }}
           server {{ listen 127.0.0.1:{quiet_port}; access_log off; return 204; }}
         }}"
    )
}
