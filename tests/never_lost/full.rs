//! Disks that are really full: a small tmpfs, filled to its last page. S5, S7, must 66, 73.
//!
//! Where a file system cannot be mounted this is skipped and says so; `broken.rs` then stands for
//! it with a limit on the size of files.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::broken::handed_out_and_spilled;
use super::{expire, in_mid_refresh};
use crate::support::{Authority, Sandbox};

/// A file system of 256 KiB, gone when dropped.
struct Disk {
    path: PathBuf,
}

impl Disk {
    fn mount(path: PathBuf) -> Option<Disk> {
        use std::os::unix::fs::PermissionsExt;
        std::fs::create_dir_all(&path).expect("a folder");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=256k,mode=0700", "hallpass-test"])
            .arg(&path)
            .output();
        if !mounted.is_ok_and(|output| output.status.success()) {
            eprintln!("SKIPPED: a disk that is really full: nothing can be mounted here");
            return None;
        }
        let private = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(&path, private).expect("permissions");
        Some(Disk { path })
    }

    /// Leaves not one byte.
    fn fill(path: &Path) {
        let filler = std::fs::File::create(path.join(".filler"));
        let mut filler = filler.expect("room for a name");
        let page = [0x55; 4096];
        while filler.write_all(&page).is_ok() {}
        let error = filler.write_all(&page).expect_err("it is full");
        assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
    }

    fn make_room(&self) {
        std::fs::remove_file(self.path.join(".filler")).expect("removed");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(&self.path).status();
        assert!(unmounted.is_ok_and(|status| status.success()));
    }
}

/// Signed in, with the encrypted file in `store`, which is a disk of its own.
fn signed_in(store: &str) -> Option<(Authority, Sandbox, Disk)> {
    let authority = Authority::honest();
    let sandbox = Sandbox::new();
    let disk = Disk::mount(sandbox.path(store))?;
    let mut config = sandbox.read("config/config.toml");
    let path = sandbox.path("state/store");
    config.push_str(&format!("path = \"{}\"\n", path.to_str().expect("Unicode")));
    sandbox.write("config/config.toml", &config);
    let sandbox = sandbox.service("demo", &authority.service());
    sandbox.hallpass("login demo").ok();
    Some((authority, sandbox, disk))
}

#[test]
fn a_disk_that_is_full_before_opens_no_browser_and_spends_no_refresh_token() {
    let Some((authority, sandbox, disk)) = signed_in("state") else {
        return;
    };
    expire(&authority, &sandbox);
    Disk::fill(&disk.path);
    let opened = sandbox.opened().len();
    sandbox.hallpass("token demo").fails(7).says("disk is full");
    sandbox.hallpass("login demo").fails(7).says("disk is full");
    assert_eq!(sandbox.opened().len(), opened);
    assert_eq!(authority.token_requests("refresh_token"), 0);
    // What was there is whole.
    disk.make_room();
    sandbox.hallpass("token demo").ok();
    assert_eq!(authority.provider(|p| p.live_refresh_tokens()), 1);
}

#[test]
fn a_store_whose_disk_fills_in_mid_refresh_hands_out_spills_and_heals() {
    let Some((authority, sandbox, disk)) = signed_in("state/store") else {
        return;
    };
    expire(&authority, &sandbox);
    let path = disk.path.clone();
    in_mid_refresh(&authority, move || Disk::fill(&path));
    let ended = sandbox.hallpass("token demo").says("cannot write");
    let token = ended.data().to_owned();
    handed_out_and_spilled(&sandbox, ended);
    // Still full: handed out again, and nothing more is spent.
    authority.unscript("/token");
    authority.clear_log();
    let again = sandbox.hallpass("token demo").ok();
    assert_eq!(again.data(), token);
    assert_eq!(authority.token_requests("refresh_token"), 0);
    disk.make_room();
    let healed = sandbox.hallpass("token demo").ok().says("whole again");
    assert_eq!(healed.data(), token);
    sandbox.hallpass("token demo --refresh").ok();
    assert_eq!(authority.provider(|p| p.live_refresh_tokens()), 1);
}

#[test]
fn a_disk_that_fills_in_mid_refresh_for_store_and_spill_alike_is_said_as_it_is() {
    let Some((authority, sandbox, disk)) = signed_in("state") else {
        return;
    };
    expire(&authority, &sandbox);
    let path = disk.path.clone();
    in_mid_refresh(&authority, move || Disk::fill(&path));
    let ended = sandbox.hallpass("token demo").ok();
    let ended = ended
        .says("could not be stored")
        .says("nor could it be kept beside");
    assert!(ended.data().starts_with("demo_at_"));
    authority.unscript("/token");
    disk.make_room();
    // Nothing is corrupt: the server refuses what was spent, and the way out is named.
    sandbox.hallpass("token demo").fails(4).says("login demo");
    sandbox.hallpass("login demo").ok();
    sandbox.hallpass("token demo").ok();
}

#[test]
fn a_store_on_a_read_only_disk_spends_nothing_and_reads_on() {
    let Some((authority, sandbox, disk)) = signed_in("state/store") else {
        return;
    };
    authority.clear_log();
    let remount = |how: &str| {
        let mut mount = Command::new("mount");
        mount
            .args(["-o", &format!("remount,{how}")])
            .arg(&disk.path);
        assert!(mount.status().is_ok_and(|status| status.success()));
    };
    remount("ro");
    let before = sandbox.hallpass("token demo").ok();
    let early = sandbox.hallpass("token demo --min-ttl 2h").ok();
    let early = early.says("using the access token that has not ended yet");
    assert_eq!(early.data(), before.data());
    sandbox
        .hallpass("token demo --refresh")
        .fails(7)
        .says("writable");
    assert_eq!(authority.token_requests("refresh_token"), 0);
    remount("rw");
    sandbox.hallpass("token demo --refresh").ok();
}
