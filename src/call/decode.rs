//! Unpacking an answer that was asked for with `--compressed` (RFC 9110 §8.4.1), piece by piece.

use std::io::Write;

use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use http::HeaderMap;
use http::header::CONTENT_ENCODING;

use crate::error::{Code, Error, Result};
use crate::secret::printable;

/// What is asked for.
pub const ACCEPT_ENCODING: &str = "deflate, gzip";
/// Packed bytes that are unpacked at once: at most a thousandfold of it is held.
const STEP: usize = 4 << 10;

/// One content coding.
pub enum Decoder {
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
    Zlib(Box<ZlibDecoder<Vec<u8>>>),
    /// What some servers call deflate.
    Raw(Box<DeflateDecoder<Vec<u8>>>),
    /// `deflate`, before its first bytes tell which of the two.
    Deflate(Vec<u8>),
}

impl Decoder {
    /// The decoder that the headers call for; `None` where the body is not packed.
    pub fn of(headers: &HeaderMap) -> Result<Option<Decoder>> {
        let Some(coding) = headers.get(CONTENT_ENCODING) else {
            return Ok(None);
        };
        let coding = String::from_utf8_lossy(coding.as_bytes())
            .trim()
            .to_ascii_lowercase();
        match coding.as_str() {
            "" | "identity" => Ok(None),
            "gzip" | "x-gzip" => Ok(Some(Decoder::Gzip(Box::new(MultiGzDecoder::new(
                Vec::new(),
            ))))),
            "deflate" => Ok(Some(Decoder::Deflate(Vec::new()))),
            _ => Err(Error::new(
                Code::ResponseInvalid,
                format!(
                    "the answer is packed as {:?}, which was not asked for",
                    printable(&coding, 40)
                ),
            )
            .with_hint("leave out --compressed to get it as it is")),
        }
    }

    /// Unpacks `bytes` and hands the result on in bounded pieces; `false` from `give` ends it.
    pub fn push(
        &mut self,
        bytes: &[u8],
        give: &mut dyn FnMut(&[u8]) -> Result<bool>,
    ) -> Result<bool> {
        for step in bytes.chunks(STEP) {
            let unpacked = self.step(step).map_err(broken)?;
            if !unpacked.is_empty() && !give(&unpacked)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn step(&mut self, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        if let Decoder::Deflate(first) = self {
            first.extend_from_slice(bytes);
            if first.len() < 2 {
                return Ok(Vec::new());
            }
            let first = std::mem::take(first);
            // RFC 1950 §2.2: method 8, and the check makes it a multiple of 31.
            let head = u16::from_be_bytes([first[0], first[1]]);
            *self = if first[0] & 0x0f == 8 && head.is_multiple_of(31) {
                Decoder::Zlib(Box::new(ZlibDecoder::new(Vec::new())))
            } else {
                Decoder::Raw(Box::new(DeflateDecoder::new(Vec::new())))
            };
            return self.step(&first);
        }
        match self {
            Decoder::Gzip(decoder) => {
                decoder.write_all(bytes)?;
                decoder.flush()?;
                Ok(std::mem::take(decoder.get_mut()))
            }
            Decoder::Zlib(decoder) => {
                decoder.write_all(bytes)?;
                decoder.flush()?;
                Ok(std::mem::take(decoder.get_mut()))
            }
            Decoder::Raw(decoder) => {
                decoder.write_all(bytes)?;
                decoder.flush()?;
                Ok(std::mem::take(decoder.get_mut()))
            }
            Decoder::Deflate(_) => Ok(Vec::new()),
        }
    }

    /// The end: what is left, or that it came too soon.
    pub fn finish(self) -> Result<Vec<u8>> {
        match self {
            Decoder::Gzip(mut decoder) => {
                decoder.try_finish().map_err(broken)?;
                Ok(std::mem::take(decoder.get_mut()))
            }
            Decoder::Zlib(decoder) => decoder.finish().map_err(broken),
            Decoder::Raw(decoder) => decoder.finish().map_err(broken),
            Decoder::Deflate(_) => Ok(Vec::new()),
        }
    }
}

fn broken(error: std::io::Error) -> Error {
    Error::new(
        Code::ResponseInvalid,
        "the packed answer cannot be unpacked",
    )
    .with_hint("leave out --compressed to get it as it is")
    .with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use http::HeaderValue;
    use proptest::prelude::*;

    fn packed(coding: &str, text: &[u8]) -> Vec<u8> {
        let level = Compression::fast();
        match coding {
            "gzip" => {
                let mut encoder = GzEncoder::new(Vec::new(), level);
                encoder.write_all(text).unwrap();
                encoder.finish().unwrap()
            }
            "zlib" => {
                let mut encoder = ZlibEncoder::new(Vec::new(), level);
                encoder.write_all(text).unwrap();
                encoder.finish().unwrap()
            }
            _ => {
                let mut encoder = DeflateEncoder::new(Vec::new(), level);
                encoder.write_all(text).unwrap();
                encoder.finish().unwrap()
            }
        }
    }

    fn decoder(coding: &str) -> Result<Option<Decoder>> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, HeaderValue::from_str(coding).unwrap());
        Decoder::of(&headers)
    }

    fn unpacked(coding: &str, pieces: &[&[u8]]) -> Result<Vec<u8>> {
        let mut decoder = decoder(coding)?.unwrap();
        let mut out = Vec::new();
        for piece in pieces {
            decoder.push(piece, &mut |bytes| {
                out.extend_from_slice(bytes);
                Ok(true)
            })?;
        }
        out.extend(decoder.finish()?);
        Ok(out)
    }

    #[test]
    fn codings_are_told_apart() {
        assert!(decoder("identity").unwrap().is_none());
        assert_eq!(decoder("br").err().unwrap().code(), Code::ResponseInvalid);
        for (name, coding) in [
            ("gzip", "gzip"),
            ("GZIP", "gzip"),
            ("deflate", "zlib"),
            ("deflate", "raw"),
        ] {
            let bytes = packed(coding, b"hello hello hello");
            assert_eq!(
                unpacked(name, &[&bytes]).unwrap(),
                b"hello hello hello",
                "{coding}"
            );
        }
    }

    #[test]
    fn a_cut_or_garbled_answer_is_an_error() {
        let bytes = packed("gzip", &[7; 10_000]);
        assert!(unpacked("gzip", &[&bytes[..bytes.len() - 9]]).is_err());
        assert!(unpacked("gzip", &[b"not packed at all"]).is_err());
    }

    #[test]
    fn a_bomb_is_unpacked_in_bounded_pieces() {
        let bytes = packed("gzip", &vec![0; 64 << 20]);
        let mut decoder = decoder("gzip").unwrap().unwrap();
        let (mut total, mut largest) = (0, 0);
        decoder
            .push(&bytes, &mut |piece| {
                total += piece.len();
                largest = largest.max(piece.len());
                Ok(true)
            })
            .unwrap();
        assert_eq!(total, 64 << 20);
        assert!(largest <= 8 << 20, "{largest}");
    }

    proptest! {
        #[test]
        fn however_it_is_cut_it_is_the_same(text in proptest::collection::vec(any::<u8>(), 0..300), cut in 0usize..300) {
            let bytes = packed("zlib", &text);
            let (a, b) = bytes.split_at(cut.min(bytes.len()));
            prop_assert_eq!(unpacked("deflate", &[a, b]).unwrap(), text);
        }

        #[test]
        fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = unpacked("gzip", &[&bytes]);
            let _ = unpacked("deflate", &[&bytes]);
        }
    }
}
