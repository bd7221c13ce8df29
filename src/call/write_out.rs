//! `-w`: curl's variables after a transfer.

use std::fmt::Write;
use std::net::SocketAddr;
use std::time::Duration;

use http::HeaderMap;
use serde_json::{Map, Value, json};

use super::answer::Times;
use crate::error::Code;

/// What there is to say about a transfer.
#[derive(Debug, Default)]
pub struct Facts<'a> {
    /// `None`: there was no answer.
    pub status: Option<u16>,
    pub version: &'static str,
    pub headers: Option<&'a HeaderMap>,
    pub method: String,
    /// As asked for, and where it ended.
    pub url: String,
    pub url_effective: String,
    pub redirect_url: String,
    pub redirects: u32,
    pub retries: u32,
    pub size_download: u64,
    pub size_upload: u64,
    pub filename: String,
    /// On [`crate::port::Clock::steady_micros`]: the beginning, and when it went on.
    pub began: u64,
    pub times: Times,
    /// Microseconds from the beginning to the end.
    pub total: u64,
    pub failed: Option<(Code, String)>,
}

/// Every variable that stands for itself; `%{json}` has them all.
const NAMES: [&str; 30] = [
    "content_type",
    "errormsg",
    "exitcode",
    "filename_effective",
    "http_code",
    "http_version",
    "method",
    "num_connects",
    "num_headers",
    "num_redirects",
    "num_retries",
    "redirect_url",
    "remote_ip",
    "remote_port",
    "response_code",
    "scheme",
    "size_download",
    "size_upload",
    "speed_download",
    "speed_upload",
    "time_appconnect",
    "time_connect",
    "time_namelookup",
    "time_pretransfer",
    "time_redirect",
    "time_starttransfer",
    "time_total",
    "url",
    "url_effective",
    "urlnum",
];

