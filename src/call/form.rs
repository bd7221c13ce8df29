//! The parts of `multipart/form-data` (RFC 7578), from `-F` or from items.

use super::items::{Item, Kind};
use super::options::{self, FormFlag, Value};
use crate::error::{Code, Error, Result};
use crate::port::Source;
use crate::secret::printable;

/// One part.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    pub name: String,
    pub content: Content,
    /// `;type=`, else guessed for files.
    pub content_type: Option<String>,
}

/// What a part holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    Value(Value),
    /// More than one becomes `multipart/mixed`, as curl sends it.
    Files(Vec<File>),
}

/// One file of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub source: Source,
    /// As the server sees it.
    pub filename: String,
    pub content_type: Option<String>,
}

impl Part {
    /// `name=text`, `name=@file[,file]`, `name=<file`, each with `;type=` and `;filename=`.
    pub fn parse(spec: &str, flag: FormFlag) -> Result<Part> {
        let (name, rest) = spec
            .split_once('=')
            .ok_or_else(|| not_a_part(spec, "there is no ="))?;
        let name = name.to_owned();
        if flag == FormFlag::Literal {
            let content = Content::Value(Value::Text(rest.to_owned()));
            return Ok(Part {
                name,
                content,
                content_type: None,
            });
        }
        if let Some(mut rest) = rest.strip_prefix('@') {
            let mut files = Vec::new();
            loop {
                let (parameters, after) = Parameters::read(rest, Some(','));
                files.push(File::new(parameters));
                match after.strip_prefix(',') {
                    Some(next) => rest = next,
                    None => break,
                }
            }
            return Ok(Part {
                name,
                content: Content::Files(files),
                content_type: None,
            });
        }
        if rest.starts_with(['(', ')']) {
            return Err(not_a_part(spec, "parts within parts are not supported"));
        }
        let (value, file) = match rest.strip_prefix('<') {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let (parameters, _) = Parameters::read(value, None);
        let content_type = parameters.content_type;
        if let Some(filename) = parameters.filename {
            return Err(not_a_part(
                spec,
                &format!(
                    "filename={} needs a file: use name=@file",
                    printable(&filename, 80)
                ),
            ));
        }
        let value = if file {
            Value::TextFrom(Source::of(&parameters.word))
        } else {
            Value::Text(parameters.word)
        };
        Ok(Part {
            name,
            content: Content::Value(value),
            content_type,
        })
    }

    /// An item as a part, as HTTPie's `--multipart` does.
    pub fn of_item(item: Item) -> Result<Part> {
        let content = match item.kind {
            Kind::File => {
                let mut halves = item.value.splitn(2, ";type=");
                let path = halves.next().unwrap_or_default();
                let filename = base_name(path).to_owned();
                let content_type = match halves.next() {
                    Some(typed) => Some(typed.to_owned()),
                    None => guess(path).map(str::to_owned),
                };
                Content::Files(vec![File {
                    source: Source::of(path),
                    filename,
                    content_type,
                }])
            }
            _ => Content::Value(options::value(&item)?),
        };
        Ok(Part {
            name: item.key,
            content,
            content_type: None,
        })
    }
}

impl File {
    fn new(parameters: Parameters) -> File {
        let source = Source::of(&parameters.word);
        let filename = parameters
            .filename
            .unwrap_or_else(|| base_name(&parameters.word).to_owned());
        let content_type = parameters.content_type.or_else(|| match source {
            Source::Stdin => None,
            Source::File(_) => Some(guess_as_curl(&filename).to_owned()),
        });
        File {
            source,
            filename,
            content_type,
        }
    }
}

/// A word with what follows it after semicolons.
#[derive(Default)]
struct Parameters {
    word: String,
    content_type: Option<String>,
    filename: Option<String>,
}

impl Parameters {
    /// Reads up to `end`; gives back the rest, which begins with `end` or is empty.
    fn read(text: &str, end: Option<char>) -> (Parameters, &str) {
        let mut found = Parameters::default();
        let (word, mut rest) = word(text.trim_start(), end);
        found.word = word;
        let mut in_type = false;
        while let Some(after) = rest.strip_prefix(';') {
            let parameter = after.trim_start();
            if let Some(value) = strip_name(parameter, "type=") {
                let (value, after) = until(value, end);
                found.content_type = Some(value.trim().to_owned());
                (in_type, rest) = (true, after);
            } else if let Some(value) = strip_name(parameter, "filename=") {
                let (value, after) = self::word(value.trim_start(), end);
                found.filename = Some(value);
                (in_type, rest) = (false, after);
            } else {
                let (value, next) = until(after, end);
                // `;type=text/html;charset=utf-8` is one content type.
                if let (true, Some(content_type)) = (in_type, &mut found.content_type) {
                    content_type.push(';');
                    content_type.push_str(value.trim_end());
                }
                rest = next;
            }
        }
        (found, rest)
    }
}

fn strip_name<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let head = text.get(..name.len())?;
    head.eq_ignore_ascii_case(name).then(|| &text[name.len()..])
}

fn until(text: &str, end: Option<char>) -> (&str, &str) {
    let at = text
        .find(|c| c == ';' || Some(c) == end)
        .unwrap_or(text.len());
    text.split_at(at)
}

