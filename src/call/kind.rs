//! What a body is, where nobody but a person at a terminal wants to know.

/// How a body is shown at a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Json,
    Text,
    Binary,
}

/// What a body is, by its content type and first bytes.
pub fn kind(content_type: Option<&str>, first: &[u8]) -> Kind {
    let essence = content_type
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    let begins = first.iter().find(|b| !b.is_ascii_whitespace());
    if essence.ends_with("json") || essence.ends_with("jsonl") {
        return Kind::Json;
    }
    let family = essence.split('/').next().unwrap_or_default();
    let text = family == "text"
        || [
            "xml",
            "javascript",
            "yaml",
            "x-www-form-urlencoded",
            "csv",
            "graphql",
            "html",
            "toml",
        ]
        .iter()
        .any(|name| essence.ends_with(name));
    let binary = first.contains(&0)
        || matches!(family, "image" | "audio" | "video" | "font")
        || [
            "octet-stream",
            "zip",
            "gzip",
            "pdf",
            "protobuf",
            "wasm",
            "x-tar",
        ]
        .iter()
        .any(|name| essence.ends_with(name));
    if binary && (!text || first.contains(&0)) {
        return Kind::Binary;
    }
    let unnamed = essence.is_empty() || essence == "text/plain";
    if unnamed && matches!(begins, Some(b'{' | b'[')) {
        return Kind::Json;
    }
    if text || looks_like_text(first) {
        Kind::Text
    } else {
        Kind::Binary
    }
}

/// No control characters but white space and escapes, and mostly valid UTF-8.
fn looks_like_text(first: &[u8]) -> bool {
    let sample = &first[..first.len().min(1024)];
    let odd = sample
        .iter()
        .filter(|b| b.is_ascii_control() && !matches!(b, b'\n' | b'\r' | b'\t' | 0x1b))
        .count();
    let valid = match std::str::from_utf8(sample) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    };
    valid && odd * 8 <= sample.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_type_and_first_bytes_decide() {
        for (content_type, first, expected) in [
            (Some("application/json"), &b"{"[..], Kind::Json),
            (
                Some("application/hal+json; charset=utf-8"),
                b"{",
                Kind::Json,
            ),
            (None, b" [1]", Kind::Json),
            (Some("text/plain"), b"{\"a\":1}", Kind::Json),
            (Some("text/html"), b"<p>", Kind::Text),
            (Some("image/svg+xml"), b"<svg>", Kind::Text),
            (None, "caf\u{e9}".as_bytes(), Kind::Text),
            (Some("text/plain"), b"a\0b", Kind::Binary),
            (Some("image/png"), b"PNG", Kind::Binary),
            (Some("application/octet-stream"), b"text", Kind::Binary),
            (None, b"\x80\x81\x82", Kind::Binary),
            (None, b"\x01\x02\x03\x04abc", Kind::Binary),
        ] {
            assert_eq!(
                kind(content_type, first),
                expected,
                "{content_type:?} {first:?}"
            );
        }
    }
}
