//! Pages on their way out: one after another into one place, each written before the next is
//! asked for.

use jaq_json::{Rc, Val};

use super::answer::Answer;
use super::deliver::{Places, Show, Sink, content_type, head};
use super::documents::Documents;
use super::filter;
use super::pages::join::Join;
use super::pages::list::Items;
use super::pretty::Pretty;
use super::shape::Shaper;
use crate::error::{Code, Error, Result};
use crate::port::files::Mode;
use crate::secret::printable;

/// What pages become.
#[derive(Debug)]
pub enum Shape {
    /// What they are.
    Raw,
    /// `--slurp`
    Slurp,
    /// `--format json`: the items of all in one array.
    Items,
    /// `--format` otherwise.
    Rows(Box<Shaper>),
    /// `--jq`, page by page.
    Filtered(Box<Shaper>),
}

impl Shape {
    /// `shaper`: from `--jq` and `--format`.
    pub fn new(shaper: Option<Shaper>, slurp: bool) -> Shape {
        match shaper {
            None if slurp => Shape::Slurp,
            None => Shape::Raw,
            Some(shaper) if shaper.filters() => Shape::Filtered(Box::new(shaper)),
            Some(shaper) if shaper.writes_documents() => Shape::Items,
            Some(shaper) => Shape::Rows(Box::new(shaper)),
        }
    }
}

/// One page, read and understood.
pub struct Page<'a> {
    pub answer: &'a Answer,
    pub body: &'a [u8],
    /// The body where it is JSON, without what is too much of it.
    pub document: Option<Val>,
    /// `document` holds less than `body`.
    pub cut: bool,
}

/// See the module.
pub struct Writer<'a> {
    places: Places<'a>,
    show: &'a Show,
    shape: Shape,
    join: Join,
    sink: Option<Sink>,
    /// The last byte of the page before.
    last: Option<u8>,
}

