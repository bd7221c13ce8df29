//! `store`: shown, chosen, and moved with every session carried over.

use crate::support::{Authority, Sandbox};

fn signed_in() -> (Authority, Sandbox) {
    let authority = Authority::honest();
    let sandbox = Sandbox::new().service("demo", &authority.service());
    sandbox.hallpass("login demo").ok();
    (authority, sandbox)
}

/// A helper in hallpass's own protocol that keeps entries as files in the folder `kept`.
fn helper(sandbox: &Sandbox) -> String {
    sandbox.write(
        "helper",
        r#"
        mkdir -p "$1"
        file="$1/$(printf %s "$3" | tr / _)"
        case "$2" in
            get) if [ -e "$file" ]; then cat "$file"; fi ;;
            set) cat >"$file" ;;
            delete) rm -f "$file" ;;
        esac
        "#,
    );
    let path = |name: &str| sandbox.path(name).to_str().expect("Unicode").to_owned();
    format!("sh {} {}", path("helper"), path("kept"))
}

#[test]
fn a_session_moves_from_store_to_store_and_stays_whole() {
    let (_authority, sandbox) = signed_in();
    let helper = helper(&sandbox);
    let folder = sandbox.path("elsewhere");
    let folder = folder.to_str().expect("Unicode");
    for line in [
        format!("store move command -- {helper}"),
        format!("store move file --path {folder} --key-file {folder}-key"),
        format!("store move command -- {helper}"),
    ] {
        let before = sandbox.hallpass("token demo").ok();
        let ended = sandbox.hallpass(&line).ok();
        let _ = ended.says("1 entry carried over").does_not_say("stays in");
        let after = sandbox.hallpass("token demo").ok();
        assert_eq!(after.data(), before.data());
        sandbox.hallpass("token demo --refresh").ok();
    }
}

#[test]
fn the_old_copy_is_gone_and_the_choice_is_remembered() {
    let (_authority, sandbox) = signed_in();
    let helper = helper(&sandbox);
    let sealed = |sandbox: &Sandbox| {
        let left = sandbox.left_behind();
        let sealed = left.iter().filter(|(path, _)| {
            path.extension()
                .is_some_and(|extension| extension == "sealed")
        });
        sealed.count()
    };
    assert_eq!(sealed(&sandbox), 2);
    sandbox
        .hallpass(&format!("store move command -- {helper}"))
        .ok();
    // What is left tells a wrong key from a damaged file.
    assert_eq!(sealed(&sandbox), 1);
    let config = sandbox.read("config/config.toml");
    assert!(config.contains("kind = \"command\""), "{config}");
    assert!(!config.contains("key_file"), "{config}");
    assert!(config.contains("[service.demo]"), "{config}");
    let shown = sandbox.hallpass("store show").ok();
    assert!(shown.out().contains("command sh "), "{}", shown.out());
    assert!(shown.out().contains("sessions  1"), "{}", shown.out());
    let status = sandbox.hallpass("status demo").ok();
    assert!(status.out().contains("command sh "), "{}", status.out());
}

#[test]
fn a_store_that_does_not_work_is_not_chosen() {
    let (_authority, sandbox) = signed_in();
    let before = sandbox.read("config/config.toml");
    for line in [
        "store move keyring",
        "store use keyring",
        "store move command -- /nonexistent/program",
        "store use command -- false",
        "store use file",
    ] {
        let ended = sandbox.hallpass(line).fails(7);
        let _ = ended.says("hint: ");
        assert_eq!(sandbox.read("config/config.toml"), before, "{line}");
        sandbox.hallpass("token demo").ok();
    }
    for line in [
        "store use keyring --path x",
        "store use file -- cat",
        "store use command",
        "store move file --protocol pass",
    ] {
        let code = sandbox.hallpass(line).code;
        assert!([2, 3].contains(&code), "{line}: {code}");
        assert_eq!(sandbox.read("config/config.toml"), before, "{line}");
    }
}

#[test]
fn a_passphrase_in_a_file_opens_the_store_and_without_it_the_store_is_locked() {
    let (_authority, sandbox) = signed_in();
    sandbox.write("passphrase", "correct horse\n");
    let file = sandbox.path("passphrase");
    let path = sandbox.path("elsewhere");
    let line = format!("store move file --path {}", path.to_str().expect("Unicode"));
    let sandbox = sandbox.env(
        "HALLPASS_STORE_PASSPHRASE_FILE",
        file.to_str().expect("Unicode"),
    );
    sandbox.hallpass(&line).ok();
    sandbox.hallpass("token demo").ok();
    let sandbox = sandbox.without_env("HALLPASS_STORE_PASSPHRASE_FILE");
    let ended = sandbox.hallpass("token demo").fails(7);
    let _ = ended.says("locked").says("HALLPASS_STORE_PASSPHRASE_FILE");
    let sandbox = sandbox.env("HALLPASS_STORE_PASSPHRASE", "correct house");
    let ended = sandbox.hallpass("token demo").fails(7);
    let _ = ended.says("does not open").does_not_say("house");
}

