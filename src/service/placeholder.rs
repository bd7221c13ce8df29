//! `{placeholders}` in a preset's values: tenant, host, realm, and what a sign-in captures.

use std::collections::{BTreeMap, BTreeSet};

use super::preset::{Preset, Variable};
use super::registration::Registration;
use super::strict::closest;
use crate::error::{Code, Error, Result};
use crate::secret::printable;

/// Fills a merged service's values from its own `variables`.
///
/// `declared` are the preset's: a variable that neither it nor any value knows is a typing error.
pub fn fill_service(
    values: &mut Registration,
    declared: &BTreeMap<String, Variable>,
    service: &str,
) -> Result<()> {
    let mut variables = values.variables.clone();
    for (name, value) in &variables {
        check_value(name, value, service)?;
    }
    // Some APIs want it in a header of their own (Twitch).
    if let Some(client_id) = &values.client_id {
        variables.insert("client_id".to_owned(), client_id.clone());
    }
    let mut used = BTreeSet::new();
    for text in templates(values) {
        used.extend(names(text).into_iter().map(str::to_owned));
        *text = fill_url(text, &variables);
    }
    for name in values.variables.keys() {
        if !declared.contains_key(name) && !used.contains(name) {
            let what = format!(
                "service \"{service}\" has nothing that uses variable \"{}\"",
                printable(name, 80)
            );
            return Err(unknown(what, name, declared).unwrap_or_else(|what| {
                Error::new(Code::ConfigInvalid, what).with_hint(format!(
                    "leave --var out; where config.toml has it: `hallpass edit {service} --unset \
                     variables.{}`",
                    printable(name, 80)
                ))
            }));
        }
    }
    Ok(())
}

/// Every variable of the layer must be one of the preset, or be used by the layer itself.
pub fn check_names(layer: &Registration, preset: &Preset) -> Result<()> {
    let mut used = BTreeSet::new();
    for values in [layer, &preset.registration] {
        let mut values = values.clone();
        for text in templates(&mut values) {
            used.extend(names(text).into_iter().map(str::to_owned));
        }
    }
    let mut given = layer.variables.keys();
    let Some(name) =
        given.find(|name| !preset.variables.contains_key(*name) && !used.contains(*name))
    else {
        return Ok(());
    };
    let what = format!(
        "provider {} has no variable \"{}\"",
        preset.name,
        printable(name, 80)
    );
    Err(
        unknown(what, name, &preset.variables).unwrap_or_else(|what| {
            Error::new(Code::ConfigInvalid, what).with_hint("it has none: leave --var out")
        }),
    )
}

/// Says what there is, the nearest first; `what` comes back where there is nothing.
fn unknown(
    what: String,
    name: &str,
    declared: &BTreeMap<String, Variable>,
) -> Result<Error, String> {
    let known: Vec<&str> = declared.keys().map(String::as_str).collect();
    if known.is_empty() {
        return Err(what);
    }
    let near = closest(name, &known).map(|near| format!("did you mean {near}? "));
    let about = declared.iter();
    let about: Vec<_> = about
        .map(|(name, variable)| format!("{name} ({})", variable.help))
        .collect();
    Ok(Error::new(Code::ConfigInvalid, what).with_hint(format!(
        "{}it has {}",
        near.unwrap_or_default(),
        about.join("; ")
    )))
}

/// Every value that may hold placeholders.
fn templates(values: &mut Registration) -> impl Iterator<Item = &mut String> {
    let urls = [
        &mut values.issuer,
        &mut values.server_metadata_url,
        &mut values.issuer_template,
        &mut values.authorization_endpoint,
        &mut values.token_endpoint,
        &mut values.refresh_endpoint,
        &mut values.device_authorization_endpoint,
        &mut values.revocation_endpoint,
        &mut values.introspection_endpoint,
        &mut values.userinfo_endpoint,
        &mut values.end_session_endpoint,
        &mut values.registration_endpoint,
        &mut values.jwks_uri,
        &mut values.api_base_url,
        &mut values.redirect_uri,
    ];
    let lists = [
        &mut values.audience,
        &mut values.scope,
        &mut values.resource,
    ];
    let maps = [
        &mut values.authorization_parameters,
        &mut values.token_parameters,
        &mut values.api_headers,
    ];
    urls.into_iter()
        .flatten()
        .chain(lists.into_iter().flatten().flatten())
        .chain(maps.into_iter().flat_map(BTreeMap::values_mut))
}

