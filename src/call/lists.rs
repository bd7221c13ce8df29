//! Where a JSON document keeps its list, and what lies at a path inside it.

use jaq_json::Val;

/// Members that lists are commonly found in, where a document is an object.
const LISTS: [&str; 15] = [
    "items",
    "data",
    "results",
    "value",
    "values",
    "records",
    "entries",
    "files",
    "messages",
    "rows",
    "nodes",
    "objects",
    "resources",
    "content",
    "list",
];
/// The items of a document: itself where it is a list, else the list it holds, else itself.
pub fn items(value: Val, path: Option<&str>) -> Vec<Val> {
    if let Some(path) = path {
        return match at(&value, path) {
            Some(Val::Arr(list)) => list.to_vec(),
            Some(other) => vec![other.clone()],
            None => Vec::new(),
        };
    }
    match &value {
        Val::Arr(list) => list.to_vec(),
        Val::Obj(_) => match list_in(&value) {
            Some(list) => list.to_vec(),
            None => vec![value],
        },
        _ => vec![value],
    }
}

/// The list inside an object: under a usual name, in HAL's `_embedded`, or the only one there is.
fn list_in(value: &Val) -> Option<&Vec<Val>> {
    let Val::Obj(members) = value else {
        return None;
    };
    for name in LISTS {
        if let Some(Val::Arr(list)) = member(value, name) {
            return Some(list);
        }
    }
    if let Some(embedded @ Val::Obj(_)) = member(value, "_embedded") {
        return only_list(embedded);
    }
    match members.len() {
        0 => None,
        _ => only_list(value).filter(|list| list.iter().any(|item| matches!(item, Val::Obj(_)))),
    }
}

fn only_list(value: &Val) -> Option<&Vec<Val>> {
    let Val::Obj(members) = value else {
        return None;
    };
    let mut lists = members.values().filter_map(|value| match value {
        Val::Arr(list) => Some(&**list),
        _ => None,
    });
    let first = lists.next()?;
    lists.next().is_none().then_some(first)
}

/// A member of an object by its name.
pub fn member<'a>(value: &'a Val, name: &str) -> Option<&'a Val> {
    let Val::Obj(members) = value else {
        return None;
    };
    let found = members
        .iter()
        .find(|(key, _)| matches!(key, Val::TStr(text) if text[..] == *name.as_bytes()));
    found.map(|(_, value)| value)
}

/// `.a.b`, `a.b`, `.a["odata.x"]` inside a value; names that hold dots are tried whole first.
pub fn at<'a>(value: &'a Val, path: &str) -> Option<&'a Val> {
    let mut value = value;
    let mut rest = path.trim_start_matches('.');
    while !rest.is_empty() {
        if let Some(whole) = member(value, rest) {
            return Some(whole);
        }
        if let Some(quoted) = rest.strip_prefix("[\"") {
            let (name, after) = quoted.split_once("\"]")?;
            value = member(value, name)?;
            rest = after.trim_start_matches('.');
            continue;
        }
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        value = member(value, &rest[..end])?;
        rest = rest[end..].trim_start_matches('.');
    }
    Some(value)
}

/// A string's text.
pub fn text(value: &Val) -> Option<String> {
    match value {
        Val::TStr(bytes) | Val::BStr(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::filter;

    #[test]
    fn paths_reach_into_documents() {
        let value = filter::parse(br#"{"a":{"b":1},"@odata.nextLink":"u","x":{"y.z":2}}"#).unwrap();
        for (path, found) in [
            (".a.b", true),
            ("a.b", true),
            (".@odata.nextLink", true),
            (".x[\"y.z\"]", true),
            (".x.y.z", true),
            (".a.c", false),
        ] {
            assert_eq!(at(&value, path).is_some(), found, "{path}");
        }
    }
}
