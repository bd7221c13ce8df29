//! The README's table of exit codes is the program's.

use std::collections::BTreeSet;

use hallpass::error::{CANNOT_RUN, Code, NOT_FOUND};

#[test]
fn the_readme_lists_exactly_the_exit_codes_there_are() {
    let readme = super::read("README.md");
    let table = readme
        .split_once("## Exit codes")
        .expect("README.md has a section on exit codes")
        .1;
    let table = table.split("\n## ").next().unwrap_or_default();
    let listed: BTreeSet<u8> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(' ').next()?.parse().ok())
        .collect();
    let mut real: BTreeSet<u8> = Code::ALL.iter().map(|code| code.exit_code()).collect();
    real.extend([0, CANNOT_RUN, NOT_FOUND]);
    assert_eq!(listed, real);
}

#[test]
fn codes_have_distinct_names() {
    let names: BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(names.len(), Code::ALL.len());
}
