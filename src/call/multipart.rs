//! `multipart/form-data` as curl writes it (RFC 7578).

use bytes::Bytes;

use super::body::{Reader, Segment, merge};
use super::form::{Content, File, Part};
use crate::error::{Code, Error, Result};
use crate::port::{Random, Source};
use crate::secret::printable;

/// A boundary that no content holds by chance.
pub fn boundary(random: &dyn Random) -> Result<String> {
    let mut bytes = [0; 11];
    random.fill(&mut bytes)?;
    let mut boundary = "-".repeat(24);
    for byte in bytes {
        boundary.push_str(&format!("{byte:02x}"));
    }
    Ok(boundary)
}

/// The body as segments; files stay files, so that any size is sent in constant memory.
pub fn segments(
    parts: &[Part],
    boundary: &str,
    random: &dyn Random,
    reader: &Reader<'_>,
) -> Result<Vec<Segment>> {
    let mut out = Vec::new();
    for part in parts {
        let mut head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"",
            quoted(&part.name)
        );
        match &part.content {
            Content::Value(value) => {
                head.push_str(&typed(part.content_type.as_deref())?);
                head.push_str("\r\n\r\n");
                out.push(text(head));
                out.push(Segment::Bytes(reader.form_value(&part.name, value)?.into()));
            }
            Content::Files(files) if files.len() == 1 => file(&mut out, head, &files[0], reader)?,
            Content::Files(files) => {
                let inner = self::boundary(random)?;
                head.push_str(&format!(
                    "\r\nContent-Type: multipart/mixed; boundary={inner}\r\n\r\n"
                ));
                out.push(text(head));
                for one in files {
                    let head = format!("--{inner}\r\nContent-Disposition: attachment");
                    file(&mut out, head, one, reader)?;
                    out.push(text("\r\n".into()));
                }
                out.push(text(format!("--{inner}--\r\n")));
            }
        }
        out.push(text("\r\n".into()));
    }
    out.push(text(format!("--{boundary}--\r\n")));
    Ok(merge(out))
}

/// The line of a content type, where there is one; it cannot bring further lines.
fn typed(content_type: Option<&str>) -> Result<String> {
    let Some(content_type) = content_type else {
        return Ok(String::new());
    };
    if content_type.chars().any(char::is_control) {
        let shown = printable(content_type, 80);
        return Err(Error::new(
            Code::Usage,
            format!("type={shown} of a form's part holds a control character"),
        )
        .with_hint("a content type is one line, such as type=text/plain"));
    }
    Ok(format!("\r\nContent-Type: {content_type}"))
}

fn file(out: &mut Vec<Segment>, mut head: String, file: &File, reader: &Reader<'_>) -> Result<()> {
    head.push_str(&format!("; filename=\"{}\"", quoted(&file.filename)));
    head.push_str(&typed(file.content_type.as_deref())?);
    head.push_str("\r\n\r\n");
    out.push(text(head));
    out.push(match &file.source {
        // Read now: the length of a part on standard input is not known before its end.
        Source::Stdin => Segment::Bytes(reader.bytes(&Source::Stdin)?.into()),
        source => reader.file(source)?,
    });
    Ok(())
}

fn text(text: String) -> Segment {
    Segment::Bytes(Bytes::from(text))
}

/// A name between quotes, where it can break out of neither quotes nor line.
fn quoted(name: &str) -> String {
    name.replace('"', "%22")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::options::FormFlag;
    use crate::port::fake::{FakeFiles, FakeRandom};

    fn written(specs: &[&str]) -> String {
        let files = FakeFiles::default();
        files.put("a.txt", b"A\n");
        files.put("pic.png", b"PNG");
        let parts: Vec<_> = specs
            .iter()
            .map(|spec| Part::parse(spec, FormFlag::Form).unwrap())
            .collect();
        let reader = Reader::new(&files);
        let segments = segments(&parts, "B", &FakeRandom::default(), &reader).unwrap();
        let mut out = String::new();
        for segment in segments {
            match segment {
                Segment::Bytes(bytes) => out.push_str(std::str::from_utf8(&bytes).unwrap()),
                Segment::File(source, length) => out.push_str(&format!("<{source} {length:?}>")),
            }
        }
        out.replace("\r\n", "\n")
    }

    #[test]
    fn parts_are_written_as_curl_writes_them() {
        assert_eq!(
            written(&[
                "a=1",
                "f=@pic.png",
                "t=<a.txt",
                "j={};type=application/json"
            ]),
            "--B\nContent-Disposition: form-data; name=\"a\"\n\n1\n\
             --B\nContent-Disposition: form-data; name=\"f\"; filename=\"pic.png\"\n\
             Content-Type: image/png\n\n<pic.png Some(3)>\n\
             --B\nContent-Disposition: form-data; name=\"t\"\n\nA\n\n\
             --B\nContent-Disposition: form-data; name=\"j\"\nContent-Type: application/json\n\n{}\n\
             --B--\n"
        );
    }

    #[test]
    fn names_cannot_break_out_of_their_quotes() {
        let text = written(&["a\"\r\nX: y=1", "f=@a.txt;filename=\"q\\\"\nz\""]);
        assert!(text.contains("name=\"a%22%0D%0AX: y\""), "{text}");
        assert!(text.contains("filename=\"q%22%0Az\""), "{text}");
    }

    /// must 89
    #[test]
    fn a_content_type_cannot_bring_a_line_of_its_own() {
        let files = FakeFiles::default();
        files.put("a.txt", b"A\n");
        let reader = Reader::new(&files);
        for spec in [
            "a=1;type=text/plain\r\nX: y",
            "a=@a.txt;type=text/plain\nX: y",
        ] {
            let part = Part::parse(spec, FormFlag::Form).unwrap();
            let error = segments(&[part], "B", &FakeRandom::default(), &reader).unwrap_err();
            assert_eq!(error.code(), Code::Usage);
            assert!(!error.to_string().contains('\n'), "{error}");
        }
    }
}
