//! `hallpass demo` on a fresh machine.
