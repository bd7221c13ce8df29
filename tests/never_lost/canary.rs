//! Every command at the highest verbosity with known secrets: none in what came out, in files, in
//! argv, in the environment of children, in a core: must 75–78.

use std::collections::BTreeSet;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::support::server::Answer;
use crate::support::{Authority, Sandbox, wire};

const CLIENT_SECRET: &str = "canary-client-secret-7Q2x";
const PASSPHRASE: &str = "canary-passphrase-9Zk4";
const GIVEN_TOKEN: &str = "canary-given-token-3Vw8";
const STDIN_TOKEN: &str = "canary-stdin-token-5Lm1";

/// Secrets in forms that the server receives.
const SENT: &[&str] = &[
    "client_assertion",
    "client_secret",
    "code",
    "code_verifier",
    "device_code",
    "refresh_token",
    "token",
];

/// Secrets in documents that the server gives.
const GIVEN: &[&str] = &[
    "access_token",
    "client_secret",
    "device_code",
    "id_token",
    "refresh_token",
    "registration_access_token",
];

/// Secrets that this run knows of; servers and clients add theirs as they make them.
#[derive(Clone, Default)]
struct Secrets(Arc<Mutex<BTreeSet<String>>>);

impl Secrets {
    fn add(&self, secret: &str) {
        // Anything shorter turns up by chance.
        if secret.len() >= 12 {
            self.0
                .lock()
                .expect("not poisoned")
                .insert(secret.to_owned());
        }
    }

    fn in_bytes(&self, bytes: &[u8]) -> Option<String> {
        let secrets = self.0.lock().expect("not poisoned");
        let found = secrets.iter().find(|secret| {
            let mut windows = bytes.windows(secret.len());
            windows.any(|window| window == secret.as_bytes())
        });
        found.cloned()
    }

    /// Keeps what the endpoints that give or take secrets receive and give.
    fn watch(&self, authority: &Authority) {
        for path in ["/token", "/device_authorization", "/register", "/revoke"] {
            self.watch_at(authority, path);
        }
    }

    fn watch_at(&self, authority: &Authority, path: &str) {
        let secrets = self.clone();
        authority.script(path, move |request, honest| {
            for (name, value) in wire::form(request.body()) {
                if SENT.contains(&name.as_str()) {
                    secrets.add(&value);
                }
            }
            let response = honest();
            if let Ok(Value::Object(body)) = serde_json::from_slice(response.body()) {
                for name in GIVEN {
                    secrets.add(body.get(*name).and_then(Value::as_str).unwrap_or_default());
                }
            }
            Answer::Whole(response)
        });
    }
}

/// Looks at every process again and again: no secret in argv, none in a child's environment.
struct Sampler {
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<(usize, Vec<String>)>>,
}

impl Sampler {
    fn start(secrets: &Secrets) -> Sampler {
        let stop = Arc::new(AtomicBool::new(false));
        let (ending, secrets) = (stop.clone(), secrets.clone());
        let thread = std::thread::spawn(move || {
            let (mut samples, mut found) = (0, Vec::new());
            while !ending.load(Ordering::SeqCst) {
                for process in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
                    samples += usize::from(look(&process.path(), &secrets, &mut found));
                }
                std::thread::yield_now();
            }
            (samples, found)
        });
        Sampler {
            stop,
            thread: Some(thread),
        }
    }

    fn end(mut self) -> (usize, Vec<String>) {
        self.stop.store(true, Ordering::SeqCst);
        let thread = self.thread.take().expect("one end");
        thread.join().expect("the sampler ends")
    }
}

fn look(process: &Path, secrets: &Secrets, found: &mut Vec<String>) -> bool {
    let Ok(argv) = std::fs::read(process.join("cmdline")) else {
        return false;
    };
    if let Some(secret) = secrets.in_bytes(&argv) {
        let argv = String::from_utf8_lossy(&argv).into_owned();
        found.push(format!("{secret} in argv: {argv}"));
    }
    // What the person gave hallpass itself is in its own environment; argv tells a child that
    // has not become another program yet from one that has.
    let ours = env!("CARGO_BIN_EXE_hallpass").as_bytes();
    if !argv.is_empty() && !argv.starts_with(ours) {
        let environment = std::fs::read(process.join("environ")).unwrap_or_default();
        let again = std::fs::read(process.join("cmdline")).unwrap_or_default();
        if let (Some(secret), true) = (secrets.in_bytes(&environment), again == argv) {
            let argv = String::from_utf8_lossy(&argv).into_owned();
            found.push(format!("{secret} in the environment of {argv}"));
        }
    }
    true
}

