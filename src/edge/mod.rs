//! The outside world: real implementations of the ports. Named only in `cli/context.rs`.

pub mod http;
