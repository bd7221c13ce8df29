//! Real servers, a real keyring, a real browser; skipped, and said so, where they are missing.

mod chromium;
mod keyring;
mod keyring_breaks;
mod nginx;
mod oidc_provider;
mod terminal;
