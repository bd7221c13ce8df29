//! The page that the person's browser lands on: static, self-contained, and true, because it is
//! sent when the outcome is known (RFC 9700 §4.2).
//!
//! No parameter of the request is ever reflected; service and account are escaped. The one style
//! sheet is allowed by its hash, nothing else is.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Response, StatusCode, header};
use ring::digest;

use crate::protocol::authorization_response::Ignored;

const STYLE: &str = include_str!("landing_page.css");

/// What there is to tell.
#[derive(Debug, Clone, Copy)]
pub enum Page<'a> {
    /// Signed in and kept.
    SignedIn {
        service: &'a str,
        account: &'a str,
        /// Where it is kept, for people.
        store: &'a str,
    },
    /// The person or the server said no.
    Denied { service: &'a str },
    /// The answer or the exchange after it failed.
    Failed { service: &'a str },
    /// Signed in, but the session could not be kept.
    NotStored { service: &'a str },
    /// This sign-in has its answer already.
    AlreadyAnswered,
    /// Not the answer that is waited for.
    Ignored(Ignored),
}

struct Words {
    status: StatusCode,
    class: &'static str,
    icon: &'static str,
    title: String,
    lines: Vec<String>,
}

const TICK: &str = r#"<circle cx="12" cy="12" r="10"/><path d="m7.5 12.5 3 3 6-6.5"/>"#;
const CROSS: &str = r#"<circle cx="12" cy="12" r="10"/><path d="m8.5 8.5 7 7m0-7-7 7"/>"#;
const INFO: &str = r#"<circle cx="12" cy="12" r="10"/><path d="M12 11v5.5M12 7.5v.01"/>"#;

impl Page<'_> {
    /// The whole response.
    pub fn response(&self) -> Response<Vec<u8>> {
        let words = self.words();
        let mut response = Response::new(html(&words).into_bytes());
        *response.status_mut() = words.status;
        let headers = response.headers_mut();
        let mut set = |name: header::HeaderName, value: &'static str| {
            headers.insert(name, HeaderValue::from_static(value));
        };
        set(header::CONTENT_TYPE, "text/html; charset=utf-8");
        set(header::CACHE_CONTROL, "no-store");
        set(header::REFERRER_POLICY, "no-referrer");
        set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        set(header::X_FRAME_OPTIONS, "DENY");
        if words.status == StatusCode::METHOD_NOT_ALLOWED {
            set(header::ALLOW, "GET, POST");
        }
        headers.insert(header::CONTENT_SECURITY_POLICY, content_security_policy());
        response
    }

    fn words(&self) -> Words {
        let words = |status, class, icon, title: &str, lines: &[String]| Words {
            status,
            class,
            icon,
            title: title.to_owned(),
            lines: lines.to_vec(),
        };
        let close = "You can close this tab and go back to the terminal.".to_owned();
        let look = "The terminal says more. You can close this tab.".to_owned();
        let named = |service: &str| format!("<strong>{}</strong>", escape(service));
        match self {
            Page::SignedIn {
                service,
                account,
                store,
            } => words(
                StatusCode::OK,
                "good",
                TICK,
                "You are signed in",
                &[
                    format!(
                        "hallpass can now use {} as {}.",
                        named(service),
                        named(account)
                    ),
                    format!("The session is kept in: {}.", escape(store)),
                    close,
                ],
            ),
            Page::Denied { service } => words(
                StatusCode::OK,
                "bad",
                CROSS,
                "Access was denied",
                &[format!("{} gave hallpass no access.", named(service)), look],
            ),
            Page::Failed { service } => words(
                StatusCode::OK,
                "bad",
                CROSS,
                "The sign-in failed",
                &[
                    format!(
                        "Signing in to {} did not work; nothing was kept.",
                        named(service)
                    ),
                    look,
                ],
            ),
            Page::NotStored { service } => words(
                StatusCode::OK,
                "bad",
                CROSS,
                "The session could not be kept",
                &[
                    format!(
                        "{} let you in, but the session could not be stored on this machine.",
                        named(service)
                    ),
                    look,
                ],
            ),
            Page::AlreadyAnswered => words(
                StatusCode::OK,
                "note",
                INFO,
                "Already done",
                &[
                    "This sign-in has its answer already; nothing was done again.".to_owned(),
                    look,
                ],
            ),
            Page::Ignored(reason) => words(
                reason.status(),
                "note",
                INFO,
                "Not what hallpass is waiting for",
                &[
                    format!("This request was ignored: {reason}."),
                    "The sign-in goes on; finish it in the tab that the terminal opened."
                        .to_owned(),
                ],
            ),
        }
    }
}

