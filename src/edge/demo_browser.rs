//! The browser of `hallpass demo` where there is none: an HTTP client that reads the embedded
//! provider's consent page, presses "Allow", and follows the redirect to the listener.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use url::Url;

use crate::edge::http::{Client, HttpOptions};
use crate::error::{Code, Error, Result};
use crate::port::{Body, Browser, Http};

/// Bytes of a page that are read.
const PAGE_LIMIT: usize = 1 << 18;
/// Redirects and forms gone through at most.
const STEPS: usize = 8;
/// The whole walk.
const DEADLINE: Duration = Duration::from_secs(20);

/// Walks in a thread of its own, as a browser would; what fails shows as a time-out of the
/// sign-in.
#[derive(Debug, Clone, Copy, Default)]
pub struct WalkingBrowser;

impl Browser for WalkingBrowser {
    fn available(&self) -> bool {
        true
    }

    fn open(&self, url: &Url) -> Result<()> {
        let url = url.clone();
        std::thread::Builder::new()
            .spawn(move || {
                let walk = async { tokio::time::timeout(DEADLINE, walk(url)).await };
                super::clock::runtime().block_on(walk)
            })
            .map(drop)
            .map_err(|error| Error::new(Code::Internal, "no thread to walk in").with_source(error))
    }
}

async fn walk(mut url: Url) -> Result<()> {
    let client = Client::new(HttpOptions::default());
    let mut form = None;
    for _ in 0..STEPS {
        let (location, page) = visit(&client, &url, form.take()).await?;
        if let Some(location) = location {
            url = join(&url, &location)?;
        } else if let Some((action, fields)) = consent_form(&page) {
            url = join(&url, &action)?;
            form = Some(fields);
        } else {
            return Ok(());
        }
    }
    Err(Error::new(Code::Internal, "the demo's pages never end"))
}

/// One page: where it sends us on, and its text.
async fn visit(
    client: &Client,
    url: &Url,
    form: Option<String>,
) -> Result<(Option<String>, String)> {
    let request = match form {
        None => http::Request::builder()
            .uri(url.as_str())
            .body(Body::empty()),
        Some(form) => http::Request::post(url.as_str())
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::Whole(Bytes::from(form))),
    };
    let request = request.map_err(|error| {
        Error::new(Code::Internal, "the demo's page cannot be asked for").with_source(error)
    })?;
    let (head, body) = client.send(request).await?.into_parts();
    let location = head.headers.get(http::header::LOCATION);
    let location = location.and_then(|value| Some(value.to_str().ok()?.to_owned()));
    let mut page = Vec::new();
    match body {
        Body::Whole(bytes) => page.extend_from_slice(&bytes),
        Body::Stream { mut stream, .. } => {
            while let Some(piece) = stream.next().await {
                page.extend_from_slice(&piece?);
                if page.len() > PAGE_LIMIT {
                    break;
                }
            }
        }
    }
    Ok((location, String::from_utf8_lossy(&page).into_owned()))
}

fn join(base: &Url, target: &str) -> Result<Url> {
    base.join(target)
        .map_err(|error| Error::new(Code::Internal, "a bad link in the demo").with_source(error))
}

/// Action and fields of the page's form, with the button that allows.
fn consent_form(page: &str) -> Option<(String, String)> {
    let form = page.split_once("<form ")?.1.split_once("</form>")?.0;
    let action = attribute(form, "action")?;
    let mut fields = url::form_urlencoded::Serializer::new(String::new());
    for input in form.split("<input type=hidden ").skip(1) {
        fields.append_pair(&attribute(input, "name")?, &attribute(input, "value")?);
    }
    fields.append_pair("decision", "allow");
    Some((action, fields.finish()))
}

/// A double-quoted attribute as our own pages write it; their values hold nothing that was escaped.
fn attribute(text: &str, name: &str) -> Option<String> {
    let start = format!("{name}=\"");
    let value = text.split_once(&start)?.1.split_once('"')?.0;
    Some(value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_filled_and_allowed() {
        let page = "<p>x</p><form method=post action=\"/consent\"><input type=hidden name=\"ticket\" \
                    value=\"a b\"><button name=decision value=deny>Deny</button></form>";
        let (action, fields) = consent_form(page).unwrap();
        assert_eq!(action, "/consent");
        assert_eq!(fields, "ticket=a+b&decision=allow");
        assert!(consent_form("<p>done</p>").is_none());
    }
}
