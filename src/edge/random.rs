//! Random bytes from the operating system, through ring.

use ring::rand::{SecureRandom, SystemRandom as Ring};

use crate::error::{Code, Error, Result};
use crate::port::Random;

/// The operating system's generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) -> Result<()> {
        Ring::new()
            .fill(buffer)
            .map_err(|_| Error::new(Code::Internal, "the system gives no random bytes"))
    }
}
