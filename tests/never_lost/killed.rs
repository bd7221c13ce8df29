//! SIGKILL at any moment of a refresh, against a server that rotates and detects reuse: S3,
//! must 65.
//!
//! What cannot be saved: the server has spent the old refresh token, and its answer has not
//! reached the disk. Everything else must live.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use super::broken::command_store;
use super::{any_below, expire, in_mid_refresh, rounds, sealed, signed_in, wait_micros};
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

/// What is on the disk of a session, in the store or beside it, where a test can see it.
pub type Look = Arc<dyn Fn() -> Vec<u8> + Send + Sync>;

#[derive(Default)]
struct Progress {
    /// How far the server is with the one refresh, and when it rotated.
    reached: Option<Aim>,
    rotated: Option<Instant>,
    dead: bool,
    /// The disk as it was when the request arrived: the write-ahead.
    ahead: Option<Vec<u8>>,
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

    fn take_ahead(&self) -> Option<Vec<u8>> {
        self.progress.lock().expect("not poisoned").ahead.take()
    }
}

/// What became of one kill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    /// The server had not rotated: lives.
    NotRotated,
    /// The answer was on the disk: lives.
    Stored,
    /// Rotated and not on the disk: nobody could save it.
    Lost,
}

/// Kills `count` refreshes of the session `demo` anywhere, and `count` where it hurts.
pub fn kill(name: &str, authority: &Authority, sandbox: &Sandbox, count: usize, look: &Look) {
    // No token lives for a second: every command renews, so a dead session shows at once.
    authority.provider(|p| p.options.access_token_lifetime = 0);
    sandbox.hallpass("token demo --refresh").ok();
    let life = window(name, authority, sandbox, look);
    let kills = |aims: &[Aim]| {
        let mut tally = BTreeMap::new();
        for number in 0..count {
            let aim = aims[number % aims.len()];
            let fate = one(authority, sandbox, aim, life, look);
            *tally.entry((aim, fate)).or_insert(0_usize) += 1;
        }
        let lost = tally.iter().filter(|((_, fate), _)| *fate == Fate::Lost);
        let lost: usize = lost.map(|(_, count)| count).sum();
        println!("{name}: {count} kills, {lost} lost: {tally:?}");
    };
    kills(&[Aim::Anywhere]);
    kills(&[Aim::Asked, Aim::Rotated, Aim::Answered]);
}

/// How long the window is in which nobody can save a session, as a share of the life of the
/// process; gives that life.
fn window(name: &str, authority: &Authority, sandbox: &Sandbox, look: &Look) -> Duration {
    let (mut lives, mut windows) = (Vec::new(), Vec::new());
    for _ in 0..15 {
        let shared = Arc::new(Shared::default());
        script(authority, Aim::Anywhere, shared.clone(), look.clone());
        let running = sandbox.start(&["token", "demo"]);
        shared.wait(|p| p.rotated.is_some());
        let ahead = shared.take_ahead().expect("it was asked");
        while look() == ahead {}
        let rotated = shared.progress.lock().expect("not poisoned").rotated;
        windows.push(rotated.expect("waited for").elapsed());
        lives.push(running.finish().ok().took);
    }
    authority.unscript("/token");
    lives.sort();
    windows.sort();
    let (life, window) = (lives[7], windows[7]);
    let share = 100.0 * window.as_secs_f64() / life.as_secs_f64();
    println!(
        "{name}: {window:.1?} from rotation to disk, {share:.1} % of {life:.1?} of a refresh \
         (medians of 15)"
    );
    life
}

fn one(authority: &Authority, sandbox: &Sandbox, aim: Aim, life: Duration, look: &Look) -> Fate {
    let shared = Arc::new(Shared::default());
    authority.clear_log();
    script(authority, aim, shared.clone(), look.clone());
    let running = sandbox.start(&["token", "demo"]);
    match aim {
        Aim::Anywhere => wait_micros(any_below(life.as_micros() as u64)),
        _ => {
            shared.wait(|p| p.reached.is_some_and(|reached| reached >= aim));
            // The way of an answer onto the disk takes a few milliseconds.
            let most = if aim == Aim::Answered { 15_000 } else { 2_000 };
            wait_micros(any_below(most));
        }
    }
    let ended = running.killed();
    let written = shared.take_ahead().is_some_and(|ahead| look() != ahead);
    let printed = ended.data().starts_with("demo_at_");
    shared.update(|p| p.dead = true);
    // Its request may still be on the way; overtaken, it would spend the token a second time.
    authority.settle();

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
    assert!(!written, "lost although it was on the disk: {told}");
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
        shared.update(|p| {
            p.reached = Some(Aim::Rotated);
            p.rotated = Some(Instant::now());
        });
        if aim == Aim::Rotated {
            shared.wait(|p| p.dead);
        }
        shared.update(|p| p.reached = Some(Aim::Answered));
        Answer::Whole(answer)
    });
}

/// What is spilled beside a store.
pub fn spilled(sandbox: &Sandbox) -> impl Fn() -> Vec<u8> + Send + Sync + use<> {
    let folder = sandbox.path("state/spill");
    move || {
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        let entries = entries.filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'));
        let read = |entry: std::fs::DirEntry| std::fs::read(entry.path()).unwrap_or_default();
        entries.flat_map(read).collect()
    }
}

#[test]
fn killed_at_any_moment_of_a_refresh() {
    let (authority, sandbox) = signed_in();
    let (folder, spilled) = (sandbox.path("state/store"), spilled(&sandbox));
    let look: Look = Arc::new(move || {
        let stored = sealed(&folder).into_values().flatten();
        stored.chain(spilled()).collect()
    });
    kill("file", &authority, &sandbox, rounds(30, 500), &look);
}

/// A keyring may take seconds to write; what is jotted down before is there at once.
#[test]
fn killed_while_the_store_takes_its_time_the_session_lives_on() {
    let (authority, sandbox) = command_store();
    expire(&authority, &sandbox);
    let murder = sandbox.path("murder");
    let there = murder.clone();
    in_mid_refresh(&authority, move || {
        std::fs::write(&there, "").expect("written");
    });
    let ended = sandbox.hallpass("token demo");
    assert_eq!((ended.code, ended.data()), (137, ""), "{ended:#?}");
    std::fs::remove_file(&murder).expect("removed");
    let plain = |text: &str| text.contains("demo_rt_") || text.contains("demo_at_");
    assert!(!plain(&String::from_utf8_lossy(&spilled(&sandbox)())));
    authority.unscript("/token");
    sandbox.hallpass("token demo").ok().says("whole again");
    assert_eq!(authority.token_requests("refresh_token"), 1);
    sandbox.hallpass("token demo --refresh").ok();
    assert_eq!(authority.provider(|p| p.live_refresh_tokens()), 1);
    assert!(spilled(&sandbox)().is_empty(), "nothing stays jotted down");
}
