//! Percent-encoding as curl and HTTPie each do it (RFC 3986 §2.3; `application/x-www-form-urlencoded`).

/// Encodes everything but unreserved characters; a space becomes `+`.
pub fn plus(bytes: &[u8], out: &mut String) {
    for &byte in bytes {
        match byte {
            b' ' => out.push('+'),
            byte => encode(byte, out),
        }
    }
}

/// Encodes everything but unreserved characters; a space becomes `%20`.
pub fn percent(bytes: &[u8], out: &mut String) {
    for &byte in bytes {
        encode(byte, out);
    }
}

fn encode(byte: u8, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
        out.push(char::from(byte));
    } else {
        out.push('%');
        out.push(char::from(HEX[usize::from(byte >> 4)]));
        out.push(char::from(HEX[usize::from(byte & 15)]));
    }
}

/// `name=value` pairs joined with `&`.
pub fn form<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        plus(name.as_bytes(), &mut out);
        out.push('=');
        plus(value.as_bytes(), &mut out);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unreserved_characters_stay() {
        let mut out = String::new();
        plus("a b~c*d/é&=".as_bytes(), &mut out);
        assert_eq!(out, "a+b~c%2Ad%2F%C3%A9%26%3D");
        assert_eq!(form([("a", "1 2"), ("b[]", "")]), "a=1+2&b%5B%5D=");
    }
}
