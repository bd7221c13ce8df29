//! Headless Chromium as `$BROWSER`, driven by tests/interop/browser.mjs through the pages of
//! oidc-provider.

use std::path::Path;

use serde_json::Value;

use super::Sandbox;
use super::keyring::installed;

/// Gives the sandbox that browser; `None`, and said so, where it is not installed.
pub fn browser(sandbox: Sandbox, plan: &str) -> Option<Sandbox> {
    let folder = super::oidc_provider::folder();
    let there = folder.join("node_modules/puppeteer-core").is_dir();
    if !there || !installed("node") || !installed("chromium") {
        super::skip("headless Chromium (see .ci/run)");
        return None;
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/browser.mjs");
    let script = folder.join("browser.mjs");
    std::fs::copy(source, &script).expect("copied");
    let script = script.to_str().expect("Unicode");
    let report = sandbox.path("report.json");
    let report = report.to_str().expect("Unicode").to_owned();
    Some(
        sandbox
            .env("BROWSER", &format!("node {script}"))
            .env("BROWSER_PLAN", plan)
            .env("BROWSER_REPORT", &report),
    )
}

/// What the browser saw; it is still closing when hallpass has ended.
pub fn report(sandbox: &Sandbox) -> Value {
    let start = std::time::Instant::now();
    while !sandbox.path("report.json").exists() {
        assert!(start.elapsed().as_secs() < 30, "the browser never reported");
        std::thread::yield_now();
    }
    serde_json::from_str(&sandbox.read("report.json")).expect("JSON")
}
