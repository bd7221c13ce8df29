//! The proofs of `never_lost` on a real keyring: storms, SIGKILL, and a keyring that locks, hangs,
//! goes away or fills while the refresh is on its way (S1, S3, S5, must 63, 65, 66, 72).

use std::sync::Arc;

use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};

use super::keyring::sandbox;
use crate::never_lost::broken::{handed_out_and_spilled, heals};
use crate::never_lost::killed::{Look, kill, spilled};
use crate::never_lost::many::{foreign_storm, storm};
use crate::never_lost::moving::{hermetic_stores, sessions, tour};
use crate::never_lost::{expire, in_mid_refresh, rounds, storm_rounds};
use crate::support::keyring::{Keyring, installed, lock_on};
use crate::support::secret_items::SecretItems;
use crate::support::{Authority, Sandbox, skip};

/// Under which user hallpass keeps the session of these tests.
const SESSION: &str = "session:demo@ada@example.com";

fn signed_in() -> Option<(Authority, Sandbox, Keyring)> {
    let keyring = Keyring::start()?;
    let authority = Authority::honest();
    let sandbox = sandbox(&keyring).service("demo", &authority.service());
    sandbox.hallpass("login demo").ok();
    Some((authority, sandbox, keyring))
}

#[test]
fn sixty_four_processes_make_one_refresh_a_round() {
    let Some((authority, sandbox, _keyring)) = signed_in() else {
        return;
    };
    let rounds = storm_rounds();
    storm("keyring", &authority, &sandbox, rounds, &["token demo"]);
}

#[test]
fn sixty_four_processes_of_two_commands_make_one_refresh_a_round() {
    let Some((authority, sandbox, _keyring)) = signed_in() else {
        return;
    };
    let lines = ["token demo", "call demo me"];
    storm(
        "keyring, mixed",
        &authority,
        &sandbox,
        storm_rounds(),
        &lines,
    );
}

/// Another hallpass on a keyring of its own, whose session is put over ours by a program that
/// knows nothing of hallpass's lock.
#[test]
fn a_foreign_writer_without_our_lock_costs_no_success_and_no_session() {
    let (Some((authority, sandbox, keyring)), Some(theirs)) = (signed_in(), Keyring::start())
    else {
        return;
    };
    let foreign = self::sandbox(&theirs).service("demo", &authority.service());
    foreign_storm(
        "foreign writer, keyring",
        &authority,
        &sandbox,
        storm_rounds(),
        &|lifetime| {
            authority.provider(|p| p.options.access_token_lifetime = lifetime);
            foreign.hallpass("login demo").ok();
            authority.provider(|p| p.options.access_token_lifetime = 3600);
        },
        &|| {
            let value = SecretItems::of(&theirs).value(SESSION);
            SecretItems::of(&keyring).overwrite(SESSION, &value.expect("a session"));
        },
    );
}

#[test]
fn killed_at_any_moment_of_a_refresh() {
    let Some((authority, sandbox, keyring)) = signed_in() else {
        return;
    };
    let (address, spilled) = (keyring.address().to_owned(), spilled(&sandbox));
    let look: Look = Arc::new(move || {
        let stored = SecretItems::on(&address).value(SESSION);
        [stored.expect("a session"), spilled()].concat()
    });
    kill("keyring", &authority, &sandbox, rounds(12, 500), &look);
}

/// Breaks the keyring in mid-refresh; `whole` makes it whole again.
fn breaks(
    says: &str,
    how: impl Fn(&Keyring) -> Box<dyn Fn() + Send + Sync>,
    whole: impl Fn(&mut Keyring),
) {
    let Some((authority, sandbox, mut keyring)) = signed_in() else {
        return;
    };
    expire(&authority, &sandbox);
    let act = how(&keyring);
    in_mid_refresh(&authority, act);
    let ended = sandbox.hallpass("token demo").says(says);
    let token = ended.data().to_owned();
    handed_out_and_spilled(&sandbox, ended);
    whole(&mut keyring);
    heals(&authority, &sandbox, &token);
}

