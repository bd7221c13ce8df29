//! One file a command: an `Args` struct and a `run`.
