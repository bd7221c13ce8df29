//! Where a page leads: to a URL, with a cursor, or nowhere.

use http::HeaderMap;
use jaq_json::Val;

use super::cursor::{self, Cursor};
use super::link;
use super::rule::Rule;
use crate::call::lists::{at, member, text};
use crate::error::{Code, Error, Result};
use crate::secret::printable;
use crate::service::registration::PaginationStyle as Style;

/// A page, as far as its way on is concerned.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    pub headers: &'a HeaderMap,
    /// The body, where it is JSON.
    pub document: Option<&'a Val>,
    /// Items in it, where it has a list.
    pub items: Option<u64>,
    /// Offset or number that was asked for.
    pub position: Option<u64>,
    /// What the first page of all is numbered.
    pub base: u64,
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    End,
    /// Absolute or relative.
    Url(String),
    Cursor(Cursor),
    /// The next offset or page number.
    Position(u64),
}

/// Members that say in so many words whether there is more.
const MORE: [&str; 8] = [
    "has_more",
    "hasMore",
    "has_next",
    "hasNext",
    "hasNextPage",
    "has_next_page",
    "more",
    "truncated",
];
/// Members that keep such facts together.
const ABOUT: [&str; 8] = [
    "pagination",
    "paging",
    "meta",
    "page_info",
    "pageInfo",
    "response_metadata",
    "metadata",
    "page",
];

/// Where `page` leads by `rule`.
pub fn next(rule: &Rule, page: Page<'_>) -> Result<Next> {
    if rule.style == Style::Link {
        return url(link::target(page.headers, "next"));
    }
    let Some(document) = page.document else {
        return Ok(Next::End);
    };
    let told = rule.next.as_deref();
    match rule.style {
        Style::Link => Ok(Next::End),
        Style::NextUrl => url_at(document, told.unwrap_or(".next")),
        Style::Hal => url_at(document, told.unwrap_or("._links.next")),
        Style::JsonApi => url_at(document, told.unwrap_or(".links.next")),
        Style::Odata => match told {
            Some(path) => url_at(document, path),
            None => {
                let paths = ["@odata.nextLink", "odata.nextLink", "d.__next"];
                let found = paths.into_iter().find(|path| at(document, path).is_some());
                found.map_or(Ok(Next::End), |path| url_at(document, path))
            }
        },
        Style::Cursor => match told.and_then(|path| at(document, path)) {
            Some(value) if says_more(document) != Some(false) => cursor_of(value),
            _ => Ok(Next::End),
        },
        Style::Graphql => graphql(document, told),
        Style::Offset => Ok(offset(document, page)),
        Style::Page => Ok(number(document, page)),
    }
}

fn url(target: Option<String>) -> Result<Next> {
    match target {
        None => Ok(Next::End),
        Some(target) if target.len() > cursor::MAX => Err(too_long(target.len())),
        Some(target) => Ok(Next::Url(target)),
    }
}

/// A URL, or an object that holds one as `href`.
fn url_at(document: &Val, path: &str) -> Result<Next> {
    let value = at(document, path).map(|value| member(value, "href").unwrap_or(value));
    if let Some(Val::Num(_)) = value {
        return Err(Error::new(
            Code::ResponseInvalid,
            format!("{} holds a number and no URL", printable(path, 60)),
        )
        .with_hint("--page-param NAME says which parameter takes it"));
    }
    url(value.and_then(text).filter(|text| !text.trim().is_empty()))
}

fn cursor_of(value: &Val) -> Result<Next> {
    match Cursor::of(value) {
        None => Ok(Next::End),
        Some(cursor) if cursor.bare().len() > cursor::MAX => Err(too_long(cursor.bare().len())),
        Some(cursor) => Ok(Next::Cursor(cursor)),
    }
}

