//! A page's body: read whole, within bounds, and understood; what is wrong with it goes aside.

use futures_util::StreamExt;
use jaq_json::Val;

use super::answer::Answer;
use super::decode::Decoder;
use super::filter;
use super::pages::partial;
use super::safe::{Safe, Style};
use crate::error::{Code, Error, Result};
use crate::port::{Body, HttpError, Output};
use crate::secret::SafeUrl;

/// The largest page that is read; nothing but one page is ever held.
pub const LARGEST: usize = 64 << 20;
/// A body of an error that is shown.
pub const ERROR_BODY: usize = 64 << 10;

/// The body where it is one JSON array or object.
pub fn document(body: &[u8]) -> Option<Val> {
    match body.trim_ascii_start().first() {
        Some(b'[' | b'{') => filter::parse(body).ok(),
        _ => None,
    }
}

/// Why there is no body.
pub enum Broken {
    /// It broke off.
    Off(HttpError),
    Refused(Error),
}

/// All of a body, unpacked where it is packed.
pub async fn collect(answer: &mut Answer, unpack: bool, most: usize) -> Result<Vec<u8>, Broken> {
    let mut decoder = match unpack {
        true => Decoder::of(&answer.head.headers).map_err(Broken::Refused)?,
        false => None,
    };
    let mut whole = Vec::new();
    let mut keep = |bytes: &[u8]| {
        if whole.len() + bytes.len() > most {
            return Err(Error::new(
                Code::ResponseInvalid,
                format!("a page is larger than {} MiB", most >> 20),
            )
            .with_hint("ask for smaller ones: per_page==100, or what the API calls it"));
        }
        whole.extend_from_slice(bytes);
        Ok(true)
    };
    match std::mem::replace(&mut answer.body, Body::empty()) {
        Body::Whole(bytes) => match &mut decoder {
            Some(decoder) => decoder.push(&bytes, &mut keep),
            None => keep(&bytes),
        }
        .map_err(Broken::Refused)?,
        Body::Stream { mut stream, .. } => {
            while let Some(piece) = stream.next().await {
                let piece = piece.map_err(Broken::Off)?;
                match &mut decoder {
                    Some(decoder) => decoder.push(&piece, &mut keep),
                    None => keep(&piece),
                }
                .map_err(Broken::Refused)?;
            }
            true
        }
    };
    if let Some(decoder) = decoder {
        let rest = decoder.finish().map_err(Broken::Refused)?;
        keep(&rest).map_err(Broken::Refused)?;
    }
    Ok(whole)
}

/// An answer with status 200 that is a refusal all the same.
pub fn refuse_refusal(
    answer: &Answer,
    document: Option<&Val>,
    body: &[u8],
    output: &dyn Output,
) -> Result<()> {
    let Some(why) = document.and_then(partial::refusal) else {
        return Ok(());
    };
    aside(body, output);
    let url = SafeUrl::new(answer.url.clone());
    Err(Error::new(
        Code::ApiStatus,
        format!(
            "{} {url} answered {} and an error: {why}",
            answer.method, answer.head.status
        ),
    ))
}

/// Shows an error's body on standard error.
pub fn aside(body: &[u8], output: &dyn Output) {
    let mut safe = Safe::default();
    let mut shown = Vec::new();
    let body = &body[..body.len().min(ERROR_BODY)];
    safe.push(body, Style::Text, &mut shown);
    safe.finish(Style::Text, &mut shown);
    if shown.last().is_some_and(|last| *last != b'\n') {
        shown.push(b'\n');
    }
    output.write_aside(&shown);
}
