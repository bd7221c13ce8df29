//! What git tracks: no file too long, nothing of one machine or one registry.

use std::path::Path;

/// Lines of a source file; `design/architecture.md` says "above about 400".
const LINES: usize = 440;

#[test]
fn no_source_file_is_much_over_400_lines() {
    let mut long = Vec::new();
    for path in super::files_under("src", ".rs") {
        let path = path.to_str().expect("Unicode");
        let count = super::read(path).lines().count();
        if count > LINES {
            long.push(format!("{path}: {count}"));
        }
    }
    assert!(long.is_empty(), "split by meaning:\n{}", long.join("\n"));
}

#[test]
fn every_source_file_says_first_what_it_is() {
    for path in super::files_under("src", ".rs") {
        let text = super::read(path.to_str().expect("Unicode"));
        assert!(
            text.starts_with("//! "),
            "{} has no //! line",
            path.display()
        );
    }
}

#[test]
fn there_is_no_file_of_leftovers() {
    for path in super::files_under("src", ".rs") {
        let name = path.file_stem().and_then(|n| n.to_str()).unwrap_or("");
        let bad = ["utils", "util", "helpers", "misc", "common"];
        assert!(!bad.contains(&name), "{}", path.display());
    }
}

#[test]
fn nothing_names_a_registry_host_or_a_path_of_one_machine() {
    let Some(tracked) = super::tracked() else {
        return super::super::support::skip("a git clone");
    };
    // Put together here, so that this file does not name them either.
    let needles: Vec<String> = [
        ("registry.", "npmjs.org"),
        ("registry.", "yarnpkg.com"),
        ("static.", "crates.io"),
        ("index.", "crates.io"),
        ("files.", "pythonhosted.org"),
        ("deb.", "debian.org"),
        ("/ro", "ot/"),
        ("/wo", "rk/"),
        ("/ho", "me/runner"),
        ("/Us", "ers/"),
    ]
    .map(|(a, b)| format!("{a}{b}"))
    .into();
    let mut wrong = Vec::new();
    for path in tracked.iter().filter(|path| is_ours(path)) {
        let bytes = std::fs::read(super::root().join(path)).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        for needle in needles.iter().filter(|n| text.contains(n.as_str())) {
            wrong.push(format!("{} holds {needle}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// cargo writes the name of its own index into Cargo.lock.
fn is_ours(path: &Path) -> bool {
    path != Path::new("Cargo.lock")
}

#[test]
fn no_private_key_is_tracked() {
    let Some(tracked) = super::tracked() else {
        return super::super::support::skip("a git clone");
    };
    let needle = ["PRIVATE", "KEY-----"].join(" ");
    for path in tracked {
        let bytes = std::fs::read(super::root().join(&path)).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(&needle), "{}", path.display());
    }
}
