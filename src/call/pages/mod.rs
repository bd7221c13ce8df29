//! Lists that come page by page: where the next page is, what the pages become together. No I/O.

pub mod cursor;
pub mod join;
pub mod link;
pub mod list;
pub mod next;
pub mod partial;
pub mod recognise;
pub mod request;
pub mod rule;
pub mod seen;
pub mod target;
pub mod words;
