//! What the tests stand on: a sandbox for the real binary, servers on loopback, a browser.

// Not every helper is used on every platform.
#![allow(dead_code)]

pub mod api;
pub mod authority;
pub mod browser;
#[cfg(unix)]
pub mod chromium;
pub mod jwt;
#[cfg(unix)]
pub mod keyring;
pub mod nginx;
#[cfg(unix)]
pub mod oidc_provider;
#[cfg(unix)]
pub mod person;
pub mod proxies;
pub mod rsa;
pub mod sandbox;
#[cfg(target_os = "linux")]
pub mod secret_items;
pub mod server;
#[cfg(unix)]
pub mod terminal;
pub mod wire;

pub use authority::Authority;
pub use sandbox::Sandbox;

/// A real part is missing: says so, or fails where the real parts are required.
pub fn skip(what: &str) {
    assert!(
        std::env::var_os("HALLPASS_REQUIRE_REAL").is_none(),
        "{what} is required here, and missing"
    );
    eprintln!("skipped: {what}");
}
