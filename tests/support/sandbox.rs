//! A machine of its own for the real binary: empty HOME, no keyring, an encrypted file as store.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use wait_timeout::ChildExt;

use super::browser::{self, Plan};

/// No run of the binary may take longer.
const DEADLINE: Duration = Duration::from_secs(60);

/// See the module. Its folder goes when it is dropped.
pub struct Sandbox {
    folder: TempDir,
    environment: BTreeMap<String, String>,
    /// A program and its arguments that every run goes through.
    through: Vec<String>,
}

impl Sandbox {
    /// No service, a store that needs nobody, a browser that allows everything.
    pub fn new() -> Sandbox {
        let sandbox = Sandbox::bare();
        // hallpass makes the key file where there is none yet.
        let key = sandbox.path("key");
        let key = key.to_str().expect("Unicode");
        sandbox.write(
            "config/config.toml",
            &format!("[store]\nkind = \"file\"\nkey_file = \"{key}\"\n"),
        );
        sandbox.browser(Plan::Allow)
    }

    /// A fresh machine: no configuration at all.
    pub fn bare() -> Sandbox {
        let folder = tempfile::Builder::new()
            .prefix("hallpass-test-")
            .tempdir()
            .expect("a temporary folder");
        let at = |name: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(&path).expect("a folder");
            path.to_str().expect("Unicode").to_owned()
        };
        let path = std::env::var("PATH").unwrap_or_default();
        let environment = BTreeMap::from([
            ("PATH".into(), path),
            ("HOME".into(), at("home")),
            ("USERPROFILE".into(), at("home")),
            ("XDG_CONFIG_HOME".into(), at("home/.config")),
            ("XDG_STATE_HOME".into(), at("home/.local/state")),
            ("XDG_DATA_HOME".into(), at("home/.local/share")),
            ("XDG_CACHE_HOME".into(), at("home/.cache")),
            ("XDG_RUNTIME_DIR".into(), at("run")),
            ("HALLPASS_CONFIG_DIR".into(), at("config")),
            ("HALLPASS_STATE_DIR".into(), at("state")),
            ("HALLPASS_CACHE_DIR".into(), at("cache")),
            // Nothing of the real session can be reached from in here.
            (
                "DBUS_SESSION_BUS_ADDRESS".into(),
                format!("unix:path={}/no-bus", at("run")),
            ),
            ("LC_ALL".into(), "C.UTF-8".into()),
            ("TZ".into(), "UTC".into()),
            ("RUST_BACKTRACE".into(), "0".into()),
        ]);
        Sandbox {
            folder,
            environment,
            through: Vec::new(),
        }
    }

    /// What `$BROWSER` does from now on.
    pub fn browser(mut self, plan: Plan) -> Sandbox {
        let record = self.path("browser.log");
        self.environment.extend(browser::environment(plan, &record));
        self
    }

    /// Sets an environment variable for every run.
    pub fn env(mut self, name: &str, value: &str) -> Sandbox {
        self.environment.insert(name.into(), value.into());
        self
    }

    /// Every run from now on is started by this program, which must become it.
    pub fn through(mut self, words: &[&str]) -> Sandbox {
        self.through = words.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    /// Takes an environment variable out for every run.
    pub fn without_env(mut self, name: &str) -> Sandbox {
        self.environment.remove(name);
        self
    }

    /// Adds a `[service.NAME]` table to config.toml.
    pub fn service(self, name: &str, body: &str) -> Sandbox {
        let path = self.path("config/config.toml");
        let mut text = std::fs::read_to_string(&path).unwrap_or_default();
        text.push_str(&format!("\n[service.{name}]\n{body}"));
        self.write("config/config.toml", &text);
        self
    }

    /// What a run of the binary finds in its environment.
    pub fn environment(&self) -> &BTreeMap<String, String> {
        &self.environment
    }

    /// A path inside.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file inside, readable by its owner only.
    pub fn write(&self, name: &str, content: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(&path, content).expect("written");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let private = std::fs::Permissions::from_mode(0o600);
            std::fs::set_permissions(&path, private).expect("permissions");
        }
    }

    /// Reads a file inside; empty where there is none.
    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// URLs the browser was given, in order.
    pub fn opened(&self) -> Vec<url::Url> {
        let log = self.read("browser.log");
        log.lines().map(|l| l.parse().expect("a URL")).collect()
    }

    /// Every file inside that hallpass may have left, with its content.
    pub fn left_behind(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push((path.clone(), std::fs::read(path).unwrap_or_default()));
                }
            }
        }
        found
    }

    /// Runs `hallpass ARGUMENTS` to its end, with nothing on stdin.
    #[must_use = "check how it ended"]
    pub fn run(&self, arguments: &[&str]) -> Transcript {
        self.run_with_input(arguments, b"")
    }

    /// Runs it with this on stdin.
    #[must_use = "check how it ended"]
    pub fn run_with_input(&self, arguments: &[&str], input: &[u8]) -> Transcript {
        let mut running = self.start(arguments);
        running.write(input);
        running.finish()
    }

    /// Runs `hallpass` with the words of a line; no quoting.
    #[must_use = "check how it ended"]
    pub fn hallpass(&self, line: &str) -> Transcript {
        let arguments: Vec<&str> = line.split_whitespace().collect();
        self.run(&arguments)
    }

    /// The command, ready to be started in another way.
    pub fn command(&self) -> Command {
        let mut words = self.through.iter().map(String::as_str);
        let binary = env!("CARGO_BIN_EXE_hallpass");
        let mut command = Command::new(words.next().unwrap_or(binary));
        if !self.through.is_empty() {
            command.args(words).arg(binary);
        }
        command
            .env_clear()
            .envs(&self.environment)
            .current_dir(self.folder.path());
        command
    }

    /// Runs a shell line with `hallpass` on PATH; gives both streams as a terminal shows them.
    #[cfg(unix)]
    pub fn shell(&self, line: &str) -> String {
        let binary = Path::new(env!("CARGO_BIN_EXE_hallpass"));
        let folder = binary.parent().and_then(Path::to_str).expect("Unicode");
        let path = self.environment.get("PATH").map_or("", String::as_str);
        let output = Command::new("sh")
            .args(["-c", &format!("exec 2>&1; {line}")])
            .env_clear()
            .envs(&self.environment)
            .env("PATH", format!("{folder}:{path}"))
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .output()
            .expect("sh starts");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Runs `hallpass` with the words of a line at a terminal of its own, types `input`, and gives
    /// what the terminal shows.
    #[cfg(target_os = "linux")]
    pub fn typed_at_a_terminal(&self, line: &str, input: &str) -> String {
        let binary = env!("CARGO_BIN_EXE_hallpass");
        let mut script = Command::new("script")
            .args(["-qec", &format!("{binary} {line}"), "/dev/null"])
            .env_clear()
            .envs(&self.environment)
            .env("TERM", "xterm")
            .current_dir(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("script (util-linux) starts");
        let mut typed = script.stdin.take().expect("piped");
        typed.write_all(input.as_bytes()).expect("typed");
        let output = script.wait_with_output().expect("it ends");
        drop(typed);
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Starts it; its stderr can be read while it runs.
    pub fn start(&self, arguments: &[&str]) -> Running {
        let mut command = self.command();
        command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Running::new(command.spawn().expect("hallpass starts"), arguments)
    }
}

/// A run that has not ended. Dropped, it is killed.
pub struct Running {
    child: Child,
    line: String,
    stdout: Option<JoinHandle<Vec<u8>>>,
    stderr: Option<JoinHandle<Vec<u8>>>,
    lines: Receiver<String>,
    started: Instant,
    deadline: Duration,
}

impl Running {
    fn new(mut child: Child, arguments: &[&str]) -> Running {
        let mut out = child.stdout.take().expect("piped");
        let err = child.stderr.take().expect("piped");
        let (sender, lines) = channel();
        let stdout = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = out.read_to_end(&mut bytes);
            bytes
        });
        let stderr = std::thread::spawn(move || {
            let mut reader = BufReader::new(err);
            let (mut all, mut line) = (Vec::new(), Vec::new());
            while let Ok(1..) = reader.read_until(b'\n', &mut line) {
                // Nobody may be listening to single lines.
                let _ = sender.send(String::from_utf8_lossy(&line).trim_end().to_owned());
                all.append(&mut line);
            }
            all
        });
        Running {
            child,
            line: format!("hallpass {}", arguments.join(" ")),
            stdout: Some(stdout),
            stderr: Some(stderr),
            lines,
            started: Instant::now(),
            deadline: DEADLINE,
        }
    }

    /// Process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// It may take three times as long as others.
    pub fn patiently(mut self) -> Running {
        self.deadline = DEADLINE * 3;
        self
    }

    /// Types this; the other side may be gone.
    pub fn write(&mut self, input: &[u8]) {
        if let Some(stdin) = &mut self.child.stdin {
            let _ = stdin.write_all(input);
        }
    }

    /// Waits for a line on stderr that holds this text.
    pub fn wait_for(&mut self, text: &str) -> String {
        let mut seen = String::new();
        loop {
            let left = self.deadline.saturating_sub(self.started.elapsed());
            match self.lines.recv_timeout(left) {
                Ok(line) if line.contains(text) => return line,
                Ok(line) => seen.push_str(&format!("{line}\n")),
                Err(_) => panic!("{}: no {text:?} on stderr:\n{seen}", self.line),
            }
        }
    }

    /// Waits for the authorization URL, which is always printed.
    pub fn authorization_url(&mut self) -> url::Url {
        let line = self.wait_for("response_type=code");
        let start = line.find("http").expect("a URL in the line");
        let word = line[start..].split_whitespace().next();
        word.expect("a word").parse().expect("a URL")
    }

    /// Closes stdin and waits for the end.
    #[must_use = "check how it ended"]
    pub fn finish(mut self) -> Transcript {
        self.collect()
    }

    /// Kills it with SIGKILL, wherever it is, and gives what it left.
    #[must_use = "check what it left"]
    pub fn killed(mut self) -> Transcript {
        let _ = self.child.kill();
        self.collect()
    }

    fn collect(&mut self) -> Transcript {
        drop(self.child.stdin.take());
        let left = self.deadline.saturating_sub(self.started.elapsed());
        let status = self.child.wait_timeout(left).expect("waiting works");
        let mut hangs = String::new();
        if status.is_none() {
            hangs = doing(self.child.id());
            let _ = self.child.kill();
        }
        let collect = |handle: &mut Option<JoinHandle<Vec<u8>>>| {
            let handle = handle.take().expect("taken once");
            handle.join().expect("the reader ends")
        };
        let transcript = Transcript {
            line: self.line.clone(),
            code: status.and_then(|status| code(&status)).unwrap_or(-1),
            stdout: collect(&mut self.stdout),
            stderr: String::from_utf8_lossy(&collect(&mut self.stderr)).into_owned(),
            took: self.started.elapsed(),
        };
        assert!(
            status.is_some(),
            "it never ended ({hangs}): {transcript:#?}"
        );
        transcript
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a process that does not end is doing, as far as the system tells.
fn doing(pid: u32) -> String {
    let read = |file: &str| std::fs::read_to_string(format!("/proc/{pid}/{file}"));
    let status = read("status").unwrap_or_default();
    let state = status.lines().find(|line| line.starts_with("State:"));
    let fds = std::fs::read_dir(format!("/proc/{pid}/fd"));
    let fds = fds.into_iter().flatten().flatten();
    let fds = fds.filter_map(|fd| std::fs::read_link(fd.path()).ok());
    format!(
        "{} in {:?}, system call {:?}, files {:?}",
        state.unwrap_or("no state"),
        read("wchan").unwrap_or_default(),
        read("syscall").unwrap_or_default().trim(),
        fds.collect::<Vec<_>>(),
    )
}

/// As a shell shows it: 128 plus the signal where one ended it.
fn code(status: &ExitStatus) -> Option<i32> {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt;
        status.code().or(status.signal().map(|signal| 128 + signal))
    }
    #[cfg(not(unix))]
    status.code()
}

/// What a run left on its two streams, and how it ended.
pub struct Transcript {
    /// What was typed.
    pub line: String,
    /// Exit code as a shell shows it.
    pub code: i32,
    /// Data.
    pub stdout: Vec<u8>,
    /// Words.
    pub stderr: String,
    /// From start to end.
    pub took: Duration,
}

impl std::fmt::Debug for Transcript {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let out = String::from_utf8_lossy(&self.stdout);
        write!(
            f,
            "$ {}\n--- stdout\n{out}\n--- stderr\n{}\n--- exit {}",
            self.line, self.stderr, self.code
        )
    }
}

