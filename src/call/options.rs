//! What was typed, and what it means: curl's letters and HTTPie's items become a [`Plan`]. No I/O.

use http::Method;

use super::form::Part;
use super::header::{self, HeaderLine};
use super::items::{self, Item, Kind};
use super::nested::Tree;
pub use super::typed::{DataFlag, FormFlag, ItemBody, Typed};
use super::{decode, encode, words};
use crate::error::{Code, Error, Result};
use crate::port::Source;
use crate::secret::printable;

/// What the request will be.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub method: Method,
    /// A method of the person's own choice (`-X`, METHOD).
    pub method_chosen: bool,
    /// As typed; may be relative.
    pub url: String,
    /// Added to the URL's query.
    pub query: Vec<Piece>,
    /// Headers of hallpass's own, replaced by the person's of the same name.
    pub defaults: Vec<(&'static str, String)>,
    /// Headers of the person's.
    pub headers: Vec<HeaderLine>,
    pub body: BodyPlan,
}

/// A stretch of a body or a query.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    Text(String),
    Read(Source, Reading),
}

/// What happens to the bytes that are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    AsIs,
    /// CR, LF and NUL are dropped, as `-d @file` does.
    WithoutLineEnds,
    /// Percent-encoded.
    UrlEncoded,
    /// Percent-encoded, one line end at the end dropped first (`query==@file`).
    LineUrlEncoded,
}

/// What goes into the body.
#[derive(Debug, Clone, PartialEq)]
pub enum BodyPlan {
    None,
    /// Content-Length 0, as HTTPie sends it.
    Empty,
    /// Pieces in a row.
    Data(Vec<Piece>),
    /// One JSON document out of nested keys.
    Json(Vec<(String, Value)>),
    /// `application/x-www-form-urlencoded` pairs.
    Form(Vec<(String, Value)>),
    Multipart(Vec<Part>),
    /// `-T`
    Upload(Source),
}

impl BodyPlan {
    /// Whether it can be sent only once.
    pub fn is_stream(&self) -> bool {
        matches!(self, BodyPlan::Upload(Source::Stdin))
    }
}

/// An item's value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Text(String),
    TextFrom(Source),
    Json(Tree),
    JsonFrom(Source),
}

/// Makes sense of what was typed.
pub fn plan(typed: Typed) -> Result<Plan> {
    let items = typed
        .items
        .iter()
        .map(|word| items::parse(word))
        .collect::<Result<Vec<_>>>()?;
    let mut query = Vec::new();
    let mut defaults = vec![
        (
            "user-agent",
            concat!("hallpass/", env!("CARGO_PKG_VERSION")).to_owned(),
        ),
        ("accept", "*/*".to_owned()),
    ];
    let mut headers = named_headers(&typed)?;
    for line in &typed.headers {
        headers.push(header::parse(line)?);
    }
    for item in &items {
        item_outside_body(item, &mut headers, &mut query)?;
    }
    for spec in &typed.url_query {
        separate(&mut query);
        match spec.strip_prefix('+') {
            Some(raw) => query.push(Piece::Text(raw.to_owned())),
            None => url_encode(spec, &mut query),
        }
    }
    let body = body(&typed, items, &mut defaults, &mut query)?;
    if typed.compressed {
        defaults.push(("accept-encoding", decode::ACCEPT_ENCODING.into()));
    }
    let method = method(&typed, &body)?;
    let body = match body {
        // HTTPie says that nothing comes where a server may wait for something; curl does not.
        BodyPlan::None
            if typed.method_word
                && ![Method::GET, Method::HEAD, Method::OPTIONS].contains(&method) =>
        {
            BodyPlan::Empty
        }
        body => body,
    };
    Ok(Plan {
        method,
        method_chosen: typed.method.is_some(),
        url: typed.url,
        query,
        defaults,
        headers,
        body,
    })
}

fn method(typed: &Typed, body: &BodyPlan) -> Result<Method> {
    if let Some(method) = &typed.method {
        return words::method(method);
    }
    Ok(match body {
        _ if typed.head => Method::HEAD,
        BodyPlan::Upload(_) => Method::PUT,
        BodyPlan::None => Method::GET,
        _ => Method::POST,
    })
}

