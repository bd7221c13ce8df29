//! A store that breaks while the refresh is on its way: S5–S7, must 66, 70, 72, 73.

use std::path::Path;
use std::sync::{Arc, Mutex};

use super::{expire, in_mid_refresh, signed_in};
use crate::support::browser::Plan;
use crate::support::sandbox::Transcript;
use crate::support::{Authority, Sandbox};

fn mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(path, mode).expect("permissions");
}

/// Who may write anywhere cannot be stopped by a mode: root runs it without that right.
fn without_privilege(sandbox: Sandbox) -> Sandbox {
    match rustix::process::geteuid().is_root() {
        true => sandbox.through(&["setpriv", "--bounding-set=-dac_override,-dac_read_search"]),
        false => sandbox,
    }
}

/// The renewal that broke: its token is good, it is said loudly, and what was spilled is sealed.
#[track_caller]
pub fn handed_out_and_spilled(sandbox: &Sandbox, ended: Transcript) {
    let ended = ended
        .ok()
        .says("could not be stored")
        .says("the next run will store it");
    assert!(ended.data().starts_with("demo_at_"), "{ended:#?}");
    let spilled = std::fs::read_dir(sandbox.path("state/spill")).expect("a spill");
    let spilled: Vec<_> = spilled.flatten().map(|entry| entry.path()).collect();
    assert_eq!(spilled.len(), 1, "{spilled:?}");
    for (path, content) in sandbox.left_behind() {
        let text = String::from_utf8_lossy(&content);
        let plain = text.contains("demo_rt_") || text.contains(ended.data());
        assert!(!plain, "plain text in {}", path.display());
    }
}

/// The next run stores what was spilled, and the session goes on.
#[track_caller]
pub fn heals(authority: &Authority, sandbox: &Sandbox, before: &str) {
    authority.unscript("/token");
    let healed = sandbox.hallpass("token demo").ok().says("whole again");
    assert_eq!(healed.data(), before, "the token that was handed out");
    assert_eq!(authority.token_requests("refresh_token"), 1);
    let spilled = std::fs::read_dir(sandbox.path("state/spill")).expect("a spill folder");
    assert_eq!(spilled.count(), 0, "the spill goes");
    sandbox
        .hallpass("token demo")
        .ok()
        .does_not_say("whole again");
    sandbox.hallpass("token demo --refresh").ok();
    assert_eq!(authority.provider(|p| p.live_refresh_tokens()), 1);
}

#[test]
fn a_store_that_becomes_read_only_in_mid_refresh() {
    let (authority, sandbox) = signed_in();
    let sandbox = without_privilege(sandbox);
    expire(&authority, &sandbox);
    let folder = sandbox.path("state/store");
    let there = folder.clone();
    in_mid_refresh(&authority, move || mode(&there, 0o500));
    let ended = sandbox.hallpass("token demo");
    let token = ended.data().to_owned();
    handed_out_and_spilled(&sandbox, ended);
    // Still broken: the token is handed out again, and nothing more is spent.
    let again = sandbox
        .hallpass("token demo")
        .ok()
        .says("still cannot be stored");
    assert_eq!(again.data(), token);
    mode(&folder, 0o700);
    heals(&authority, &sandbox, &token);
}

#[test]
fn a_read_only_store_spends_no_refresh_token() {
    let (authority, sandbox) = signed_in();
    let sandbox = without_privilege(sandbox);
    expire(&authority, &sandbox);
    let folder = sandbox.path("state/store");
    mode(&folder, 0o500);
    sandbox.hallpass("token demo").fails(7).says("writable");
    assert_eq!(authority.token_requests("refresh_token"), 0);
    mode(&folder, 0o700);
    sandbox.hallpass("token demo").ok();
}

