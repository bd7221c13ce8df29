//! How an API pages a list: what is said of it, by flag or preset, or what its first page showed.

use jaq_json::Val;

use crate::call::filter;
use crate::call::lists::{member, text};
use crate::error::{Code, Error, Result};
use crate::service::registration::{Pagination, PaginationStyle as Style};

/// One way to the next page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub style: Style,
    /// Where in the body the cursor or URL is.
    pub next: Option<String>,
    /// What takes the cursor, offset or page.
    pub parameter: Option<String>,
    pub source: Source,
}

/// Who says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Flag,
    Service,
    /// The request or its first answer.
    Recognised,
}

/// `--page-style` and its kin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flags {
    pub style: Option<Style>,
    pub next: Option<String>,
    pub parameter: Option<String>,
}

impl Rule {
    pub fn recognised(style: Style) -> Rule {
        Rule {
            style,
            next: None,
            parameter: None,
            source: Source::Recognised,
        }
    }

    /// What is known before the first page: flags over the service's own; a GraphQL request
    /// speaks for itself.
    pub fn told(
        flags: &Flags,
        service: Option<&Pagination>,
        request: &[u8],
    ) -> Result<Option<Rule>> {
        if *flags == Flags::default() {
            if let Some(variable) = graphql_variable(request) {
                return Ok(Some(Rule {
                    parameter: Some(variable),
                    ..Rule::recognised(Style::Graphql)
                }));
            }
            return Ok(service.map(|known| Rule {
                style: known.style,
                next: known.next.clone(),
                parameter: known.parameter.clone(),
                source: Source::Service,
            }));
        }
        let style = match (flags.style, &flags.next, &flags.parameter, service) {
            (Some(style), ..) => style,
            (None, Some(_), Some(_), _) => Style::Cursor,
            (None, Some(_), None, _) => Style::NextUrl,
            (None, None, _, Some(known)) => known.style,
            (None, None, ..) => {
                return Err(Error::new(
                    Code::Usage,
                    "--page-param does not say what the parameter counts",
                )
                .with_hint("add --page-style page or offset; for a cursor add --page-next PATH"));
            }
        };
        let known = service.filter(|known| known.style == style);
        let or_known = |flag: &Option<String>, of: fn(&Pagination) -> &Option<String>| {
            flag.clone()
                .or_else(|| known.and_then(|known| of(known).clone()))
        };
        let mut rule = Rule {
            style,
            next: or_known(&flags.next, |known| &known.next),
            parameter: or_known(&flags.parameter, |known| &known.parameter),
            source: Source::Flag,
        };
        if style == Style::Graphql && rule.parameter.is_none() {
            rule.parameter = graphql_variable(request);
        }
        rule.check()?;
        Ok(Some(rule))
    }

    /// A rule of the person's own must be whole.
    fn check(&self) -> Result<()> {
        let missing = match self.style {
            Style::NextUrl if self.next.is_none() => "--page-next PATH (where the URL is)",
            Style::Cursor if self.next.is_none() => "--page-next PATH (where the cursor is)",
            Style::Cursor if self.parameter.is_none() => {
                "--page-param NAME (what takes the cursor)"
            }
            _ => return Ok(()),
        };
        Err(Error::new(
            Code::Usage,
            format!("--page-style {} needs {missing}", self.style.name()),
        )
        .with_hint("for example --page-next .meta.next_cursor --page-param cursor"))
    }

    /// Pages are told apart by a parameter, not by a URL.
    pub fn has_cursor(&self) -> bool {
        matches!(
            self.style,
            Style::Cursor | Style::Offset | Style::Page | Style::Graphql
        )
    }

    /// The parameter's name; JSON bodies have members, GraphQL has variables.
    pub fn parameter(&self) -> Option<String> {
        match (self.style, &self.parameter) {
            (Style::Graphql, Some(name)) if name.contains('.') => Some(name.clone()),
            (Style::Graphql, Some(name)) => Some(format!("variables.{name}")),
            (_, Some(name)) => Some(name.clone()),
            (Style::Offset, None) => Some("offset".into()),
            (Style::Page, None) => Some("page".into()),
            _ => None,
        }
    }

