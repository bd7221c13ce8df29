//! Stores and files that break, or that somebody else could have touched; what the process
//! keeps to itself.

use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::server::Answer;
use crate::support::{Authority, Sandbox};

fn signed_in() -> (Authority, Sandbox) {
    let authority = Authority::honest();
    let sandbox = Sandbox::new().service("demo", &authority.service());
    sandbox.hallpass("login demo").ok();
    authority.clear_log();
    (authority, sandbox)
}

/// The sealed sessions (and the check) of the encrypted file store.
fn sealed(sandbox: &Sandbox) -> Vec<PathBuf> {
    let left = sandbox.left_behind().into_iter();
    let sealed = left.map(|(path, _)| path);
    sealed
        .filter(|path| path.extension().is_some_and(|e| e == "sealed"))
        .collect()
}

/// must 66: the answer cannot be stored, and nothing is lost.
#[test]
fn a_store_that_breaks_after_the_rotation_is_healed_by_the_next_run() {
    let (authority, sandbox) = signed_in();
    let (store, away) = (sandbox.path("state/store"), sandbox.path("away"));
    let broken = Arc::new(AtomicBool::new(false));
    let once = broken.clone();
    let (from, to) = (store.clone(), away.clone());
    authority.script("/token", move |_, honest| {
        if !once.swap(true, Ordering::SeqCst) {
            // A file stands where the folder was: nothing can be written there.
            std::fs::rename(&from, &to).expect("moved away");
            std::fs::write(&from, "").expect("written");
        }
        Answer::Whole(honest())
    });
    let during = sandbox.hallpass("token demo --refresh");
    assert_eq!(during.code, 0, "{during:#?}");
    let during = during.says("could not be stored").says("next run");
    let token = during.data().to_owned();

    std::fs::remove_file(&store).expect("removed");
    std::fs::rename(&away, &store).expect("back");
    // The stored token is the old one; asking for a renewal finds the spilled one.
    let after = sandbox.hallpass("token demo --refresh").ok();
    let after = after.says("whole again");
    assert_eq!(after.data(), token);
    assert_eq!(authority.token_requests("refresh_token"), 1);
    sandbox.hallpass("token demo --refresh").ok();
    assert_eq!(authority.provider(|p| p.live_refresh_tokens()), 1);
}

/// must 62–66: nothing is spent where the answer could not be stored.
#[test]
fn a_store_that_cannot_be_written_spends_no_refresh_token() {
    let (authority, sandbox) = signed_in();
    let store = sandbox.path("state/store");
    std::fs::set_permissions(&store, std::fs::Permissions::from_mode(0o777)).expect("set");
    let ended = sandbox.hallpass("token demo --refresh").fails(7);
    let _ = ended.says("others may write to it");
    assert_eq!(authority.token_requests("refresh_token"), 0);
    std::fs::set_permissions(&store, std::fs::Permissions::from_mode(0o700)).expect("set");
    sandbox.hallpass("token demo --refresh").ok();
}

/// must 70, 73, S7.
#[test]
fn every_file_is_private_whatever_the_umask() {
    let authority = Authority::honest();
    let sandbox = Sandbox::new().service("demo", &authority.service());
    sandbox.shell("umask 000; hallpass login demo; hallpass token demo --refresh");
    let mut seen = 0;
    for (path, _) in sandbox.left_behind() {
        let inside = path.starts_with(sandbox.path("state")) || path == sandbox.path("key");
        if !inside {
            continue;
        }
        seen += 1;
        let mode = std::fs::metadata(&path).expect("there").mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", path.display());
        let folder = path.parent().expect("a parent");
        if folder != sandbox.path("") && folder != sandbox.path("state") {
            let mode = std::fs::metadata(folder).expect("there").mode() & 0o777;
            assert_eq!(mode, 0o700, "{}", folder.display());
        }
    }
    assert!(seen >= 4, "{seen} files");
}

/// must 70: a file that others may read or have put there is refused, and stays.
#[test]
fn a_sealed_file_that_others_could_have_touched_is_refused() {
    let (_authority, sandbox) = signed_in();
    for path in sealed(&sandbox) {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("set");
    }
    let ended = sandbox.hallpass("token demo").fails(7);
    let _ = ended.says("others may open it").says("chmod 600");
    for path in sealed(&sandbox) {
        let elsewhere = path.with_extension("elsewhere");
        std::fs::rename(&path, &elsewhere).expect("moved");
        symlink(&elsewhere, &path).expect("linked");
    }
    let ended = sandbox.hallpass("token demo").fails(7);
    let _ = ended.says("symbolic link");
}

