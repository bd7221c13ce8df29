//! The person's browser: `$BROWSER`, else the desktop's way (`open`).

use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use url::Url;

use super::{env, process, terminal};
use crate::error::{Code, Error, Result};
use crate::port::Browser;

/// A browser that fails within this time did not show the page; one that fails later was closed
/// or crashed after it did.
const QUICK: Duration = Duration::from_secs(5);

/// What stands for the URL in `$BROWSER`.
const PLACEHOLDER: &str = "%s";

/// Starts programs with argv, never through a shell; their output never reaches ours.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemBrowser;

impl Browser for SystemBrowser {
    fn available(&self) -> bool {
        is_available(std::env::consts::OS, &env::var)
    }

    fn open(&self, url: &Url) -> Result<()> {
        check(url)?;
        let candidates = match env::var("BROWSER") {
            Some(list) => from_variable(&list, url),
            None => open::commands(url.as_str()),
        };
        start(candidates, terminal::warn)
    }
}

/// A `$BROWSER`, or a desktop: a display on Linux and the BSDs, Windows behind WSL; on macOS and
/// Windows one that is not far away at the other end of an SSH connection.
fn is_available(system: &str, environment: &dyn Fn(&str) -> Option<String>) -> bool {
    let set = |name: &str| environment(name).is_some();
    if set("BROWSER") {
        return true;
    }
    match system {
        "macos" | "windows" => !set("SSH_CONNECTION"),
        _ => set("DISPLAY") || set("WAYLAND_DISPLAY") || set("WSL_DISTRO_NAME"),
    }
}

/// Other schemes start other programs, and a leading `-` would be an option to one. A parsed URL
/// begins with its scheme and holds no white space, so this is the whole check.
fn check(url: &Url) -> Result<()> {
    if matches!(url.scheme(), "http" | "https") && !url.as_str().starts_with('-') {
        return Ok(());
    }
    let shown = crate::secret::SafeUrl::new(url.clone());
    Err(Error::new(
        Code::MetadataInvalid,
        format!("{shown} is not given to the browser: it is neither http nor https"),
    ))
}

/// `$BROWSER` as `xdg-open` reads it: a list of command lines split at white space, in which `%s`
/// stands for the URL; without one it comes last.
fn from_variable(list: &str, url: &Url) -> Vec<Command> {
    let separator = if cfg!(windows) { ';' } else { ':' };
    list.split(separator)
        .filter_map(|entry| words(entry, url.as_str()))
        .map(|(program, arguments)| {
            let mut command = process::command(&program);
            command.args(arguments);
            command
        })
        .collect()
}

fn words(entry: &str, url: &str) -> Option<(String, Vec<String>)> {
    let mut words = entry.split_whitespace().map(str::to_owned);
    let program = words.next()?;
    let mut arguments: Vec<_> = words.collect();
    // A shell's "in the background", which every browser is here.
    if arguments.last().is_some_and(|last| last == "&") {
        arguments.pop();
    }
    let mut placed = false;
    for argument in &mut arguments {
        if argument.contains(PLACEHOLDER) {
            *argument = argument.replace(PLACEHOLDER, url);
            placed = true;
        }
    }
    if !placed {
        arguments.push(url.to_owned());
    }
    Some((program, arguments))
}

/// Starts the first that can be started, and goes on to the next where one fails quickly. That is
/// watched from a thread, which also reaps the child; nobody waits for either.
fn start(candidates: Vec<Command>, tell: fn(&str)) -> Result<()> {
    let mut tried = Tried {
        rest: candidates.into_iter(),
        problem: "no browser is named".to_owned(),
    };
    let Some(child) = tried.next() else {
        return Err(Error::new(
            Code::Usage,
            format!("cannot start a browser: {}", tried.problem),
        )
        .with_hint("open the address above yourself, or set BROWSER"));
    };
    let watcher = move || {
        if let Some(problem) = watch(child, tried) {
            tell(&format!(
                "no browser could be started ({problem}); open the address above yourself"
            ));
        }
    };
    // Unwatched it serves as well.
    drop(std::thread::Builder::new().spawn(watcher));
    Ok(())
}

/// Browsers not tried yet, and why the last did not do.
struct Tried {
    rest: std::vec::IntoIter<Command>,
    problem: String,
}

impl Tried {
    fn next(&mut self) -> Option<(String, Child)> {
        for mut command in self.rest.by_ref() {
            let program = command.get_program().to_string_lossy().into_owned();
            let program = crate::secret::printable(&program, 100);
            match spawn(&mut command) {
                Ok(child) => return Some((program, child)),
                Err(error) => {
                    let why = match error.kind() {
                        std::io::ErrorKind::NotFound => "is not there".to_owned(),
                        _ => format!("cannot be run: {error}"),
                    };
                    self.problem = format!("{program} {why}");
                }
            }
        }
        None
    }
}

fn spawn(command: &mut Command) -> std::io::Result<Child> {
    process::hide_secrets(command);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    // Ctrl-C here must not end the person's browser.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    command.spawn()
}

/// Waits for the child, and the next ones after quick failures; the problem if none did.
fn watch(first: (String, Child), mut tried: Tried) -> Option<String> {
    let mut current = Some(first);
    while let Some((program, mut child)) = current {
        let start = Instant::now();
        match child.wait() {
            Ok(status) if !status.success() && start.elapsed() < QUICK => {
                tried.problem = format!("{program} {}", told(status));
            }
            _ => return None,
        }
        current = tried.next();
    }
    Some(tried.problem)
}

