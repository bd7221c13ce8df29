//! Everything that goes to stdout, and how errors look on stderr.
