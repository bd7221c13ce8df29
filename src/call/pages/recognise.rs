//! How an API pages, told by its first answer.

use http::HeaderMap;
use jaq_json::Val;

use super::link;
use super::next::{self, PAGES, TOTAL, fact};
use super::rule::Rule;
use crate::call::lists::{at, member, text};
use crate::service::registration::PaginationStyle as Style;

/// Where the next page's URL is found, and how that is called.
const URLS: [(Style, &str); 19] = [
    (Style::Hal, "_links.next"),
    (Style::Odata, "@odata.nextLink"),
    (Style::Odata, "odata.nextLink"),
    (Style::Odata, "d.__next"),
    (Style::JsonApi, "links.next"),
    (Style::NextUrl, "next"),
    (Style::NextUrl, "next_url"),
    (Style::NextUrl, "nextUrl"),
    (Style::NextUrl, "next_page_url"),
    (Style::NextUrl, "nextLink"),
    (Style::NextUrl, "next_link"),
    (Style::NextUrl, "nextRecordsUrl"),
    (Style::NextUrl, "next_page"),
    (Style::NextUrl, "next_href"),
    (Style::NextUrl, "paging.next"),
    (Style::NextUrl, "pagination.next"),
    (Style::NextUrl, "pagination.next_url"),
    (Style::NextUrl, "meta.next"),
    (Style::NextUrl, "meta.pagination.links.next"),
];

/// Where a cursor is found, and which parameter is known to take it.
const CURSORS: [(&str, &str); 25] = [
    // Google
    ("nextPageToken", "pageToken"),
    ("next_page_token", "page_token"),
    // Slack
    ("response_metadata.next_cursor", "cursor"),
    // Twitch
    ("pagination.cursor", "after"),
    // X
    ("meta.next_token", "pagination_token"),
    // HubSpot
    ("paging.next.after", "after"),
    // Meta's Graph API, where it gives no URL
    ("paging.cursors.after", "after"),
    ("cursors.after", "after"),
    // Reddit
    ("data.after", "after"),
    // Zendesk, JSON:API
    ("meta.after_cursor", "page[after]"),
    ("next_cursor", "cursor"),
    ("nextCursor", "cursor"),
    ("meta.next_cursor", "cursor"),
    ("meta.nextCursor", "cursor"),
    ("pagination.next_cursor", "cursor"),
    ("pagination.nextCursor", "cursor"),
    ("page.next_cursor", "cursor"),
    ("meta.cursor.next", "cursor"),
    ("next_token", "next_token"),
    ("nextToken", "nextToken"),
    ("continuation_token", "continuation_token"),
    ("continuationToken", "continuationToken"),
    // Numbers of pages
    ("next_page", "page"),
    ("pagination.next_page", "page"),
    ("meta.next_page", "page"),
];

/// Offsets and the parameters that take them, where a total is told beside them.
const OFFSETS: [&str; 4] = ["offset", "startAt", "start", "skip"];
/// Page numbers, where a number of pages is told beside them.
const NUMBERS: [(&str, &str); 5] = [
    ("page", "page"),
    ("current_page", "page"),
    ("currentPage", "page"),
    ("page_number", "page"),
    // Spring
    ("number", "page"),
];

/// What the first answer shows; `graphql`: the request was one.
pub fn recognise(headers: &HeaderMap, document: Option<&Val>, graphql: bool) -> Option<Rule> {
    if link::any(headers) {
        return Some(Rule::recognised(Style::Link));
    }
    let document = document?;
    if graphql {
        return next::page_info(document).map(|_| Rule::recognised(Style::Graphql));
    }
    by_url(document)
        .or_else(|| by_cursor(document))
        .or_else(|| by_count(document))
}

fn by_url(document: &Val) -> Option<Rule> {
    URLS.into_iter().find_map(|(style, path)| {
        let value = at(document, path)?;
        let target = text(member(value, "href").unwrap_or(value))?;
        looks_like_url(&target).then(|| Rule {
            next: Some(dotted(path)),
            ..Rule::recognised(style)
        })
    })
}

fn looks_like_url(text: &str) -> bool {
    ["https://", "http://", "/", "?"]
        .iter()
        .any(|begin| text.starts_with(begin))
}

fn by_cursor(document: &Val) -> Option<Rule> {
    let (path, parameter) = CURSORS.into_iter().find(|(path, _)| {
        at(document, path).is_some_and(|value| super::cursor::Cursor::of(value).is_some())
    })?;
    // Notion's lists say that they are lists.
    let notion = path == "next_cursor"
        && member(document, "object").and_then(text).as_deref() == Some("list");
    Some(Rule {
        next: Some(dotted(path)),
        parameter: Some(if notion { "start_cursor" } else { parameter }.to_owned()),
        ..Rule::recognised(Style::Cursor)
    })
}

