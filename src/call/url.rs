//! Where a request goes: a relative URL is appended to the service's `api_base_url`.

use std::collections::BTreeMap;

use url::Url;

use super::words::is_absolute;
use crate::error::{Code, Error, Result};
use crate::secret::{is_unprintable, printable};
use crate::service::Service;

/// The URL that was typed, made whole. `captured` fills `{placeholders}` of `api_base_url`.
///
/// Appending is no RFC 3986 §5.2 joining, which would drop the base's own path. Whether the
/// credential may go there is not decided here but by its audience.
pub fn resolve(typed: &str, service: &Service, captured: &BTreeMap<String, String>) -> Result<Url> {
    let url = if is_absolute(typed) {
        absolute(typed)?
    } else if let Some((scheme, _)) = typed.split_once("://")
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric())
    {
        return Err(not_a_url(typed, "only http and https are spoken here"));
    } else {
        let base = base(service, captured)?;
        match without_scheme(typed, &base) {
            Some(whole) => absolute(&whole)?,
            None => append(&base, typed)?,
        }
    };
    Ok(url)
}

/// `api.example.com/user`, as one copies it from documentation and as curl takes it; only where
/// it begins with the very host of `base`, which no path below that host does.
fn without_scheme(typed: &str, base: &Url) -> Option<String> {
    let host = &base[url::Position::BeforeHost..url::Position::AfterPort];
    let begins = typed.split(['/', '?', '#']).next()?;
    begins
        .eq_ignore_ascii_case(host)
        .then(|| format!("{}://{typed}", base.scheme()))
}

/// An absolute URL without user information and fragment.
pub fn absolute(typed: &str) -> Result<Url> {
    refuse_control(typed)?;
    let mut url = Url::parse(typed).map_err(|error| not_a_url(typed, &error.to_string()))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::new(
            Code::Usage,
            format!(
                "user name or password in the URL of {}",
                url.host_str().unwrap_or_default()
            ),
        )
        .with_hint("leave it out: the session's token is the credential"));
    }
    url.set_fragment(None);
    Ok(url)
}

/// `api_base_url` with its placeholders filled from what the sign-in captured.
pub fn base(service: &Service, captured: &BTreeMap<String, String>) -> Result<Url> {
    let name = &service.name;
    let Some(template) = &service.values.api_base_url else {
        return Err(Error::new(
            Code::ServiceIncomplete,
            format!("service {name} has no api_base_url to append a relative URL to"),
        )
        .with_hint(format!(
            "give an absolute URL, or set it: `hallpass edit {name} --api-base-url https://…`"
        )));
    };
    let filled = fill(template, captured).map_err(|placeholder| {
        Error::new(
            Code::ServiceIncomplete,
            format!(
                "api_base_url of {name} needs {{{placeholder}}}, which the sign-in did not give"
            ),
        )
        .with_hint(format!("sign in again: `hallpass login {name}`"))
    })?;
    refuse_control(&filled)?;
    Url::parse(&filled).map_err(|error| {
        Error::new(
            Code::ConfigInvalid,
            format!(
                "api_base_url of {name} is not a URL: {} ({error})",
                printable(&filled, 200)
            ),
        )
        .with_hint("it looks like https://api.example.com/v1/")
    })
}

