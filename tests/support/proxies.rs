//! Real proxies: tinyproxy for HTTP, microsocks for SOCKS5, both with a password.

use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::Sandbox;
use super::nginx::free_port;

/// A running proxy; ends when dropped.
pub struct Proxy {
    child: Child,
    pub port: u16,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What it wants to hear.
pub const USER: &str = "proxy-user";
pub const PASSWORD: &str = "proxy-password";

/// tinyproxy; `None` where it is not installed.
pub fn http(sandbox: &Sandbox) -> Option<Proxy> {
    let port = free_port();
    let text = format!(
        "Port {port}\nListen 127.0.0.1\nTimeout 30\nMaxClients 20\nLogFile \"{}\"\nLogLevel Connect\n\
         BasicAuth {USER} {PASSWORD}\n",
        sandbox.path("tinyproxy.log").display()
    );
    sandbox.write("tinyproxy.conf", &text);
    let configuration = sandbox.path("tinyproxy.conf");
    let configuration = configuration.to_str().expect("Unicode");
    started(
        Command::new("tinyproxy").args(["-d", "-c", configuration]),
        port,
    )
}

/// microsocks; `None` where it is not installed.
pub fn socks() -> Option<Proxy> {
    let port = free_port();
    let number = port.to_string();
    started(
        Command::new("microsocks").args([
            "-i",
            "127.0.0.1",
            "-p",
            &number,
            "-u",
            USER,
            "-P",
            PASSWORD,
        ]),
        port,
    )
}

fn started(command: &mut Command, port: u16) -> Option<Proxy> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let begin = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        let ended = child.try_wait().expect("waiting works");
        assert!(ended.is_none(), "the proxy ended: {ended:?}");
        let waited = begin.elapsed();
        assert!(waited < Duration::from_secs(30), "the proxy never listened");
        std::thread::sleep(Duration::from_millis(5));
    }
    Some(Proxy { child, port })
}