impl Transcript {
    /// It must have ended like this.
    #[track_caller]
    pub fn code(self, expected: i32) -> Transcript {
        assert_eq!(self.code, expected, "{self:#?}");
        assert!(!self.stderr.contains("panicked"), "{self:#?}");
        self
    }

    /// It must have worked.
    #[track_caller]
    pub fn ok(self) -> Transcript {
        self.code(0)
    }

    /// It must have failed with this code, in one line and a hint, and printed no data.
    #[track_caller]
    pub fn fails(self, expected: i32) -> Transcript {
        let this = self.code(expected);
        assert!(this.stdout.is_empty(), "data although it failed: {this:#?}");
        let error = this.stderr.lines().any(|l| l.starts_with("hallpass: "));
        let usage = this.stderr.lines().any(|l| l.starts_with("error: "));
        assert!(error || (expected == 2 && usage), "no cause: {this:#?}");
        assert!(!this.stderr.contains("Os {"), "raw error: {this:#?}");
        this
    }

    /// stderr must hold this.
    #[track_caller]
    pub fn says(self, text: &str) -> Transcript {
        assert!(self.stderr.contains(text), "no {text:?} in: {self:#?}");
        self
    }

    /// stderr must not hold this.
    #[track_caller]
    pub fn does_not_say(self, text: &str) -> Transcript {
        assert!(!self.stderr.contains(text), "{text:?} in: {self:#?}");
        self
    }

    /// stdout as text.
    #[track_caller]
    pub fn out(&self) -> &str {
        std::str::from_utf8(&self.stdout).expect("stdout is text")
    }

    /// stdout as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|_| panic!("not JSON: {self:#?}"))
    }

    /// stdout without its one line end.
    #[track_caller]
    pub fn data(&self) -> &str {
        let text = self.out();
        text.strip_suffix('\n').unwrap_or(text)
    }

    /// Helper for paths in assertions.
    pub fn mentions(&self, path: &Path) -> bool {
        self.stderr.contains(path.to_str().expect("Unicode"))
    }
}
