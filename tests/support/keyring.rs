//! A gnome-keyring of its own on a private bus, in a home of its own; both end with the test.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Programs it needs.
const PROGRAMS: &[&str] = &[
    "dbus-daemon",
    "dbus-monitor",
    "dbus-send",
    "gnome-keyring-daemon",
];

/// A session bus that starts no service by itself: a daemon that is gone stays gone.
const BUS: &str = r#"<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen>
    <policy context="default"><allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/><allow own="*"/></policy></busconfig>"#;

/// See the module.
pub struct Keyring {
    daemon: Child,
    bus: Child,
    address: String,
    home: TempDir,
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
        let config = home.path().join("bus.conf");
        std::fs::write(&config, BUS).expect("written");
        let mut bus = private(Command::new("dbus-daemon"), home.path())
            .arg(format!("--config-file={}", config.display()))
            .args(["--nofork", "--print-address=1"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("dbus-daemon starts");
        let mut address = String::new();
        let stdout = bus.stdout.take().expect("piped");
        let read = BufReader::new(stdout).read_line(&mut address);
        read.expect("the bus tells its address");
        let address = address.trim().to_owned();
        let keyring = Keyring {
            daemon: unlocked_daemon(home.path(), &address),
            bus,
            address,
            home,
        };
        keyring.wait_until_there();
        Some(keyring)
    }

    /// A new daemon over the same entries, unlocked, whatever became of the one before.
    pub fn restart(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
        self.wait_until(false);
        self.daemon = unlocked_daemon(self.home.path(), &self.address);
        self.wait_until_there();
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
        lock_on(&self.address);
    }

    /// Listens to what it is asked from now on.
    pub fn watch(&self) -> Watch {
        let mut monitor = private(Command::new("dbus-monitor"), self.home.path())
            .args(["--address", &self.address])
            .arg("type='method_call',destination='org.freedesktop.secrets'")
            .stdout(Stdio::piped())
            .spawn()
            .expect("dbus-monitor starts");
        let mut lines = BufReader::new(monitor.stdout.take().expect("piped")).lines();
        // It tells that its name is lost once it listens.
        let listens = lines.any(|line| line.is_ok_and(|line| line.contains("member=NameLost")));
        assert!(listens, "dbus-monitor does not listen");
        Watch {
            monitor,
            lines,
            address: self.address.clone(),
        }
    }

    /// The name is there first, then the unlocked collection.
    fn wait_until_there(&self) {
        self.wait_until(true);
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(20) {
            let locked = send(
                &self.address,
                "org.freedesktop.secrets",
                "/org/freedesktop/secrets/collection/login",
                "org.freedesktop.DBus.Properties.Get",
                &["string:org.freedesktop.Secret.Collection", "string:Locked"],
            );
            if locked.is_some_and(|text| text.contains("boolean false")) {
                return;
            }
        }
        panic!("the keyring was never unlocked");
    }

    fn wait_until(&self, there: bool) {
        let wanted = format!("boolean {there}");
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(20) {
            let answer = send(
                &self.address,
                "org.freedesktop.DBus",
                "/",
                "org.freedesktop.DBus.NameHasOwner",
                &["string:org.freedesktop.secrets"],
            );
            if answer.is_some_and(|text| text.contains(&wanted)) {
                return;
            }
        }
        panic!("the keyring never came or went");
    }
}

/// See [`Keyring::watch`].
pub struct Watch {
    monitor: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
    address: String,
}

/// One call that the keyring got.
#[derive(Debug)]
pub struct Call {
    pub sender: String,
    pub member: String,
}

impl Watch {
    /// Everything it was asked since, in order.
    pub fn calls(mut self) -> Vec<Call> {
        // The last one is ours; whatever came before it has been seen then.
        let end = "hallpass.Test.End";
        let service = "org.freedesktop.secrets";
        send(&self.address, service, "/", end, &[]);
        let field = |line: &str, name: &str| {
            let value = line.split([' ', ';']).find_map(|w| w.strip_prefix(name));
            value.unwrap_or_default().to_owned()
        };
        let lines = self.lines.by_ref().map_while(Result::ok);
        let calls = lines.filter(|line| line.starts_with("method call"));
        calls
            .take_while(|line| !line.contains("interface=hallpass.Test;"))
            .map(|line| Call {
                sender: field(&line, "sender="),
                member: field(&line, "member="),
            })
            .collect()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.monitor.kill();
        let _ = self.monitor.wait();
    }
}

/// Locks the collection of the keyring on this bus.
pub fn lock_on(address: &str) {
    let sent = send(
        address,
        "org.freedesktop.secrets",
        "/org/freedesktop/secrets",
        "org.freedesktop.Secret.Service.Lock",
        &["array:objpath:/org/freedesktop/secrets/collection/login"],
    );
    assert!(sent.is_some(), "the keyring locks");
}

fn unlocked_daemon(home: &Path, address: &str) -> Child {
    // The signal of a file size limit would end it; without, a write fails as on a full disk.
    let script = "trap '' XFSZ; exec gnome-keyring-daemon \"$@\"";
    let mut daemon = private(Command::new("sh"), home)
        .args([
            "-c",
            script,
            "sh",
            "--foreground",
            "--unlock",
            "--components=secrets",
        ])
        .env("DBUS_SESSION_BUS_ADDRESS", address)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("gnome-keyring-daemon starts");
    let mut password = daemon.stdin.take().expect("piped");
    password.write_all(b"testpw").expect("it reads");
    daemon
}

fn send(address: &str, to: &str, path: &str, method: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new("dbus-send")
        .args(["--print-reply", &format!("--dest={to}"), path, method])
        .args(arguments)
        .env("DBUS_SESSION_BUS_ADDRESS", address)
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    output.status.success().then_some(text)
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