/// A confidential client whose secret a command gives, a passphrase in the environment, a token
/// for another service there too.
fn machine(authority: &Authority, secrets: &Secrets) -> Sandbox {
    for secret in [CLIENT_SECRET, PASSPHRASE, GIVEN_TOKEN, STDIN_TOKEN] {
        secrets.add(secret);
    }
    secrets.watch(authority);
    let client = hallpass::demo::DemoClient::confidential(
        hallpass::demo::CLIENT_ID,
        CLIENT_SECRET,
        "client_secret_basic",
    );
    authority.provider(|p| p.add_client(client));
    let sandbox = Sandbox::bare().browser(crate::support::browser::Plan::Allow);
    sandbox.write("secret", CLIENT_SECRET);
    sandbox.write(
        "tell-secret",
        "env >\"$0.env\"; ls -l /proc/self/fd >\"$0.fds\"; cat \"$(dirname \"$0\")/secret\"\n",
    );
    let tell = sandbox.path("tell-secret");
    let tell = tell.to_str().expect("Unicode");
    sandbox.write("config/config.toml", "[store]\nkind = \"file\"\n");
    let secret = format!("client_secret = {{ command = [\"sh\", \"{tell}\"] }}\n");
    sandbox
        .service("demo", &format!("{}{secret}", authority.service()))
        .service("given", &authority.service())
        .service("brought", &authority.service())
        .env("HALLPASS_STORE_PASSPHRASE", PASSPHRASE)
        .env("HALLPASS_TOKEN_GIVEN", GIVEN_TOKEN)
}

/// Commands whose data is a token by request.
const MADE_TO_SHOW: &[&str] = &["token", "exec", "call given -X"];

/// What is typed; ISSUER and HOME stand for what is known later.
const LINES: &[&str] = &[
    "login demo",
    "login brought --with-token",
    "status",
    "status --check",
    "status demo --format json",
    "userinfo demo",
    "call demo me",
    "call demo nowhere",
    "call demo me --dry-run",
    "call demo me --curl",
    "call demo me -v",
    "call given me",
    "batch demo",
    "discover ISSUER",
    "introspect demo",
    "token demo --refresh",
    "token demo --as json",
    "exec demo -- true",
    "inspect demo",
    "show demo --origin",
    "store move file --path HOME/elsewhere",
    "store show",
    "list",
    "providers",
    "doctor demo --format json",
    "edit demo --scope openid",
    "completions bash",
    "login demo --timeout 0s --no-browser",
    "login demo --flow device --timeout 1s --no-browser",
    "login ISSUER",
    "logout brought",
    "logout demo",
    "token demo",
    "remove brought",
    "add fresh --issuer ISSUER --client-id x",
    "demo",
    "demo --help",
    "store use file --path HOME/elsewhere-too",
    "man HOME/man",
];

/// Every command that can be typed, words and all, as clap knows them: hidden ones too.
fn commands() -> Vec<String> {
    fn gather(command: &clap::Command, words: &str, found: &mut Vec<String>) {
        let mut has_more = false;
        for sub in command.get_subcommands() {
            if sub.get_name() != "help" {
                has_more = true;
                let words = format!("{words} {}", sub.get_name());
                gather(sub, words.trim_start(), found);
            }
        }
        if !has_more {
            found.push(words.to_owned());
        }
    }
    let mut root = <hallpass::cli::args::Cli as clap::CommandFactory>::command();
    root.build();
    let mut found = Vec::new();
    gather(&root, "", &mut found);
    found
}

/// Whether clap takes this line: it may be here before its command or its flag is.
fn is_taken(line: &str) -> bool {
    let words = std::iter::once("hallpass").chain(line.split(' '));
    let command = <hallpass::cli::args::Cli as clap::CommandFactory>::command();
    match command.try_get_matches_from(words) {
        Ok(_) => true,
        Err(error) => error.kind() == clap::error::ErrorKind::DisplayHelp,
    }
}

