//! A session that is never lost: many processes, SIGKILL, broken stores and clocks, against the
//! real program. A few rounds everywhere; all storms in `.ci/run`, and everything in `.ci/soak`.

pub mod broken;
mod canary;
mod clock;
mod full;
pub mod killed;
pub mod many;
pub mod moving;
mod stopped;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::support::server::Answer;
use crate::support::{Authority, Sandbox};

/// `all` in `.ci/soak`, else `few`.
pub fn rounds(few: usize, all: usize) -> usize {
    match std::env::var_os("HALLPASS_SOAK") {
        Some(_) => all,
        None => few,
    }
}

/// Rounds of a storm: all of them wherever the real parts are required too (`.ci/run`).
pub fn storm_rounds() -> usize {
    match std::env::var_os("HALLPASS_REQUIRE_REAL") {
        Some(_) => 20,
        None => rounds(1, 20),
    }
}

/// Signed in, with an encrypted file as the store.
fn signed_in() -> (Authority, Sandbox) {
    let authority = Authority::honest();
    let sandbox = Sandbox::new().service("demo", &authority.service());
    sandbox.hallpass("login demo").ok();
    (authority, sandbox)
}

/// Lets the stored access token be one that has ended; the next one lives for an hour.
pub fn expire(authority: &Authority, sandbox: &Sandbox) {
    authority.provider(|p| p.options.access_token_lifetime = 0);
    sandbox.hallpass("token demo --refresh").ok();
    authority.provider(|p| p.options.access_token_lifetime = 3600);
    authority.clear_log();
}

/// Does this when the refresh token has arrived at the server and before it is spent.
pub fn in_mid_refresh(authority: &Authority, act: impl Fn() + Send + Sync + 'static) {
    authority.script("/token", move |_, honest| {
        act();
        Answer::Whole(honest())
    });
}

/// The entries of an encrypted file store.
fn sealed(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = std::fs::read_dir(folder).expect("a store").flatten();
    let paths = entries.map(|entry| entry.path());
    paths
        .filter(|path| path.extension().is_some_and(|e| e == "sealed"))
        .map(|path| (path.clone(), std::fs::read(&path).unwrap_or_default()))
        .collect()
}

/// Any number below `limit`.
pub fn any_below(limit: u64) -> u64 {
    let mut bytes = [0; 8];
    let random = ring::rand::SystemRandom::new();
    ring::rand::SecureRandom::fill(&random, &mut bytes).expect("random bytes");
    u64::from_le_bytes(bytes) % limit.max(1)
}

/// Waits for so many microseconds, as exactly as the machine can.
pub fn wait_micros(micros: u64) {
    let start = std::time::Instant::now();
    while start.elapsed() < Duration::from_micros(micros) {
        std::hint::spin_loop();
    }
}
