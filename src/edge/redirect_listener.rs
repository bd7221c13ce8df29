//! The loopback listener: a bounded acceptor in front, tiny_http to parse and answer.

use crate::error::Result;
use crate::port::{BoundListener, ListenSpec, RedirectListener};

/// Binds loopback addresses only.
#[derive(Debug, Clone, Copy, Default)]
pub struct Loopback;

impl RedirectListener for Loopback {
    fn bind(&self, spec: &ListenSpec) -> Result<Box<dyn BoundListener>> {
        let _ = spec;
        todo!()
    }
}
