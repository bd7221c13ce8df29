//! Whose session a sign-in is: a person is known by issuer and `sub` (OIDC Core §2), and only
//! called by a name. The same person keeps their account whatever the claims of the day are.

use serde_json::{Map, Value};

use super::record::Binding;
use super::{Record, account, facts, keeping};
use crate::port::Ports;

/// What UserInfo knows the person by: `sub`, else `id` as GitHub and its like have it.
pub fn of(userinfo: &Map<String, Value>) -> Option<String> {
    let told = |name| match userinfo.get(name)? {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    told("sub").or_else(|| told("id"))
}

/// The account that this person has with the service already: of several the default one, else
/// the one signed in to last. A session that the store does not give is not theirs for now.
pub fn account_of(ports: &Ports<'_>, service: &str, signed_in: &Record) -> Option<String> {
    let person = signed_in.person()?;
    let sessions = keeping::facts_of_service(ports, service).ok()?;
    let mut theirs = sessions
        .into_iter()
        .map(|facts| facts.account)
        .filter(|account| {
            let there = keeping::peek(ports, service, account).ok().flatten();
            there.is_some_and(|there| {
                there.person() == Some(person) && is_same_server(&there, signed_in)
            })
        });
    let newest = theirs.next()?;
    let default = facts::default_account(ports, service).ok().flatten();
    match default {
        Some(default) if theirs.any(|account| account == default) => Some(default),
        _ => Some(newest),
    }
}

/// A name for a new account: `name`, unless that is another person's here; then what the server
/// knows this one by, else a number.
pub fn free_name(ports: &Ports<'_>, service: &str, signed_in: &Record, name: String) -> String {
    let Some(person) = signed_in.person() else {
        return name;
    };
    let is_taken = |name: &str| {
        let there = keeping::peek(ports, service, name).ok().flatten();
        there.is_some_and(|there| {
            is_same_server(&there, signed_in) && there.person().is_some_and(|one| one != person)
        })
    };
    if !is_taken(&name) {
        return name;
    }
    let numbered = (2..).map(|number: u32| format!("{name}-{number}"));
    let mut others = account::from_identifier(person).into_iter().chain(numbered);
    others.find(|name| !is_taken(name)).unwrap_or(name.clone())
}

/// Whether both are of one server: the same `sub` at another is another person.
fn is_same_server(one: &Record, other: &Record) -> bool {
    let server = |binding: &Binding| match (&binding.issuer, &binding.server_metadata_url) {
        (None, None) => (None, None, Some(binding.token_endpoint.clone())),
        (issuer, document) => (issuer.clone(), document.clone(), None),
    };
    server(&one.binding) == server(&other.binding)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::port::fake::World;
    use crate::session::record::sample;

    fn record(account: &str, person: Option<&str>) -> Record {
        Record {
            account: account.into(),
            subject: None,
            person: person.map(str::to_owned),
            ..sample()
        }
    }

    fn keep(world: &World, record: &Record) {
        keeping::keep(&world.ports(), "work", record.clone()).unwrap();
    }

    #[test]
    fn a_person_is_known_by_sub_and_where_there_is_none_by_id() {
        let of = |userinfo: Value| of(userinfo.as_object().unwrap());
        assert_eq!(of(json!({"sub": "1", "id": 2})).as_deref(), Some("1"));
        assert_eq!(
            of(json!({"login": "octocat", "id": 2})).as_deref(),
            Some("2")
        );
        assert_eq!(of(json!({"login": "octocat", "id": null})), None);
        assert_eq!(of(json!({"sub": ""})), None);
    }

    #[test]
    fn of_several_accounts_the_default_one_is_kept_else_the_newest() {
        let world = World::new();
        let again = record("", Some("1"));
        let found = || account_of(&world.ports(), "work", &again);
        assert_eq!(found(), None);
        keep(&world, &record("old", Some("1")));
        let mut newer = record("newer", Some("1"));
        newer.signed_in_at += 1;
        keep(&world, &newer);
        keep(&world, &record("bob", Some("2")));
        keep(&world, &record("nobody", None));
        assert_eq!(found().as_deref(), Some("newer"));
        for (default, expected) in [("old", "old"), ("newer", "newer"), ("bob", "newer")] {
            keeping::set_default_account(&world.ports(), "work", default).unwrap();
            assert_eq!(found().as_deref(), Some(expected), "default {default}");
        }
    }

    /// Records of an earlier hallpass have only the ID Token's `sub`.
    #[test]
    fn a_record_from_before_is_known_by_its_subject() {
        let world = World::new();
        let before = Record {
            subject: Some("1".into()),
            ..record("ada", None)
        };
        keep(&world, &before);
        let again = record("", Some("1"));
        let found = account_of(&world.ports(), "work", &again);
        assert_eq!(found.as_deref(), Some("ada"));
    }

    #[test]
    fn the_same_sub_at_another_server_is_another_person() {
        let world = World::new();
        keep(&world, &record("ada", Some("1")));
        let mut other = record("", Some("1"));
        other.binding.issuer = Some("https://other.example".into());
        assert_eq!(account_of(&world.ports(), "work", &other), None);
        let mut without = record("", Some("1"));
        without.binding.issuer = None;
        assert_eq!(account_of(&world.ports(), "work", &without), None);
        // Their token endpoint tells servers apart that have no issuer.
        let mut known = without.clone();
        known.account = "plain".into();
        keep(&world, &known);
        let found = account_of(&world.ports(), "work", &without);
        assert_eq!(found.as_deref(), Some("plain"));
        without.binding.token_endpoint = "https://as.example/other".into();
        assert_eq!(account_of(&world.ports(), "work", &without), None);
    }

    #[test]
    fn a_name_that_is_another_persons_is_not_taken_from_them() {
        let world = World::new();
        let bob = record("", Some("bob|2"));
        let name = |name: &str| free_name(&world.ports(), "work", &bob, name.into());
        assert_eq!(name("team"), "team");
        keep(&world, &record("team", Some("1")));
        assert_eq!(name("team"), "bob-2");
        keep(&world, &record("bob-2", Some("3")));
        assert_eq!(name("team"), "team-2");
        keep(&world, &record("unknown", None));
        assert_eq!(name("unknown"), "unknown");
        let nobody = record("", None);
        let kept = free_name(&world.ports(), "work", &nobody, "team".into());
        assert_eq!(kept, "team");
    }
}
