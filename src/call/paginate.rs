//! `--paginate`: page after page over one connection, each out before the next is asked for.

use jaq_json::Val;

use super::answer::Answer;
use super::deliver::{Delivered, Show, deliver};
use super::page_body::{Broken, ERROR_BODY, LARGEST, aside, collect, document, refuse_refusal};
use super::page_wait::{Patience, Tries};
use super::paged::{Page, Shape, Writer};
use super::pages::list::Items;
use super::pages::request::body;
use super::pages::rule::{Flags, Rule, graphql_query};
use super::pages::seen::Seen;
use super::request::Outgoing;
use super::run::{Stage, verdict, within};
use crate::error::{Code, Error, Result};
use crate::secret::SafeUrl;
use crate::service::registration::PaginationStyle as Style;

/// What was asked for.
#[derive(Debug, Default)]
pub struct Paging {
    pub flags: Flags,
    /// `--page-items`
    pub items: Option<String>,
    pub max_items: Option<u64>,
    pub max_pages: Option<u64>,
    /// `--page-from`
    pub from: Option<String>,
    /// The command as it was typed, where it holds nothing secret.
    pub typed: Option<String>,
    /// Rate limits are waited for; not where `--retry` says otherwise.
    pub patient: bool,
}

/// A run of pages.
pub struct Pager<'a> {
    pub(super) paging: Paging,
    pub(super) stage: Stage<'a>,
    pub(super) rule: Option<Rule>,
    pub(super) items: Items,
    pub(super) seen: Seen,
    pub(super) graphql: bool,
    /// The offset or number that was asked for last.
    pub(super) position: Option<u64>,
    pub(super) base: u64,
    /// Pages and items that are out.
    pub(super) pages: u64,
    pub(super) count: u64,
    bytes: u64,
    /// The request that is made next, or was made and is not out, is one to go on from.
    pub(super) pending: bool,
}

enum Outcome {
    Done,
    /// Nobody reads any more.
    Closed,
    Hidden,
}