#[test]
fn sessions_that_stay_behind_are_told() {
    let (_authority, sandbox) = signed_in();
    let helper = helper(&sandbox);
    let ended = sandbox
        .hallpass(&format!("store use command -- {helper}"))
        .ok();
    let _ = ended.says("1 session left in").says("store move");
    let ended = sandbox.hallpass("token demo").fails(4);
    let _ = ended.says("is in another store (encrypted file store in ");
}

/// A person at a terminal is offered the encrypted file where there never was a keyring; where
/// sessions are in one that is not there now, nothing is changed.
#[cfg(target_os = "linux")]
#[test]
fn a_keyring_that_is_away_for_a_while_demotes_nobody() {
    let authority = Authority::honest();
    let sandbox = Sandbox::bare().service("demo", &authority.service());
    let before = sandbox.read("config/config.toml");
    let login = || sandbox.typed_at_a_terminal("login demo --no-browser", "n\n");
    let offered = "Keep sessions in an encrypted file instead";
    assert!(login().contains(offered));
    let facts = r#"{"service":"demo","account":"ada","issuer":null,"scope":[],"expires_at":null,
        "refresh_token_expires_at":null,"renewable":true,"signed_in_at":1800000000,
        "last_refresh_at":null,"store":"OS keyring (Secret Service)"}"#;
    sandbox.write("state/session/demo@ada.state", facts);
    let shown = login();
    assert!(!shown.contains(offered), "{shown}");
    assert!(shown.contains("your sessions are in it"), "{shown}");
    assert_eq!(sandbox.read("config/config.toml"), before);
}

/// A passphrase that was tried first, and nothing kept behind it, is in nobody's way.
#[test]
fn a_store_with_nothing_in_it_takes_a_key_file_in_place_of_its_passphrase() {
    for verb in ["use", "move"] {
        let sandbox = Sandbox::bare().env("HALLPASS_STORE_PASSPHRASE", "correct horse");
        sandbox.hallpass("store use file").ok();
        let sandbox = sandbox.without_env("HALLPASS_STORE_PASSPHRASE");
        let line = format!("store {verb} file --key-file {}", key(&sandbox));
        sandbox.hallpass(&line).ok();
        let authority = Authority::honest();
        let sandbox = sandbox
            .browser(crate::support::browser::Plan::Allow)
            .service("demo", &authority.service());
        sandbox.hallpass("login demo").ok();
        sandbox.hallpass("token demo").ok();
    }
}

#[test]
fn a_store_with_sessions_keeps_its_passphrase_and_the_line_it_says_carries_them_over() {
    let authority = Authority::honest();
    let sandbox = Sandbox::bare()
        .env("HALLPASS_STORE_PASSPHRASE", "correct horse")
        .browser(crate::support::browser::Plan::Allow);
    sandbox.hallpass("store use file").ok();
    let sandbox = sandbox.service("demo", &authority.service());
    sandbox.hallpass("login demo").ok();
    let before = sandbox.hallpass("token demo").ok();
    let refused = sandbox.hallpass(&format!("store use file --key-file {}", key(&sandbox)));
    let refused = refused.fails(7);
    let line = refused.stderr.split('`').nth(1).expect("a line").to_owned();
    let line = line.strip_prefix("hallpass ").expect("a line of ours");
    sandbox.hallpass(line).ok();
    let sandbox = sandbox.without_env("HALLPASS_STORE_PASSPHRASE");
    let after = sandbox.hallpass("token demo").ok();
    assert_eq!(before.data(), after.data());
}

fn key(sandbox: &Sandbox) -> String {
    let path = sandbox.path("key");
    path.to_str().expect("Unicode").to_owned()
}

#[test]
fn a_machine_without_a_keyring_is_not_shown_one_as_if_all_were_fine() {
    let sandbox = Sandbox::bare();
    let shown = sandbox.hallpass("store show").ok();
    let why = "state     not available here: no keyring service answers on the session bus";
    assert!(shown.out().contains(why), "{shown:#?}");
    let _ = shown.says("--key-file");
    let machine = sandbox.hallpass("store show --format json").ok().json();
    assert_eq!(machine["available"], false);
    assert_eq!(machine["code"], "store_absent");
    let (_authority, sandbox) = signed_in();
    let shown = sandbox.hallpass("store show").ok();
    assert!(!shown.out().contains("available"), "{shown:#?}");
    let machine = sandbox.hallpass("store show --format json").ok().json();
    assert_eq!(machine["available"], true);
}

/// A person can type a passphrase; a machine alone needs a key file.
#[test]
fn without_a_keyring_both_ways_out_are_said() {
    let sandbox = Sandbox::bare();
    for (line, code) in [("login google", 7), ("doctor", 7)] {
        let ended = sandbox.hallpass(line).code(code);
        let said = format!("{}{}", ended.out(), ended.stderr);
        assert!(
            said.contains("`hallpass store use file` behind a passphrase"),
            "{said}"
        );
        assert!(
            said.contains("`hallpass store use file --key-file "),
            "{said}"
        );
    }
    let ended = sandbox.hallpass("store use file").fails(7);
    let _ = ended
        .says("HALLPASS_STORE_PASSPHRASE_FILE")
        .says("--key-file");
}