fn fill(template: &str, captured: &BTreeMap<String, String>) -> Result<String, String> {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((placeholder, after)) = after.split_once('}') else {
            return Err(after.to_owned());
        };
        out.push_str(before);
        out.push_str(
            captured
                .get(placeholder)
                .ok_or_else(|| placeholder.to_owned())?,
        );
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// Appends path and query of `typed` to those of `base`, whose scheme, host and port are neither
/// read nor written again: `batch` does this for each line.
pub fn append(base: &Url, typed: &str) -> Result<Url> {
    refuse_control(typed)?;
    // As the URL parser does at the end of a URL.
    let typed = typed.split('#').next().unwrap_or_default();
    let typed = typed.trim_end_matches(' ');
    let (path, query) = match typed.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (typed, None),
    };
    let mut url = base.clone();
    url.set_fragment(None);
    if !path.is_empty() {
        let own = base.path();
        let own = own.strip_suffix('/').unwrap_or(own);
        let path = path.strip_prefix('/').unwrap_or(path);
        url.set_path(&[own, path].join("/"));
    }
    match (base.query(), query) {
        (_, None) => {}
        (None, Some(query)) => url.set_query(Some(query)),
        (Some(own), Some(query)) => url.set_query(Some(&[own, query].join("&"))),
    }
    let origin = ..url::Position::BeforePath;
    if !url.has_host() || url[origin] != base[origin] {
        return Err(not_a_url(
            typed,
            "it leads away from the service's own origin",
        ));
    }
    Ok(url)
}

/// Appends an encoded query to the URL's own.
pub fn add_query(url: &mut Url, query: &str) {
    if query.is_empty() {
        return;
    }
    match url.query() {
        Some(own) if !own.is_empty() => {
            let joined = format!("{own}&{query}");
            url.set_query(Some(&joined));
        }
        _ => url.set_query(Some(query)),
    }
}

/// The URL parser would drop line ends silently; nobody types them on purpose.
fn refuse_control(typed: &str) -> Result<()> {
    if typed.chars().any(is_unprintable) {
        return Err(not_a_url(typed, "it holds a control character"));
    }
    Ok(())
}

