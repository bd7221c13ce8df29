//! Records on their way to standard output: in the order of the input, or as they come.

use std::collections::VecDeque;

/// Records that wait for an earlier one may take this much memory before no more are begun.
const HELD: usize = 8 << 20;

/// A record, and what the journal calls its request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    pub line: Vec<u8>,
    pub journal: Option<String>,
}

/// See the module.
#[derive(Debug)]
pub struct Outbox {
    ordered: bool,
    /// Sequence number of the first of `held`.
    first: u64,
    held: VecDeque<Option<Ready>>,
    held_bytes: usize,
    /// Next to be written.
    pub bytes: Vec<u8>,
    /// Requests whose records are in `bytes`.
    pub journal: Vec<String>,
}

impl Outbox {
    pub fn new(ordered: bool) -> Self {
        Outbox {
            ordered,
            first: 0,
            held: VecDeque::new(),
            held_bytes: 0,
            bytes: Vec::new(),
            journal: Vec::new(),
        }
    }

    /// The record of the `sequence`th line; `None`: there is nothing to tell.
    pub fn put(&mut self, sequence: u64, ready: Option<Ready>) {
        if !self.ordered {
            return self.take(ready);
        }
        let nothing = Ready {
            line: Vec::new(),
            journal: None,
        };
        let ready = ready.unwrap_or(nothing);
        let at = usize::try_from(sequence.saturating_sub(self.first)).unwrap_or(usize::MAX);
        while self.held.len() <= at {
            self.held.push_back(None);
        }
        self.held_bytes += ready.line.len();
        self.held[at] = Some(ready);
        while let Some(Some(ready)) = self.held.front_mut().map(Option::take) {
            self.held.pop_front();
            self.first += 1;
            self.held_bytes -= ready.line.len();
            self.take(Some(ready));
        }
    }

    /// Whether the `sequence`th may begin: at most `window` after the first that is unwritten.
    pub fn has_room(&self, sequence: u64, window: usize) -> bool {
        !self.ordered || (sequence - self.first < window as u64 && self.held_bytes < HELD)
    }

    fn take(&mut self, ready: Option<Ready>) {
        let Some(ready) = ready else { return };
        self.bytes.extend_from_slice(&ready.line);
        self.journal.extend(ready.journal);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ready(text: &str) -> Option<Ready> {
        Some(Ready {
            line: text.into(),
            journal: Some(text.into()),
        })
    }

    #[test]
    fn records_that_came_early_wait() {
        let mut out = Outbox::new(true);
        out.put(1, ready("b"));
        out.put(3, ready("d"));
        assert!(out.bytes.is_empty() && out.has_room(4, 5) && !out.has_room(4, 4));
        out.put(0, None);
        assert_eq!(
            (&*out.bytes, &out.journal[..]),
            (&b"b"[..], &["b".to_owned()][..])
        );
        out.put(2, ready("c"));
        assert_eq!(out.bytes, b"bcd");
        let mut out = Outbox::new(false);
        out.put(1, ready("b"));
        out.put(0, ready("a"));
        assert_eq!(out.bytes, b"ba");
    }

    proptest! {
        #[test]
        fn any_order_comes_out_in_order(order in Just((0u64..20).collect::<Vec<_>>()).prop_shuffle()) {
            let mut out = Outbox::new(true);
            for sequence in order {
                out.put(sequence, ready(&format!("{sequence},")));
            }
            let expected: String = (0..20).map(|n| format!("{n},")).collect();
            prop_assert_eq!(String::from_utf8(out.bytes.clone()).unwrap(), expected);
            prop_assert!(out.has_room(20, 1));
        }
    }
}