#[test]
fn a_token_that_has_not_ended_is_handed_out_although_the_store_is_read_only() {
    let (authority, sandbox) = signed_in();
    let sandbox = without_privilege(sandbox);
    authority.clear_log();
    let folder = sandbox.path("state/store");
    mode(&folder, 0o500);
    let ended = sandbox.hallpass("token demo --min-ttl 2h").ok();
    let ended = ended.says("using the access token that has not ended yet");
    assert!(ended.data().starts_with("demo_at_"));
    assert_eq!(authority.token_requests("refresh_token"), 0);
    mode(&folder, 0o700);
}

/// `ulimit -f` stands for the full disk: it needs no rights, and both end in a failed write.
fn take_all_room(pid: u32) {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};
    let pid = Pid::from_raw(pid as i32).expect("a pid");
    let limit = Rlimit {
        current: Some(0),
        maximum: None,
    };
    prlimit(Some(pid), Resource::Fsize, limit).expect("a limit");
}

/// The limit's signal would end the program before it sees the failed write.
const NO_SIGNAL: [&str; 3] = ["sh", "-c", "trap '' XFSZ; exec \"$0\" \"$@\""];

#[test]
fn a_disk_that_is_full_before_spends_no_refresh_token() {
    let (authority, sandbox) = signed_in();
    expire(&authority, &sandbox);
    let sandbox = sandbox.through(&["sh", "-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\""]);
    sandbox.hallpass("token demo").fails(7).says("cannot write");
    assert_eq!(authority.token_requests("refresh_token"), 0);
    let sandbox = sandbox.through(&[]);
    sandbox.hallpass("token demo").ok();
}

#[test]
fn a_disk_that_fills_in_mid_refresh_for_store_and_spill_alike_is_said_as_it_is() {
    let (authority, sandbox) = signed_in();
    expire(&authority, &sandbox);
    let sandbox = sandbox.through(&NO_SIGNAL);
    let pid = Arc::new(Mutex::new(None));
    let theirs = pid.clone();
    in_mid_refresh(&authority, move || {
        loop {
            if let Some(pid) = *theirs.lock().expect("not poisoned") {
                return take_all_room(pid);
            }
        }
    });
    let running = sandbox.start(&["token", "demo"]);
    *pid.lock().expect("not poisoned") = Some(running.id());
    let ended = running.finish().ok();
    let ended = ended
        .says("could not be stored")
        .says("nor could it be kept beside");
    assert!(ended.data().starts_with("demo_at_"));
    authority.unscript("/token");
    // Nothing is corrupt: the server refuses what was spent, and the way out is named.
    sandbox.hallpass("token demo").fails(4).says("login demo");
    sandbox.hallpass("login demo").ok();
    sandbox.hallpass("token demo").ok();
}

/// A store in hallpass's own protocol that keeps entries as files, and complains when told to, or
/// kills who asks it.
pub fn command_store() -> (Authority, Sandbox) {
    let authority = Authority::honest();
    let sandbox = Sandbox::bare().browser(Plan::Allow);
    sandbox.write(
        "helper",
        r#"
        here=$(dirname "$0"); mkdir -p "$here/kept"
        file="$here/kept/$(printf %s "$2" | tr / _)"
        case "$1" in
            get) if [ -e "$file" ]; then cat "$file"; fi ;;
            set) if [ -e "$here/murder" ]; then kill -9 $PPID; exit 1; fi
                if [ -e "$here/complaint" ]; then cat "$here/complaint" >&2; exit 1; fi
                cat >"$file.new" && mv "$file.new" "$file" ;;
            delete) rm -f "$file" ;;
        esac
        "#,
    );
    let helper = sandbox.path("helper");
    let helper = helper.to_str().expect("Unicode");
    sandbox.write(
        "config/config.toml",
        &format!("[store]\nkind = \"command\"\ncommand = [\"sh\", \"{helper}\"]\n"),
    );
    let sandbox = sandbox.service("demo", &authority.service());
    sandbox.hallpass("login demo").ok();
    (authority, sandbox)
}

