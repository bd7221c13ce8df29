//! Deadlines of ours that tear nothing apart.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use crate::port::Ports;

/// Drives `work` for `wait`; `None` where it took longer, and then it is dropped.
///
/// Not while interrupts are held back: a refresh dropped between the server's answer and the
/// store would lose a rotated refresh token, so until it is stored the deadline waits too.
pub async fn within<T>(
    ports: &Ports<'_>,
    wait: Duration,
    work: impl Future<Output = T>,
) -> Option<T> {
    let mut work = pin!(work);
    let mut end = ports.clock.sleep(wait);
    let mut over = false;
    poll_fn(|context| {
        if let Poll::Ready(done) = work.as_mut().poll(context) {
            return Poll::Ready(Some(done));
        }
        over = over || end.as_mut().poll(context).is_ready();
        match over && !ports.interrupts.held() {
            true => Poll::Ready(None),
            false => Poll::Pending,
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::port::fake::{World, block_on};

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn what_is_done_in_time_counts_and_what_is_not_is_dropped() {
        let world = World::new();
        let ports = world.ports();
        assert_eq!(block_on(within(&ports, SECOND, async { 7 })), Some(7));
        let never = std::future::pending::<()>();
        assert_eq!(block_on(within(&ports, SECOND, never)), None);
        assert_eq!(world.clock.slept(), [SECOND]);
    }

    #[test]
    fn what_must_not_be_torn_apart_is_waited_for_and_no_longer() {
        let world = World::new();
        let ports = world.ports();
        let stored = Cell::new(false);
        let work = async {
            let held = ports.interrupts.hold();
            for _ in 0..3 {
                ports.clock.sleep(SECOND).await;
            }
            stored.set(true);
            drop(held);
            std::future::pending::<()>().await;
        };
        assert_eq!(block_on(within(&ports, SECOND / 2, work)), None);
        assert!(stored.get());
    }
}
