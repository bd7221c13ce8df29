//! One provider's page: everything a person needs to get a client.

use std::collections::BTreeMap;

use crate::secret::printable;
use crate::service::registration::RedirectRule;
use crate::service::{Origin, Preset};

/// Columns of text beside the labels.
const WIDTH: usize = 76;

/// The page as text.
pub fn page(preset: &Preset) -> String {
    let values = &preset.registration;
    let mut lines: Vec<(String, String)> = Vec::new();
    let mut line = |label: &str, text: String| lines.push((label.to_owned(), text));
    if let Origin::UserPreset(name) = &preset.origin {
        let instead = match crate::service::preset::shipped_names().any(|known| known == name) {
            true => ", in place of the shipped one",
            false => "",
        };
        line("yours", format!("providers/{name}.toml{instead}"));
    }
    let built_in = values.client_id.is_some();
    if built_in {
        let text = "it ships a client that works everywhere: nothing to register";
        line("client", text.to_owned());
    }
    let at = match built_in {
        true => "read more at",
        false => "register at",
    };
    let page = preset.documentation_for(&BTreeMap::new());
    for (label, text) in [(at, page), ("how", preset.register.clone())] {
        if let Some(text) = text {
            line(label, text);
        }
    }
    line("redirect URI", redirect(preset));
    line("sign-in", sign_in(preset).to_owned());
    line("sign-out", sign_out(preset).to_owned());
    for (name, variable) in &preset.variables {
        let default = match &variable.default {
            Some(default) => format!("; {default} if not given"),
            None => String::new(),
        };
        line(
            &format!("--var {name}"),
            format!("{}{default}", variable.help),
        );
    }
    if let Some(scope) = &values.scope {
        line("scope", scope.join(" "));
    }
    if let Some(base) = &values.api_base_url {
        line("API", base.clone());
    }
    if let Some(checked) = &preset.checked {
        line("checked", checked.clone());
    }
    for (label, command) in next(preset) {
        line(label, command);
    }
    let mut out = format!(
        "{} ({})\n",
        printable(&preset.display_name, 200),
        preset.name
    );
    let width = lines.iter().map(|(label, _)| label.chars().count()).max();
    let width = width.unwrap_or_default() + 2;
    for (label, text) in &lines {
        let label = printable(label, 80);
        let pad = " ".repeat(width.saturating_sub(label.chars().count()));
        let text = wrapped(&printable(text, 2000), 2 + width);
        out.push_str(&format!("  {label}{pad}{text}\n"));
    }
    out
}

/// Words in lines of [`WIDTH`], the further ones under the first.
fn wrapped(text: &str, indent: usize) -> String {
    let mut out = String::new();
    let mut column = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > WIDTH {
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            column = 0;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out
}

fn redirect(preset: &Preset) -> String {
    let service = preset.service();
    let note = match service.redirect_rule() {
        RedirectRule::LoopbackAnyPort
        | RedirectRule::LoopbackV6
        | RedirectRule::LoopbackLocalhost
            if preset.registration.redirect_port.is_none() =>
        {
            " (hallpass then uses any free port)"
        }
        RedirectRule::Https | RedirectRule::Paste => " (then paste what the browser shows)",
        _ => "",
    };
    format!("{}{note}", service.redirect_uri_to_register())
}

/// Which ways lead in.
pub fn sign_in(preset: &Preset) -> &'static str {
    let values = &preset.registration;
    match (&values.device_authorization_endpoint, discovered(preset)) {
        (Some(_), _) => "browser, device",
        (None, true) => "browser, device if offered",
        (None, false) => "browser",
    }
}

fn sign_out(preset: &Preset) -> &'static str {
    match (&preset.registration.revocation_endpoint, discovered(preset)) {
        (Some(_), _) => "revokes the tokens at the server",
        (None, true) => "revokes the tokens where the server offers it",
        (None, false) => "forgets the tokens here; the server offers no revocation (RFC 7009)",
    }
}

/// Whether its endpoints are only known after asking the issuer.
fn discovered(preset: &Preset) -> bool {
    preset.registration.authorization_endpoint.is_none()
}

/// What to type now.
fn next(preset: &Preset) -> Vec<(&'static str, String)> {
    let name = &preset.name;
    let variables = |needed: bool| {
        let of_kind = preset
            .variables
            .iter()
            .filter(move |(_, variable)| variable.default.is_none() == needed);
        of_kind
            .map(|(name, _)| format!(" --var {name}=…"))
            .collect::<String>()
    };
    let needed = variables(true);
    let others = variables(false);
    let mut commands = vec![match needed.is_empty() {
        true => ("next", format!("hallpass login {name}")),
        false => ("next", format!("hallpass add {name}{needed}")),
    }];
    if !others.is_empty() {
        commands.push(("or", format!("hallpass add {name}{needed}{others}")));
    }
    commands
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::service::preset::shipped_names;

    fn of(name: &str) -> String {
        page(&Preset::require(name, &BTreeMap::new()).unwrap())
    }

    #[test]
    fn every_page_says_where_how_what_and_what_next() {
        for name in shipped_names() {
            let page = of(name);
            for label in [
                "  how ",
                "  redirect URI ",
                "  sign-in ",
                "  checked ",
                "  next ",
            ] {
                assert!(page.contains(label), "{name} has no {label}:\n{page}");
            }
            let at = ["  register at ", "  read more at "];
            assert!(at.iter().any(|at| page.contains(at)), "{name}:\n{page}");
            let preset = Preset::require(name, &BTreeMap::new()).unwrap();
            let uri = preset.service().redirect_uri_to_register();
            let told = preset.register.unwrap();
            // Google's desktop clients enter none, Strava only the host.
            let enough = match name {
                "google" => "No redirect URI has to be entered",
                "strava" => "Authorization Callback Domain: 127.0.0.1",
                _ => uri.as_str(),
            };
            assert!(told.contains(enough), "{name} does not say {enough}");
        }
    }

    #[test]
    fn labels_and_texts_never_touch() {
        let page = of("salesforce");
        assert!(page.contains("--var api_version  version"), "{page}");
        for line in page.lines() {
            assert!(line.chars().count() <= 2 + 19 + WIDTH, "{line}");
        }
    }

    /// A preset that somebody else wrote does not write on the terminal.
    #[test]
    fn a_hostile_preset_shows_as_text() {
        let text = "display_name = \"\\u001b]0;x\\u0007\"\nregister = \"\\u202e\\u001b[2J\"\nissuer = \"https://a.example\"";
        let own = BTreeMap::from([("mine".to_owned(), text.to_owned())]);
        let page = page(&Preset::require("mine", &own).unwrap());
        let odd = |c: char| c != '\n' && crate::secret::is_unprintable(c);
        assert!(!page.contains(odd), "{page:?}");
    }

    #[test]
    fn an_own_preset_in_place_of_a_shipped_one_says_so() {
        let own = BTreeMap::from([(
            "google".to_owned(),
            "issuer = 'https://a.example'".to_owned(),
        )]);
        let page = page(&Preset::require("google", &own).unwrap());
        assert!(page.contains("providers/google.toml, in place of the shipped one"));
    }
}