    /// For `-v`.
    pub fn describe(&self) -> String {
        let mut text = format!("pages: {}", self.style.name());
        if let Some(next) = &self.next {
            text.push_str(&format!(", next {next}"));
        }
        if let Some(parameter) = self.parameter() {
            text.push_str(&format!(", parameter {parameter}"));
        }
        text.push_str(match self.source {
            Source::Flag => " (flag)",
            Source::Service => " (service)",
            Source::Recognised => " (recognised)",
        });
        text
    }
}

/// Whether a body is a GraphQL request, and which of its variables takes a cursor: `$endCursor`,
/// as gh has it, or the names that are usual elsewhere.
pub fn graphql_variable(body: &[u8]) -> Option<String> {
    let query = graphql_query(body)?;
    ["endCursor", "after", "cursor"]
        .into_iter()
        .find(|name| declares(&query, name))
        .map(str::to_owned)
}

/// The query of a GraphQL request.
pub fn graphql_query(body: &[u8]) -> Option<String> {
    if !body.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    let document: Val = filter::parse(body).ok()?;
    text(member(&document, "query")?).filter(|query| query.contains('{'))
}

fn declares(query: &str, name: &str) -> bool {
    query.match_indices('$').any(|(at, _)| {
        query[at + 1..]
            .strip_prefix(name)
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(flags: Flags, service: Option<&Pagination>, body: &str) -> Result<Option<Rule>> {
        Rule::told(&flags, service, body.as_bytes())
    }

    fn cursor() -> Pagination {
        Pagination {
            style: Style::Cursor,
            next: Some(".c".into()),
            items: None,
            parameter: Some("cursor".into()),
        }
    }

    #[test]
    fn flags_go_over_the_service_and_the_style_follows_from_them() {
        let service = cursor();
        let told = |flags| told(flags, Some(&service), "").unwrap().unwrap();
        let rule = told(Flags::default());
        assert_eq!((rule.style, rule.source), (Style::Cursor, Source::Service));
        let rule = told(Flags {
            parameter: Some("p".into()),
            ..Flags::default()
        });
        assert_eq!(
            (rule.style, rule.next.as_deref()),
            (Style::Cursor, Some(".c"))
        );
        assert_eq!(rule.parameter().as_deref(), Some("p"));
        let rule = told(Flags {
            next: Some(".n".into()),
            ..Flags::default()
        });
        assert_eq!((rule.style, rule.parameter), (Style::NextUrl, None));
        let rule = told(Flags {
            style: Some(Style::Page),
            ..Flags::default()
        });
        assert_eq!(rule.parameter().as_deref(), Some("page"));
    }

    #[test]
    fn half_a_rule_is_refused_with_the_missing_flag() {
        for (flags, missing) in [
            (
                Flags {
                    parameter: Some("p".into()),
                    ..Flags::default()
                },
                "counts",
            ),
            (
                Flags {
                    style: Some(Style::Cursor),
                    ..Flags::default()
                },
                "--page-next",
            ),
            (
                Flags {
                    style: Some(Style::NextUrl),
                    ..Flags::default()
                },
                "--page-next",
            ),
            (
                Flags {
                    style: Some(Style::Cursor),
                    next: Some(".n".into()),
                    parameter: None,
                },
                "--page-param",
            ),
        ] {
            let error = told(flags, None, "").unwrap_err();
            assert_eq!(error.code(), Code::Usage);
            assert!(error.to_string().contains(missing), "{error}");
        }
    }

    #[test]
    fn a_graphql_request_names_its_variable() {
        for (query, variable) in [
            (
                "query($endCursor: String) { a(after: $endCursor) { pageInfo { endCursor } } }",
                Some("endCursor"),
            ),
            ("query($n: Int, $after: String) { a }", Some("after")),
            ("query($endCursors: String) { a }", None),
            ("{ a }", None),
        ] {
            let body = serde_json::json!({"query": query}).to_string();
            assert_eq!(
                graphql_variable(body.as_bytes()).as_deref(),
                variable,
                "{query}"
            );
            assert!(graphql_query(body.as_bytes()).is_some());
        }
        assert_eq!(graphql_query(b"{\"query\": \"tea pots\"}"), None);
        assert_eq!(graphql_query(b"query=1"), None);
        let body = serde_json::json!({"query": "query($after: ID) { a }"}).to_string();
        let rule = told(Flags::default(), Some(&cursor()), &body)
            .unwrap()
            .unwrap();
        assert_eq!(rule.style, Style::Graphql);
        assert_eq!(rule.parameter().as_deref(), Some("variables.after"));
    }
}
