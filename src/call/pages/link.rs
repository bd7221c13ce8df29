//! The Link header (RFC 8288): where a relation leads.

use http::HeaderMap;
use http::header::LINK;

/// One link: its target, and what it is to the page it came with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub target: String,
    /// Relation types, in lower case.
    pub relations: Vec<String>,
}

/// The target of the first link that has this relation (a type is compared without case).
pub fn target(headers: &HeaderMap, relation: &str) -> Option<String> {
    all(headers)
        .find(|link| link.relations.iter().any(|found| found == relation))
        .map(|link| link.target)
}

/// Whether there is any link that pages are made of.
pub fn any(headers: &HeaderMap) -> bool {
    const PAGES: [&str; 5] = ["next", "prev", "previous", "first", "last"];
    all(headers).any(|link| link.relations.iter().any(|r| PAGES.contains(&&**r)))
}

fn all(headers: &HeaderMap) -> impl Iterator<Item = Link> {
    headers
        .get_all(LINK)
        .iter()
        .flat_map(|value| parse(&String::from_utf8_lossy(value.as_bytes())))
}

/// Every link of one header value; what follows the first malformed one is left out. Links with
/// an `anchor` are about another page than the one they came with (§3.2).
pub fn parse(value: &str) -> Vec<Link> {
    let mut links = Vec::new();
    let mut rest = value;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let Some((target, after)) = rest.strip_prefix('<').and_then(|r| r.split_once('>')) else {
            return links;
        };
        let mut relations = None;
        let mut elsewhere = false;
        rest = after;
        loop {
            rest = blank(rest);
            let Some(after) = rest.strip_prefix(';') else {
                break;
            };
            let Some((name, value, after)) = parameter(blank(after)) else {
                return links;
            };
            rest = after;
            match name.to_ascii_lowercase().as_str() {
                // Only the first counts (§3.3).
                "rel" if relations.is_none() => relations = Some(value),
                "anchor" => elsewhere = true,
                _ => {}
            }
        }
        if !rest.is_empty() && !rest.starts_with(',') {
            return links;
        }
        if !elsewhere {
            let relations = relations.unwrap_or_default().to_ascii_lowercase();
            links.push(Link {
                target: target.trim().to_owned(),
                relations: relations.split_whitespace().map(str::to_owned).collect(),
            });
        }
    }
}

/// Name, value, and what follows; a name may stand alone.
fn parameter(text: &str) -> Option<(&str, String, &str)> {
    let end = text.find(['=', ';', ',', ' ', '\t']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let Some(rest) = blank(rest).strip_prefix('=') else {
        return Some((name, String::new(), rest));
    };
    let rest = blank(rest);
    let Some(mut quoted) = rest.strip_prefix('"') else {
        let end = rest.find([';', ',']).unwrap_or(rest.len());
        return Some((name, rest[..end].trim().to_owned(), &rest[end..]));
    };
    let mut value = String::new();
    loop {
        let at = quoted.find(['"', '\\'])?;
        value.push_str(&quoted[..at]);
        if quoted[at..].starts_with('"') {
            return Some((name, value, &quoted[at + 1..]));
        }
        let mut chars = quoted[at + 1..].chars();
        value.push(chars.next()?);
        quoted = chars.as_str();
    }
}

fn blank(text: &str) -> &str {
    text.trim_start_matches([' ', '\t'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use proptest::prelude::*;

    fn next(values: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(LINK, HeaderValue::from_str(value).unwrap());
        }
        target(&headers, "next")
    }

    #[test]
    fn the_next_link_is_found_among_others() {
        for (values, found) in [
            (
                &["<https://a.example/?p=2>; rel=\"next\""][..],
                Some("https://a.example/?p=2"),
            ),
            (&["</x?p=1>; rel=prev, </x?p=3>; rel=next"], Some("/x?p=3")),
            (
                &[
                    "</l>;rel=last",
                    "<?p=2> ; title=\"a, b; rel=next\" ; rel = \"NEXT nofollow\"",
                ],
                Some("?p=2"),
            ),
            (
                &["</a>; title=\"say \\\"hi\\\", you\"; rel=\"prev\", </b>; rel=\"start next\""],
                Some("/b"),
            ),
            (&["</a,b;c>; rel=next"], Some("/a,b;c")),
            (&[",, </a>; rel=next,"], Some("/a")),
            (&["<>; rel=next"], Some("")),
            (&["</a>; rel=next; rel=prev"], Some("/a")),
            (&["</a>; rel=prev; rel=next"], None),
            (&["</a>; rel=next; anchor=\"#foo\""], None),
            (&["</a>; rev=next"], None),
            (&["</a>; rel=nextish"], None),
            (&["</a>; title=\"unfinished; rel=next"], None),
            (&["</a; rel=next"], None),
            (&["next"], None),
            (&[""], None),
            (&[], None),
        ] {
            assert_eq!(next(values).as_deref(), found, "{values:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read_back(
            links in prop::collection::vec(("[!-;=?-~]{0,20}", "[a-z]{1,8}", "[ -~]{0,12}"), 1..5),
        ) {
            let written: Vec<_> = links
                .iter()
                .map(|(target, relation, title)| {
                    let title = title.replace('\\', "\\\\").replace('"', "\\\"");
                    format!("<{target}>; title=\"{title}\"; rel=\"{relation}\"")
                })
                .collect();
            let read = parse(&written.join(", "));
            prop_assert_eq!(read.len(), links.len());
            for (link, (target, relation, _)) in read.iter().zip(&links) {
                prop_assert_eq!(&link.target, target);
                prop_assert_eq!(&link.relations, &vec![relation.clone()]);
            }
        }

        #[test]
        fn anything_is_read_without_panic(value in "\\PC{0,80}") {
            for link in parse(&value) {
                prop_assert!(value.contains(&link.target));
            }
        }

        #[test]
        fn near_misses_are_read_without_panic(value in "[<>;,=\"\\\\ a-z]{0,60}") {
            let _ = parse(&value);
        }
    }
}
