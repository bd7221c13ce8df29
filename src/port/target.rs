//! Where a request goes, as a URL: parsed once, however many ask.

use url::{ParseError, Url};

use super::Request;

/// Among a request's extensions: its URI as whoever made it had parsed it.
#[derive(Debug, Clone)]
struct Parsed(Url);

/// Sends `request` to `url`; fails where a URI cannot spell it.
pub fn set(request: &mut Request, url: &Url) -> Result<(), http::uri::InvalidUri> {
    *request.uri_mut() = url.as_str().parse()?;
    request.extensions_mut().insert(Parsed(url.clone()));
    Ok(())
}

/// The request's URI as a URL. What [`set`] left is taken only where it still is the URI, letter
/// for letter: a changed URI is parsed anew.
pub fn of(request: &Request) -> Result<Url, ParseError> {
    let uri = request.uri();
    match request.extensions().get::<Parsed>() {
        Some(Parsed(url)) if is_spelled(url, uri) => Ok(url.clone()),
        _ => Url::parse(&uri.to_string()),
    }
}

fn is_spelled(url: &Url, uri: &http::Uri) -> bool {
    let rest = |text: &str| -> Option<bool> {
        let text = text.strip_prefix(uri.scheme_str()?)?;
        let text = text.strip_prefix("://")?;
        let text = text.strip_prefix(uri.authority()?.as_str())?;
        Some(text == uri.path_and_query()?.as_str())
    };
    rest(url.as_str()) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::Body;

    fn request(url: &str) -> Request {
        let mut request = Request::new(Body::empty());
        set(&mut request, &Url::parse(url).unwrap()).unwrap();
        request
    }

    #[test]
    fn what_was_set_is_given_back_and_was_not_parsed_again() {
        for url in [
            "https://api.example/",
            "https://api.example:8443/a%20b?q=1&r",
            "http://[::1]:80/x",
        ] {
            let request = request(url);
            let url = Url::parse(url).unwrap();
            assert!(is_spelled(&url, request.uri()), "{url}");
            assert_eq!(of(&request).unwrap(), url);
        }
    }

    /// A credential must never follow what the URI no longer says.
    #[test]
    fn a_changed_uri_counts_and_not_what_was_set() {
        for changed in [
            "https://evil.example/",
            "http://api.example/",
            "https://api.example:444/",
            "https://api.example/other",
            "https://api.example.evil.example/",
        ] {
            let mut request = request("https://api.example/");
            *request.uri_mut() = changed.parse().unwrap();
            assert_eq!(of(&request).unwrap().as_str(), changed);
        }
        let mut relative = request("https://api.example/");
        *relative.uri_mut() = "/".parse().unwrap();
        assert!(of(&relative).is_err());
    }
}
