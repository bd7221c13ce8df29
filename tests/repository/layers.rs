//! Rooms in a strict order: a file's room is its path, and it names only rooms that it may.

use std::collections::BTreeSet;

/// Room and the rooms it may name; the order of `src/lib.rs`. A room may always name itself.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("secret", &["error"]),
    ("protocol", &["error", "secret"]),
    ("dialect", &["error", "secret", "protocol"]),
    ("port", &["error", "secret", "protocol"]),
    ("demo", &["error", "secret", "protocol"]),
    (
        "transport",
        &["error", "secret", "protocol", "dialect", "port"],
    ),
    ("service", &["error", "secret", "protocol", "dialect"]),
    (
        "grant",
        &[
            "error",
            "secret",
            "protocol",
            "dialect",
            "port",
            "transport",
            "service",
        ],
    ),
    (
        "session",
        &[
            "error",
            "secret",
            "protocol",
            "dialect",
            "port",
            "transport",
            "service",
            "grant",
        ],
    ),
    (
        "call",
        &[
            "error",
            "secret",
            "protocol",
            "dialect",
            "port",
            "transport",
            "service",
            "grant",
            "session",
        ],
    ),
    (
        "batch",
        &[
            "error",
            "secret",
            "protocol",
            "dialect",
            "port",
            "transport",
            "service",
            "grant",
            "session",
            "call",
        ],
    ),
    (
        "doctor",
        &[
            "error",
            "secret",
            "protocol",
            "dialect",
            "port",
            "transport",
            "service",
            "grant",
            "session",
        ],
    ),
    ("edge", &["error", "secret", "protocol", "port", "service"]),
    (
        "cli",
        &[
            "error",
            "secret",
            "protocol",
            "dialect",
            "port",
            "demo",
            "transport",
            "service",
            "grant",
            "session",
            "call",
            "batch",
            "doctor",
        ],
    ),
    ("cli::context", &["edge"]),
    ("main", &["cli"]),
    ("lib", &[]),
];

fn may_import(room: &str) -> BTreeSet<&'static str> {
    let rule = |room: &str| {
        let found = MAY_IMPORT.iter().find(|(name, _)| *name == room);
        found
            .unwrap_or_else(|| panic!("{room} is not a room: add it to the table and to lib.rs"))
            .1
    };
    let mut allowed: BTreeSet<_> = rule(room).iter().copied().collect();
    if room == "cli::context" {
        allowed.extend(rule("cli"));
        allowed.insert("cli");
    }
    allowed
}

/// `src/edge/store/mod.rs` → `edge`; the composition root is a room of its own.
fn room_of(path: &str) -> String {
    let inside = path.strip_prefix("src/").expect("a source file");
    if inside == "cli/context.rs" || inside.starts_with("cli/context/") {
        return "cli::context".into();
    }
    let first = inside.split('/').next().unwrap_or_default();
    first.trim_end_matches(".rs").to_owned()
}

/// Every room that the text names: `crate::room`, also in a nested `use crate::{a, b::c}`, and
/// `super::` that climbs out of the room.
fn named(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let code: String = text
        .lines()
        .map(|line| line.split_once("//").map_or(line, |(code, _)| code))
        .collect::<Vec<_>>()
        .join("\n");
    for marker in ["crate::", "hallpass::"] {
        for (at, _) in code.match_indices(marker) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
                continue;
            }
            let rest = &code[at + marker.len()..];
            match rest.strip_prefix('{') {
                Some(list) => found.extend(top_level_names(list)),
                None => found.extend(first_word(rest)),
            }
        }
    }
    found
}

fn first_word(text: &str) -> Option<String> {
    let is_word = |c: &char| c.is_alphanumeric() || *c == '_';
    let word: String = text.trim_start().chars().take_while(is_word).collect();
    (!word.is_empty()).then_some(word)
}

/// The first words of `a::b, c::{d, e}, f}`.
fn top_level_names(list: &str) -> Vec<String> {
    let (mut depth, mut names, mut start) = (0, Vec::new(), 0);
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                names.extend(first_word(&list[start..at]));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    names
}

#[test]
fn imports_only_point_down() {
    let mut wrong = Vec::new();
    for path in super::files_under("src", ".rs") {
        let path = path.to_str().expect("Unicode").replace('\\', "/");
        let room = room_of(&path);
        let allowed = may_import(&room);
        for name in named(&super::read(&path)) {
            let own = name == room || (room == "main" && name == "cli") || room == "lib";
            let known = MAY_IMPORT.iter().any(|(room, _)| *room == name);
            if !own && (!known || !allowed.contains(name.as_str())) {
                wrong.push(format!("{path} names crate::{name}"));
            }
        }
    }
    assert!(wrong.is_empty(), "against the order:\n{}", wrong.join("\n"));
}

#[test]
fn the_check_sees_every_way_of_naming_a_room() {
    let text = "use crate::{edge::http, error::{Code, Error}, port};\n\
                fn f() { crate::session::peek() } // crate::nothing\n";
    let expected = ["edge", "error", "port", "session"];
    assert_eq!(named(text), expected.map(str::to_owned).into());
    assert!(!may_import("session").contains("edge"));
    assert!(may_import("cli::context").contains("edge"));
}
