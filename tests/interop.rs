//! Real servers, a real keyring, a real browser; skipped, and said so, where they are missing.

mod chromium;
mod keyring;
mod oidc_provider;