/// `-A`, `-e`, `-b`, `-r`: headers with a letter of their own.
fn named_headers(typed: &Typed) -> Result<Vec<HeaderLine>> {
    let mut headers = Vec::new();
    if let Some(agent) = &typed.user_agent {
        headers.push(header::line("user-agent", agent)?);
    }
    if let Some(referer) = &typed.referer {
        let referer = referer.strip_suffix(";auto").unwrap_or(referer);
        headers.push(header::line("referer", referer)?);
    }
    if let Some(range) = &typed.range {
        headers.push(header::line("range", &format!("bytes={range}"))?);
    }
    match &typed.cookie {
        Some(cookie) if cookie.contains('=') => headers.push(header::line("cookie", cookie)?),
        Some(file) => {
            return Err(Error::new(
                Code::Usage,
                format!("-b {:?}: cookie files are not read", printable(file, 80)),
            )
            .with_hint(
                "an API call is authenticated by its token; send a cookie with -b 'name=value'",
            ));
        }
        None => {}
    }
    Ok(headers)
}

/// Headers and query parameters among the items.
fn item_outside_body(
    item: &Item,
    headers: &mut Vec<HeaderLine>,
    query: &mut Vec<Piece>,
) -> Result<()> {
    match item.kind {
        Kind::Header => headers.push(header::line(&item.key, &item.value)?),
        Kind::EmptyHeader => headers.push(header::empty(&item.key)?),
        Kind::HeaderFromFile => headers.push(HeaderLine::ValueFrom(
            header::name(&item.key)?,
            Source::of(&item.value),
        )),
        Kind::Query | Kind::QueryFromFile => {
            separate(query);
            let mut text = String::new();
            encode::plus(item.key.as_bytes(), &mut text);
            text.push('=');
            if item.kind == Kind::Query {
                encode::plus(item.value.as_bytes(), &mut text);
            }
            query.push(Piece::Text(text));
            if item.kind == Kind::QueryFromFile {
                let source = Source::of(&item.value);
                query.push(Piece::Read(source, Reading::LineUrlEncoded));
            }
        }
        _ => {}
    }
    Ok(())
}