impl<'a> Pager<'a> {
    /// Understands what is wanted, and puts `--page-from` into the request.
    pub fn new(paging: Paging, outgoing: &mut Outgoing, stage: Stage<'a>) -> Result<Pager<'a>> {
        if !outgoing.payload.can_repeat() {
            return Err(Error::new(
                Code::Usage,
                "--paginate sends the body again with each page, and it comes from a stream",
            )
            .with_hint("put it into a file: --json @FILE, -d @FILE"));
        }
        let body = body(outgoing);
        let known = stage.service.values.pagination.as_ref();
        let rule = Rule::told(&paging.flags, known, &body)?;
        let items = paging.items.clone();
        let items = items.or_else(|| known.and_then(|known| known.items.clone()));
        let mut pager = Pager {
            rule,
            items: Items::told(items),
            seen: Seen::default(),
            graphql: graphql_query(&body).is_some(),
            position: None,
            base: 1,
            pages: 0,
            count: 0,
            bytes: 0,
            pending: false,
            paging,
            stage,
        };
        if let Some(from) = pager.paging.from.take() {
            pager.begin_at(&from, outgoing)?;
        }
        pager.seen.go(&outgoing.url.as_str());
        Ok(pager)
    }

    /// The first page is there: writes it and all that follow. `answer` is the last one then.
    pub async fn run(
        mut self,
        answer: &mut Answer,
        mut outgoing: Outgoing,
        show: &Show,
        shape: Shape,
        deadline: Option<u64>,
    ) -> Result<Delivered> {
        let mut patience = Patience::new(&self.stage, self.paging.patient, deadline);
        patience.settle(answer, &outgoing, 1).await?;
        if failed(answer) || answer.head.status.is_redirection() {
            let shaper = match shape {
                Shape::Rows(shaper) | Shape::Filtered(shaper) => Some(*shaper),
                Shape::Raw | Shape::Slurp | Shape::Items => None,
            };
            let work = deliver(answer, show, shaper, self.stage.places());
            return within(work, deadline, &self.stage.ports).await;
        }
        let mut writer = Writer::new(shape, show, self.stage.places());
        let outcome = self
            .all(answer, &mut outgoing, show, &mut writer, &mut patience)
            .await;
        let mut done = Delivered {
            bytes: self.bytes,
            ..Delivered::default()
        };
        match outcome {
            Ok(Outcome::Closed) => done.closed = true,
            Ok(Outcome::Hidden) => done.hidden = true,
            Ok(Outcome::Done) => {
                writer.finish(true)?;
            }
            Err(error) => {
                let partial = writer.finish(false).unwrap_or_default();
                self.tell_how_to_go_on(&error, &outgoing, partial.as_deref(), show);
                return Err(error);
            }
        }
        Ok(done)
    }

    async fn all(
        &mut self,
        answer: &mut Answer,
        outgoing: &mut Outgoing,
        show: &Show,
        writer: &mut Writer<'_>,
        patience: &mut Patience<'_>,
    ) -> Result<Outcome> {
        let places = self.stage.places();
        let watched = !show.quiet && (show.file.is_some() || !places.output.is_terminal());
        let status = watched.then(|| places.progress.status());
        loop {
            let body = self.read(answer, outgoing, show, patience).await?;
            self.bytes += body.len() as u64;
            let document = document(&body);
            if self.pages > 0 {
                refuse_refusal(answer, document.as_ref(), &body, self.stage.output)?;
                self.refuse_other(answer, document.as_ref(), &body)?;
            }
            if self.again(&body)? {
                return Ok(Outcome::Done);
            }
            if let Some(document) = &document {
                self.items.learn(document);
            }
            let items = document
                .as_ref()
                .and_then(|document| self.items.of(document));
            let items = items.map(|items| items.len() as u64);
            let next = self.next(answer, outgoing, document.as_ref(), items);

            let enough = self.write(writer, answer, &body, document, items)?;
            self.pages += 1;
            self.pending = false;
            if let Some(outcome) = enough {
                return Ok(outcome);
            }
            if let Some(status) = &status {
                status.say(&format!("page {}, {} items", self.pages + 1, self.count));
            }
            let next = next?;
            if !self.lead(next, answer, outgoing, items)? {
                return Ok(Outcome::Done);
            }
            patience.between(answer, outgoing).await;
            answer.replace(
                self.stage
                    .sender(patience.deadline())
                    .send(outgoing)
                    .await?,
            );
            patience.settle(answer, outgoing, self.pages + 1).await?;
            if failed(answer) {
                return Err(self.failed(answer, show).await);
            }
            if answer.head.status.is_redirection() {
                return Err(redirected(answer));
            }
        }
    }

    /// The whole body of a page, asked for again where `--retry` allows that.
    async fn read(
        &self,
        answer: &mut Answer,
        outgoing: &Outgoing,
        show: &Show,
        patience: &mut Patience<'_>,
    ) -> Result<Vec<u8>> {
        let mut tries = Tries::default();
        loop {
            let work = async { Ok(collect(answer, show.unpack, LARGEST).await) };
            match within(work, patience.deadline(), &self.stage.ports).await? {
                Ok(body) => return Ok(body),
                Err(Broken::Refused(error)) => return Err(error),
                Err(Broken::Off(error)) => {
                    if !patience.again(&error, outgoing, &mut tries).await {
                        return Err(error.into());
                    }
                    answer.replace(
                        self.stage
                            .sender(patience.deadline())
                            .send(outgoing)
                            .await?,
                    );
                    patience.settle(answer, outgoing, self.pages + 1).await?;
                    if failed(answer) {
                        return Err(self.failed(answer, show).await);
                    }
                }
            }
        }
    }

    /// Writes a page, or what is wanted of it. `Some`: it was the last that is wanted.
    fn write(
        &mut self,
        writer: &mut Writer<'_>,
        answer: &Answer,
        body: &[u8],
        mut document: Option<Val>,
        items: Option<u64>,
    ) -> Result<Option<Outcome>> {
        let left = self
            .paging
            .max_items
            .map(|most| most.saturating_sub(self.count));
        let cut = left.is_some_and(|left| items.is_some_and(|items| items > left));
        if let (true, Some(left), Some(document)) = (cut, left, &mut document) {
            self.items
                .cut(document, usize::try_from(left).unwrap_or(usize::MAX));
        }
        let page = Page {
            answer,
            body,
            document,
            cut,
        };
        if !writer.page(page, &self.items)? {
            return Ok(Some(Outcome::Closed));
        }
        if writer.hidden() {
            return Ok(Some(Outcome::Hidden));
        }
        let items = items.unwrap_or(1);
        self.count += left.map_or(items, |left| items.min(left));
        let enough = left.is_some_and(|left| items >= left)
            || self
                .paging
                .max_pages
                .is_some_and(|most| self.pages + 1 >= most);
        Ok(enough.then_some(Outcome::Done))
    }

    /// What leads nowhere only because it is no JSON is no last page.
    fn refuse_other(&self, answer: &Answer, document: Option<&Val>, body: &[u8]) -> Result<()> {
        let by_body = self
            .rule
            .as_ref()
            .is_some_and(|rule| rule.style != Style::Link);
        if !by_body || document.is_some() || body.trim_ascii().is_empty() {
            return Ok(());
        }
        aside(body, self.stage.output);
        let url = SafeUrl::new(answer.url.clone());
        Err(Error::new(
            Code::ResponseInvalid,
            format!("page {} from {url} is not JSON", self.pages + 1),
        ))
    }

    /// An error in the middle: its body goes aside, so that what is out stays what it is.
    async fn failed(&self, answer: &mut Answer, show: &Show) -> Error {
        if !show.fail
            && let Ok(body) = collect(answer, show.unpack, ERROR_BODY).await
        {
            aside(&body, self.stage.output);
        }
        match verdict(answer) {
            Err(error) => error,
            Ok(()) => redirected(answer),
        }
    }
}

fn failed(answer: &Answer) -> bool {
    let status = answer.head.status;
    status.is_client_error() || status.is_server_error() || answer.trouble.is_some()
}

fn redirected(answer: &Answer) -> Error {
    let url = SafeUrl::new(answer.url.clone());
    Error::new(
        Code::ResponseInvalid,
        format!("{url} answered {}, which is no page", answer.head.status),
    )
    .with_hint("-L follows redirects")
}
