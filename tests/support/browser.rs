//! The `$BROWSER` double: this very test binary, started again to run [`double`] alone, acting
//! as an HTTP client on the URL it is given.

use std::path::Path;

use url::Url;

use super::wire;

/// What the double does with the URL; passed in its environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// Goes through pages and redirects, allowing everything.
    Allow,
    /// Presses "deny".
    Deny,
    /// Does nothing: the person never comes back.
    Ignore,
}

/// Name of the variable that carries the plan.
const PLAN: &str = "HALLPASS_TEST_BROWSER_PLAN";
/// Name of the variable that says where each URL is written down.
const RECORD: &str = "HALLPASS_TEST_BROWSER_RECORD";

/// Environment for hallpass: `$BROWSER` and what the double needs.
pub fn environment(plan: Plan, record: &Path) -> Vec<(String, String)> {
    let program = std::env::current_exe().expect("the test binary");
    let program = program.to_str().expect("a path in Unicode");
    assert!(!program.contains(' '), "a path without spaces: {program}");
    vec![
        (
            "BROWSER".into(),
            format!("{program} support::browser::double --exact --nocapture"),
        ),
        (PLAN.into(), format!("{plan:?}")),
        (RECORD.into(), record.to_str().expect("Unicode").into()),
    ]
}

/// Not a test of its own: the double's way in. Without a plan there is nothing to do.
#[test]
fn double() {
    let Ok(plan) = std::env::var(PLAN) else {
        return;
    };
    let url = std::env::args().find(|argument| argument.starts_with("http"));
    let url = Url::parse(&url.expect("one argument is the URL")).expect("a URL");
    if let Ok(record) = std::env::var(RECORD) {
        use std::io::Write;
        let file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(record);
        writeln!(file.expect("a file"), "{url}").expect("written");
    }
    match plan.as_str() {
        "Allow" => drop(walk(&url, true)),
        "Deny" => drop(walk(&url, false)),
        _ => {}
    }
}

/// Follows redirects and submits forms until a page has neither; gives that last page.
pub fn walk(start: &Url, allow: bool) -> wire::Response {
    let mut jar = Jar::default();
    let mut url = start.clone();
    let mut response = jar.send("GET", &url, b"");
    for _ in 0..20 {
        if let Some(location) = response.headers().get(http::header::LOCATION) {
            url = url
                .join(location.to_str().expect("ASCII"))
                .expect("a location");
            response = jar.send("GET", &url, b"");
            continue;
        }
        let page = String::from_utf8_lossy(response.body()).into_owned();
        let way_out = page.split('"').find(|text| text.ends_with("/abort"));
        if let (Some(way_out), false) = (way_out, allow) {
            url = url.join(way_out).expect("a link");
            response = jar.send("GET", &url, b"");
            continue;
        }
        let Some(form) = Form::find(&page) else {
            return response;
        };
        url = url.join(&form.action).expect("an action");
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(form.filled(allow));
        response = jar.send("POST", &url, body.finish().as_bytes());
    }
    panic!("the pages never end at {url}");
}

/// Cookies of one walk.
#[derive(Default)]
struct Jar(Vec<Cookie>);

struct Cookie {
    origin: String,
    path: String,
    name: String,
    value: String,
}

impl Jar {
    fn send(&mut self, method: &str, url: &Url, body: &[u8]) -> wire::Response {
        let origin = url.origin().ascii_serialization();
        let ours = self
            .0
            .iter()
            .filter(|cookie| cookie.origin == origin && url.path().starts_with(&cookie.path));
        let cookies: Vec<String> = ours
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect();
        let cookies = cookies.join("; ");
        let mut headers = vec![("cookie", cookies.as_str())];
        if method == "POST" {
            headers.push(("content-type", "application/x-www-form-urlencoded"));
        }
        let response = wire::request(method, url, &headers, body)
            .unwrap_or_else(|error| panic!("{method} {url}: {error}"));
        for header in response.headers().get_all(http::header::SET_COOKIE) {
            self.take(&origin, header.to_str().expect("ASCII"));
        }
        response
    }

    /// Sets a cookie, or with an empty value takes it out.
    fn take(&mut self, origin: &str, header: &str) {
        let mut parts = header.split(';').map(str::trim);
        let pair = parts.next().unwrap_or_default();
        let (name, value) = pair.split_once('=').expect("a cookie");
        let path = parts.find_map(|part| part.strip_prefix("path="));
        let path = path.unwrap_or("/");
        self.0.retain(|c| {
            (c.origin.as_str(), c.path.as_str(), c.name.as_str()) != (origin, path, name)
        });
        if !value.is_empty() {
            self.0.push(Cookie {
                origin: origin.into(),
                path: path.into(),
                name: name.into(),
                value: value.into(),
            });
        }
    }
}

/// The first form of a page.
struct Form {
    action: String,
    hidden: Vec<(String, String)>,
    buttons: Vec<(String, String)>,
}

impl Form {
    fn find(page: &str) -> Option<Form> {
        let start = page.find("<form")?;
        let end = page[start..].find("</form>")? + start;
        let form = &page[start..end];
        let mut found = Form {
            action: String::new(),
            hidden: Vec::new(),
            buttons: Vec::new(),
        };
        for tag in form.split('<').skip(1) {
            let tag = tag.split('>').next().unwrap_or_default();
            let pair = || (attribute(tag, "name"), attribute(tag, "value"));
            if tag.starts_with("form") {
                found.action = attribute(tag, "action")?;
            } else if tag.starts_with("input") && tag.contains("name=\"login\"") {
                found.hidden.push(("login".into(), "ada".into()));
            } else if tag.starts_with("input") && tag.contains("hidden") {
                let (name, value) = pair();
                found.hidden.push((name?, value.unwrap_or_default()));
            } else if tag.starts_with("button")
                && let (Some(name), Some(value)) = pair()
            {
                found.buttons.push((name, value));
            }
        }
        Some(found)
    }

    fn filled(&self, allow: bool) -> Vec<(String, String)> {
        let wanted = if allow { "allow" } else { "deny" };
        let mut fields = self.hidden.clone();
        fields.extend(self.buttons.iter().filter(|(_, v)| v == wanted).cloned());
        fields
    }
}

/// The value of an attribute, quoted or not.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let rest = tag.split_once(&format!("{name}="))?.1;
    let value = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => rest.split([' ', '>']).next()?,
    };
    Some(
        value
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&"),
    )
}
