//! hallpass: sign in once to any OAuth 2.0 or OpenID Connect service, then call its API.
//!
//! This page is the architecture document. The program is one walk down a flight of rooms;
//! imports only point down, no circles, and `tests/repository.rs` checks it:
//!
//! ```text
//! main.rs → cli → call, batch, proxy, credential, doctor → session → grant → { service, transport }
//!                 → dialect, protocol → secret → error
//!           └─→ edge (implements port; named only in cli/context.rs, the composition root)
//! ```
//!
//! | room | holds |
//! | --- | --- |
//! | [`error`], [`secret`] | the one error with its stable exit codes; values that nothing prints; foreign text made safe to print |
//! | [`protocol`] | one file an exchange, named by its RFC heading: pure values in and out; time and random bytes are arguments |
//! | [`dialect`] | the border: what a provider says ↔ what the RFC says, driven by a preset's data |
//! | [`port`] | the outside world as a handful of traits, and hand-written doubles of them |
//! | [`transport`] | Http wrapped round Http: bounded exchange, redacted trace, retry, and the credential that knows where it may go |
//! | [`service`] | what to talk to: presets, configuration, their merge, import. Text in, values out |
//! | [`grant`] | one flow a file, each reading like its RFC's figure |
//! | [`session`] | a token over time; [`session::access_token()`] is the only way to get one |
//! | `call` | one authenticated request: items, URL, redirects, challenges, rendering; and its pages |
//! | [`batch`] | many requests with one token: lines in, records out, bounded, resumable |
//! | [`doctor`] | why it does not work: named checks of this machine and one service |
//! | `demo` | the embedded provider and API of `hallpass demo`; the honest half of the tests' server |
//! | [`edge`] | the real clock, network, browser, listener, terminal, files and stores |
//! | [`cli`] | argv to exit code; a command is an `Args` and a `run` |
//!
//! # Decisions
//!
//! * **The core speaks strict RFC.** The `oauth2` crate carries the standard exchanges and is
//!   strict; real servers are not. [`dialect`] rewrites requests and responses between them.
//! * **Ports are object-safe and their futures are not `Send`.** One `current_thread` runtime
//!   drives the program, and is built only when something waits: `hallpass token` with a fresh
//!   token never builds one.
//! * **A credential is not a string.** [`transport::Credential`] carries the origins that may see
//!   it, and where each of them came from; only it can make an `Authorization` header.
//! * **Writing to a store needs the lock guard as a value**: without the lock it does not compile.
//! * **`Error` is a struct round a closed enum.** The enum ([`error::Code`]) is what machines and
//!   exit codes see; message and hint are written where the failure is understood. A variant a
//!   message would have made every room a catalogue of texts.
//! * **One table of keys.** [`service::Registration`] is what a preset, `config.toml`, the
//!   environment and flags all give, so a merge is one function and `show --origin` is exact.
//! * **`keyring` 3.6.3, not 4, over a Secret Service store of ours**: 4's waits for ever on a hung
//!   daemon, and its forced Diffie-Hellman costs ten times our whole `token`; the one of 3.6.3
//!   opens a connection a call, and gnome-keyring dies of many of those at once
//!   (`edge/store/secret_service.rs`). SECURITY.md says what the plain session means.
//! * **A page is read whole, written, and forgotten.** What follows from it (`call::pages`, pure)
//!   is decided before it is written, and asked for after: output never waits for more than a page.
//! * **ring is the one crypto library**: TLS through rustls, JWT through jsonwebtoken with our
//!   provider over ring, sealing through its AEAD. The exception is Argon2id, which ring lacks.

pub mod batch;
pub mod call;
pub mod cli;
pub mod demo;
pub mod dialect;
pub mod doctor;
pub mod edge;
pub mod error;
pub mod grant;
pub mod port;
pub mod protocol;
pub mod secret;
pub mod service;
pub mod session;
pub mod transport;
