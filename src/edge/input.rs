//! Text that the person hands over: a file by name, or stdin.

use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result};

/// More than any text to import.
const LIMIT: u64 = 1 << 20;

/// The file's text; `-` is stdin.
pub fn read_text(path: &str) -> Result<String> {
    match path {
        "-" => whole(std::io::stdin().lock()),
        path => whole(File::open(path)?),
    }
}

fn whole(source: impl Read) -> Result<String> {
    let mut text = String::new();
    source.take(LIMIT + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LIMIT {
        return Err(Error::new(ErrorKind::FileTooLarge, "larger than 1 MiB"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_whole_and_bounded() {
        assert_eq!(whole("abc".as_bytes()).unwrap(), "abc");
        assert!(whole(std::io::repeat(b'a')).is_err());
        assert!(whole(&b"\xff"[..]).is_err());
        assert!(read_text("/nonexistent/file").is_err());
    }
}
