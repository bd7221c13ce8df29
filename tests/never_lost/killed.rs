//! SIGKILL at any moment of a refresh, against a server that rotates and detects reuse: S3,
//! must 65.
//!
//! What cannot be saved: the server has spent the old refresh token, and its answer had not
//! reached the store. Everything else must live.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use super::{any_below, rounds, sealed, signed_in, wait_micros};
use crate::support::server::Answer;
use crate::support::{Authority, Sandbox};

/// Where the kill is aimed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Aim {
    /// Anywhere in the life of the process.
    Anywhere,
    /// The server has the request and has not rotated.
    Asked,
    /// The server has rotated and has not answered.
    Rotated,
    /// The answer has left the server.
    Answered,
}

const AIMS: [Aim; 4] = [Aim::Anywhere, Aim::Asked, Aim::Rotated, Aim::Answered];

/// What a store holds, where a test can see it.
pub type Look = Arc<dyn Fn() -> BTreeMap<PathBuf, Vec<u8>> + Send + Sync>;

#[derive(Default)]
struct Progress {
    /// How far the server is with the one refresh.
    reached: Option<Aim>,
    dead: bool,
    /// The store as it was when the request arrived: the write-ahead.
    ahead: Option<BTreeMap<PathBuf, Vec<u8>>>,
}

#[derive(Default)]
struct Shared {
    progress: Mutex<Progress>,
    changed: Condvar,
}

impl Shared {
    fn update(&self, change: impl FnOnce(&mut Progress)) {
        change(&mut self.progress.lock().expect("not poisoned"));
        self.changed.notify_all();
    }

    fn wait(&self, until: impl Fn(&Progress) -> bool) {
        let progress = self.progress.lock().expect("not poisoned");
        let limit = Duration::from_secs(20);
        let waited = self
            .changed
            .wait_timeout_while(progress, limit, |p| !until(p));
        assert!(!waited.expect("not poisoned").1.timed_out(), "never came");
    }
}

/// What became of one kill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    /// The server had not rotated: lives.
    NotRotated,
    /// The answer was stored: lives.
    Stored,
    /// Rotated and not stored: nobody could save it.
    Lost,
}

/// Kills `count` refreshes of the session `demo`.
pub fn kill(name: &str, authority: &Authority, sandbox: &Sandbox, count: usize, look: &Look) {
    // No token lives for a second: every command renews, so a dead session shows at once.
    authority.provider(|p| p.options.access_token_lifetime = 0);
    sandbox.hallpass("token demo --refresh").ok();
    let life = sandbox.hallpass("token demo").ok().took;
    let mut tally = BTreeMap::new();
    for number in 0..count {
        let aim = AIMS[number % AIMS.len()];
        let fate = one(authority, sandbox, aim, life, look);
        *tally.entry((aim, fate)).or_insert(0_usize) += 1;
    }
    let lost = tally.iter().filter(|((_, fate), _)| *fate == Fate::Lost);
    let lost: usize = lost.map(|(_, count)| count).sum();
    println!("{name}: {count} kills, {lost} lost: {tally:?}");
}

fn one(authority: &Authority, sandbox: &Sandbox, aim: Aim, life: Duration, look: &Look) -> Fate {
    let shared = Arc::new(Shared::default());
    authority.clear_log();
    script(authority, aim, shared.clone(), look.clone());
    let running = sandbox.start(&["token", "demo"]);
    match aim {
        Aim::Anywhere => wait_micros(any_below(life.as_micros() as u64 * 5 / 4)),
        _ => {
            shared.wait(|p| p.reached.is_some_and(|reached| reached >= aim));
            // The way of an answer into the store takes a few milliseconds.
            let most = if aim == Aim::Answered { 15_000 } else { 2_000 };
            wait_micros(any_below(most));
        }
    }
    let ended = running.killed();
    let ahead = shared.progress.lock().expect("not poisoned").ahead.take();
    let written = ahead.is_some_and(|ahead| look() != ahead);
    let printed = ended.data().starts_with("demo_at_");
    shared.update(|p| p.dead = true);

    let after = sandbox.hallpass("token demo");
    authority.unscript("/token");
    let told = format!("{aim:?}, written: {written}: {ended:#?}\nthen {after:#?}");
    assert!([0, 4].contains(&after.code), "{told}");
    assert!(!after.stderr.contains("unreadable"), "corrupt: {told}");
    assert!(
        !after.stderr.contains("waiting for"),
        "a stale lock: {told}"
    );
    // The killed one's request and the one after it.
    let rotated = authority.token_requests("refresh_token") > 1 && aim != Aim::Asked;
    if after.code == 0 {
        return if rotated {
            Fate::Stored
        } else {
            Fate::NotRotated
        };
    }
    assert!(rotated, "lost before the server had rotated: {told}");
    assert!(!written, "lost although it was stored: {told}");
    assert!(!printed, "used before it was written: {told}");
    sandbox.hallpass("login demo").ok();
    Fate::Lost
}

/// Shows how far the server is, and holds it where the kill is aimed at.
fn script(authority: &Authority, aim: Aim, shared: Arc<Shared>, look: Look) {
    authority.script("/token", move |_, honest| {
        if shared.progress.lock().expect("not poisoned").dead {
            return Answer::Whole(honest());
        }
        let ahead = look();
        shared.update(|p| {
            p.ahead = Some(ahead);
            p.reached = Some(Aim::Asked);
        });
        if aim == Aim::Asked {
            shared.wait(|p| p.dead);
            return Answer::Reset(Vec::new());
        }
        let answer = honest();
        shared.update(|p| p.reached = Some(Aim::Rotated));
        if aim == Aim::Rotated {
            shared.wait(|p| p.dead);
        }
        shared.update(|p| p.reached = Some(Aim::Answered));
        Answer::Whole(answer)
    });
}

#[test]
fn killed_at_any_moment_of_a_refresh() {
    let (authority, sandbox) = signed_in();
    let folder = sandbox.path("state/store");
    let look: Look = Arc::new(move || sealed(&folder));
    kill("file", &authority, &sandbox, rounds(60, 500), &look);
}
