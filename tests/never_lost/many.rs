//! Many processes at expiry, one rotating refresh token, reuse detection: S1, S2, must 63, 64.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use super::{any_below, expire, sealed, signed_in, storm_rounds};
use crate::support::sandbox::Transcript;
use crate::support::server::Answer;
use crate::support::{Authority, Sandbox};

const PROCESSES: usize = 64;

/// What a storm needs of a server that rotates and detects reuse.
pub trait Server {
    /// Lets the stored access token be one that has ended; the next one lives for an hour.
    fn expire(&self, sandbox: &Sandbox);
    /// Answers no refresh before what it gives is called.
    fn hold(&self) -> Box<dyn FnOnce() + '_>;
    /// Refreshes since `expire`.
    fn refreshes(&self) -> usize;
}

impl Server for Authority {
    fn expire(&self, sandbox: &Sandbox) {
        expire(self, sandbox);
    }

    fn hold(&self) -> Box<dyn FnOnce() + '_> {
        let (release, released) = channel::<()>();
        let released = Mutex::new(released);
        self.script("/token", move |_, honest| {
            let released = released.lock().expect("not poisoned");
            // Nothing is sent: it ends when the other end is dropped.
            let _ = released.recv_timeout(Duration::from_secs(30));
            Answer::Whole(honest())
        });
        Box::new(move || drop(release))
    }

    fn refreshes(&self) -> usize {
        self.token_requests("refresh_token")
    }
}

/// Starts them all, and only then lets the one refresh be answered: everybody is at expiry.
fn together(server: &dyn Server, sandbox: &Sandbox, lines: &[&str]) -> Vec<Transcript> {
    let release = server.hold();
    let running: Vec<_> = (0..PROCESSES)
        .map(|number| {
            let words: Vec<&str> = lines[number % lines.len()].split(' ').collect();
            sandbox.start(&words)
        })
        .collect();
    release();
    let ended: Vec<_> = running.into_iter().map(|run| run.finish()).collect();
    let failed: Vec<_> = ended.iter().filter(|t| t.code != 0).collect();
    assert!(failed.is_empty(), "{} failed: {failed:#?}", failed.len());
    ended
}

/// Exactly one refresh a round, one token for all, and the session alive after it.
pub fn storm(name: &str, server: &dyn Server, sandbox: &Sandbox, rounds: usize, lines: &[&str]) {
    let begin = Instant::now();
    let mut slowest = Duration::ZERO;
    for round in 0..rounds {
        // Renews with what the round before left: had it lost the session, this would fail.
        server.expire(sandbox);
        let ended = together(server, sandbox, lines);
        assert_eq!(server.refreshes(), 1, "round {round}");
        let tokens = ended.iter().filter(|t| t.line.contains("token"));
        let tokens: BTreeSet<_> = tokens.map(|t| t.data()).collect();
        assert_eq!(tokens.len(), 1, "round {round}: one token for all");
        slowest = slowest.max(ended.iter().map(|t| t.took).max().unwrap_or_default());
    }
    sandbox.hallpass("token demo --refresh").ok();
    println!(
        "{name}: {rounds} rounds, {} processes, {rounds} refreshes, 0 failures; {:.0?} in all, \
         {slowest:.1?} the slowest process",
        rounds * PROCESSES,
        begin.elapsed(),
    );
}

#[test]
fn sixty_four_processes_make_one_refresh_a_round() {
    let (authority, sandbox) = signed_in();
    let rounds = storm_rounds();
    storm("file", &authority, &sandbox, rounds, &["token demo"]);
}

#[test]
fn sixty_four_processes_of_two_commands_make_one_refresh_a_round() {
    let (authority, sandbox) = signed_in();
    let lines = ["token demo", "call demo me"];
    storm("file, mixed", &authority, &sandbox, storm_rounds(), &lines);
}

/// Another hallpass with the same key and a store of its own: its lock is not ours.
struct Foreign {
    sandbox: Sandbox,
}

impl Foreign {
    fn of(sandbox: &Sandbox, authority: &Authority) -> Foreign {
        let foreign = Sandbox::new();
        let key = |sandbox: &Sandbox| {
            let path = sandbox.path("key");
            path.to_str().expect("Unicode").to_owned()
        };
        let config = foreign.read("config/config.toml");
        let config = config.replace(&key(&foreign), &key(sandbox));
        foreign.write("config/config.toml", &config);
        let sandbox = foreign.service("demo", &authority.service());
        Foreign { sandbox }
    }

    /// A session of its own, whose access token lives for so long.
    fn sign_in(&self, authority: &Authority, lifetime: u64) {
        authority.provider(|p| p.options.access_token_lifetime = lifetime);
        self.sandbox.hallpass("login demo").ok();
        authority.provider(|p| p.options.access_token_lifetime = 3600);
    }

