//! Many sessions, moved from every store to every other one: none is lost.

use super::rounds;
use crate::support::browser::Plan;
use crate::support::{Authority, Sandbox};

/// A machine with this many sessions, each with a token of its own.
pub fn sessions(sandbox: Sandbox, authority: &Authority, count: usize) -> Sandbox {
    let mut sandbox = sandbox;
    for number in 0..count {
        sandbox = sandbox.service(&format!("s{number}"), &authority.service());
    }
    for number in 0..count {
        let name = format!("s{number}");
        let token = format!("token-{number}");
        sandbox
            .run_with_input(&["login", &name, "--with-token"], token.as_bytes())
            .ok();
    }
    sandbox
}

/// Moves them along every ordered pair of `stores`, whose first one is in use.
pub fn tour(sandbox: &Sandbox, stores: &[String], count: usize) {
    let mut moves = 0;
    for number in pairs(stores.len()) {
        let ended = sandbox
            .hallpass(&format!("store move {}", stores[number]))
            .ok();
        let _ = ended.says(&format!("{count} entries carried over"));
        moves += 1;
        for session in [0, moves % count, count - 1] {
            has_its_token(sandbox, session);
        }
    }
    for session in 0..count {
        has_its_token(sandbox, session);
    }
    println!(
        "{count} sessions, {moves} moves between {} stores, 0 lost",
        stores.len()
    );
}

fn has_its_token(sandbox: &Sandbox, session: usize) {
    let ended = sandbox.hallpass(&format!("token s{session}")).ok();
    assert_eq!(ended.data(), format!("token-{session}"));
}

/// Every ordered pair of `count` stores as one walk from store 0: where it goes next.
fn pairs(count: usize) -> Vec<usize> {
    let mut walk = Vec::new();
    for from in 0..count {
        for to in from + 1..count {
            walk.push(to);
            // Back to where it came from, but for the last, which goes on instead.
            walk.push(from);
        }
        if from + 1 < count {
            walk.push(from + 1);
        }
    }
    walk
}

/// What follows `store move` for each store that needs nothing but a shell.
pub fn hermetic_stores(sandbox: &Sandbox) -> Vec<String> {
    sandbox.write(
        "helper",
        r#"
        here=$(dirname "$0")/kept; mkdir -p "$here"
        file="$here/$(printf %s "$2" | tr / _)"
        case "$1" in
            get) if [ -e "$file" ]; then cat "$file"; fi ;;
            set) cat >"$file" ;;
            delete) rm -f "$file" ;;
        esac
        "#,
    );
    sandbox.write(
        "docker-helper",
        r#"
        here=$(dirname "$0")/messages; mkdir -p "$here"
        message=$(cat)
        case "$1" in
            store) url=$(printf %s "$message" | sed 's/.*"ServerURL":"\([^"]*\)".*/\1/') ;;
            *) url=$message ;;
        esac
        file="$here/$(printf %s "$url" | tr / _)"
        case "$1" in
            store) printf %s "$message" >"$file" ;;
            get) cat "$file" 2>/dev/null || {
                echo credentials not found in native keychain; exit 1; } ;;
            erase) rm "$file" ;;
        esac
        "#,
    );
    sandbox.write("passphrase", "canary correct horse\n");
    let path = |name: &str| sandbox.path(name).to_str().expect("Unicode").to_owned();
    vec![
        format!(
            "file --path {} --key-file {}",
            path("keyed"),
            path("keyed.key")
        ),
        format!("file --path {}", path("phrased")),
        format!("command -- sh {}", path("helper")),
        format!(
            "command --protocol docker-credential -- sh {}",
            path("docker-helper")
        ),
    ]
}

#[test]
fn fifty_sessions_move_between_every_pair_of_stores() {
    let authority = Authority::honest();
    let sandbox = Sandbox::new().browser(Plan::Allow);
    let stores = hermetic_stores(&sandbox);
    let file = sandbox.path("passphrase");
    let file = file.to_str().expect("Unicode");
    let sandbox = sandbox.env("HALLPASS_STORE_PASSPHRASE_FILE", file);
    sandbox.hallpass(&format!("store use {}", stores[0])).ok();
    let count = rounds(8, 50);
    let sandbox = sessions(sandbox, &authority, count);
    tour(&sandbox, &stores, count);
}
