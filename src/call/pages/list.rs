//! The list of items in a page: where it is, how long, and less of it.

use jaq_json::{Rc, Val};

use crate::call::lists::{at, list_in, member};

/// Where the items of every page are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Items {
    /// Not known yet: each page is looked at.
    #[default]
    Unknown,
    /// The page itself is the list.
    Page,
    /// At this path.
    At(String),
}

impl Items {
    /// Where a flag or a preset says they are.
    pub fn told(path: Option<String>) -> Items {
        path.map_or(Items::Unknown, Items::At)
    }

    /// Where they are in this page, unless that is known already.
    pub fn learn(&mut self, page: &Val) {
        let known = match self {
            Items::At(path) => matches!(at(page, path), Some(Val::Arr(_))),
            Items::Page => true,
            Items::Unknown => false,
        };
        if known {
            return;
        }
        match page {
            Val::Arr(_) => *self = Items::Page,
            page => {
                if let Some((path, _)) = list_in(page) {
                    *self = Items::At(path);
                }
            }
        }
    }

    /// The items of a page; `None` where it has no list.
    pub fn of<'a>(&self, page: &'a Val) -> Option<&'a [Val]> {
        match (page, self) {
            (Val::Arr(list), _) => Some(list),
            (page, Items::At(path)) => match at(page, path) {
                Some(Val::Arr(list)) => Some(list),
                // Some leave an empty list out.
                None | Some(Val::Null) => Some(&[]),
                Some(_) => None,
            },
            _ => None,
        }
    }

    /// Leaves the first `keep` items in a page.
    pub fn cut(&self, page: &mut Val, keep: usize) {
        match (page, self) {
            (Val::Arr(list), _) => Rc::make_mut(list).truncate(keep),
            (page, Items::At(path)) => {
                change(page, path, &mut |value| {
                    if let Val::Arr(list) = value {
                        Rc::make_mut(list).truncate(keep);
                    }
                });
            }
            _ => {}
        }
    }
}

/// Changes what lies at a path of member names.
fn change(value: &mut Val, path: &str, with: &mut dyn FnMut(&mut Val)) {
    let path = path.trim_start_matches('.');
    if path.is_empty() {
        return with(value);
    }
    let whole = member(value, path).is_some();
    let (name, rest) = match path.split_once('.') {
        Some((name, rest)) if !whole => (name, rest),
        _ => (path, ""),
    };
    if let Val::Obj(members) = value {
        let key = Val::TStr(Box::new(name.as_bytes().to_vec().into()));
        if let Some(inner) = Rc::make_mut(members).get_mut(&key) {
            change(inner, rest, with);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::filter;

    fn value(text: &str) -> Val {
        filter::parse(text.as_bytes()).unwrap()
    }

    fn written(value: &Val) -> String {
        let mut out = Vec::new();
        filter::compact(value, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_first_page_tells_where_the_items_of_all_are() {
        let mut items = Items::default();
        items.learn(&value(r#"{"ok":true,"members":[{"id":1}],"next":"x"}"#));
        assert_eq!(items, Items::At("members".into()));
        let last = value(r#"{"ok":true,"members":[],"next":""}"#);
        items.learn(&last);
        assert_eq!(items.of(&last).map(<[Val]>::len), Some(0));
        let without = value(r#"{"kind":"list"}"#);
        items.learn(&without);
        assert_eq!(items.of(&without).map(<[Val]>::len), Some(0));
        assert_eq!(Items::Unknown.of(&without), None);
        let mut items = Items::told(Some(".nowhere".into()));
        items.learn(&value("[1,2]"));
        assert_eq!(items, Items::Page);
    }

    #[test]
    fn a_page_is_cut_and_the_rest_of_it_stays() {
        let mut page = value(r#"{"a":1.50,"data":{"children":[1,2,3],"after":"x"}}"#);
        Items::At(".data.children".into()).cut(&mut page, 2);
        assert_eq!(
            written(&page),
            r#"{"a":1.50,"data":{"children":[1,2],"after":"x"}}"#
        );
        let mut page = value("[1,2,3]");
        Items::Page.cut(&mut page, 0);
        assert_eq!(written(&page), "[]");
        let mut page = value(r#"{"x.y":[1,2]}"#);
        Items::At("x.y".into()).cut(&mut page, 1);
        assert_eq!(written(&page), r#"{"x.y":[1]}"#);
    }
}