/// S12: root with somebody else's HOME, or the other way round.
#[test]
fn a_sealed_file_of_another_user_is_refused() {
    if !rustix::process::geteuid().is_root() {
        // Only root can give a file away.
        return;
    }
    let (_authority, sandbox) = signed_in();
    for path in sealed(&sandbox) {
        std::os::unix::fs::chown(&path, Some(65_534), None).expect("given away");
    }
    let ended = sandbox.hallpass("token demo").fails(7);
    let _ = ended.says("belongs to user 65534");
}

/// S6: reported, left as it is, and set aside by the next sign-in.
#[test]
fn a_garbled_session_is_reported_and_never_overwritten() {
    let (_authority, sandbox) = signed_in();
    for path in sealed(&sandbox) {
        let mut content = std::fs::read(&path).expect("read");
        let last = content.len() - 1;
        content[last] ^= 1;
        std::fs::write(&path, content).expect("written");
    }
    let before: Vec<_> = sealed(&sandbox)
        .iter()
        .map(std::fs::read)
        .map(Result::ok)
        .collect();
    sandbox.hallpass("token demo").fails(7);
    let after: Vec<_> = sealed(&sandbox)
        .iter()
        .map(std::fs::read)
        .map(Result::ok)
        .collect();
    assert_eq!(before, after);
}

/// S7: no folder of ours can be made, and no browser opens for nothing.
#[test]
fn a_state_folder_that_cannot_be_made_fails_before_the_browser() {
    let authority = Authority::honest();
    let sandbox = Sandbox::new().service("demo", &authority.service());
    sandbox.write("file", "");
    let blocked = sandbox.path("file/state");
    let sandbox = sandbox.env("HALLPASS_STATE_DIR", blocked.to_str().expect("Unicode"));
    let ended = sandbox.hallpass("login demo").fails(7);
    let _ = ended.does_not_say("Os {").does_not_say("panicked");
    assert!(sandbox.opened().is_empty());
}

/// Rule 5 of the command line: whatever a server does wrong, the second line says what to do.
#[test]
fn a_servers_misbehaviour_is_told_with_what_to_do_next() {
    for answer in [
        "{\"issuer\":\"a\",\"issuer\":\"b\"}".to_owned(),
        "[".repeat(100_000),
        format!("{{\"a\":\"{}\"}}", "x".repeat(2 << 20)),
    ] {
        let answer = Answer::new(200, "application/json", answer);
        let authority = Authority::honest();
        for path in ["openid-configuration", "oauth-authorization-server"] {
            authority.always(&format!("/.well-known/{path}"), answer.clone());
        }
        let sandbox = Sandbox::new().service("demo", &authority.service());
        let ended = sandbox.hallpass("login demo").fails(9);
        let mut lines = ended.stderr.lines();
        assert!(lines.any(|line| line.starts_with("hint: ")), "{ended:#?}");
    }
}

/// A limit on file sizes is a full disk: told, and nothing is spent or lost.
#[cfg(target_os = "linux")]
#[test]
fn a_file_size_limit_is_an_error_and_spends_nothing() {
    let (authority, sandbox) = signed_in();
    let limited = sandbox.through(&["prlimit", "--fsize=64", "--"]);
    let before = authority.requests("/token").len();
    let ended = limited.hallpass("token demo --refresh").fails(7);
    let _ = ended.says("File too large").says("hint: ");
    assert_eq!(authority.requests("/token").len(), before);
    let unlimited = limited.through(&[]);
    unlimited.hallpass("token demo --refresh").ok();
}

/// must 77.
#[cfg(target_os = "linux")]
#[test]
fn a_killed_run_leaves_no_core() {
    let (authority, sandbox) = signed_in();
    authority.always("/token", Answer::Stall(Vec::new()));
    let hallpass = sandbox.command();
    let mut shell = Command::new("sh");
    shell
        .args([
            "-c",
            "ulimit -c unlimited 2>/dev/null; exec \"$0\" token demo --refresh",
        ])
        .arg(hallpass.get_program())
        .env_clear()
        .current_dir(sandbox.path(""))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    for (name, value) in hallpass.get_envs() {
        shell.env(name, value.expect("set"));
    }
    let mut running = shell.spawn().expect("sh starts");
    while authority.requests("/token").is_empty() {
        std::thread::yield_now();
    }
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", running.id())).expect("read");
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"));
    let soft = core.and_then(|line| line.split_whitespace().nth(4));
    assert_eq!(soft, Some("0"), "{core:?}");
    let pid = rustix::process::Pid::from_child(&running);
    rustix::process::kill_process(pid, rustix::process::Signal::ABORT).expect("sent");
    let status = running.wait().expect("waited");
    assert!(!status.core_dumped(), "{status:?}");
}
