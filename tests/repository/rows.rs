//! `tests/ROWS.md` maps each row of the research to the test that proves it; a name in it must be
//! the name of a test.

use std::collections::{BTreeMap, BTreeSet};

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

/// One line: the rows it is about, and what is said of them.
struct Line {
    rows: Vec<String>,
    proof: String,
}

impl Line {
    fn is_covered(&self) -> bool {
        self.proof.starts_with('`') && self.proof.contains("::")
    }

    fn is_not_applicable(&self) -> bool {
        self.proof.starts_with("n/a: ") && self.proof.len() > "n/a: a reason in words".len()
    }

    fn is_open(&self) -> bool {
        self.proof.starts_with("open: ")
    }
}

fn lines() -> Vec<Line> {
    let table = super::read("tests/ROWS.md");
    let lines = table.lines().filter(|line| line.starts_with("| "));
    lines
        .map(|line| line.trim_matches('|').trim())
        .filter(|line| !line.starts_with("row |") && !line.starts_with("---"))
        .map(|line| {
            let (rows, proof) = line.split_once(" | ").unwrap_or((line, ""));
            Line {
                rows: rows.split(", ").map(|row| row.trim().to_owned()).collect(),
                proof: proof.trim().to_owned(),
            }
        })
        .collect()
}

#[test]
fn every_row_has_a_test_a_reason_or_is_called_open() {
    for line in lines() {
        let good = line.is_covered() || line.is_not_applicable() || line.is_open();
        assert!(good, "{:?} without a proof: {}", line.rows, line.proof);
    }
}

/// The families of the research, and the advisories of its section 3.2, one line each as there.
const FAMILIES: &[(&str, u32)] = &[
    ("must ", 107),
    ("A", 20),
    ("M", 9),
    ("T", 26),
    ("J", 17),
    ("S", 15),
];

const ADVISORIES: &[&str] = &[
    "CVE-2024-53858",
    "CVE-2024-53859",
    "CVE-2026-48501",
    "CVE-2026-45803",
    "CVE-2025-48938",
    "CVE-2025-25204",
    "CVE-2025-6514",
    "CVE-2023-34233",
    "CVE-2025-24795",
    "CVE-2012-5578",
    "CVE-2022-32207",
    "CVE-2024-50338 CVE-2025-23040 CVE-2024-52006 CVE-2024-53263",
    "CVE-2024-50349",
    "CVE-2021-23347 CVE-2022-31102",
    "CVE-2022-31034",
    "CVE-2022-31105",
    "CVE-2020-7692",
    "CVE-2021-22573",
    "CVE-2020-26244",
    "CVE-2024-37568 CVE-2022-29217 CVE-2024-33663",
    "CVE-2025-61920 CVE-2025-22868 CVE-2025-27144",
    "CVE-2024-28180 CVE-2025-62706",
    "CVE-2018-1000007 CVE-2022-27774 CVE-2022-27776 CVE-2018-18074 CVE-2018-20060",
    "CVE-2026-3783 CVE-2025-14524",
    "CVE-2021-22876",
    "CVE-2023-32681 CVE-2026-6253",
    "GO-2026-6196 GO-2026-6197 CVE-2021-32690 CVE-2021-41092",
    "CVE-2026-48978",
    "CVE-2026-49478",
    "CVE-2022-31162 CVE-2024-41178",
    "CVE-2022-24737",
    "CVE-2025-49596",
    "CVE-2022-22576",
];

fn required() -> Vec<String> {
    let families = FAMILIES
        .iter()
        .flat_map(|(family, count)| (1..=*count).map(move |n| format!("{family}{n}")));
    let advisories = ADVISORIES.iter().flat_map(|line| line.split(' '));
    families.chain(advisories.map(str::to_owned)).collect()
}

#[test]
fn every_row_of_the_research_is_there_once_and_none_is_open() {
    let lines = lines();
    let mut at = BTreeMap::new();
    for line in &lines {
        for row in &line.rows {
            let before = at.insert(row.as_str(), line);
            assert!(before.is_none(), "{row} stands in the table twice");
        }
    }
    assert_eq!(ADVISORIES.len(), 33);
    let (mut covered, mut not_applicable) = (0, 0);
    for row in required() {
        let line = at.get(row.as_str());
        let line = line.unwrap_or_else(|| panic!("{row} has no line"));
        assert!(!line.is_open(), "{row} is open: {}", line.proof);
        covered += u32::from(line.is_covered());
        not_applicable += u32::from(line.is_not_applicable());
    }
    let open = lines.iter().filter(|line| line.is_open()).count();
    println!("rows of the research: {covered} covered, {not_applicable} not applicable, 0 open");
    println!("all lines: {}, of which {open} open", lines.len());
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
