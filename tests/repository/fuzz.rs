//! The fuzz targets are a workspace of their own, so nothing here would notice one that is lost.

use std::collections::BTreeSet;

#[test]
fn every_fuzz_target_is_built_and_has_seeds() {
    if super::tracked().is_none() {
        // A packaged crate has no fuzz targets.
        return;
    }
    let names = |folder: &str, extension: &str| -> BTreeSet<String> {
        let folder = super::root().join(folder);
        let entries = std::fs::read_dir(folder).expect("a folder").flatten();
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names
            .filter_map(|name| name.strip_suffix(extension).map(str::to_owned))
            .collect()
    };
    let targets = names("tests/fuzz/targets", ".rs");
    assert!(targets.len() >= 16, "{targets:?}");
    assert_eq!(targets, names("tests/fuzz/seeds", ""));
    let manifest = super::read("tests/fuzz/Cargo.toml");
    for target in &targets {
        let path = format!("path = \"targets/{target}.rs\"");
        assert!(manifest.contains(&path), "{target} is not built");
        let seeds = super::root().join("tests/fuzz/seeds").join(target);
        let seeds = std::fs::read_dir(seeds).expect("a folder").count();
        assert!(seeds > 0, "{target} has no seed");
    }
}
