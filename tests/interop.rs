//! Real servers, a real keyring, a real browser; skipped, and said so, where they are missing.

mod chromium;
mod keyring;
#[cfg(target_os = "linux")]
mod keyring_breaks;
mod nginx;
mod nginx_call;
mod oidc_provider;
mod proxies;
#[cfg(target_os = "linux")]
mod startup;
mod terminal;