fn html(words: &Words) -> String {
    let mut out = String::with_capacity(4096);
    out.push_str("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    out.push_str("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n");
    // Without it browsers ask for /favicon.ico.
    out.push_str("<link rel=\"icon\" href=\"data:,\">\n");
    // Writing into a String cannot fail.
    let _ = write!(
        out,
        "<title>{title} · hallpass</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <svg class=\"{class}\" viewBox=\"0 0 24 24\" aria-hidden=\"true\">{icon}</svg>\n\
         <h1>{title}</h1>\n",
        title = escape(&words.title),
        class = words.class,
        icon = words.icon,
    );
    for line in &words.lines {
        let _ = writeln!(out, "<p>{line}</p>");
    }
    out.push_str("<footer>hallpass</footer>\n</main>\n</body>\n</html>\n");
    out
}

fn content_security_policy() -> HeaderValue {
    let hash = STANDARD.encode(digest::digest(&digest::SHA256, STYLE.as_bytes()));
    HeaderValue::try_from(format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    ))
    .expect("base64 is printable ASCII")
}

/// Text for an HTML element or a quoted attribute.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in crate::secret::printable(text, 200).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_page() -> Vec<Page<'static>> {
        let service = "<script>alert(1)</script>";
        vec![
            Page::SignedIn {
                service,
                account: "\"'><img src=x>",
                store: "OS keyring & co",
            },
            Page::Denied { service },
            Page::Failed { service },
            Page::NotStored { service },
            Page::AlreadyAnswered,
            Page::Ignored(Ignored::WrongState),
        ]
    }

    /// must 29.
    #[test]
    fn every_page_carries_the_protecting_headers() {
        for page in every_page() {
            let response = page.response();
            let header = |name| response.headers()[name].to_str().unwrap().to_owned();
            assert_eq!(header("content-type"), "text/html; charset=utf-8");
            assert_eq!(header("referrer-policy"), "no-referrer");
            assert_eq!(header("cache-control"), "no-store");
            assert_eq!(header("x-content-type-options"), "nosniff");
            let policy = header("content-security-policy");
            assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"));
            assert!(!policy.contains("unsafe"));
            // In a frame of somebody else's page it could be clicked on unseen.
            assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
            assert_eq!(header("x-frame-options"), "DENY");
            assert!(
                !response
                    .headers()
                    .contains_key("access-control-allow-origin")
            );
        }
    }

    /// must 29, CVE-2021-23347: nothing foreign becomes markup, nothing is fetched.
    #[test]
    fn pages_have_no_script_no_outside_and_no_foreign_markup() {
        for page in every_page() {
            let body = String::from_utf8(page.response().into_body()).unwrap();
            for bad in [
                "<script", "<img", "http:", "https:", "url(", "@import", "onload", "style=",
            ] {
                assert!(!body.contains(bad), "{bad} in {body}");
            }
            assert!(body.contains("<link rel=\"icon\" href=\"data:,\">"));
        }
    }

    #[test]
    fn the_policys_hash_is_of_the_style_in_the_page() {
        let response = Page::AlreadyAnswered.response();
        let body = String::from_utf8(response.body().clone()).unwrap();
        let style = body
            .split("<style>")
            .nth(1)
            .unwrap()
            .split("</style>")
            .next()
            .unwrap();
        let hash = STANDARD.encode(digest::digest(&digest::SHA256, style.as_bytes()));
        let policy = response.headers()["content-security-policy"]
            .to_str()
            .unwrap();
        assert!(policy.contains(&hash));
    }

    #[test]
    fn ignored_requests_get_an_error_status() {
        assert_eq!(Page::Ignored(Ignored::Path).response().status(), 404);
        let method = Page::Ignored(Ignored::Method).response();
        assert_eq!(method.status(), 405);
        assert!(method.headers().contains_key("allow"));
    }

    proptest::proptest! {
        #[test]
        fn no_name_becomes_markup(name in "[<>\"'&/a-z=(){};\\PC]{0,40}") {
            let page = Page::SignedIn { service: &name, account: &name, store: &name };
            let body = String::from_utf8(page.response().into_body()).unwrap();
            let plain = Page::SignedIn { service: "x", account: "x", store: "x" };
            let plain = String::from_utf8(plain.response().into_body()).unwrap();
            for c in ['<', '>', '"', '\''] {
                proptest::prop_assert_eq!(body.matches(c).count(), plain.matches(c).count());
            }
        }
    }
}
