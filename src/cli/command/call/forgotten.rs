//! `call` without its service: which one was meant, and the line with it.

use url::Url;

use crate::call::words::is_upper;
use crate::cli::context::Context;
use crate::cli::corrected;
use crate::error::{Code, Error};
use crate::secret::{SafeUrl, printable};
use crate::service::{Service, preset};
use crate::session::audience;

/// Services that a hint names.
const SHOWN: usize = 8;

/// `error` says what the first of `words`, which should have been a service, came to.
pub fn service(cx: &Context, words: &[String], error: Error) -> Error {
    let Some(first) = words.first() else {
        return error;
    };
    let unknown = match cx.service(first) {
        Err(unknown) => unknown,
        Ok(service) => return error.with_hint(below(&service)),
    };
    let misspelt = unknown
        .hint()
        .is_some_and(|hint| hint.starts_with("did you mean"));
    let Ok(configuration) = cx.configuration() else {
        return error;
    };
    if unknown.code() != Code::UnknownService || misspelt {
        return unknown;
    }
    let names: Vec<&str> = configuration.services.keys().map(String::as_str).collect();
    let what = format!(
        "\"{}\" is no service, and a service comes first",
        printable(&bare(first), 80)
    );
    Error::new(error.code(), what).with_hint(hint(&names, words))
}

/// No service covers `target`, which is among `words`.
pub fn url(cx: &Context, words: &[String], target: &Url, error: Error) -> Error {
    let Ok(configuration) = cx.configuration() else {
        return error;
    };
    let fits = |name: &&str| {
        let service = cx.service(name);
        service.is_ok_and(|service| may_see(&service, target))
    };
    let own: Vec<&str> = configuration.services.keys().map(String::as_str).collect();
    let fitting: Vec<&str> = own.iter().copied().filter(fits).collect();
    if !fitting.is_empty() {
        return error.with_hint(hint(&fitting, words));
    }
    let mut known = preset::names(&configuration.user_presets);
    if let Some(name) = known.find(fits) {
        return error.with_hint(format!(
            "{name} fits: `hallpass login {name}`, then `{}`",
            line(words, name)
        ));
    }
    let origin = target.origin().ascii_serialization();
    let yours = match own.as_slice() {
        [] => String::new(),
        names => format!("yours are {}; ", list(names)),
    };
    error.with_hint(format!(
        "{yours}`hallpass add NAME {}` adds one, then `{}`",
        SafeUrl::new(origin.parse().unwrap_or_else(|_| target.clone())),
        line(words, "NAME")
    ))
}

/// A service alone has no URL: what one looks like here.
fn below(service: &Service) -> String {
    let reference = service.reference();
    match &service.values.api_base_url {
        Some(base) => {
            let base = printable(base.trim_end_matches('/'), 100);
            format!("`hallpass call {reference} PATH` asks for {base}/PATH")
        }
        None => format!("`hallpass call {reference} https://…`"),
    }
}

fn may_see(service: &Service, target: &Url) -> bool {
    audience::of(service).is_ok_and(|audience| audience.allows(target))
}

fn hint(names: &[&str], words: &[String]) -> String {
    match names {
        [] => format!(
            "there is none yet: `hallpass login google` makes one, then `{}`",
            line(words, "google")
        ),
        [only] => format!("put it first: `{}`", line(words, only)),
        names => format!(
            "put one of {} first: `{}`",
            list(names),
            line(words, "SERVICE")
        ),
    }
}

fn list(names: &[&str]) -> String {
    let more = if names.len() > SHOWN { ", …" } else { "" };
    let names: Vec<&str> = names.iter().copied().take(SHOWN).collect();
    format!("{}{more}", names.join(", "))
}

/// What was typed, with `name` as its service: method and URL of it, without the query's values.
fn line(words: &[String], name: &str) -> String {
    let argv = corrected::typed();
    let typed = corrected::place_of(&argv, "call").map_or(0, |at| argv.len() - at - 1);
    meant(words, name, typed)
}

/// `typed`: words and flags after `call`.
fn meant(words: &[String], name: &str, typed: usize) -> String {
    let method = words.first().is_some_and(|word| is_upper(word));
    let shown: Vec<String> = words
        .iter()
        .take(1 + usize::from(method))
        .map(|word| bare(word))
        .collect();
    let more = typed > shown.len();
    let line = ["call", name]
        .into_iter()
        .chain(shown.iter().map(String::as_str));
    corrected::line(line, more)
}

fn bare(word: &str) -> String {
    match Url::parse(word) {
        Ok(url) if url.has_host() => SafeUrl::new(url).to_string(),
        _ => corrected::bare(word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hint_names_what_there_is_and_shows_the_line() {
        let words = ["/notes"].map(str::to_owned);
        let hint = |names: &[&str]| hint(names, &words);
        assert_eq!(hint(&["demo"]), "put it first: `hallpass call demo /notes`");
        assert_eq!(
            hint(&["demo", "work"]),
            "put one of demo, work first: `hallpass call SERVICE /notes`"
        );
        assert!(hint(&[]).contains("hallpass login google"));
        assert_eq!(list(&["a"; 9]), "a, a, a, a, a, a, a, a, …");
    }

    /// Words after the URL, flags and the query may be secrets.
    #[test]
    fn of_what_was_typed_only_method_and_url_are_shown() {
        for (typed, line) in [
            ("/notes?key=hunter2 a=b", "demo '/notes?…' …"),
            ("POST /notes password=hunter2", "demo POST /notes …"),
            (
                "https://u:hunter2@a.example/x?t=hunter2",
                "demo 'https://a.example/x?t=…'",
            ),
            ("password=hunter2", "demo 'password=…'"),
            ("password:=\"a/hunter2\"", "demo 'password:…'"),
            ("X-Key:hunter2 /x", "demo 'X-Key:…' …"),
            ("u:hunter2@a.example/x", "demo 'u:…'"),
            ("POST key==hunter2", "demo POST 'key=…'"),
            ("/x#hunter2", "demo '/x?…'"),
            ("a.example:81/x", "demo a.example:81/x"),
            ("/docs/1:copy", "demo /docs/1:copy"),
        ] {
            let words: Vec<String> = typed.split(' ').map(str::to_owned).collect();
            assert_eq!(
                meant(&words, "demo", words.len()),
                format!("hallpass call {line}")
            );
        }
    }
}
