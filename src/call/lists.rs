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
    if let Some(Val::Arr(list)) = path.and_then(|path| at(&value, path)) {
        return list.to_vec();
    }
    match &value {
        Val::Arr(list) => list.to_vec(),
        _ => match list_in(&value) {
            Some((_, list)) => list.to_vec(),
            None => vec![value],
        },
    }
}

/// The list inside an object, and the path to it: under a usual name, in HAL's `_embedded`, or
/// the only one there is.
pub fn list_in(value: &Val) -> Option<(String, &Vec<Val>)> {
    for name in LISTS {
        if let Some(Val::Arr(list)) = member(value, name) {
            return Some((name.to_owned(), list));
        }
    }
    if let Some(embedded @ Val::Obj(_)) = member(value, "_embedded") {
        return only_list(embedded).map(|(name, list)| (format!("_embedded.{name}"), list));
    }
    only_list(value).filter(|(_, list)| list.iter().any(|item| matches!(item, Val::Obj(_))))
}

fn only_list(value: &Val) -> Option<(String, &Vec<Val>)> {
    let Val::Obj(members) = value else {
        return None;
    };
    let mut lists = members.iter().filter_map(|(name, value)| match value {
        Val::Arr(list) => Some((text(name).unwrap_or_default(), &**list)),
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

/// `.a.b`, `a.b`, `.a["odata.x"]`, `.a[-1].id` inside a value; names that hold dots are tried
/// whole first.
pub fn at<'a>(value: &'a Val, path: &str) -> Option<&'a Val> {
    let mut value = value;
    let mut rest = path.trim_start_matches('.');
    while !rest.is_empty() {
        if let Some(whole) = member(value, rest) {
            return Some(whole);
        }
        if let Some((index, after)) = index(rest) {
            value = element(value, index)?;
            rest = after;
            continue;
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

/// `[3]` or `[-1]` at the beginning of a path, and what follows.
fn index(path: &str) -> Option<(isize, &str)> {
    let (number, after) = path.strip_prefix('[')?.split_once(']')?;
    Some((number.parse().ok()?, after.trim_start_matches('.')))
}

fn element(value: &Val, index: isize) -> Option<&Val> {
    let Val::Arr(list) = value else {
        return None;
    };
    match usize::try_from(index) {
        Ok(index) => list.get(index),
        Err(_) => list.get(list.len().checked_sub(index.unsigned_abs())?),
    }
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
        let value = filter::parse(
            br#"{"a":{"b":1},"@odata.nextLink":"u","x":{"y.z":2},"l":[{"a":1},{"b":1}]}"#,
        )
        .unwrap();
        for (path, found) in [
            (".a.b", true),
            ("a.b", true),
            (".@odata.nextLink", true),
            (".x[\"y.z\"]", true),
            (".x.y.z", true),
            (".a.c", false),
            (".l[1].b", true),
            (".l[-2].a", true),
            (".l[-1].a", false),
            (".l[2]", false),
            (".l[-3]", false),
            (".a[0]", false),
        ] {
            assert_eq!(at(&value, path).is_some(), found, "{path}");
        }
    }

    #[test]
    fn a_list_that_is_not_where_it_is_said_to_be_is_looked_for() {
        let value = filter::parse(br#"{"values":[1,2],"x":[]}"#).unwrap();
        assert_eq!(items(value.clone(), Some(".x")).len(), 0);
        assert_eq!(items(value.clone(), Some(".nowhere")).len(), 2);
        assert_eq!(items(value, None).len(), 2);
    }
}
