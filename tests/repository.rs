//! The repository checked by itself: the order of its rooms, the size of its files, and that
//! what is written down is true.

mod exit_codes;
mod files;
mod fuzz;
mod generated;
mod layers;
mod readme;
mod rows;

use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of Cargo.toml.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file of the repository as text.
pub fn read(name: &str) -> String {
    let path = root().join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every file under a folder whose name ends so, sorted, relative to the repository.
pub fn files_under(folder: &str, suffix: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(suffix) {
                let path = path.strip_prefix(root()).expect("inside");
                found.push(path.to_owned());
            }
        }
    }
    found.sort();
    found
}

/// Files that git tracks; `None` outside of a clone (a packaged crate).
pub fn tracked() -> Option<Vec<PathBuf>> {
    let output = Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(root())
        .output()
        .ok()?;
    if !output.status.success() {
        return None;
    }
    let names = String::from_utf8(output.stdout).ok()?;
    let names = names.split('\0').filter(|name| !name.is_empty());
    Some(names.map(PathBuf::from).collect())
}