/// A bare word, or one in quotes where `\"` and `\\` stand for themselves.
fn word(text: &str, end: Option<char>) -> (String, &str) {
    if let Some(quoted) = text.strip_prefix('"') {
        let mut out = String::new();
        let mut characters = quoted.char_indices();
        while let Some((at, c)) = characters.next() {
            match c {
                '\\' => match characters.next() {
                    Some((_, next @ ('"' | '\\'))) => out.push(next),
                    Some((_, next)) => out.extend(['\\', next]),
                    None => out.push('\\'),
                },
                '"' => {
                    let rest = quoted[at + 1..].trim_start();
                    if rest.is_empty()
                        || rest.starts_with(';')
                        || end.is_some_and(|e| rest.starts_with(e))
                    {
                        return (out, rest);
                    }
                    break;
                }
                c => out.push(c),
            }
        }
    }
    let (word, rest) = until(text, end);
    (word.to_owned(), rest)
}

fn base_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// curl's own short table, so that a server sees what it would see from curl.
fn guess_as_curl(filename: &str) -> &'static str {
    let lower = filename.to_ascii_lowercase();
    let known = [
        (".gif", "image/gif"),
        (".jpg", "image/jpeg"),
        (".jpeg", "image/jpeg"),
        (".png", "image/png"),
        (".svg", "image/svg+xml"),
        (".txt", "text/plain"),
        (".htm", "text/html"),
        (".html", "text/html"),
        (".pdf", "application/pdf"),
        (".xml", "application/xml"),
    ];
    known
        .iter()
        .find(|(ending, _)| lower.ends_with(ending))
        .map_or("application/octet-stream", |(_, content_type)| content_type)
}

/// The common ones; HTTPie sends no type for a name it does not know.
fn guess(path: &str) -> Option<&'static str> {
    let (_, ending) = base_name(path).rsplit_once('.')?;
    Some(match ending.to_ascii_lowercase().as_str() {
        "gif" => "image/gif",
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "webp" => "image/webp",
        "svg" => "image/svg+xml",
        "txt" => "text/plain",
        "htm" | "html" => "text/html",
        "css" => "text/css",
        "csv" => "text/csv",
        "md" => "text/markdown",
        "js" => "text/javascript",
        "json" => "application/json",
        "pdf" => "application/pdf",
        "xml" => "text/xml",
        "zip" => "application/zip",
        "tar" => "application/x-tar",
        "mp3" => "audio/mpeg",
        "mp4" => "video/mp4",
        "wav" => "audio/x-wav",
        _ => return None,
    })
}

fn not_a_part(spec: &str, why: &str) -> Error {
    Error::new(Code::Usage, format!("-F {:?}: {why}", printable(spec, 80)))
        .with_hint("parts are name=text, name=@file, name=<file, with ;type= and ;filename= behind")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(spec: &str) -> Part {
        Part::parse(spec, FormFlag::Form).unwrap()
    }

    fn text(value: &str) -> Content {
        Content::Value(Value::Text(value.into()))
    }

    fn file(path: &str, filename: &str, content_type: Option<&str>) -> File {
        File {
            source: Source::of(path),
            filename: filename.into(),
            content_type: content_type.map(str::to_owned),
        }
    }

    /// What curl 7.88 sent for the same arguments.
    #[test]
    fn parts_mean_what_curl_means() {
        let part = parse("a=b;type=application/json");
        assert_eq!(
            (part.content, part.content_type.as_deref()),
            (text("b"), Some("application/json"))
        );
        let part = parse("a=b;type=text/html; charset=utf-8");
        assert_eq!(
            part.content_type.as_deref(),
            Some("text/html; charset=utf-8")
        );
        assert_eq!(parse("x= lead").content, text("lead"));
        assert_eq!(parse("a=b;c").content, text("b"));
        assert_eq!(parse("a=\"x;y\\\"z\"").content, text("x;y\"z"));
        assert_eq!(parse("a=").content, text(""));
        assert_eq!(
            parse("f=@d/pic.png").content,
            Content::Files(vec![file("d/pic.png", "pic.png", Some("image/png"))])
        );
        assert_eq!(
            parse("f=@\"a,b.txt\";filename=\"q\\\"z\";type=text/csv").content,
            Content::Files(vec![file("a,b.txt", "q\"z", Some("text/csv"))])
        );
        assert_eq!(
            parse("f=@a.txt,b").content,
            Content::Files(vec![
                file("a.txt", "a.txt", Some("text/plain")),
                file("b", "b", Some("application/octet-stream")),
            ])
        );
        assert_eq!(
            parse("f=@-").content,
            Content::Files(vec![file("-", "-", None)])
        );
        assert_eq!(
            parse("t=<a.txt").content,
            Content::Value(Value::TextFrom(Source::File("a.txt".into())))
        );
        let literal = Part::parse("s=@a;type=b", FormFlag::Literal).unwrap();
        assert_eq!(literal.content, text("@a;type=b"));
    }

    #[test]
    fn what_is_no_part_is_refused_by_name() {
        for spec in ["noeq", "a=(;type=multipart/alternative", "a=x;filename=y"] {
            let error = Part::parse(spec, FormFlag::Form).unwrap_err();
            assert_eq!(error.code(), Code::Usage);
            assert!(error.to_string().contains(spec), "{error}");
        }
    }

    proptest! {
        #[test]
        fn any_part_is_understood_or_refused(spec in "[a=@<;,\"\\\\ typefilnm()/é-]{0,30}") {
            let _ = Part::parse(&spec, FormFlag::Form);
        }
    }
}
