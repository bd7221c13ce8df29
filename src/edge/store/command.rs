//! A program of the person's choice as the store.
//!
//! Three protocols. Secrets pass through standard input and output only, names of entries through
//! arguments; both are single lines without control characters.
//!
//! * `hallpass`: the program is run with `get NAME`, `set NAME` or `delete NAME` after its own
//!   arguments. `get` prints the value as a line, or nothing where there is none; `set` reads it
//!   as a line from standard input. Another exit status than 0 is a failure, told in the first
//!   line of standard error.
//! * `docker-credential`: the protocol of docker's credential helpers (`get`, `store`, `erase`).
//! * `pass`: the standard unix password manager's `show`, `insert` and `rm`.

use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use super::entries::{Entries, unreadable};
use super::lock_folder;
use super::program::{Answer, Program, complaint};
use crate::error::Result;
use crate::port::UserInterface;
use crate::secret::{Secret, printable};

/// How long the program may take, without and with a person who may have to answer it.
const PATIENCE: Duration = Duration::from_secs(20);
const PERSON: Duration = Duration::from_secs(120);

/// How the program is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Ours.
    Hallpass,
    /// docker's.
    DockerCredential,
    /// `pass`.
    Pass,
}

impl Protocol {
    /// As `store.protocol` names it.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "hallpass" => Some(Protocol::Hallpass),
            "docker-credential" => Some(Protocol::DockerCredential),
            "pass" => Some(Protocol::Pass),
            _ => None,
        }
    }
}

/// The store.
pub struct CommandStore {
    program: Program,
    protocol: Protocol,
    ui: Rc<dyn UserInterface>,
}

impl CommandStore {
    /// Starts nothing yet. `argv` is program and arguments, not empty.
    pub fn new(argv: Vec<String>, protocol: Protocol, ui: Rc<dyn UserInterface>) -> Self {
        CommandStore {
            program: Program(argv),
            protocol,
            ui,
        }
    }

    fn run(&self, arguments: &[&str], input: &[u8]) -> Result<Answer> {
        let patience = match self.ui.can_prompt() {
            true => PERSON,
            false => PATIENCE,
        };
        let mut answer = self.program.run(arguments, input, patience)?;
        // docker's helpers complain on standard output.
        if self.protocol == Protocol::DockerCredential
            && !answer.success
            && answer.complaint.is_none()
        {
            answer.complaint = complaint(answer.output.expose());
        }
        Ok(answer)
    }
}

impl Entries for CommandStore {
    fn describe(&self) -> String {
        format!("command {}", printable(&self.program.0.join(" "), 100))
    }

    fn lock_path(&self, id: &str) -> Result<PathBuf> {
        lock_folder::lock_path(&format!("command {}", self.program.0.join("\0")), id)
    }

    fn get(&self, id: &str) -> Result<Option<Secret<Vec<u8>>>> {
        let name = encode(id);
        match self.protocol {
            Protocol::Hallpass => {
                let answer = self.run(&["get", &name], b"")?;
                self.program.done("get", &answer)?;
                Ok(line(&answer.output))
            }
            Protocol::Pass => {
                let answer = self.run(&["show", &pass_name(&name)], b"")?;
                let absent = |why: &String| why.contains("not in the password store");
                if !answer.success && answer.complaint.as_ref().is_some_and(absent) {
                    return Ok(None);
                }
                self.program.done("show", &answer)?;
                Ok(line(&answer.output))
            }
            Protocol::DockerCredential => {
                let answer = self.run(&["get"], docker::server(&name).as_bytes())?;
                if !answer.success && docker::is_not_found(&answer) {
                    return Ok(None);
                }
                self.program.done("get", &answer)?;
                let secret = docker::secret(&answer).ok_or_else(|| {
                    unreadable(self, id, "the helper's answer is not its protocol's")
                })?;
                // `docker-credential-pass` finds an empty secret where there is none; we keep none.
                Ok(Some(secret).filter(|secret| !secret.expose().is_empty()))
            }
        }
    }

    fn set(&self, id: &str, value: &[u8]) -> Result<()> {
        let name = encode(id);
        let answer = match self.protocol {
            Protocol::Hallpass => self.run(&["set", &name], as_line(value).expose())?,
            Protocol::Pass => {
                let name = pass_name(&name);
                let arguments = ["insert", "--multiline", "--force", &name];
                self.run(&arguments, as_line(value).expose())?
            }
            Protocol::DockerCredential => {
                let message = docker::store(&name, value)
                    .ok_or_else(|| unreadable(self, id, "this protocol takes only text"))?;
                self.run(&["store"], message.expose())?
            }
        };
        self.program.done("store", &answer.without(value))
    }