#[test]
fn a_keyring_that_locks_in_mid_refresh() {
    breaks(
        "locked",
        |keyring| {
            let address = keyring.address().to_owned();
            Box::new(move || lock_on(&address))
        },
        Keyring::restart,
    );
}

#[test]
fn a_keyring_that_hangs_in_mid_refresh() {
    let pid = |keyring: &Keyring| Pid::from_raw(keyring.daemon() as i32).expect("a pid");
    breaks(
        "does not answer",
        |keyring| {
            let daemon = pid(keyring);
            Box::new(move || kill_process(daemon, Signal::STOP).expect("stopped"))
        },
        |keyring| kill_process(pid(keyring), Signal::CONT).expect("continued"),
    );
}

#[test]
fn a_keyring_that_goes_away_in_mid_refresh() {
    breaks(
        "keyring",
        |keyring| {
            let daemon = Pid::from_raw(keyring.daemon() as i32).expect("a pid");
            Box::new(move || kill_process(daemon, Signal::KILL).expect("killed"))
        },
        Keyring::restart,
    );
}

/// A limit on the size of its files stands for a full disk.
#[test]
fn a_keyring_that_fills_in_mid_refresh() {
    let pid = |keyring: &Keyring| Pid::from_raw(keyring.daemon() as i32).expect("a pid");
    let room = |daemon: Pid, current: Option<u64>| {
        let maximum = None;
        prlimit(Some(daemon), Resource::Fsize, Rlimit { current, maximum }).expect("a limit");
    };
    breaks(
        "takes no more",
        |keyring| {
            let daemon = pid(keyring);
            Box::new(move || room(daemon, Some(0)))
        },
        |keyring| room(pid(keyring), None),
    );
}

/// `pass` with a key of its own, ended with the test.
struct Pass {
    home: String,
}

impl Pass {
    fn set_up(sandbox: &Sandbox) -> Option<Pass> {
        let programs = ["pass", "gpg", "gpgconf", "docker-credential-pass"];
        if !programs.iter().all(|program| installed(program)) {
            skip("pass, gpg and docker-credential-pass");
            return None;
        }
        let shown = sandbox.shell(
            "mkdir -m 700 \"$GNUPGHOME\" && gpg --batch --quiet --pinentry-mode loopback \
             --passphrase '' --quick-gen-key 'test <test@example.com>' default default never && \
             pass init test@example.com",
        );
        assert!(shown.contains("Password store initialized"), "{shown}");
        let home = sandbox.environment()["GNUPGHOME"].clone();
        Some(Pass { home })
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let kill = ["--homedir", &self.home, "--kill", "all"];
        let _ = std::process::Command::new("gpgconf").args(kill).status();
    }
}

#[test]
fn fifty_sessions_move_between_every_pair_of_stores_there_is() {
    let Some(keyring) = Keyring::start() else {
        return;
    };
    let authority = Authority::honest();
    let sandbox = sandbox(&keyring);
    let inside = |name: &str| sandbox.path(name).to_str().expect("Unicode").to_owned();
    let environment = [
        ("HALLPASS_STORE_PASSPHRASE_FILE", inside("passphrase")),
        ("GNUPGHOME", inside("gnupg")),
        ("PASSWORD_STORE_DIR", inside("password-store")),
    ];
    let mut stores = vec!["keyring".to_owned()];
    stores.extend(hermetic_stores(&sandbox));
    let sandbox = environment
        .iter()
        .fold(sandbox, |sandbox, (name, value)| sandbox.env(name, value));
    let Some(_pass) = Pass::set_up(&sandbox) else {
        return;
    };
    stores.push("pass".to_owned());
    stores.push("command --protocol docker-credential -- docker-credential-pass".to_owned());
    let count = rounds(2, 50);
    let sandbox = sessions(sandbox, &authority, count);
    tour(&sandbox, &stores, count);
}