/// At most one of the five ways to say what the body is.
fn body(
    typed: &Typed,
    items: Vec<Item>,
    defaults: &mut Vec<(&'static str, String)>,
    query: &mut Vec<Piece>,
) -> Result<BodyPlan> {
    let items: Vec<_> = items
        .into_iter()
        .filter(|item| item.kind.is_data())
        .collect();
    let data_in_body = !typed.data.is_empty() && !typed.get;
    let ways = [
        (data_in_body, "-d"),
        (!typed.form.is_empty(), "-F"),
        (typed.upload.is_some(), "-T"),
        (!items.is_empty(), "name=value items"),
    ];
    let mut used = ways.iter().filter(|(used, _)| *used).map(|(_, way)| way);
    if let (Some(first), Some(second)) = (used.next(), used.next()) {
        return Err(Error::new(
            Code::Usage,
            format!("{first} and {second} both make a body"),
        )
        .with_hint("use one of them; -G puts -d into the URL's query"));
    }
    if typed.head && ways.iter().any(|(used, _)| *used) {
        return Err(
            Error::new(Code::Usage, "-I asks for headers only and sends no body")
                .with_hint("leave -I out, or add -G to put -d into the URL's query"),
        );
    }
    if typed.data.iter().any(|(flag, _)| *flag == DataFlag::Json) {
        replace(defaults, "content-type", "application/json");
        replace(defaults, "accept", "application/json");
    } else if data_in_body {
        replace(
            defaults,
            "content-type",
            "application/x-www-form-urlencoded",
        );
    }
    if typed.get && !typed.data.is_empty() {
        separate(query);
        query.extend(data(&typed.data));
    } else if data_in_body {
        return Ok(BodyPlan::Data(data(&typed.data)));
    }
    if !typed.form.is_empty() {
        let parts = typed
            .form
            .iter()
            .map(|(flag, spec)| Part::parse(spec, *flag));
        return parts.collect::<Result<_>>().map(BodyPlan::Multipart);
    }
    if let Some(path) = &typed.upload {
        return Ok(BodyPlan::Upload(Source::of(path)));
    }
    if items.is_empty() {
        return Ok(BodyPlan::None);
    }
    item_body(typed.item_body, items, defaults)
}

fn item_body(
    wanted: ItemBody,
    items: Vec<Item>,
    defaults: &mut Vec<(&'static str, String)>,
) -> Result<BodyPlan> {
    let files = items.iter().any(|item| item.kind == Kind::File);
    if wanted == ItemBody::Multipart || files {
        let parts = items.into_iter().map(Part::of_item);
        return parts.collect::<Result<_>>().map(BodyPlan::Multipart);
    }
    let mut pairs = Vec::with_capacity(items.len());
    for item in items {
        let value = value(&item)?;
        pairs.push((item.key, value));
    }
    if wanted == ItemBody::Form {
        replace(
            defaults,
            "content-type",
            "application/x-www-form-urlencoded; charset=utf-8",
        );
        return Ok(BodyPlan::Form(pairs));
    }
    replace(defaults, "content-type", "application/json");
    replace(defaults, "accept", "application/json, */*;q=0.5");
    Ok(BodyPlan::Json(pairs))
}

/// The value of a data item that is no file part.
pub fn value(item: &Item) -> Result<Value> {
    Ok(match item.kind {
        Kind::TextFromFile => Value::TextFrom(Source::of(&item.value)),
        Kind::JsonFromFile => Value::JsonFrom(Source::of(&item.value)),
        Kind::Json => Value::Json(Tree::parse(&item.value).map_err(|error| {
            Error::new(
                Code::Usage,
                format!(
                    "{}:={} is not JSON: {error}",
                    printable(&item.key, 40),
                    printable(&item.value, 80)
                ),
            )
            .with_hint("a string is name=text; JSON is name:='{\"a\": 1}'")
        })?),
        _ => Value::Text(item.value.clone()),
    })
}

/// `-d` and its kin in a row: joined with `&`, except that `--json` joins with nothing.
fn data(flags: &[(DataFlag, String)]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (index, (flag, text)) in flags.iter().enumerate() {
        if index > 0 && *flag != DataFlag::Json {
            pieces.push(Piece::Text("&".into()));
        }
        match (flag, text.strip_prefix('@')) {
            (DataFlag::UrlEncode, _) => url_encode(text, &mut pieces),
            (DataFlag::Raw, _) | (_, None) => pieces.push(Piece::Text(text.clone())),
            (DataFlag::Data, Some(path)) => {
                pieces.push(Piece::Read(Source::of(path), Reading::WithoutLineEnds));
            }
            (DataFlag::Binary | DataFlag::Json, Some(path)) => {
                pieces.push(Piece::Read(Source::of(path), Reading::AsIs));
            }
        }
    }
    pieces
}

/// The five forms of `--data-urlencode`: `content`, `=content`, `name=content`, `@file`,
/// `name@file`.
fn url_encode(spec: &str, pieces: &mut Vec<Piece>) {
    let separator = spec.find('=').or_else(|| spec.find('@'));
    let (name, content) = match separator {
        Some(at) => (&spec[..at], &spec[at + 1..]),
        None => ("", spec),
    };
    let mut text = String::new();
    if !name.is_empty() {
        text.push_str(name);
        text.push('=');
    }
    if separator.is_some_and(|at| spec[at..].starts_with('@')) {
        pieces.push(Piece::Text(text));
        pieces.push(Piece::Read(Source::of(content), Reading::UrlEncoded));
    } else {
        encode::plus(content.as_bytes(), &mut text);
        pieces.push(Piece::Text(text));
    }
}

fn separate(query: &mut Vec<Piece>) {
    if !query.is_empty() {
        query.push(Piece::Text("&".into()));
    }
}

fn replace(defaults: &mut Vec<(&'static str, String)>, name: &'static str, value: &str) {
    defaults.retain(|(n, _)| *n != name);
    defaults.push((name, value.to_owned()));
}