impl<'a> Writer<'a> {
    pub fn new(shape: Shape, show: &'a Show, places: Places<'a>) -> Writer<'a> {
        Writer {
            places,
            show,
            join: Join::new(matches!(shape, Shape::Slurp)),
            shape,
            sink: None,
            last: None,
        }
    }

    /// Writes a page; `false`: nobody reads any more.
    pub fn page(&mut self, page: Page<'_>, items: &Items) -> Result<bool> {
        if !self.open(page.answer)? {
            return Ok(false);
        }
        let mut out = Vec::new();
        self.shaped(page, items, &mut out)?;
        self.last = out.last().copied().or(self.last);
        self.give(&out)
    }

    /// A body at a terminal that is nothing to look at.
    pub fn hidden(&self) -> bool {
        matches!(self.sink, Some(Sink::Hidden))
    }

    /// The last page is out. Not `whole`: what is open is closed all the same, but a file keeps
    /// its partial name, which is given back.
    pub fn finish(mut self, whole: bool) -> Result<Option<String>> {
        let mut out = Vec::new();
        self.join.finish(&mut out);
        if let Shape::Rows(shaper) | Shape::Filtered(shaper) = &mut self.shape {
            shaper.finish(&mut out);
        }
        if !self.give(&out)? {
            return Ok(None);
        }
        if let Shape::Rows(shaper) | Shape::Filtered(shaper) = &self.shape
            && let Some(note) = shaper.note()
        {
            self.places
                .output
                .write_aside(format!("{note}\n").as_bytes());
        }
        match self.sink {
            Some(Sink::File { download, .. }) if !whole => Ok(Some(download.partial().to_owned())),
            Some(sink) => sink.finish(self.places).map(|()| None),
            None => Ok(None),
        }
    }

    /// Makes ready for a page: with `-i` its head first.
    fn open(&mut self, answer: &Answer) -> Result<bool> {
        let again = self.sink.is_some();
        if again && !self.show.include {
            return Ok(true);
        }
        if again {
            let mut out = Vec::new();
            self.join.finish(&mut out);
            self.join = Join::default();
            let ended = out.last().copied().or(self.last);
            let terminal = self.places.output.is_terminal() && self.show.file.is_none();
            if !terminal && ended.is_some_and(|last| last != b'\n') {
                out.push(b'\n');
            }
            if !self.give(&out)? {
                return Ok(false);
            }
        }
        match self.sink.take() {
            Some(sink @ Sink::File { .. }) => self.sink = Some(sink),
            old => {
                if let Some(old) = old {
                    old.finish(self.places)?;
                }
                self.sink = Some(self.begin(answer)?);
            }
        }
        match (&mut self.sink, self.show.include) {
            (Some(sink), true) => {
                let head = head(answer, sink, self.places.output);
                sink.raw(&head, self.places)
            }
            _ => Ok(true),
        }
    }

    fn begin(&self, answer: &Answer) -> Result<Sink> {
        if let Some(path) = &self.show.file {
            let download = self.places.files.download(path, Mode::Fresh, &[])?;
            let bar = (!self.show.quiet)
                .then(|| self.places.progress.transfer(&printable(path, 40), 0, None));
            return Ok(Sink::File { download, bar });
        }
        Ok(match self.shape {
            // It knows terminals itself.
            Shape::Rows(_) | Shape::Filtered(_) => Sink::Raw,
            Shape::Slurp | Shape::Items if self.places.output.is_terminal() => {
                Sink::Json(Pretty::new(self.places.output.colour()))
            }
            _ => Sink::stdout(self.places, &answer.head.headers),
        })
    }

    fn shaped(&mut self, page: Page<'_>, items: &Items, out: &mut Vec<u8>) -> Result<()> {
        let document = page.document;
        match (&mut self.shape, document) {
            (Shape::Filtered(shaper), Some(document)) => shaper.value(document, out),
            (Shape::Rows(shaper), Some(document)) => {
                let list = items.of(&document).map(<[Val]>::to_vec);
                shaper.value(list.map_or(document, |list| Val::Arr(Rc::new(list))), out)
            }
            (Shape::Filtered(shaper) | Shape::Rows(shaper), None) => {
                let content_type = content_type(&page.answer.head.headers);
                let mut documents = Documents::of(content_type.as_deref());
                for document in documents.push(page.body)? {
                    shaper.document(&document, out)?;
                }
                match documents.finish() {
                    Some(document) => shaper.document(&document, out),
                    None => Ok(()),
                }
            }
            (Shape::Slurp | Shape::Items, None) => Err(Error::new(
                Code::ResponseInvalid,
                "a page is not JSON, so pages cannot become one array",
            )
            .with_hint("leave out --slurp and --format")),
            (Shape::Items, Some(document)) => {
                let list = match items.of(&document) {
                    Some(list) => list,
                    None => std::slice::from_ref(&document),
                };
                let mut array = vec![b'['];
                for (at, item) in list.iter().enumerate() {
                    if at > 0 {
                        array.push(b',');
                    }
                    filter::compact(item, &mut array);
                }
                array.extend_from_slice(b"]\n");
                self.join.array(&array, out);
                Ok(())
            }
            (Shape::Raw | Shape::Slurp, Some(document)) => {
                let rewritten = page.cut.then(|| {
                    let mut rewritten = Vec::new();
                    filter::compact(&document, &mut rewritten);
                    rewritten
                });
                let body = rewritten.as_deref().unwrap_or(page.body);
                let trimmed = body.trim_ascii();
                let brackets = trimmed.starts_with(b"[") && trimmed.ends_with(b"]");
                match document {
                    Val::Arr(_) if brackets && !self.show.include => self.join.array(body, out),
                    _ => self.join.document(body, out),
                }
                Ok(())
            }
            (Shape::Raw, None) => {
                self.join.document(page.body, out);
                Ok(())
            }
        }
    }

    fn give(&mut self, bytes: &[u8]) -> Result<bool> {
        match &mut self.sink {
            Some(sink) if !bytes.is_empty() => sink.push(bytes, self.places),
            _ => Ok(true),
        }
    }
}