fn not_a_url(typed: &str, why: &str) -> Error {
    Error::new(
        Code::Usage,
        format!("not a usable URL: {:?}: {why}", printable(typed, 200)),
    )
    .with_hint("give a path of the service's API, or https://…")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn appended(base: &str, typed: &str) -> String {
        append(&Url::parse(base).unwrap(), typed)
            .unwrap()
            .to_string()
    }

    fn service(base: &str) -> Service {
        let mut service = Service {
            name: "x".into(),
            account: None,
            values: crate::service::Registration::default(),
            origins: BTreeMap::new(),
            variables: BTreeMap::new(),
        };
        service.values.api_base_url = Some(base.into());
        service
    }

    #[test]
    fn relative_urls_are_appended_to_the_bases_path() {
        for (base, typed, whole) in [
            ("https://a.example", "x", "https://a.example/x"),
            ("https://a.example/", "/x", "https://a.example/x"),
            ("https://a.example/v1", "x", "https://a.example/v1/x"),
            ("https://a.example/v1/", "/x/", "https://a.example/v1/x/"),
            ("https://a.example/v1", "/", "https://a.example/v1/"),
            ("https://a.example/v1", "", "https://a.example/v1"),
            ("https://a.example/v1", "?a=b", "https://a.example/v1?a=b"),
            (
                "https://a.example/v1?k=1",
                "x?a=b#f",
                "https://a.example/v1/x?k=1&a=b",
            ),
            (
                "https://a.example/v1",
                "//evil.example/x",
                "https://a.example/v1//evil.example/x",
            ),
            (
                "https://a.example",
                "@evil.example",
                "https://a.example/@evil.example",
            ),
            (
                "https://a.example",
                ".evil.example",
                "https://a.example/.evil.example",
            ),
            (
                "https://a.example",
                ":80@evil.example",
                "https://a.example/:80@evil.example",
            ),
            ("https://a.example/v1", "a b", "https://a.example/v1/a%20b"),
            (
                "https://a.example/v1",
                "users?mail=https://x",
                "https://a.example/v1/users?mail=https://x",
            ),
        ] {
            assert_eq!(appended(base, typed), whole, "{base} {typed}");
        }
    }

    #[test]
    fn the_apis_own_host_needs_no_scheme() {
        for (base, typed, whole) in [
            (
                "https://a.example/v1",
                "a.example/v2/x?q=1",
                "https://a.example/v2/x?q=1",
            ),
            (
                "http://127.0.0.1:81/v1",
                "127.0.0.1:81",
                "http://127.0.0.1:81/",
            ),
            (
                "https://a.example/v1",
                "A.example?x",
                "https://a.example/?x",
            ),
            (
                "https://a.example/v1",
                "/a.example/x",
                "https://a.example/v1/a.example/x",
            ),
            (
                "https://a.example/v1",
                "b.example/x",
                "https://a.example/v1/b.example/x",
            ),
            (
                "https://a.example:81/v1",
                "a.example/x",
                "https://a.example:81/v1/a.example/x",
            ),
            (
                "https://a.example/v1",
                "a.example@b.example/x",
                "https://a.example/v1/a.example@b.example/x",
            ),
        ] {
            let url = resolve(typed, &service(base), &BTreeMap::new()).unwrap();
            assert_eq!(url.as_str(), whole, "{base} {typed}");
        }
    }

    #[test]
    fn captured_values_fill_the_base() {
        let captured = BTreeMap::from([("instance_url".into(), "https://na1.example".into())]);
        let url = resolve(
            "sobjects",
            &service("{instance_url}/data/v61.0/"),
            &captured,
        )
        .unwrap();
        assert_eq!(url.as_str(), "https://na1.example/data/v61.0/sobjects");
        let error = resolve("x", &service("{instance_url}/"), &BTreeMap::new()).unwrap_err();
        assert_eq!(error.code(), Code::ServiceIncomplete);
        assert!(error.to_string().contains("{instance_url}"));
    }

    #[test]
    fn what_is_no_url_is_refused_by_name() {
        let service = service("https://a.example");
        for typed in [
            "ftp://a.example/",
            "https://",
            "https://u:p@a.example/",
            "a\r\nb",
            "https://a.example/\n",
        ] {
            let error = resolve(typed, &service, &BTreeMap::new()).unwrap_err();
            assert_eq!(error.code(), Code::Usage, "{typed:?}");
            assert!(!error.to_string().contains("u:p@"));
        }
    }

    proptest! {
        /// Setting the parts comes to what writing the whole out and reading it would.
        #[test]
        fn appending_is_writing_one_behind_the_other(
            path in "[/\\\\@:.%|\\[a-zé {}\"]{0,16}",
            query in proptest::option::of("[?&=%'\"<>a-zé ]{0,8}"),
            base in prop_oneof![Just("https://a.example:8443/v1"), Just("http://127.0.0.1/a%20b/"), Just("https://a.example/v1?k=1&l#f")],
        ) {
            let base = Url::parse(base).unwrap();
            let mut typed = path;
            if let Some(query) = &query {
                typed.push('?');
                typed.push_str(query);
            }
            let mut text = base[..url::Position::BeforePath].to_owned();
            match typed.starts_with('?') || typed.trim_end_matches(' ').is_empty() {
                true => text.push_str(base.path()),
                false => {
                    text.push_str(base.path().trim_end_matches('/'));
                    text.push('/');
                }
            }
            let rest = typed.strip_prefix('/').unwrap_or(&typed);
            text.push_str(&match base.query() {
                Some(own) => match rest.split_once('?') {
                    Some((path, query)) => format!("{path}?{own}&{query}"),
                    None => format!("{}?{own}", rest.trim_end_matches(' ')),
                },
                None => rest.to_owned(),
            });
            prop_assert_eq!(append(&base, &typed).unwrap(), Url::parse(&text).unwrap());
        }

        /// Whatever is typed as a relative URL stays on the base's origin.
        #[test]
        fn relative_urls_never_leave_the_origin(typed in "\\PC{0,24}", path in "[/\\\\@:.?#a-z]{0,16}") {
            let base = Url::parse("https://a.example:8443/v1").unwrap();
            for typed in [typed, path] {
                if let Ok(url) = append(&base, &typed) {
                    prop_assert_eq!(url.origin(), base.origin());
                    prop_assert!(url.username().is_empty() && url.password().is_none());
                }
            }
        }
    }
}
