//! From one page to the next: what it says, held against where the credential may go, and put into
//! the request.

use jaq_json::Val;
use url::Url;

use super::answer::Answer;
use super::pages::cursor::Cursor;
use super::pages::next::{self, Next};
use super::pages::request::{given, go_to, put};
use super::pages::rule::{Rule, Source};
use super::pages::seen::EMPTY;
use super::pages::{partial, recognise, target};
use super::paginate::Pager;
use super::request::Outgoing;
use crate::error::{Code, Error, Result};
use crate::secret::{SafeUrl, printable};
use crate::service::registration::PaginationStyle as Style;

impl Pager<'_> {
    /// Where the page leads; the first one may have to show how that is told.
    pub(super) fn next(
        &mut self,
        answer: &Answer,
        outgoing: &Outgoing,
        document: Option<&Val>,
        items: Option<u64>,
    ) -> Result<Next> {
        let first = self.pages == 0;
        let mut led = Next::End;
        if let Some(rule) = self.rule.clone() {
            led = self.led(&rule, answer, outgoing, document, items)?;
        }
        let by_flag = self
            .rule
            .as_ref()
            .is_some_and(|rule| rule.source == Source::Flag);
        if first && led == Next::End && !by_flag {
            let found = recognise::recognise(&answer.head.headers, document, self.graphql);
            // What is said of the service counts more than two numbers that look like a count.
            let counts = |rule: &Rule| matches!(rule.style, Style::Offset | Style::Page);
            if let Some(rule) = found.filter(|rule| self.rule.is_none() || !counts(rule)) {
                led = self.led(&rule, answer, outgoing, document, items)?;
                if led != Next::End || self.rule.is_none() {
                    self.rule = Some(rule);
                }
            }
        }
        if first && self.stage.ports.ui.tracing() {
            let told = self
                .rule
                .as_ref()
                .map_or("pages: no style recognised".into(), Rule::describe);
            self.stage
                .ports
                .ui
                .trace(&format!("* {}", printable(&told, 300)));
        }
        if first && led == Next::End {
            self.warn_of_more(document, items);
        }
        Ok(led)
    }

    fn led(
        &mut self,
        rule: &Rule,
        answer: &Answer,
        outgoing: &Outgoing,
        document: Option<&Val>,
        items: Option<u64>,
    ) -> Result<Next> {
        if self.pages == 0 {
            self.position = rule
                .parameter()
                .and_then(|parameter| given(outgoing, &parameter)?.parse().ok());
            let number = document.map(|document| next::number_of(document, self.position));
            self.base = u64::from(number != Some(0));
        }
        next::next(
            rule,
            next::Page {
                headers: &answer.head.headers,
                document,
                items,
                position: self.position,
                base: self.base,
            },
        )
    }

    /// Says so where there seems to be more, and nobody knows how to get it.
    fn warn_of_more(&self, document: Option<&Val>, items: Option<u64>) {
        let Some(why) = document.and_then(|document| partial::says_more(document, items)) else {
            return;
        };
        if self.stage.policy.quiet {
            return;
        }
        let ui = self.stage.ports.ui;
        ui.warn(&format!(
            "this page may not be all: {why}, but not where the next page is"
        ));
        ui.notice("hint: --page-style, --page-next and --page-param say it");
    }

    /// Whether a page that was counted to is the one before again: the API does not know the
    /// parameter. Where a service only says how its lists are paged, this one is not.
    pub(super) fn again(&mut self, body: &[u8]) -> Result<bool> {
        let counts = |rule: &&Rule| matches!(rule.style, Style::Offset | Style::Page);
        if self.seen.content(body) || self.pages == 0 {
            return Ok(false);
        }
        let Some(rule) = self.rule.as_ref().filter(counts) else {
            return Ok(false);
        };
        let parameter = rule.parameter().unwrap_or_default();
        let what = format!(
            "page {} is the one before again: does the API know the parameter {}?",
            self.pages + 1,
            printable(&parameter, 60)
        );
        if rule.source != Source::Service {
            return Err(circle(&what));
        }
        if !self.stage.policy.quiet {
            let ui = self.stage.ports.ui;
            ui.warn(&format!("{what} What is there counts as all."));
        }
        Ok(true)
    }

    /// Makes the request one for the next page; `false`: there is none.
    pub(super) fn lead(
        &mut self,
        next: Next,
        answer: &Answer,
        outgoing: &mut Outgoing,
        items: Option<u64>,
    ) -> Result<bool> {
        let page = self.pages + 1;
        match next {
            Next::End => return Ok(false),
            Next::Url(link) => {
                let url = target::resolve(&link, &answer.url)?;
                self.check(&url, answer)?;
                if !self.seen.go(&url.as_str()) {
                    return Err(circle(&format!(
                        "page {page} would be {} again",
                        SafeUrl::new(url)
                    )));
                }
                go_to(outgoing, url);
            }
            Next::Cursor(cursor) => {
                if !self.seen.go(&cursor.bare()) {
                    return Err(circle(&format!(
                        "the cursor of page {page} was there before"
                    )));
                }
                self.set(outgoing, &cursor)?;
            }
            Next::Position(position) => {
                self.position = Some(position);
                self.set(outgoing, &Cursor::Number(position.to_string()))?;
            }
        }
        self.pending = true;
        if !self.seen.items(items) {
            return Err(circle(&format!("{} pages in a row have no item", EMPTY)));
        }
        Ok(true)
    }

    /// Whether the credential may go to the next page.
    fn check(&self, url: &Url, answer: &Answer) -> Result<()> {
        if !answer.trusted {
            return Err(Error::new(
                Code::OriginNotAllowed,
                format!(
                    "the page came by way of a server that may not see the token; its link to {} is not followed",
                    SafeUrl::new(url.clone())
                ),
            )
            .with_hint("ask that server directly, or allow its origin: --allow-origin"));
        }
        let checked = self.stage.tokens.credential().check(url);
        checked.map_err(|error| {
            let told = Error::new(error.code(), format!("the next page is elsewhere: {error}"));
            match error.hint() {
                Some(hint) => told.with_hint(hint),
                None => told,
            }
        })
    }

    /// Puts a cursor where the rule says.
    fn set(&self, outgoing: &mut Outgoing, cursor: &Cursor) -> Result<()> {
        let Some(parameter) = self.rule.as_ref().and_then(Rule::parameter) else {
            let graphql = self
                .rule
                .as_ref()
                .is_some_and(|rule| rule.style == Style::Graphql);
            return Err(match graphql {
                true => Error::new(Code::Usage, "the GraphQL query takes no cursor, and there are more pages")
                    .with_hint("declare one: query($endCursor: String) { … (first: 100, after: $endCursor) … }"),
                false => Error::new(Code::Usage, "nothing says which parameter takes the cursor")
                    .with_hint("--page-param NAME says it"),
            });
        };
        put(outgoing, &parameter, cursor)
    }

    /// `--page-from`: a URL, or what the rule's parameter takes.
    pub(super) fn begin_at(&mut self, from: &str, outgoing: &mut Outgoing) -> Result<()> {
        let absolute = from.starts_with("https://") || from.starts_with("http://");
        let by_url = match &self.rule {
            Some(rule) => !rule.has_cursor(),
            None => from.starts_with(['/', '?']),
        };
        if absolute || by_url {
            go_to(outgoing, target::resolve(from, &outgoing.url)?);
            return Ok(());
        }
        if self.rule.is_none() {
            return Err(Error::new(
                Code::Usage,
                format!(
                    "--page-from {}: nothing says where that goes",
                    printable(from, 60)
                ),
            )
            .with_hint("add --page-style, --page-next and --page-param; or give a URL"));
        }
        self.set(outgoing, &Cursor::read(from))
    }
}

fn circle(what: &str) -> Error {
    Error::new(
        Code::ResponseInvalid,
        format!("the pages go round in a circle: {what}"),
    )
    .with_hint("--max-pages N ends them earlier; -v shows how pages are followed")
}