fn too_long(length: usize) -> Error {
    Error::new(
        Code::ResponseInvalid,
        format!(
            "the way to the next page is {length} bytes long; at most {} are followed",
            cursor::MAX
        ),
    )
    .with_hint("look at the answer itself: leave out --paginate, add -i")
}

/// The first `pageInfo` there is, or the one at `path`.
fn graphql(document: &Val, path: Option<&str>) -> Result<Next> {
    let info = match path {
        Some(path) => at(document, path),
        None => page_info(document).map(|(_, info)| info),
    };
    let Some(info) = info else {
        return Ok(Next::End);
    };
    match (member(info, "hasNextPage"), member(info, "endCursor")) {
        (Some(Val::Bool(true)), Some(value)) => cursor_of(value),
        // A path to the cursor itself.
        (None, None) => cursor_of(info),
        _ => Ok(Next::End),
    }
}

/// The object that holds the first `pageInfo`, and the `pageInfo`.
pub fn page_info(value: &Val) -> Option<(&Val, &Val)> {
    if let Some(info @ Val::Obj(_)) = member(value, "pageInfo") {
        return Some((value, info));
    }
    match value {
        Val::Obj(members) => members.values().find_map(page_info),
        _ => None,
    }
}

/// What the document says itself: whether there is more.
pub fn says_more(document: &Val) -> Option<bool> {
    let said = |value: &Val| {
        MORE.iter().find_map(|name| match member(value, name) {
            Some(Val::Bool(more)) => Some(*more),
            _ => None,
        })
    };
    let places = ABOUT.iter().filter_map(|name| member(document, name));
    [document].into_iter().chain(places).find_map(said)
}

/// A whole number under one of these names, at the top or among the facts about the page.
pub fn fact(document: &Val, names: &[&str]) -> Option<u64> {
    let number = |value: &Val| {
        names.iter().find_map(|name| match member(value, name) {
            Some(Val::Num(number)) => number.as_isize().and_then(|n| u64::try_from(n).ok()),
            _ => None,
        })
    };
    let places = ABOUT.iter().filter_map(|name| member(document, name));
    [document].into_iter().chain(places).find_map(number)
}

/// Names of how many items there are in all, and how many pages.
pub const TOTAL: [&str; 6] = [
    "total",
    "total_count",
    "totalCount",
    "totalResults",
    "total_results",
    "total_items",
];
pub const PAGES: [&str; 7] = [
    "total_pages",
    "totalPages",
    "last_page",
    "lastPage",
    "page_count",
    "pageCount",
    "nbPages",
];
/// Names of the number of this page.
pub const NUMBER: [&str; 5] = [
    "page",
    "current_page",
    "currentPage",
    "page_number",
    "number",
];
/// Names of the place where this page begins, which are the parameter's too.
pub const OFFSET: [&str; 4] = ["offset", "startAt", "start", "skip"];

fn offset(document: &Val, page: Page<'_>) -> Next {
    let count = page.items.unwrap_or(0);
    let begin = page
        .position
        .or_else(|| fact(document, &OFFSET))
        .unwrap_or(0);
    let then = begin.saturating_add(count);
    let over = fact(document, &TOTAL).is_some_and(|total| then >= total);
    if count == 0 || over || says_more(document) == Some(false) {
        return Next::End;
    }
    Next::Position(then)
}

/// The number of a page, by what was asked for or by what it says.
pub fn number_of(document: &Val, asked: Option<u64>) -> u64 {
    asked.or_else(|| fact(document, &NUMBER)).unwrap_or(1)
}

fn number(document: &Val, page: Page<'_>) -> Next {
    let then = number_of(document, page.position).saturating_add(1);
    let over = fact(document, &PAGES).is_some_and(|pages| then >= pages.saturating_add(page.base));
    if page.items.unwrap_or(0) == 0 || over || says_more(document) == Some(false) {
        return Next::End;
    }
    Next::Position(then)
}

#[cfg(test)]
#[path = "next_tests.rs"]
mod tests;