/// The text for stdout and the text for stderr.
pub fn write(format: &str, facts: &Facts<'_>) -> (String, String) {
    let (mut out, mut err) = (String::new(), String::new());
    let mut to_stderr = false;
    let mut rest = format;
    while let Some(c) = rest.chars().next() {
        let target = if to_stderr { &mut err } else { &mut out };
        if let Some(after) = rest.strip_prefix("%%") {
            target.push('%');
            rest = after;
        } else if let Some((name, after)) = braced(rest, "%{") {
            match name {
                "stdout" => to_stderr = false,
                "stderr" => to_stderr = true,
                "onerror" if facts.failed.is_none() => break,
                "onerror" => {}
                name => variable(name, facts, target),
            }
            rest = after;
        } else if let Some((name, after)) = braced(rest, "%header{") {
            target.push_str(&header(name, facts));
            rest = after;
        } else if let Some((plain, after)) = escape(rest) {
            target.push(plain);
            rest = after;
        } else {
            target.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    (out, err)
}

fn braced<'a>(text: &'a str, opening: &str) -> Option<(&'a str, &'a str)> {
    text.strip_prefix(opening)?.split_once('}')
}

fn escape(text: &str) -> Option<(char, &str)> {
    let after = text.strip_prefix('\\')?;
    let plain = match after.chars().next()? {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        _ => return None,
    };
    Some((plain, &after[1..]))
}

fn header(name: &str, facts: &Facts<'_>) -> String {
    let value = facts.headers.and_then(|headers| headers.get(name));
    value.map_or(String::new(), |value| {
        String::from_utf8_lossy(value.as_bytes()).into_owned()
    })
}

fn variable(name: &str, facts: &Facts<'_>, out: &mut String) {
    // Writing into a String cannot fail.
    let _ = match name {
        "json" => write!(out, "{}", all(facts)),
        "header_json" => write!(out, "{}", headers(facts)),
        name if NAMES.contains(&name) => match value(name, facts) {
            Value::String(text) => write!(out, "{text}"),
            Value::Null => Ok(()),
            // curl's own way to write times and codes.
            value if name.starts_with("time_") => {
                write!(out, "{:.6}", value.as_f64().unwrap_or_default())
            }
            value if name.ends_with("_code") => {
                write!(out, "{:03}", value.as_u64().unwrap_or_default())
            }
            value => write!(out, "{value}"),
        },
        // Known to curl, not to us, or to nobody.
        _ => Ok(()),
    };
}

fn value(name: &str, facts: &Facts<'_>) -> Value {
    let speed = |bytes: u64| match u128::from(facts.total) {
        0 => bytes,
        micros => u64::try_from(u128::from(bytes) * 1_000_000 / micros).unwrap_or(u64::MAX),
    };
    let text = |text: &str| Value::String(text.to_owned());
    match name {
        "content_type" => match header(name.replace('_', "-").as_str(), facts) {
            empty if empty.is_empty() => Value::Null,
            content_type => Value::String(content_type),
        },
        "errormsg" => facts
            .failed
            .as_ref()
            .map_or(Value::Null, |(_, message)| text(message)),
        "exitcode" => json!(
            facts
                .failed
                .as_ref()
                .map_or(0, |(code, _)| code.exit_code())
        ),
        "filename_effective" => text(&facts.filename),
        "http_code" | "response_code" => json!(facts.status.unwrap_or(0)),
        // There is one URL a call.
        "urlnum" => json!(0),
        "http_version" => text(facts.version),
        "method" => text(&facts.method),
        "num_connects" => json!(facts.times.connects),
        "num_headers" => json!(facts.headers.map_or(0, HeaderMap::len)),
        "num_redirects" => json!(facts.redirects),
        "num_retries" => json!(facts.retries),
        "redirect_url" => text(&facts.redirect_url),
        "remote_ip" => remote(facts).map_or(Value::Null, |at| json!(at.ip().to_string())),
        "remote_port" => json!(remote(facts).map_or(0, |at| at.port())),
        "scheme" => text(
            &facts
                .url_effective
                .split(':')
                .next()
                .unwrap_or_default()
                .to_ascii_uppercase(),
        ),
        "size_download" => json!(facts.size_download),
        "size_upload" => json!(facts.size_upload),
        "speed_download" => json!(speed(facts.size_download)),
        "speed_upload" => json!(speed(facts.size_upload)),
        name if name.starts_with("time_") => json!(time(name, facts) as f64 / 1e6),
        "url" => text(&facts.url),
        "url_effective" => text(&facts.url_effective),
        _ => Value::Null,
    }
}

fn remote(facts: &Facts<'_>) -> Option<SocketAddr> {
    facts.times.connection.and_then(|found| found.remote)
}

/// Microseconds from the beginning to the end of a step, in the order of the steps; a step that
/// was not taken ends where the one before it did.
fn time(name: &str, facts: &Facts<'_>) -> u64 {
    let Facts { began, times, .. } = facts;
    let from_the_beginning = |moment: u64| moment.saturating_sub(*began);
    if name == "time_total" || facts.status.is_none() {
        return if name == "time_total" { facts.total } else { 0 };
    }
    let connect = times.connection.and_then(|found| found.connect);
    let connect = connect.unwrap_or_default();
    let behind = |step: Duration| {
        let step = u64::try_from(step.as_micros()).unwrap_or(u64::MAX);
        from_the_beginning(times.sent.saturating_add(step))
    };
    match name {
        "time_redirect" if facts.redirects == 0 => 0,
        "time_redirect" => from_the_beginning(times.sent),
        "time_namelookup" => behind(connect.lookup),
        "time_connect" => behind(connect.tcp),
        // As in curl: no TLS, no time.
        "time_appconnect" if !facts.url_effective.starts_with("https:") => 0,
        "time_appconnect" | "time_pretransfer" => behind(connect.ready),
        _ => from_the_beginning(times.answered),
    }
}

fn all(facts: &Facts<'_>) -> Value {
    let members: Map<_, _> = NAMES
        .iter()
        .map(|name| ((*name).to_owned(), value(name, facts)))
        .collect();
    Value::Object(members)
}

fn headers(facts: &Facts<'_>) -> Value {
    let mut members = Map::new();
    for (name, value) in facts.headers.into_iter().flatten() {
        let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
        let values = members.entry(name.as_str()).or_insert_with(|| json!([]));
        if let Value::Array(values) = values {
            values.push(Value::String(text));
        }
    }
    Value::Object(members)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::{Connect, Connection};
    use http::HeaderValue;
    use proptest::prelude::*;

    fn facts(headers: &HeaderMap) -> Facts<'_> {
        Facts {
            status: Some(200),
            version: "1.1",
            headers: Some(headers),
            method: "GET".into(),
            url_effective: "https://a.example/x".into(),
            size_download: 5,
            began: 7_000_000,
            times: Times {
                sent: 7_001_000,
                answered: 7_020_000,
                connection: Some(Connection {
                    connect: Some(Connect {
                        lookup: Duration::from_micros(500),
                        tcp: Duration::from_micros(2500),
                        ready: Duration::from_millis(9),
                    }),
                    remote: Some(([10, 0, 0, 1], 443).into()),
                }),
                connects: 1,
                repeated: false,
            },
            total: 1_500_000,
            ..Facts::default()
        }
    }

    fn headers() -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("text/plain"));
        headers.insert("x-a", HeaderValue::from_static("b"));
        headers
    }

    #[test]
    fn variables_are_written_as_curl_writes_them() {
        let headers = headers();
        let facts = facts(&headers);
        for (format, text) in [
            ("%{http_code}\\n", "200\n"),
            ("%{response_code} %{content_type}", "200 text/plain"),
            ("%{time_total}|%{time_starttransfer}", "1.500000|0.020000"),
            (
                "%{time_namelookup} %{time_connect} %{time_appconnect} %{time_pretransfer}",
                "0.001500 0.003500 0.010000 0.010000",
            ),
            ("%{time_redirect} %{num_connects}", "0.000000 1"),
            ("%{remote_ip}:%{remote_port}", "10.0.0.1:443"),
            ("%{size_download}%%\\t%header{X-A}", "5%\tb"),
            ("%{unknown}%{", "%{"),
            ("a%{onerror}b", "a"),
            ("%{scheme} %{http_version} %{num_headers}", "HTTPS 1.1 2"),
            ("\\x é", "\\x é"),
        ] {
            assert_eq!(write(format, &facts).0, text, "{format}");
        }
        let (out, err) = write("a%{stderr}b%{stdout}c", &facts);
        assert_eq!((out.as_str(), err.as_str()), ("ac", "b"));
    }

    #[test]
    fn json_forms_are_json() {
        let headers = headers();
        let facts = facts(&headers);
        let all: Value = serde_json::from_str(&write("%{json}", &facts).0).unwrap();
        assert_eq!(
            (&all["http_code"], &all["exitcode"]),
            (&json!(200), &json!(0))
        );
        let heads: Value = serde_json::from_str(&write("%{header_json}", &facts).0).unwrap();
        assert_eq!(heads["x-a"], json!(["b"]));
        let none = Facts::default();
        assert_eq!(write("%{http_code}", &none).0, "000");
    }

    proptest! {
        #[test]
        fn any_format_is_written(format in "[%{}a-z_\\\\é]{0,30}") {
            let headers = headers();
            let _ = write(&format, &facts(&headers));
        }
    }
}
