//! After a failure in the middle: a line that goes on from there, with nothing secret in it.

use super::deliver::Show;
use super::pages::cursor::Place;
use super::pages::request::{given, place};
use super::pages::rule::{Rule, Source};
use super::pages::words::{GoOn, secret_parameter};
use super::paginate::Pager;
use super::request::Outgoing;
use crate::error::{Code, Error};
use crate::secret::{is_unprintable, printable};

impl Pager<'_> {
    /// Says where the pages so far are, and how to go on.
    pub(super) fn tell_how_to_go_on(
        &self,
        error: &Error,
        outgoing: &Outgoing,
        partial: Option<&str>,
        show: &Show,
    ) {
        if show.quiet {
            return;
        }
        let ui = self.stage.ports.ui;
        if let Some(partial) = partial {
            ui.notice(&format!(
                "the pages so far are in {}",
                printable(partial, 200)
            ));
        }
        if !self.pending || error.code() == Code::OutputFailed {
            return;
        }
        match self.go_on(outgoing, show) {
            Ok(line) => ui.notice(&line),
            Err(why) => ui.notice(&format!("page {} cannot be named: {why}", self.pages + 1)),
        }
    }

    fn go_on(&self, outgoing: &Outgoing, show: &Show) -> Result<String, String> {
        let mut on = GoOn::default();
        let rule = self.rule.as_ref();
        let parameter = rule.and_then(Rule::parameter);
        let in_body = parameter
            .as_deref()
            .filter(|name| place(outgoing, name) != Place::Query);
        let by_cursor = rule.is_some_and(Rule::has_cursor);
        let from = match (in_body, by_cursor) {
            (Some(name), true) => {
                if let Some(rule) =
                    rule.filter(|rule| rule.source == Source::Recognised && !self.graphql)
                {
                    on.flag("--page-style", rule.style.name());
                    if let Some(next) = &rule.next {
                        on.flag("--page-next", next);
                    }
                    on.flag("--page-param", name);
                }
                let value = given(outgoing, name).ok_or("its cursor is not in the request")?;
                match value.chars().any(is_unprintable) {
                    true => return Err("its cursor cannot be printed".into()),
                    false => value,
                }
            }
            _ => {
                if let Some(name) = secret_parameter(&outgoing.url) {
                    let name = printable(&name, 40);
                    return Err(format!(
                        "its URL has a parameter {name}, which may be a secret"
                    ));
                }
                outgoing.url.to_string()
            }
        };
        let token = self.stage.tokens.credential();
        let token = token.token().expose();
        if !token.is_empty() && from.contains(token.as_str()) {
            return Err("the way there holds the token".into());
        }
        if let Some(most) = self.paging.max_items {
            on.flag("--max-items", &most.saturating_sub(self.count).to_string());
        }
        if let Some(most) = self.paging.max_pages {
            on.flag("--max-pages", &most.saturating_sub(self.pages).to_string());
        }
        // The file so far must not be begun anew.
        if let Some(file) = &show.file {
            on.flag("-o", &format!("{file}.page-{}", self.pages + 1));
        }
        on.flag("--page-from", &from);
        Ok(on.line(self.paging.typed.as_deref()))
    }
}
