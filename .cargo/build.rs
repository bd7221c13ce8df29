//! Hands `layout.ld` to the linker of the release build, where that is one that reads it.
//!
//! Without it everything works the same; the binary is a fifth larger and has more pages to load.

#![allow(
    clippy::disallowed_methods,
    reason = "cargo talks to a build script in variables"
)]

use std::env::{var, var_os};
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=.cargo/build.rs");
    println!("cargo::rerun-if-changed=.cargo/layout.ld");
    if !is_release_for_linux() || has_a_linker_of_its_own() {
        return;
    }
    let folder = var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    pass("-T");
    pass(&format!("{folder}/.cargo/layout.ld"));
    if loader_knows_packed_relocations() {
        pass("-Wl,-z,pack-relative-relocs");
    }
}

fn pass(argument: &str) {
    println!("cargo::rustc-link-arg-bins={argument}");
}

/// The script drops the unwind tables, which `panic = "abort"` leaves without a reader.
fn is_release_for_linux() -> bool {
    let is = |name, value| var(name).is_ok_and(|found| found == value);
    is("PROFILE", "release")
        && is("CARGO_CFG_TARGET_OS", "linux")
        && is("CARGO_CFG_TARGET_ENV", "gnu")
        // Where it was tried, and where rustc brings its own lld.
        && is("CARGO_CFG_TARGET_ARCH", "x86_64")
}

/// rustc's own lld and GNU ld read linker scripts; mold, say, does not.
fn has_a_linker_of_its_own() -> bool {
    let flags = var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    var_os("RUSTC_LINKER").is_some() || flags.contains("link")
}

/// glibc reads them (`DT_RELR`) since 2.36. A binary built here is for machines like this one.
fn loader_knows_packed_relocations() -> bool {
    if var_os("HOST") != var_os("TARGET") {
        return false;
    }
    let Ok(told) = Command::new("getconf").arg("GNU_LIBC_VERSION").output() else {
        return false;
    };
    let told = String::from_utf8_lossy(&told.stdout);
    let version = told.trim().strip_prefix("glibc 2.").unwrap_or_default();
    version
        .split('.')
        .next()
        .and_then(|minor| minor.parse().ok())
        .is_some_and(|minor: u32| minor >= 36)
}
