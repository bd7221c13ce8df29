//! One authenticated API request, from what was typed to bytes out.

pub mod answer;
pub mod body;
pub mod challenge;
pub mod columns;
pub mod decode;
pub mod deliver;
#[cfg(test)]
mod deliver_tests;
pub mod documents;
pub mod encode;
pub mod ending;
pub mod filter;
pub mod form;
pub mod header;
pub mod items;
pub mod kind;
pub mod lists;
pub mod multipart;
pub mod nested;
pub mod options;
pub mod page_body;
mod page_go_on;
pub mod page_wait;
mod page_way;
pub mod paged;
pub mod pages;
pub mod paginate;
pub mod pretty;
pub mod preview;
pub mod rate_limit;
pub mod redirect;
pub mod request;
pub mod resume;
pub mod retry;
pub mod run;
pub mod safe;
pub mod send;
#[cfg(test)]
mod send_tests;
pub mod shape;
#[cfg(test)]
mod shape_tests;
pub mod timing;
pub mod tokens;
pub mod typed;
pub mod url;
pub mod words;
pub mod write_out;