    /// What it stored, put over what the other one stored, as a program would that syncs folders.
    fn overwrite(&self, there: &Path) {
        for (path, content) in sealed(&self.sandbox.path("state/store")) {
            let name = path.file_name().expect("a name");
            let new = there.join(".foreign");
            std::fs::write(&new, content).expect("written");
            use std::os::unix::fs::PermissionsExt;
            let private = std::fs::Permissions::from_mode(0o600);
            std::fs::set_permissions(&new, private).expect("permissions");
            std::fs::rename(&new, there.join(name)).expect("renamed");
        }
    }
}

/// Storms during which a foreign writer's session is put over ours, at any moment of each.
///
/// `sign_in` gives the foreign writer a session whose access token lives so long; `overwrite` puts
/// it over ours.
pub fn foreign_storm(
    name: &str,
    authority: &Authority,
    sandbox: &Sandbox,
    rounds: usize,
    sign_in: &(dyn Fn(u64) + Sync),
    overwrite: &(dyn Fn() + Sync),
) {
    let mut refreshes = 0;
    for round in 0..rounds {
        // What it writes is fresh, or has ended like ours.
        sign_in(if round % 2 == 0 { 0 } else { 3600 });
        expire(authority, sandbox);
        let started = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !started.load(Ordering::SeqCst) {
                    std::thread::yield_now();
                }
                super::wait_micros(any_below(400_000));
                overwrite();
            });
            started.store(true, Ordering::SeqCst);
            together(authority, sandbox, &["token demo", "call demo me"]);
        });
        let count = authority.token_requests("refresh_token");
        assert!(
            count <= 2,
            "round {round}: {count} refreshes of two sessions"
        );
        refreshes += count;
        sandbox.hallpass("token demo --refresh").ok();
    }
    println!("{name}: {rounds} rounds, {refreshes} refreshes, 0 failures");
}

#[test]
fn a_foreign_writer_without_our_lock_costs_no_success_and_no_session() {
    let (authority, sandbox) = signed_in();
    let foreign = Foreign::of(&sandbox, &authority);
    let there = sandbox.path("state/store");
    foreign_storm(
        "foreign writer, file",
        &authority,
        &sandbox,
        storm_rounds(),
        &|lifetime| foreign.sign_in(&authority, lifetime),
        &|| foreign.overwrite(&there),
    );
}

/// Ours is refused while the foreign writer's session is stored already.
fn refused_after_a_foreign_write(lifetime: u64) -> (Authority, Transcript) {
    let (authority, sandbox) = signed_in();
    let foreign = Foreign::of(&sandbox, &authority);
    expire(&authority, &sandbox);
    foreign.sign_in(&authority, lifetime);
    authority.clear_log();
    let first = AtomicBool::new(true);
    let there = sandbox.path("state/store");
    authority.script("/token", move |_, honest| {
        if !first.swap(false, Ordering::SeqCst) {
            return Answer::Whole(honest());
        }
        foreign.overwrite(&there);
        let refusal = serde_json::json!({ "error": "invalid_grant" });
        Answer::json(400, &refusal)
    });
    let ended = sandbox.hallpass("token demo").ok();
    sandbox.hallpass("token demo --refresh").ok();
    (authority, ended)
}

#[test]
fn a_loser_uses_the_winners_fresh_token() {
    let (authority, ended) = refused_after_a_foreign_write(3600);
    assert!(ended.data().starts_with("demo_at_"));
    // The refused one, and the forced one at the end.
    assert_eq!(authority.token_requests("refresh_token"), 2);
}

#[test]
fn a_loser_renews_with_the_winners_refresh_token_where_the_winners_token_has_ended() {
    let (authority, ended) = refused_after_a_foreign_write(0);
    assert!(ended.data().starts_with("demo_at_"));
    assert_eq!(authority.token_requests("refresh_token"), 3);
}

#[test]
fn a_refused_refresh_token_that_nobody_replaced_is_forgotten_and_asked_once() {
    let (authority, sandbox) = signed_in();
    expire(&authority, &sandbox);
    let refusal = serde_json::json!({ "error": "invalid_grant" });
    authority.always("/token", Answer::json(400, &refusal));
    let opened = sandbox.opened().len();
    sandbox.hallpass("token demo").fails(4).says("login demo");
    sandbox.hallpass("token demo").fails(4).says("login demo");
    assert_eq!(authority.token_requests("refresh_token"), 1);
    assert_eq!(sandbox.opened().len(), opened, "no browser from here");
}