fn told(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("ended with {code}"),
        None => "was ended by a signal".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url() -> Url {
        // White space, quotes and shell characters that a URL may hold.
        Url::parse("http://127.0.0.1/a'b;$(touch x)`&?x=%20|y").unwrap()
    }

    #[test]
    fn only_web_addresses_are_opened() {
        for bad in [
            "file:///bin/sh",
            "javascript:alert(1)",
            "ms-msdt:/id",
            "mailto:a@b",
        ] {
            let url = Url::parse(bad).unwrap();
            for refused in [check(&url), SystemBrowser.open(&url)] {
                assert_eq!(refused.unwrap_err().code(), Code::MetadataInvalid, "{bad}");
            }
        }
        assert!(check(&url()).is_ok());
    }

    #[test]
    fn a_browser_is_expected_where_there_is_a_screen() {
        let available = |system, set: &[&str]| {
            is_available(system, &|name| set.contains(&name).then(|| "x".to_owned()))
        };
        assert!(available("linux", &["DISPLAY"]));
        assert!(available("linux", &["WAYLAND_DISPLAY"]));
        assert!(available("linux", &["WSL_DISTRO_NAME"]));
        assert!(available("linux", &["BROWSER", "SSH_CONNECTION"]));
        assert!(
            available("linux", &["DISPLAY", "SSH_CONNECTION"]),
            "forwarded"
        );
        assert!(!available("linux", &["SSH_CONNECTION"]));
        assert!(!available("linux", &[]));
        assert!(available("macos", &[]));
        assert!(!available("macos", &["SSH_CONNECTION"]));
        assert!(available("windows", &[]));
    }

    #[test]
    fn the_url_is_one_argument_wherever_it_stands() {
        let split = |entry: &str| words(entry, "URL").unwrap();
        let owned = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        assert_eq!(split("firefox"), ("firefox".to_owned(), owned(&["URL"])));
        assert_eq!(
            split("  chromium  --app=%s --x &"),
            ("chromium".to_owned(), owned(&["--app=URL", "--x"]))
        );
        assert!(words("  ", "URL").is_none());
    }

    #[cfg(unix)]
    mod on_unix {
        use std::path::Path;
        use std::sync::Mutex;

        use super::*;

        /// Run by `/bin/sh FILE`: a file that was just written cannot always be executed while
        /// other threads start programs.
        fn script(folder: &Path, content: &str) -> String {
            let path = folder.join("script");
            std::fs::write(&path, content).unwrap();
            format!("/bin/sh {}", path.display())
        }

        fn wait_for(path: &Path) -> String {
            let start = Instant::now();
            loop {
                match std::fs::read_to_string(path) {
                    Ok(text) if text.ends_with("END\n") => return text,
                    _ => assert!(start.elapsed() < Duration::from_secs(10), "nothing written"),
                }
                std::thread::yield_now();
            }
        }

        #[test]
        fn no_shell_sees_the_url_and_a_failing_browser_gives_way_to_the_next() {
            let folder = tempfile::tempdir().unwrap();
            let out = folder.path().join("out");
            // Both of its streams are noisy, and reach nobody.
            let shows = script(
                folder.path(),
                &format!(
                    "echo noise; echo noise >&2\nfor a in \"$@\"; do echo \"$a\"; done > {0}\necho END >> {0}",
                    out.display()
                ),
            );
            let list = format!(
                "{}/missing:/bin/false:{shows} --new %s",
                folder.path().display()
            );
            start(from_variable(&list, &url()), |line| panic!("{line}")).unwrap();
            assert_eq!(wait_for(&out), format!("--new\n{}\nEND\n", url()));
        }

        #[test]
        fn a_browser_that_fails_at_once_is_told_later() {
            static TOLD: Mutex<Vec<String>> = Mutex::new(Vec::new());
            start(from_variable("/bin/false", &url()), |line| {
                TOLD.lock().unwrap().push(line.to_owned());
            })
            .unwrap();
            let begin = Instant::now();
            while TOLD.lock().unwrap().is_empty() {
                assert!(begin.elapsed() < Duration::from_secs(10), "nothing told");
                std::thread::yield_now();
            }
            let told = TOLD.lock().unwrap()[0].clone();
            assert!(told.contains("/bin/false ended with 1"), "{told}");
        }

        #[test]
        fn a_browser_that_is_missing_is_told_now() {
            let error = start(from_variable("/missing/browser", &url()), |_| {}).unwrap_err();
            assert!(
                error.to_string().contains("/missing/browser is not there"),
                "{error}"
            );
            assert!(error.hint().unwrap().contains("BROWSER"));
        }

        #[test]
        fn a_hanging_browser_holds_nothing_up_and_leads_a_group_of_its_own() {
            let begin = Instant::now();
            let mut child = spawn(Command::new("sleep").arg("60")).unwrap();
            assert!(begin.elapsed() < Duration::from_secs(5));
            let pid = rustix::process::Pid::from_child(&child);
            let group = rustix::process::getpgid(Some(pid));
            child.kill().unwrap();
            child.wait().unwrap();
            assert_eq!(group, Ok(pid));
        }
    }
}