#[test]
fn a_store_that_fills_or_locks_in_mid_refresh_hands_out_spills_and_heals() {
    for complaint in [
        "No space left on device",
        "the store is locked",
        "who knows",
    ] {
        let (authority, sandbox) = command_store();
        expire(&authority, &sandbox);
        let path = sandbox.path("complaint");
        in_mid_refresh(&authority, move || {
            std::fs::write(&path, complaint).expect("written");
        });
        let ended = sandbox.hallpass("token demo").says(complaint);
        let token = ended.data().to_owned();
        // The helper keeps plain text, which is its own affair.
        let ended = ended.ok().says("the next run will store it");
        assert!(ended.data().starts_with("demo_at_"));
        let spilled = std::fs::read_dir(sandbox.path("state/spill")).expect("a spill");
        for spill in spilled.flatten() {
            let content = std::fs::read(spill.path()).expect("a spill");
            assert!(!String::from_utf8_lossy(&content).contains("demo_"));
        }
        std::fs::remove_file(sandbox.path("complaint")).expect("removed");
        heals(&authority, &sandbox, &token);
    }
}

#[test]
fn an_entry_that_is_garbled_newer_or_cut_short_is_told_and_left_alone() {
    let (_authority, sandbox) = command_store();
    let kept = std::fs::read_dir(sandbox.path("kept")).expect("a store");
    let entry = kept.flatten().map(|entry| entry.path());
    let mut entry = entry.filter(|path| path.to_string_lossy().contains("session"));
    let entry = entry.next().expect("the session");
    let good = std::fs::read_to_string(&entry).expect("an entry");
    let half = &good[..good.len() / 2];
    let newer = good.replace("\"version\":1", "\"version\":99");
    for bad in ["garbled", half, &newer] {
        std::fs::write(&entry, bad).expect("written");
        sandbox.hallpass("token demo").fails(7).says("unreadable");
        assert_eq!(std::fs::read_to_string(&entry).expect("an entry"), bad);
    }
    // A new sign-in keeps it aside.
    sandbox.hallpass("login demo").ok().says("kept as");
    let kept = std::fs::read_dir(sandbox.path("kept")).expect("a store");
    let aside = kept
        .flatten()
        .map(|entry| std::fs::read_to_string(entry.path()));
    assert!(
        aside
            .flatten()
            .any(|text| text.trim_end() == newer.trim_end())
    );
    sandbox.hallpass("token demo").ok();
}

#[test]
fn umask_0_and_a_missing_home_change_nothing() {
    let authority = Authority::honest();
    let sandbox = Sandbox::new()
        .service("demo", &authority.service())
        .through(&["sh", "-c", "umask 000; exec \"$0\" \"$@\""]);
    sandbox.hallpass("login demo").ok();
    sandbox.hallpass("token demo --refresh").ok();
    use std::os::unix::fs::MetadataExt;
    for (path, _) in sandbox.left_behind() {
        if path.starts_with(sandbox.path("state")) {
            let mode = std::fs::metadata(&path).expect("a file").mode() & 0o777;
            assert_eq!(mode & 0o077, 0, "{}: {mode:o}", path.display());
        }
    }
    let sandbox = sandbox.without_env("HOME").without_env("XDG_RUNTIME_DIR");
    sandbox.hallpass("token demo --refresh").ok();
}

#[test]
fn a_store_that_others_may_read_or_that_is_a_link_is_refused() {
    let (_authority, sandbox) = signed_in();
    let store = super::sealed(&sandbox.path("state/store"));
    for path in store.keys() {
        mode(path, 0o644);
    }
    sandbox
        .hallpass("token demo")
        .fails(7)
        .says("others may open it");
    for path in store.keys() {
        mode(path, 0o600);
    }
    sandbox.hallpass("token demo").ok();
    for path in store.keys() {
        let away = path.with_extension("away");
        std::fs::rename(path, &away).expect("renamed");
        std::os::unix::fs::symlink(&away, path).expect("a link");
    }
    sandbox
        .hallpass("token demo")
        .fails(7)
        .says("symbolic link");
    for path in store.keys() {
        std::fs::rename(path.with_extension("away"), path).expect("renamed");
    }
    sandbox.hallpass("token demo").ok();
}
