//! Signals held back while something must not be torn apart.

use crate::port::{InterruptGuard, Interrupts};

/// SIGINT, SIGTERM, SIGHUP.
#[derive(Debug, Clone, Copy, Default)]
pub struct Signals;

impl Interrupts for Signals {
    fn hold(&self) -> Box<dyn InterruptGuard> {
        todo!()
    }
}