    fn delete(&self, id: &str) -> Result<()> {
        let name = encode(id);
        if self.get(id)?.is_none() {
            return Ok(());
        }
        let answer = match self.protocol {
            Protocol::Hallpass => self.run(&["delete", &name], b"")?,
            Protocol::Pass => self.run(&["rm", "--force", &pass_name(&name)], b"")?,
            Protocol::DockerCredential => self.run(&["erase"], docker::server(&name).as_bytes())?,
        };
        self.program.done("delete", &answer)
    }
}

/// A name that no protocol, shell script or file system takes for something else: letters,
/// digits and `@ . - _ +` as they are, `:` too, every other byte as `%XX`.
fn encode(id: &str) -> String {
    let mut out = String::with_capacity(id.len());
    for byte in id.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => out.push(char::from(byte)),
            b'@' | b'.' | b'-' | b'_' | b'+' | b':' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn pass_name(name: &str) -> String {
    format!("hallpass/{name}")
}

/// The line a program printed, `None` where it printed nothing.
fn line(output: &Secret<Vec<u8>>) -> Option<Secret<Vec<u8>>> {
    let bytes = output.expose();
    let line = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    (!bytes.is_empty()).then(|| Secret::new(line.to_vec()))
}

/// The value as a line; a program that adds or drops one line end at the end does no harm.
fn as_line(value: &[u8]) -> Secret<Vec<u8>> {
    Secret::new([value, b"\n"].concat())
}

mod docker {
    use serde::Deserialize;

    use crate::edge::store::program::Answer;
    use crate::secret::Secret;

    /// Helpers file entries by the URL of a server; this one can belong to nobody.
    pub fn server(name: &str) -> String {
        format!("https://hallpass.invalid/{name}")
    }

    pub fn store(name: &str, value: &[u8]) -> Option<Secret<Vec<u8>>> {
        let secret = std::str::from_utf8(value).ok()?;
        let message = serde_json::json!({
            "ServerURL": server(name),
            "Username": "hallpass",
            "Secret": secret,
        });
        serde_json::to_vec(&message).ok().map(Secret::new)
    }

    #[derive(Deserialize)]
    struct Got {
        #[serde(rename = "Secret")]
        secret: Secret,
    }

    pub fn secret(answer: &Answer) -> Option<Secret<Vec<u8>>> {
        let got: Got = serde_json::from_slice(answer.output.expose()).ok()?;
        Some(Secret::new(got.secret.expose().clone().into_bytes()))
    }

    /// The protocol says so on standard output.
    pub fn is_not_found(answer: &Answer) -> bool {
        let said = String::from_utf8_lossy(answer.output.expose());
        said.trim() == "credentials not found in native keychain"
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::edge::store::entries::Store;
    use crate::edge::store::suite;
    use crate::error::Code;
    use crate::port::TokenStore;
    use crate::port::fake::FakeUi;

    /// Run by `sh`: a file that is executed itself must not be open for writing in any process,
    /// and other tests fork.
    fn script(root: &Path, text: &str) -> String {
        let path = root.join("helper");
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn store(argv: &[&str], protocol: Protocol) -> Store<CommandStore> {
        let argv = argv.iter().map(|part| (*part).to_owned()).collect();
        Store(CommandStore::new(
            argv,
            protocol,
            Rc::new(FakeUi::default()),
        ))
    }

    /// The example of the documentation.
    const OURS: &str = r#"
        file="$1/$(printf %s "$3" | tr / _)"
        case "$2" in
            get) if [ -e "$file" ]; then cat "$file"; fi ;;
            set) cat >"$file" ;;
            delete) rm -f "$file" ;;
        esac
    "#;

    #[test]
    fn passes_the_suite_of_every_store_with_our_protocol() {
        let root = tempfile::tempdir().unwrap();
        let program = script(root.path(), OURS);
        let folder = root.path().to_str().unwrap();
        suite::run(&store(&["sh", &program, folder], Protocol::Hallpass));
    }

    /// A helper in docker's protocol, which keeps messages as files.
    const DOCKER: &str = r#"
        message=$(cat)
        case "$2" in
            store) url=$(printf %s "$message" | sed 's/.*"ServerURL":"\([^"]*\)".*/\1/') ;;
            *) url=$message ;;
        esac
        file="$1/$(printf %s "$url" | tr / _)"
        case "$2" in
            store) printf %s "$message" >"$file" ;;
            get) cat "$file" 2>/dev/null || {
                echo credentials not found in native keychain; exit 1; } ;;
            erase) rm "$file" ;;
        esac
    "#;

    #[test]
    fn passes_the_suite_of_every_store_with_docker_s_protocol() {
        let root = tempfile::tempdir().unwrap();
        let program = script(root.path(), DOCKER);
        let folder = root.path().to_str().unwrap();
        suite::run(&store(
            &["sh", &program, folder],
            Protocol::DockerCredential,
        ));
    }

    /// A program that talks without end fills neither the disk nor memory, and one that repeats
    /// what it was to keep does not bring it onto the screen.
    #[test]
    fn a_flood_of_complaints_is_cut_and_secrets_in_them_are_not_shown() {
        let root = tempfile::tempdir().unwrap();
        let flood = "head -c 3000000 /dev/zero | tr '\\0' x >&2\nexit 3\n";
        let program = script(root.path(), flood);
        let flooded = store(&["sh", &program], Protocol::Hallpass).probe();
        let error = flooded.unwrap_err().to_string();
        assert!(error.contains("xxx…") && error.len() < 500, "{error}");

        let echo = "[ \"$1\" = set ] && cat >&2\nexit 3\n";
        let program = script(root.path(), echo);
        let echoed = store(&["sh", &program], Protocol::Hallpass).probe();
        let error = echoed.unwrap_err().to_string();
        assert!(error.contains("repeat a secret"), "{error}");
    }

    #[test]
    fn an_empty_secret_of_a_docker_helper_is_none() {
        let root = tempfile::tempdir().unwrap();
        let text = r#"cat >/dev/null; echo '{"ServerURL":"x","Username":"","Secret":""}'"#;
        let program = script(root.path(), text);
        let store = store(&["sh", &program], Protocol::DockerCredential);
        assert!(store.0.get("session:a@b").unwrap().is_none());
        store.0.delete("session:a@b").unwrap();
    }

    #[test]
    fn a_failing_command_is_told_by_its_own_first_line() {
        let root = tempfile::tempdir().unwrap();
        let cases = [
            (
                "echo gpg: decryption failed: No pinentry >&2",
                Code::StoreLocked,
            ),
            ("echo write: No space left on device >&2", Code::StoreFull),
            ("printf '\\n\\033[2Jboom\\n' >&2", Code::StoreFailed),
        ];
        for (line, code) in cases {
            let program = script(root.path(), &format!("{line}\nexit 3\n"));
            let error = store(&["sh", &program], Protocol::Hallpass)
                .probe()
                .unwrap_err();
            assert_eq!(error.code(), code, "{error}");
            assert!(!error.to_string().contains('\u{1b}'));
        }
        // docker's helpers say it on standard output.
        let says = "cat >/dev/null; echo error: the keychain is locked; exit 1";
        let program = script(root.path(), says);
        let error = store(&["sh", &program], Protocol::DockerCredential).probe();
        let error = error.unwrap_err();
        assert!(error.to_string().contains("keychain is locked"), "{error}");
        assert_eq!(error.code(), Code::StoreLocked);
        let error = store(&["/nonexistent/helper"], Protocol::Hallpass).probe();
        assert_eq!(error.unwrap_err().code(), Code::StoreAbsent);
    }

    #[test]
    fn names_cannot_be_taken_for_anything_else() {
        assert_eq!(encode("session:a@b.c"), "session:a@b.c");
        assert_eq!(
            encode("session:-x ../\n$(id)"),
            "session:-x%20..%2F%0A%24%28id%29"
        );
    }

    #[test]
    fn the_command_does_not_get_our_secrets_in_arguments() {
        let root = tempfile::tempdir().unwrap();
        let seen = root.path().join("seen");
        let text = format!("echo \"$@\" >>{}\ncat >/dev/null\n", seen.display());
        let program = script(root.path(), &text);
        let store = store(&["sh", &program], Protocol::Hallpass);
        store.0.set("session:a@b", b"hunter2").unwrap();
        let seen = std::fs::read_to_string(seen).unwrap();
        assert_eq!(seen, "set session:a@b\n");
    }

    proptest::proptest! {
        #[test]
        fn any_answer_of_a_helper_is_a_secret_or_none(output in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..80)) {
            let answer = Answer {
                success: true,
                output: Secret::new(output.clone()),
                complaint: None,
            };
            let _ = (docker::secret(&answer), docker::is_not_found(&answer));
            let kept = line(&Secret::new(output.clone()));
            proptest::prop_assert_eq!(kept.is_none(), output.is_empty());
        }

        #[test]
        fn any_name_is_one_word_that_comes_from_one_name_only(one in "\\PC{0,12}", other in "\\PC{0,12}") {
            let word = encode(&one);
            proptest::prop_assert!(word.bytes().all(|b| b.is_ascii_alphanumeric() || b"@.-_+:%".contains(&b)));
            proptest::prop_assert_eq!(word == encode(&other), one == other);
        }

        #[test]
        fn a_value_comes_back_through_dockers_protocol(value in "\\PC{0,40}") {
            let message = docker::store("session:a@b", value.as_bytes()).unwrap();
            let answer = Answer { success: true, output: message, complaint: None };
            let back = docker::secret(&answer).unwrap();
            proptest::prop_assert_eq!(back.expose(), value.as_bytes());
        }
    }
}
