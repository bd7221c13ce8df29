//! The holder of the lock is stopped with SIGSTOP: S4.

use rustix::process::{Pid, Signal, kill_process};

use super::{expire, rounds, signed_in};
use crate::support::sandbox::Running;
use crate::support::server::Answer;
use crate::support::{Authority, Sandbox};

/// A process that holds the lock and was stopped in mid-refresh.
fn stopped_holder(authority: &Authority, sandbox: &Sandbox) -> Running {
    authority.always("/token", Answer::Stall(Vec::new()));
    let holder = sandbox.start(&["token", "demo", "--refresh"]);
    while authority.requests("/token").is_empty() {
        std::thread::yield_now();
    }
    signal(&holder, Signal::STOP);
    authority.unscript("/token");
    holder
}

fn signal(process: &Running, signal: Signal) {
    let pid = Pid::from_raw(process.id() as i32).expect("a pid");
    kill_process(pid, signal).expect("sent");
}

#[test]
fn a_fresh_token_needs_no_lock_and_no_waiting() {
    let (authority, sandbox) = signed_in();
    authority.clear_log();
    let holder = stopped_holder(&authority, &sandbox);
    for _ in 0..5 {
        let ended = sandbox.hallpass("token demo").ok();
        assert!(ended.stderr.is_empty(), "{ended:#?}");
    }
    drop(holder);
    assert_eq!(authority.token_requests("refresh_token"), 1);
}

#[test]
fn the_lock_of_a_stopped_holder_that_is_killed_is_free_at_once() {
    let (authority, sandbox) = signed_in();
    expire(&authority, &sandbox);
    let holder = stopped_holder(&authority, &sandbox);
    let mut other = sandbox.start(&["token", "demo"]);
    other.wait_for("aiting for");
    drop(holder);
    let ended = other.finish().ok();
    assert!(ended.data().starts_with("demo_at_"));
}

/// Sixty seconds each: only where everything is run.
#[test]
fn who_waits_for_a_stopped_holder_ends_in_time() {
    if rounds(0, 1) == 0 {
        return;
    }
    let (authority, sandbox) = signed_in();
    authority.clear_log();
    let holder = stopped_holder(&authority, &sandbox);
    // Wanted for longer than it lives, and still valid.
    let early = sandbox.start(&["token", "demo", "--min-ttl", "2h"]);
    let early = early.patiently().finish().ok().says("has not ended yet");
    assert!(early.data().starts_with("demo_at_"));
    drop(holder);
    expire(&authority, &sandbox);
    let holder = stopped_holder(&authority, &sandbox);
    let late = sandbox.start(&["token", "demo"]);
    let _ = late
        .patiently()
        .finish()
        .fails(7)
        .says(&holder.id().to_string());
    signal(&holder, Signal::CONT);
    drop(holder);
    sandbox.hallpass("token demo").ok();
}
