//! A gnome-keyring of its own on a private bus, in a home of its own; both end with the test.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Programs it needs.
const PROGRAMS: &[&str] = &["dbus-daemon", "dbus-send", "gnome-keyring-daemon"];

/// See the module.
pub struct Keyring {
    daemon: Child,
    bus: Child,
    address: String,
    _home: TempDir,
}

impl Keyring {
    /// An unlocked one; `None`, and said so, where its programs are not installed.
    pub fn start() -> Option<Keyring> {
        let missing: Vec<_> = PROGRAMS.iter().filter(|name| !installed(name)).collect();
        if !missing.is_empty() {
            super::skip(&format!("a real keyring ({missing:?} not installed)"));
            return None;
        }
        let home = tempfile::Builder::new()
            .prefix("hallpass-keyring-")
            .tempdir()
            .expect("a temporary folder");
        let mut bus = private(Command::new("dbus-daemon"), home.path())
            .args(["--session", "--nofork", "--print-address=1"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("dbus-daemon starts");
        let mut address = String::new();
        let stdout = bus.stdout.take().expect("piped");
        let read = BufReader::new(stdout).read_line(&mut address);
        read.expect("the bus tells its address");
        let address = address.trim().to_owned();
        let mut daemon = private(Command::new("gnome-keyring-daemon"), home.path())
            .args(["--foreground", "--unlock", "--components=secrets"])
            .env("DBUS_SESSION_BUS_ADDRESS", &address)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("gnome-keyring-daemon starts");
        let mut password = daemon.stdin.take().expect("piped");
        password.write_all(b"testpw").expect("it reads");
        drop(password);
        let keyring = Keyring {
            daemon,
            bus,
            address,
            _home: home,
        };
        keyring.wait_until_there();
        Some(keyring)
    }

    /// For `DBUS_SESSION_BUS_ADDRESS`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Process id of the daemon.
    pub fn daemon(&self) -> u32 {
        self.daemon.id()
    }

    /// Locks the collection; nobody can unlock it without a display.
    pub fn lock(&self) {
        let sent = self.send(
            "org.freedesktop.secrets",
            "/org/freedesktop/secrets",
            "org.freedesktop.Secret.Service.Lock",
            "array:objpath:/org/freedesktop/secrets/collection/login",
        );
        assert!(sent.is_some(), "the keyring locks");
    }

    fn wait_until_there(&self) {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(20) {
            let answer = self.send(
                "org.freedesktop.DBus",
                "/",
                "org.freedesktop.DBus.NameHasOwner",
                "string:org.freedesktop.secrets",
            );
            if answer.is_some_and(|text| text.contains("boolean true")) {
                return;
            }
        }
        panic!("the keyring never came");
    }

    fn send(&self, to: &str, path: &str, method: &str, argument: &str) -> Option<String> {
        let output = Command::new("dbus-send")
            .args([
                "--print-reply",
                &format!("--dest={to}"),
                path,
                method,
                argument,
            ])
            .env("DBUS_SESSION_BUS_ADDRESS", &self.address)
            .output()
            .ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        output.status.success().then_some(text)
    }
}

impl Drop for Keyring {
    fn drop(&mut self) {
        for child in [&mut self.daemon, &mut self.bus] {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A clean environment, set before the bus starts: it hands its own on to what it activates.
fn private(mut command: Command, home: &Path) -> Command {
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home)
        .env("XDG_RUNTIME_DIR", home)
        .env("LC_ALL", "C.UTF-8")
        .stderr(Stdio::null());
    command
}

/// Whether a program is on PATH.
pub fn installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
