//! `tests/ROWS.md` maps each row of the research to the test that proves it; a name in it must be
//! the name of a test.

use std::collections::BTreeSet;

#[test]
fn every_test_named_in_the_row_table_exists() {
    let table = super::read("tests/ROWS.md");
    let known = test_names();
    let mut missing = Vec::new();
    for line in table.lines().filter(|line| line.starts_with("| ")) {
        for name in line.split('`').skip(1).step_by(2) {
            let is_test = name.contains("::");
            if is_test && !known.contains(name) {
                missing.push(format!("{name} in: {line}"));
            }
        }
    }
    assert!(missing.is_empty(), "no such test:\n{}", missing.join("\n"));
}

#[test]
fn every_row_has_a_test_a_reason_or_is_called_open() {
    let table = super::read("tests/ROWS.md");
    for line in table.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        if cells[0] == "row" || cells[0].starts_with('-') {
            continue;
        }
        let proof = cells.get(1).copied().unwrap_or_default();
        let good = proof.contains("::") || proof.starts_with("n/a:") || proof.starts_with("open:");
        assert!(good, "row without a proof: {line}");
    }
}

#[test]
fn no_row_of_the_research_is_left_out() {
    let table = super::read("tests/ROWS.md");
    let listed: BTreeSet<String> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" | ").next())
        .flat_map(|cell| cell.split(", "))
        .map(|row| row.split(" (").next().unwrap_or(row).trim().to_owned())
        .collect();
    let families = [
        ("must ", 107),
        ("A", 20),
        ("M", 9),
        ("T", 26),
        ("J", 17),
        ("S", 15),
    ];
    let missing: Vec<String> = families
        .iter()
        .flat_map(|(family, count)| (1..=*count).map(move |n| format!("{family}{n}")))
        .filter(|row| !listed.contains(row))
        .collect();
    assert!(missing.is_empty(), "rows without a line: {missing:?}");
}

/// `file::function` of every test: the file's path inside its tree with `::`, without `tests`.
fn test_names() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for tree in ["src", "tests"] {
        for path in super::files_under(tree, ".rs") {
            let text = super::read(path.to_str().expect("Unicode"));
            let inside = path.strip_prefix(tree).expect("inside").with_extension("");
            let module: Vec<_> = inside
                .components()
                .map(|part| part.as_os_str().to_string_lossy().into_owned())
                .filter(|part| part != "mod" && part != "tests")
                .collect();
            names.extend(functions(&text).map(|name| format!("{}::{name}", module.join("::"))));
        }
    }
    names
}

/// Functions under `#[test]`, and those inside `proptest!`.
fn functions(text: &str) -> impl Iterator<Item = String> {
    text.split("#[test]").skip(1).filter_map(|after| {
        let rest = after.split_once("fn ")?.1;
        let name: String = rest
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        Some(name)
    })
}
