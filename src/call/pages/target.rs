//! Where a link to the next page leads, as strictly as a redirect is taken (RFC 3986 §5.2).

use url::Url;

use crate::error::{Code, Error, Result};
use crate::secret::{SafeUrl, printable};

/// The URL that `link` means on the page `from`. Whether the credential may go there is for its
/// audience to say.
pub fn resolve(link: &str, from: &Url) -> Result<Url> {
    let refused = |code, what: String| {
        Error::new(code, what).with_hint("look at the answer itself: leave out --paginate, add -i")
    };
    let mut url = from.join(link.trim()).map_err(|error| {
        let link = printable(link, 200);
        refused(
            Code::ResponseInvalid,
            format!("the link to the next page is not a URL: {link:?} ({error})"),
        )
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        let scheme = printable(url.scheme(), 40);
        return Err(refused(
            Code::ResponseInvalid,
            format!("the link to the next page is a {scheme}: URL"),
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused(
            Code::ResponseInvalid,
            format!(
                "the link to the next page holds a user name or password: {}",
                SafeUrl::new(url)
            ),
        ));
    }
    if from.scheme() == "https" && url.scheme() == "http" {
        return Err(refused(
            Code::OriginNotAllowed,
            format!(
                "the link to the next page would leave encryption behind: {}",
                SafeUrl::new(url)
            ),
        ));
    }
    url.set_fragment(None);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FROM: &str = "https://api.example.com/v1/items?page=1#top";

    fn resolved(link: &str) -> Result<String> {
        resolve(link, &Url::parse(FROM).unwrap()).map(String::from)
    }

    #[test]
    fn relative_links_are_resolved_against_the_page() {
        for (link, url) in [
            ("?page=2", "https://api.example.com/v1/items?page=2"),
            ("/v2/x?a=b#f", "https://api.example.com/v2/x?a=b"),
            ("more", "https://api.example.com/v1/more"),
            ("//cdn.example.com/x", "https://cdn.example.com/x"),
            (" https://api.example.com/x ", "https://api.example.com/x"),
        ] {
            assert_eq!(resolved(link).unwrap(), url);
        }
    }

    #[test]
    fn what_is_no_safe_place_is_refused() {
        for (link, code) in [
            ("http://api.example.com/x", Code::OriginNotAllowed),
            ("javascript:alert(1)", Code::ResponseInvalid),
            ("file:///etc/passwd", Code::ResponseInvalid),
            ("https://user:pw@api.example.com/x", Code::ResponseInvalid),
            ("https://", Code::ResponseInvalid),
        ] {
            let error = resolved(link).unwrap_err();
            assert_eq!(error.code(), code, "{link}");
            assert!(!error.to_string().contains("pw"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_link_leads_out_of_https(link in "\\PC{0,40}") {
            if let Ok(url) = resolved(&link) {
                prop_assert!(url.starts_with("https://"));
            }
        }
    }
}