/// Refuses what would change the shape of the URL it is put into.
fn check_value(name: &str, value: &str, service: &str) -> Result<()> {
    let bad = |c: char| {
        c.is_whitespace()
            || crate::secret::is_unprintable(c)
            || matches!(c, '?' | '#' | '@' | '\\' | '{' | '}' | '"' | '<' | '>')
    };
    if value.contains(bad) || value.contains("..") {
        return Err(Error::new(
            Code::ConfigInvalid,
            format!(
                "variable {} of service \"{service}\" cannot be \"{}\"",
                printable(name, 80),
                printable(value, 120)
            ),
        )
        .with_hint("a host, a path or a name, as it stands in the URL"));
    }
    Ok(())
}

/// Puts values in place of `{name}`; what `value_of` does not know stays as it is.
pub fn fill(template: &str, value_of: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, name, after)) = next(rest) {
        out.push_str(before);
        match value_of(name) {
            Some(value) => out.push_str(&value),
            None => {
                out.push('{');
                out.push_str(name);
                out.push('}');
            }
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Like [`fill`] for URLs: where the template begins with `https://{name}` the value may bring
/// its own scheme, so that a person may say `gitlab.example.com` or `http://localhost:8080`.
pub fn fill_url(template: &str, variables: &BTreeMap<String, String>) -> String {
    let value_of = |name: &str| variables.get(name).cloned();
    if let Some(name) = template
        .strip_prefix("https://{")
        .and_then(|rest| rest.split_once('}'))
        .map(|(name, _)| name)
        && let Some(value) = variables.get(name)
        && (value.starts_with("https://") || value.starts_with("http://"))
    {
        let rest = &template["https://{}".len() + name.len()..];
        return format!("{}{}", value.trim_end_matches('/'), fill(rest, &value_of));
    }
    fill(template, &value_of)
}

/// The names in the template, in order.
pub fn names(template: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = template;
    while let Some((_, name, after)) = next(rest) {
        found.push(name);
        rest = after;
    }
    found
}

/// Text before the next placeholder, its name, text after it.
fn next(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    while let Some(open) = text[from..].find('{').map(|at| at + from) {
        let body = &text[open + 1..];
        let end = body
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-')
            .unwrap_or(body.len());
        if end > 0 && body[end..].starts_with('}') {
            return Some((&text[..open], &body[..end], &body[end + 1..]));
        }
        from = open + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn unknown_names_and_other_braces_stay() {
        let known = variables(&[("tenant", "common")]);
        assert_eq!(
            fill_url("https://h/{tenant}/{tid}/{\"a\":1}{", &known),
            "https://h/common/{tid}/{\"a\":1}{"
        );
    }

    #[test]
    fn a_host_may_bring_its_scheme() {
        let template = "https://{host}/realms/{realm}";
        for (host, url) in [
            ("sso.example.com", "https://sso.example.com/realms/r"),
            (
                "https://sso.example.com/auth/",
                "https://sso.example.com/auth/realms/r",
            ),
            ("http://localhost:8080", "http://localhost:8080/realms/r"),
        ] {
            let known = variables(&[("host", host), ("realm", "r")]);
            assert_eq!(fill_url(template, &known), url);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_without_names_comes_back(text in ".{0,60}") {
            proptest::prop_assert_eq!(fill(&text, &|_| None), text);
        }
    }
}
