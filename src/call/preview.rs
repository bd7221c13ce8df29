//! `--dry-run` and `--curl`: the request without sending it.

use http::Method;
use http::header::{self, HeaderName, HeaderValue};

use super::body::{Payload, Segment};
use super::form::{Content, Part};
use super::options::{BodyPlan, Value};
use super::request::Outgoing;
use crate::port::Source;
use crate::secret::quoted;
use crate::service::Service;
use crate::transport::trace::header_value;

/// Longer bodies are not printed in full.
const SHOWN: usize = 64 << 10;

/// What to print in place of sending.
#[derive(Debug, Clone, PartialEq)]
pub enum Preview {
    /// The request as it would go out, secrets redacted.
    Request,
    /// A line for a shell; with the flags of curl's that change how it is sent.
    Curl(Vec<String>),
}

/// Request line, headers and body.
pub fn request(outgoing: &Outgoing) -> String {
    let mut out = format!("{} {}\n", outgoing.method, outgoing.url);
    let mut lines: Vec<String> = outgoing
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {}\n", header_value(name, value)))
        .collect();
    lines.push("authorization: Bearer [redacted]\n".into());
    lines.sort();
    out.extend(lines);
    let body = match &outgoing.payload {
        Payload::None | Payload::Empty => return out,
        Payload::Whole(bytes) => shown(bytes),
        Payload::Segments(segments) => segments.iter().map(segment).collect(),
    };
    out.push('\n');
    out.push_str(&body);
    if !out.ends_with('\n') {
        out.push('\n');
    }
    out
}

fn segment(segment: &Segment) -> String {
    match segment {
        Segment::Bytes(bytes) => shown(bytes),
        Segment::File(source, Some(length)) => format!("({length} bytes of {source})"),
        Segment::File(source, None) => format!("({source})"),
    }
}

fn shown(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if bytes.len() <= SHOWN => text.to_owned(),
        _ => format!("({} bytes)", bytes.len()),
    }
}

/// A line that works, with the token on a pipe and not among the arguments, where every process
/// could read it. `parts`: the body's, where it is multipart.
pub fn curl(
    outgoing: &Outgoing,
    parts: Option<&[Part]>,
    flags: &[String],
    service: &Service,
) -> String {
    let name = quoted(&service.reference());
    let body = body(outgoing, parts);
    let reads_stdin = body.iter().any(|word| word.contains("@-") || word == "-");
    let token = format!("hallpass token {name} --as header");
    let mut words: Vec<String> = match reads_stdin {
        // Standard input is the body's.
        true => vec!["curl".into(), "-H".into(), format!("@<({token})")],
        false => vec![format!("{token} | curl"), "-H".into(), "@-".into()],
    };
    words.extend(flags.iter().map(|flag| quoted(flag)));
    words.extend(method(outgoing, &body));
    if matches!(outgoing.payload, Payload::None)
        && outgoing.headers.contains_key(header::CONTENT_LENGTH)
    {
        words.extend(["-H".into(), "'Content-Length: 0'".into()]);
    }
    for (name, value) in &outgoing.headers {
        if let Some(line) = header_line(name, value, parts.is_some()) {
            words.push("-H".into());
            words.push(quoted(&line));
        }
    }
    words.extend(body);
    let url = outgoing.url.as_str();
    if url.contains(['[', ']', '{', '}']) {
        // To curl they are patterns otherwise.
        words.push("-g".into());
    }
    words.push(quoted(url));
    words.join(" ")
}

/// What curl would not say by itself.
fn header_line(name: &HeaderName, value: &HeaderValue, multipart: bool) -> Option<String> {
    let text = String::from_utf8_lossy(value.as_bytes());
    match *name {
        header::CONTENT_LENGTH => None,
        header::ACCEPT if text == "*/*" => None,
        header::CONTENT_TYPE if multipart => None,
        header::USER_AGENT if text.starts_with("hallpass/") => None,
        header::ACCEPT_ENCODING => None,
        _ if text.is_empty() => Some(format!("{name};")),
        _ => Some(format!("{name}: {text}")),
    }
}

fn method(outgoing: &Outgoing, body: &[String]) -> Vec<String> {
    let by_itself = match body.first().map(String::as_str) {
        None => Method::GET,
        Some("-T") => Method::PUT,
        Some(_) => Method::POST,
    };
    match outgoing.method {
        ref method if *method == by_itself => Vec::new(),
        Method::HEAD if body.is_empty() => vec!["-I".into()],
        ref method => vec!["-X".into(), quoted(method.as_str())],
    }
}

