//! Hand-written doubles of the ports.
