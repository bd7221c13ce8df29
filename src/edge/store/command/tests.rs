//! Stores behind a command, by what it answers.

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
