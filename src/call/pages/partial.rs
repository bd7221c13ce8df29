//! Answers that are not what they seem: pages that say there is more without saying how to get
//! it, and refusals with status 200.

use jaq_json::Val;

use super::next::{self, TOTAL, fact};
use crate::call::lists::{at, member, text};
use crate::secret::printable;

/// What in a page says that there is more, where nothing leads on.
pub fn says_more(document: &Val, items: Option<u64>) -> Option<String> {
    if next::says_more(document) == Some(true) {
        return Some("it says that there is more".to_owned());
    }
    if let Some((_, info)) = next::page_info(document)
        && matches!(member(info, "hasNextPage"), Some(Val::Bool(true)))
    {
        return Some("its pageInfo says hasNextPage".to_owned());
    }
    let (total, items) = (fact(document, &TOTAL)?, items?);
    (total > items).then(|| format!("it has {items} of {total} items"))
}

/// What a page says where it is a refusal although its status is 200: Slack's `ok: false`,
/// GraphQL's `errors` without data.
pub fn refusal(document: &Val) -> Option<String> {
    let told = |paths: &[&str]| {
        let found = paths.iter().find_map(|path| text(at(document, path)?));
        printable(&found.unwrap_or_else(|| "no reason given".into()), 200)
    };
    if matches!(member(document, "ok"), Some(Val::Bool(false))) {
        return Some(told(&["error", "error.message", "message"]));
    }
    let errors = matches!(member(document, "errors"), Some(Val::Arr(errors)) if !errors.is_empty());
    let no_data = matches!(member(document, "data"), None | Some(Val::Null));
    (errors && no_data).then(|| told(&["errors[0].message", "errors[0].detail", "errors[0]"]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::filter;

    fn value(text: &str) -> Val {
        filter::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_page_that_is_not_all_says_so() {
        for (body, items, more) in [
            (r#"{"has_more":true,"data":[1]}"#, Some(1), true),
            (r#"{"has_more":false,"data":[1]}"#, Some(1), false),
            (r#"{"total":5,"data":[1]}"#, Some(1), true),
            (r#"{"total":1,"data":[1]}"#, Some(1), false),
            (r#"{"total":5}"#, None, false),
            (
                r#"{"data":{"a":{"pageInfo":{"hasNextPage":true}}}}"#,
                None,
                true,
            ),
            ("[1]", Some(1), false),
        ] {
            assert_eq!(says_more(&value(body), items).is_some(), more, "{body}");
        }
    }

    #[test]
    fn a_refusal_with_status_200_is_known() {
        for (body, told) in [
            (
                r#"{"ok":false,"error":"invalid_cursor"}"#,
                Some("invalid_cursor"),
            ),
            (
                r#"{"data":null,"errors":[{"message":"too \u001b[2Jfast"}]}"#,
                Some("too \\u{1b}[2Jfast"),
            ),
            (r#"{"data":{"a":1},"errors":[{"message":"part"}]}"#, None),
            (r#"{"ok":true}"#, None),
            (r#"{"errors":[]}"#, None),
        ] {
            assert_eq!(refusal(&value(body)).as_deref(), told, "{body}");
        }
    }
}