/// Whether a line is of this command.
fn is_of(line: &str, command: &str) -> bool {
    let rest = line.strip_prefix(command);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

/// What is typed or piped in.
fn input(line: &str) -> String {
    match line {
        "login brought --with-token" => format!("{STDIN_TOKEN}\n"),
        "batch demo" => "{\"url\": \"me\"}\n{\"url\": \"nowhere\"}\n".to_owned(),
        _ => String::new(),
    }
}

#[test]
fn every_command_at_the_highest_verbosity_shows_no_secret() {
    let authority = Authority::honest();
    let secrets = Secrets::default();
    let sandbox = machine(&authority, &secrets);
    let sampler = Sampler::start(&secrets);
    let home = sandbox.path("");
    let home = home.to_str().expect("Unicode").trim_end_matches('/');
    let mut said = Vec::new();
    for line in LINES.iter().filter(|line| is_taken(line)) {
        let words = line.replace("ISSUER", &authority.issuer());
        let words = words.replace("HOME", home);
        let words: Vec<&str> = words.split(' ').collect();
        // Behind `--` are words of another program.
        let split = words
            .iter()
            .position(|word| *word == "--")
            .unwrap_or(words.len());
        let words = [&words[..split], &["-vvv"], &words[split..]].concat();
        let ended = sandbox.run_with_input(&words, input(line).as_bytes());
        assert!(!ended.stderr.contains("panicked"), "{ended:#?}");
        assert_ne!(ended.code, 2, "wrong usage proves nothing: {ended:#?}");
        said.push((line, ended));
    }
    let (samples, found) = sampler.end();
    assert!(found.is_empty(), "{found:#?}");
    assert!(samples > 100, "the sampler saw {samples} processes");
    // Only now are all secrets known.
    for (line, ended) in &said {
        let shown = secrets.in_bytes(ended.stderr.as_bytes());
        assert!(shown.is_none(), "{shown:?} on stderr: {ended:#?}");
        let meant = MADE_TO_SHOW.iter().any(|made| line.starts_with(made));
        let shown = secrets.in_bytes(&ended.stdout);
        assert!(meant || shown.is_none(), "{shown:?} on stdout: {ended:#?}");
    }
    let given = ["secret", "browser.log"];
    for (path, content) in sandbox.left_behind() {
        let ours = path.strip_prefix(sandbox.path("")).expect("inside");
        let is_given = given.iter().any(|name| ours == Path::new(name));
        if let (Some(secret), false) = (secrets.in_bytes(&content), is_given) {
            panic!("{secret} in {}", path.display());
        }
    }
    let inherited = sandbox.read("tell-secret.env") + &sandbox.read("tell-secret.fds");
    assert!(
        inherited.contains("PATH="),
        "the secret command ran: {inherited}"
    );
    for bad in [".lock", "socket:", "HALLPASS_TOKEN_GIVEN", PASSPHRASE] {
        assert!(!inherited.contains(bad), "{bad} in:\n{inherited}");
    }
    let known = secrets.0.lock().expect("not poisoned").len();
    println!(
        "{} runs, {known} secrets, {samples} samples of processes",
        said.len()
    );
}

#[test]
fn every_command_there_is_has_a_line_in_the_canary() {
    let commands = commands();
    assert!(commands.iter().any(|command| command == "store show"));
    for command in commands {
        let mut lines = LINES.iter().filter(|line| is_taken(line));
        let has_line = lines.any(|line| is_of(line, &command));
        assert!(has_line, "no canary line for `hallpass {command}`");
    }
}

#[test]
fn a_command_run_by_exec_gets_the_token_asked_for_and_nothing_else_of_ours() {
    let authority = Authority::honest();
    let secrets = Secrets::default();
    let sandbox = machine(&authority, &secrets);
    sandbox.hallpass("login demo").ok();
    let token = sandbox.hallpass("token demo").ok();
    let ended = sandbox.run(&["exec", "demo", "--", "sh", "-c", "env; ls -l /proc/self/fd"]);
    let ended = ended.ok();
    let shown = ended.out().replace(token.data(), "");
    assert_ne!(shown, ended.out(), "the token is there: {ended:#?}");
    let found = secrets.in_bytes(shown.as_bytes());
    assert!(found.is_none(), "{found:?} in {ended:#?}");
    for bad in [".lock", "socket:", ".sealed", "HALLPASS_TOKEN_GIVEN"] {
        assert!(!shown.contains(bad), "{bad} in {ended:#?}");
    }
}

/// Whether a process that aborts leaves a core on this machine at all.
fn cores_are_left(folder: &Path) -> bool {
    use std::os::unix::process::ExitStatusExt;
    let ended = std::process::Command::new("sh")
        .args(["-c", "ulimit -c unlimited && kill -ABRT $$"])
        .current_dir(folder)
        .status();
    ended.is_ok_and(|status| status.core_dumped())
}

#[test]
fn an_abort_leaves_no_core_and_the_limit_is_zero() {
    use std::os::unix::process::ExitStatusExt;
    let (authority, sandbox) = super::signed_in();
    super::expire(&authority, &sandbox);
    authority.always("/token", Answer::Stall(Vec::new()));
    let sandbox = sandbox.through(&["sh", "-c", "ulimit -c unlimited; exec \"$0\" \"$@\""]);
    let mut child = sandbox
        .command()
        .args(["token", "demo"])
        .process_group(0)
        .stdin(std::process::Stdio::null())
        .spawn()
        .expect("hallpass starts");
    while authority.requests("/token").is_empty() {
        std::thread::yield_now();
    }
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id()));
    let limits = limits.expect("limits");
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"));
    let soft = core.and_then(|line| line.split_whitespace().nth(4));
    assert_eq!(soft, Some("0"), "{limits}");
    if !rustix::process::geteuid().is_root() {
        // Undumpable: not even another process of the same user may look.
        let environ = std::fs::read(format!("/proc/{}/environ", child.id()));
        assert!(environ.is_err(), "its memory can be read");
        let fds = std::fs::read_dir(format!("/proc/{}/fd", child.id()));
        assert!(fds.is_err(), "its files can be seen");
    }
    let pid = rustix::process::Pid::from_raw(child.id() as i32).expect("a pid");
    rustix::process::kill_process(pid, rustix::process::Signal::ABORT).expect("sent");
    let status = child.wait().expect("it ends");
    assert_eq!(status.signal(), Some(6));
    if cores_are_left(&sandbox.path("")) {
        assert!(!status.core_dumped());
    }
}
