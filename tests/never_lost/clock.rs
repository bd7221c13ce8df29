//! Clocks that jump by a day, forward and back: S15, must 67.

use std::path::Path;

use super::signed_in;
use crate::support::{Sandbox, skip};

/// Where Debian keeps the library that shows a program another time.
const LIBRARY: &str = "libfaketime.so.1";

fn library() -> Option<String> {
    let folders = std::fs::read_dir("/usr/lib").ok()?.flatten();
    let mut paths = folders.map(|folder| folder.path().join("faketime").join(LIBRARY));
    let found = paths.find(|path| path.exists());
    if found.is_none() {
        skip("faketime");
    }
    found.and_then(|path: std::path::PathBuf| path.to_str().map(str::to_owned))
}

/// Every run from now on sees the clock at this distance.
fn at(sandbox: Sandbox, library: &str, offset: &str) -> Sandbox {
    assert!(Path::new(library).exists());
    sandbox
        .env("LD_PRELOAD", library)
        .env("FAKETIME", offset)
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
}

#[test]
fn a_clock_that_jumps_renews_once_and_makes_no_loop() {
    let Some(library) = library() else { return };
    let (authority, mut sandbox) = signed_in();
    for offset in ["+1d", "-0", "-1d", "+1d", "+2h", "-2h", "+0"] {
        authority.clear_log();
        sandbox = at(sandbox, &library, offset);
        sandbox.hallpass("token demo").ok();
        let renewed = authority.token_requests("refresh_token");
        assert_eq!(renewed, 1, "a clock at {offset}");
        for _ in 0..3 {
            sandbox.hallpass("token demo").ok();
            sandbox.hallpass("call demo me").ok();
        }
        assert_eq!(authority.token_requests("refresh_token"), 1, "{offset}");
    }
    assert_eq!(authority.provider(|p| p.live_refresh_tokens()), 1);
}

#[test]
fn the_servers_clock_does_not_count() {
    let (authority, sandbox) = signed_in();
    authority.clear_log();
    // Signed in at a server whose clock is a day off, either way: the token lives from receipt.
    for passed in [86_400, -2 * 86_400] {
        authority.let_pass(passed);
        sandbox.hallpass("token demo --refresh").ok();
        authority.clear_log();
        sandbox.hallpass("token demo").ok();
        sandbox.hallpass("token demo").ok();
        assert_eq!(authority.token_requests("refresh_token"), 0);
    }
}
