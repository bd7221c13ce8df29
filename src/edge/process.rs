//! What the process promises about itself: no core dumps, not to be read by its neighbours.

/// Turns core dumps off and the process undumpable, where the system can (must 77).
pub fn harden() {
    todo!()
}
