//! Futures under way together, in memory that the next one takes over: one for each request is
//! kilobytes, and a batch has many thousands of requests.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

/// See the module.
pub struct UnderWay<F: Future> {
    running: FuturesUnordered<Running<F>>,
    /// Futures that have ended; only their memory is of use.
    spare: Vec<Pin<Box<F>>>,
}

/// A future that gives its memory back at its end.
struct Running<F>(Option<Pin<Box<F>>>);

impl<F: Future> Future for Running<F> {
    type Output = (Pin<Box<F>>, F::Output);

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(mut future) = self.0.take() else {
            // As any future that was polled after its end.
            return Poll::Pending;
        };
        match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready((future, output)),
            Poll::Pending => {
                self.0 = Some(future);
                Poll::Pending
            }
        }
    }
}

impl<F: Future> UnderWay<F> {
    pub fn new() -> Self {
        UnderWay {
            running: FuturesUnordered::new(),
            spare: Vec::new(),
        }
    }

    pub fn len(&self) -> usize {
        self.running.len()
    }

    pub fn push(&mut self, future: F) {
        let future = match self.spare.pop() {
            Some(mut memory) => {
                memory.set(future);
                memory
            }
            None => Box::pin(future),
        };
        self.running.push(Running(Some(future)));
    }

    /// The output of one that has ended; pending too where there is none.
    pub fn poll(&mut self, context: &mut Context<'_>) -> Poll<F::Output> {
        match self.running.poll_next_unpin(context) {
            Poll::Ready(Some((memory, output))) => {
                self.spare.push(memory);
                Poll::Ready(output)
            }
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{poll_fn, ready};

    use super::*;
    use crate::port::fake::block_on;

    #[test]
    fn every_one_ends_and_the_next_ones_take_over_the_memory() {
        let mut under_way = UnderWay::new();
        let mut outputs = Vec::new();
        for round in 0..3 {
            for n in 0..4 {
                under_way.push(ready(round * 4 + n));
            }
            assert_eq!(under_way.len(), 4);
            for _ in 0..4 {
                outputs.push(block_on(poll_fn(|context| under_way.poll(context))));
            }
            assert_eq!((under_way.len(), under_way.spare.len()), (0, 4));
        }
        outputs.sort_unstable();
        assert_eq!(outputs, (0..12).collect::<Vec<_>>());
    }
}