fn by_count(document: &Val) -> Option<Rule> {
    let rule = |style, parameter: &str| Rule {
        parameter: Some(parameter.to_owned()),
        ..Rule::recognised(style)
    };
    if fact(document, &PAGES).is_some() {
        let known = NUMBERS
            .iter()
            .find(|(name, _)| fact(document, &[name]).is_some());
        if let Some((_, parameter)) = known {
            return Some(rule(Style::Page, parameter));
        }
    }
    fact(document, &TOTAL)?;
    let offset = OFFSETS
        .iter()
        .find(|name| fact(document, &[name]).is_some())?;
    Some(rule(Style::Offset, offset))
}

fn dotted(path: &str) -> String {
    match path.contains('@') || path.starts_with("odata.") {
        true => path.to_owned(),
        false => format!(".{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::filter;

    fn seen(body: &str) -> Option<Rule> {
        let document = filter::parse(body.as_bytes()).ok();
        recognise(&HeaderMap::new(), document.as_ref(), false)
    }

    #[test]
    fn each_style_is_known_by_its_first_page() {
        for (body, style, next, parameter) in [
            (
                r#"{"_links":{"next":{"href":"/b"}}}"#,
                Style::Hal,
                Some("._links.next"),
                None,
            ),
            (
                r#"{"@odata.nextLink":"https://a.example/b"}"#,
                Style::Odata,
                Some("@odata.nextLink"),
                None,
            ),
            (
                r#"{"links":{"next":"https://a.example/b"}}"#,
                Style::JsonApi,
                Some(".links.next"),
                None,
            ),
            (
                r#"{"next":"https://a.example/b"}"#,
                Style::NextUrl,
                Some(".next"),
                None,
            ),
            (
                r#"{"nextRecordsUrl":"/services/b"}"#,
                Style::NextUrl,
                Some(".nextRecordsUrl"),
                None,
            ),
            (
                r#"{"nextPageToken":"t"}"#,
                Style::Cursor,
                Some(".nextPageToken"),
                Some("pageToken"),
            ),
            (
                r#"{"next_page_token":"t"}"#,
                Style::Cursor,
                Some(".next_page_token"),
                Some("page_token"),
            ),
            (
                r#"{"response_metadata":{"next_cursor":"t"}}"#,
                Style::Cursor,
                Some(".response_metadata.next_cursor"),
                Some("cursor"),
            ),
            (
                r#"{"next_cursor":"t"}"#,
                Style::Cursor,
                Some(".next_cursor"),
                Some("cursor"),
            ),
            (
                r#"{"object":"list","next_cursor":"t"}"#,
                Style::Cursor,
                Some(".next_cursor"),
                Some("start_cursor"),
            ),
            (
                r#"{"paging":{"next":{"after":"5","link":"?after=5"}}}"#,
                Style::Cursor,
                Some(".paging.next.after"),
                Some("after"),
            ),
            (
                r#"{"offset":0,"limit":2,"total":5}"#,
                Style::Offset,
                None,
                Some("offset"),
            ),
            (
                r#"{"meta":{"next_page":2}}"#,
                Style::Cursor,
                Some(".meta.next_page"),
                Some("page"),
            ),
            (
                r#"{"startAt":0,"maxResults":2,"total":5}"#,
                Style::Offset,
                None,
                Some("startAt"),
            ),
            (
                r#"{"pagination":{"page":1,"total_pages":5}}"#,
                Style::Page,
                None,
                Some("page"),
            ),
            (
                r#"{"number":0,"totalPages":5}"#,
                Style::Page,
                None,
                Some("page"),
            ),
        ] {
            let rule = seen(body).unwrap_or_else(|| panic!("{body}"));
            assert_eq!(rule.style, style, "{body}");
            assert_eq!(rule.next.as_deref(), next, "{body}");
            assert_eq!(rule.parameter.as_deref(), parameter, "{body}");
        }
    }

    #[test]
    fn nothing_is_seen_where_nothing_is() {
        for body in [
            r#"{"id":1,"page":7}"#,
            r#"{"next":"tomorrow"}"#,
            r#"{"next":null,"next_cursor":""}"#,
            r#"{"total":5}"#,
            r#"{"offset":5}"#,
            "[1,2]",
            "text",
        ] {
            assert_eq!(seen(body), None, "{body}");
        }
    }

    #[test]
    fn a_link_header_speaks_first() {
        let document = filter::parse(br#"{"next":"https://a.example/b"}"#).unwrap();
        for (header, style) in [
            ("</b>; rel=next", Style::Link),
            ("</a>; rel=first", Style::Link),
            ("</style.css>; rel=preload", Style::NextUrl),
        ] {
            let headers = HeaderMap::from_iter([(http::header::LINK, header.parse().unwrap())]);
            let rule = recognise(&headers, Some(&document), false).unwrap();
            assert_eq!(rule.style, style, "{header}");
        }
    }
}
