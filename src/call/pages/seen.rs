//! Whether a run of pages goes round in circles, in memory that does not grow with it.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Places that are remembered one by one; beyond them a circle is found a little later.
const REMEMBERED: usize = 1 << 15;
/// Pages without an item, one after another, that are no progress any more.
pub const EMPTY: u32 = 100;

/// The places so far.
#[derive(Debug)]
pub struct Seen {
    /// Places that may be remembered one by one.
    limit: usize,
    first: HashSet<u64>,
    /// Brent's algorithm: one place is held against all that follow, for ever longer stretches.
    held: Option<u64>,
    steps: u64,
    stretch: u64,
    empty: u32,
    content: Option<u64>,
}

impl Default for Seen {
    fn default() -> Seen {
        Seen::remembering(REMEMBERED)
    }
}

impl Seen {
    fn remembering(limit: usize) -> Seen {
        Seen {
            limit,
            first: HashSet::new(),
            held: None,
            steps: 0,
            stretch: 0,
            empty: 0,
            content: None,
        }
    }

    /// Goes to a place; `false` where it was before.
    pub fn go(&mut self, place: &impl Hash) -> bool {
        let place = hash(place);
        if self.held == Some(place) || self.first.contains(&place) {
            return false;
        }
        if self.first.len() < self.limit {
            self.first.insert(place);
        }
        self.steps += 1;
        if self.steps > self.stretch {
            self.held = Some(place);
            self.stretch = self.stretch.max(1) * 2;
            self.steps = 0;
        }
        true
    }

    /// Counts a page's items; `false` after too many pages that had none.
    pub fn items(&mut self, count: Option<u64>) -> bool {
        self.empty = match count {
            Some(0) => self.empty + 1,
            _ => 0,
        };
        self.empty < EMPTY
    }

    /// Looks at a page's content; `false` where it is the very one of the page before.
    pub fn content(&mut self, body: &[u8]) -> bool {
        let content = hash(&body);
        self.content.replace(content) != Some(content)
    }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_same_place_again_is_seen_at_once() {
        let mut seen = Seen::default();
        for place in ["a", "b", "c"] {
            assert!(seen.go(&place));
        }
        assert!(!seen.go(&"b"));
    }

    #[test]
    fn long_runs_end_no_earlier_and_are_remembered_in_bounds() {
        let mut seen = Seen::default();
        for place in 0..REMEMBERED + 1000 {
            assert!(seen.go(&place));
        }
        assert!(seen.first.len() <= REMEMBERED);
    }

    #[test]
    fn empty_pages_are_borne_for_a_while() {
        let mut seen = Seen::default();
        for _ in 1..EMPTY {
            assert!(seen.items(Some(0)));
        }
        assert!(seen.items(Some(1)));
        assert!(seen.items(None));
        for _ in 1..EMPTY {
            assert!(seen.items(Some(0)));
        }
        assert!(!seen.items(Some(0)));
    }

    #[test]
    fn a_page_that_is_the_one_before_is_noticed() {
        let mut seen = Seen::default();
        assert!(seen.content(b"[1]"));
        assert!(seen.content(b"[2]"));
        assert!(!seen.content(b"[2]"));
    }

    proptest! {
        /// Also one that begins after the places which are remembered.
        #[test]
        fn every_circle_ends(lead in 0usize..300, length in 1usize..50) {
            let mut seen = Seen::remembering(16);
            let mut steps = 0usize;
            let limit = lead * 4 + length * 4 + 16;
            loop {
                let place = if steps < lead { steps } else { lead + (steps - lead) % length };
                if !seen.go(&place) {
                    break;
                }
                steps += 1;
                prop_assert!(steps < limit, "still going after {} steps", steps);
            }
            prop_assert!(steps >= lead + length, "stopped before the circle was closed");
        }
    }
}
