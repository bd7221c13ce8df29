//! The word after a sign-in whose session cannot be renewed: when it ends, and how to get one that
//! lasts.

use super::time_words;
use crate::port::UnixTime;
use crate::secret::{printable, quoted};
use crate::service::preset::Preset;
use crate::service::registration::Grant;
use crate::service::{Registration, Service};
use crate::session::{Record, facts, freshness};

/// Scopes that ask for a refresh token: OIDC Core §11, and how X and Salesforce write it.
const SCOPES: &[&str] = &["offline_access", "offline.access", "refresh_token"];

/// Parameters of authorization requests that do, as the presets of Google, Dropbox and Reddit
/// have them; `prompt` makes Google give another one.
const PARAMETERS: &[&str] = &["access_type", "token_access_type", "duration"];
const WITH_THEM: &str = "prompt";

/// Two lines, where there is something to tell. A token that has no end that anybody knows of is
/// none that needs renewing.
pub fn note(service: &Service, record: &Record, now: UnixTime) -> Option<String> {
    if facts::is_renewable(record) || record.grant == Grant::ClientCredentials {
        return None;
    }
    let end = freshness::expires_at(record)?;
    let left = u64::try_from(end.saturating_sub(now)).unwrap_or(0);
    let time = jiff::Timestamp::from_second(end).ok()?;
    Some(format!(
        "This session ends at {time} (in {}) and cannot be renewed: the server sent no refresh \
         token.\n{}",
        time_words::length(left),
        cure(service, record)
    ))
}

fn cure(service: &Service, record: &Record) -> String {
    let preset = preset_of(service);
    let (scope, parameters) = (asking_scope(&record.requested_scope), &service.values);
    let asked: Vec<String> = scope
        .into_iter()
        .chain(asking_parameters(parameters))
        .collect();
    if !asked.is_empty() {
        let asked = printable(&asked.join(" "), 120);
        let register = preset.map(|preset| format!(" (`hallpass providers {}`)", preset.name));
        return format!(
            "It was asked for ({asked}): allow refresh tokens for this client at the server{}, \
             then sign in again.",
            register.unwrap_or_default()
        );
    }
    let mut line = format!("hallpass login {}", service.reference());
    let known = preset.map(|preset| preset.registration).unwrap_or_default();
    let parameters: Vec<String> = asking_parameters(&known).collect();
    let scope = match (
        asking_scope(known.scope.as_deref().unwrap_or_default()),
        &*parameters,
    ) {
        (Some(scope), _) => Some(scope),
        (None, []) => Some(SCOPES[0].to_owned()),
        (None, _) => None,
    };
    if let Some(scope) = scope {
        let mut scopes = record.requested_scope.clone();
        scopes.push(scope);
        line.push_str(&format!(" --scope {}", quoted(&scopes.join(" "))));
    }
    let again = known.authorization_parameters.get(WITH_THEM);
    let again = again.filter(|_| !parameters.is_empty());
    let again = again.map(|value| format!("{WITH_THEM}={value}"));
    for parameter in parameters.into_iter().chain(again) {
        line.push_str(&format!(" --param {}", quoted(&parameter)));
    }
    format!("For one that renews itself: {}", printable(&line, 1000))
}

/// The preset it was made from, else the one whose server it is all the same.
fn preset_of(service: &Service) -> Option<Preset> {
    let none = Default::default();
    match (&service.values.provider, &service.values.issuer) {
        (Some(name), _) => Preset::find(name, &none).ok().flatten(),
        (None, Some(issuer)) => Preset::of_issuer(issuer),
        (None, None) => None,
    }
}

fn asking_scope(scope: &[String]) -> Option<String> {
    let mut scope = scope.iter();
    scope
        .find(|scope| SCOPES.contains(&scope.as_str()))
        .cloned()
}

fn asking_parameters(values: &Registration) -> impl Iterator<Item = String> {
    let given = values.authorization_parameters.iter();
    given
        .filter(|(name, value)| PARAMETERS.contains(&name.as_str()) && *value != "online")
        .map(|(name, value)| format!("{name}={value}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = 1_800_000_000;

    fn service(name: &str, values: Registration) -> Service {
        Service {
            name: name.into(),
            account: None,
            values,
            origins: Default::default(),
            variables: Default::default(),
        }
    }

    fn record(scope: &[&str]) -> Record {
        let text = serde_json::json!({
            "version": 1, "generation": 1, "account": "ada", "grant": "authorization_code",
            "binding": {"issuer": null, "token_endpoint": "https://as.example/token", "client_id": "c"},
            "token": {"access_token": "at", "token_type": "Bearer", "expires_in": 3600},
            "requested_scope": scope, "received_at": NOW, "signed_in_at": NOW,
        });
        serde_json::from_value(text).unwrap()
    }

    #[test]
    fn the_end_is_told_and_the_line_that_gets_a_session_that_lasts() {
        let plain = service("work", Registration::default());
        let told = note(&plain, &record(&["openid", "read"]), NOW + 60).unwrap();
        assert_eq!(
            told,
            "This session ends at 2027-01-15T09:00:00Z (in 59 min) and cannot be renewed: the \
             server sent no refresh token.\nFor one that renews itself: hallpass login work \
             --scope 'openid read offline_access'"
        );
    }

    #[test]
    fn what_a_preset_knows_is_the_cure() {
        let of_issuer = |issuer: &str| Registration {
            issuer: Some(issuer.into()),
            ..Registration::default()
        };
        let x = Registration {
            provider: Some("x".into()),
            ..Registration::default()
        };
        for (values, cure) in [
            (
                of_issuer("https://accounts.google.com"),
                "hallpass login s --param access_type=offline --param prompt=consent",
            ),
            (x, "hallpass login s --scope 'users.read offline.access'"),
        ] {
            let told = note(&service("s", values), &record(&["users.read"]), NOW).unwrap();
            assert!(told.ends_with(cure), "{told}");
        }
    }

    #[test]
    fn where_it_was_asked_for_it_is_not_asked_for_again() {
        let plain = service("work", Registration::default());
        let told = note(&plain, &record(&["openid", "offline_access"]), NOW).unwrap();
        assert!(told.contains("asked for (offline_access)"), "{told}");
        let google = Preset::find("google", &Default::default())
            .unwrap()
            .unwrap();
        let told = note(&service("google", google.layer()), &record(&[]), NOW).unwrap();
        let told = told.lines().last().unwrap();
        assert!(
            told.contains("access_type=offline") && !told.contains("--param"),
            "{told}"
        );
        assert!(told.contains("hallpass providers google"), "{told}");
    }

    #[test]
    fn what_renews_itself_and_what_has_no_end_is_not_told() {
        let plain = service("work", Registration::default());
        let mut renewable = record(&[]);
        renewable.token.refresh_token = Some("rt".into());
        let mut machine = record(&[]);
        machine.grant = Grant::ClientCredentials;
        let mut endless = record(&[]);
        endless.token.expires_in = None;
        for record in [renewable, machine, endless] {
            assert_eq!(note(&plain, &record, NOW), None);
        }
    }
}