fn body(outgoing: &Outgoing, parts: Option<&[Part]>) -> Vec<String> {
    if let Some(parts) = parts {
        return parts.iter().flat_map(part).collect();
    }
    let no_type = !outgoing.headers.contains_key(header::CONTENT_TYPE);
    let mut words = match &outgoing.payload {
        Payload::None => return Vec::new(),
        Payload::Empty => vec!["-d".into(), "''".into()],
        Payload::Whole(bytes) => data(bytes),
        Payload::Segments(segments) => match &segments[..] {
            [Segment::File(source, _)] if no_type => return vec!["-T".into(), path(source)],
            [Segment::File(source, _)] => {
                vec!["--data-binary".into(), format!("@{}", path(source))]
            }
            _ => Vec::new(),
        },
    };
    if no_type {
        // curl would name a form.
        words.extend(["-H".into(), "'Content-Type:'".into()]);
    }
    words
}

/// Text as it is; anything else through a substitution, for arguments hold no such bytes.
fn data(bytes: &[u8]) -> Vec<String> {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => vec!["--data-raw".into(), quoted(text)],
        _ => {
            let octal: String = bytes.iter().map(|byte| format!("\\{byte:03o}")).collect();
            vec!["--data-binary".into(), format!("@<(printf '{octal}')")]
        }
    }
}

fn part(part: &Part) -> Vec<String> {
    let name = &part.name;
    let kind = |content_type: &Option<String>| match content_type {
        Some(content_type) => format!(";type={content_type}"),
        None => String::new(),
    };
    let spec = match &part.content {
        Content::Files(files) => {
            let files: Vec<String> = files
                .iter()
                .map(|file| {
                    let path = match &file.source {
                        Source::Stdin => "-".to_owned(),
                        Source::File(path) => path.clone(),
                    };
                    let name = in_quotes(&file.filename);
                    format!(
                        "{};filename={name}{}",
                        in_quotes(&path),
                        kind(&file.content_type)
                    )
                })
                .collect();
            format!("{name}=@{}", files.join(","))
        }
        Content::Value(Value::TextFrom(Source::File(path))) => {
            format!("{name}=<{}{}", in_quotes(path), kind(&part.content_type))
        }
        Content::Value(Value::TextFrom(Source::Stdin)) => format!("{name}=<-"),
        Content::Value(value) => {
            let text = match value {
                Value::Text(text) => text.clone(),
                Value::Json(tree) => {
                    let mut out = String::new();
                    tree.write(&mut out);
                    out
                }
                Value::TextFrom(_) | Value::JsonFrom(_) => String::new(),
            };
            match &part.content_type {
                None => return vec!["--form-string".into(), quoted(&format!("{name}={text}"))],
                content_type => format!("{name}={}{}", in_quotes(&text), kind(content_type)),
            }
        }
    };
    vec!["-F".into(), quoted(&spec)]
}

/// curl's own quotes inside -F.
fn in_quotes(text: &str) -> String {
    match text.contains([';', ',', '"', '\\', ' ']) {
        true => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
        false => text.to_owned(),
    }
}

fn path(source: &Source) -> String {
    match source {
        Source::Stdin => "-".into(),
        Source::File(path) => quoted(path),
    }
}

/// The parts of a multipart plan.
pub fn parts(body: &BodyPlan) -> Option<Vec<Part>> {
    match body {
        BodyPlan::Multipart(parts) => Some(parts.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(quoted("https://a.example/x"), "https://a.example/x");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's $x"), "'it'\\''s $x'");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("a&b"), "'a&b'");
    }

    proptest! {
        /// A shell reads back exactly one word, the same.
        #[test]
        fn a_shell_reads_the_word_back(word in "[ -~é\\n]{0,20}") {
            let mut rest = quoted(&word);
            let mut read = String::new();
            while let Some(c) = rest.chars().next() {
                if c == '\'' {
                    let end = rest[1..].find('\'').unwrap() + 1;
                    read.push_str(&rest[1..end]);
                    rest = rest[end + 1..].to_owned();
                } else if c == '\\' {
                    let next = rest[1..].chars().next().unwrap();
                    read.push(next);
                    rest = rest[1 + next.len_utf8()..].to_owned();
                } else {
                    prop_assert!(!" $&;|<>(){}*?!#~`\"\n".contains(c), "{:?}", c);
                    read.push(c);
                    rest = rest[c.len_utf8()..].to_owned();
                }
            }
            prop_assert_eq!(read, word);
        }
    }
}
