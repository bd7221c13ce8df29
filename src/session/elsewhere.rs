//! A session that is kept in another store than the one in use now: what is there, and the way
//! back to it.

use super::facts::Facts;
use super::keeping;
use crate::error::{Code, Error};
use crate::port::Ports;
use crate::secret::{printable, quoted};

/// The store in use, where it is not the one that has the session. Unlocks nothing: only a session
/// that was written by another store is looked for at all.
pub fn in_use_instead(ports: &Ports<'_>, session: &Facts) -> Option<String> {
    let in_use = ports.store.describe();
    if session.store == in_use {
        return None;
    }
    // The same store goes by another name where its folder was moved.
    let key = keeping::session_key(&session.service, &session.account);
    let is_here = match ports.store.holds(&key) {
        Ok(is_here) => is_here,
        Err(error) => error.code() != Code::StoreAbsent,
    };
    (!is_here).then_some(in_use)
}

/// What a command that needs the session says; `None` where no other store has it.
pub fn explained(ports: &Ports<'_>, service: &str, account: &str) -> Option<Error> {
    let sessions = keeping::facts_of_service(ports, service).ok()?;
    let session = sessions
        .into_iter()
        .find(|facts| facts.account == account)?;
    in_use_instead(ports, &session).map(|in_use| error(&session, &in_use))
}

/// The same, where it is known already.
pub fn error(session: &Facts, in_use: &str) -> Error {
    let (name, store) = (session.name(), printable(&session.store, 200));
    Error::new(
        Code::LoginRequired,
        format!(
            "the session of {name} is in another store ({store}) than the one in use now ({in_use})"
        ),
    )
    .with_hint(format!(
        "{}; or sign in again: hallpass login {name}",
        way_back(&session.store)
    ))
}

/// How to get at sessions in that store, from its [`crate::port::TokenStore::describe`], which does
/// not tell everything.
pub fn way_back(store: &str) -> String {
    // A line that is cut short would choose yet another store.
    let store = printable(store, 400);
    let (line, more) = match store.strip_prefix("encrypted file store in ") {
        Some(folder) => (
            format!("hallpass store use file --path {}", quoted(folder)),
            " (with --key-file FILE where it has one)",
        ),
        None => match store.strip_prefix("command ") {
            Some("pass") => ("hallpass store use pass".to_owned(), ""),
            Some(command) => (
                format!("hallpass store use command -- {command}"),
                " (with --protocol docker-credential before -- where it speaks that)",
            ),
            None => ("hallpass store use keyring".to_owned(), ""),
        },
    };
    format!("`{line}`{more} goes back to it, and `hallpass store move` then carries it over")
}

/// Names of the sessions in each other store, with its description.
pub fn by_store<'a>(sessions: impl Iterator<Item = &'a Facts>) -> Vec<(String, Vec<String>)> {
    let mut stores: Vec<(String, Vec<String>)> = Vec::new();
    for session in sessions {
        match stores.iter_mut().find(|(store, _)| *store == session.store) {
            Some((_, names)) => names.push(session.name()),
            None => stores.push((session.store.clone(), vec![session.name()])),
        }
    }
    stores
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::fake::{Operation, World};
    use crate::session::facts;
    use crate::session::record::sample;

    fn written(world: &World) -> Facts {
        keeping::keep(&world.ports(), "work", sample()).unwrap();
        facts::all(&world.ports()).unwrap().remove(0)
    }

    #[test]
    fn a_session_of_the_store_in_use_is_not_looked_for() {
        let world = World::new();
        let session = written(&world);
        let asked = world.store.log().len();
        assert_eq!(in_use_instead(&world.ports(), &session), None);
        assert_eq!(world.store.log().len(), asked);
        assert!(explained(&world.ports(), "work", "ada").is_none());
        assert!(explained(&world.ports(), "work", "nobody").is_none());
    }

    #[test]
    fn a_store_by_another_name_that_holds_it_is_the_same_store() {
        let world = World::new();
        let mut session = written(&world);
        session.store = "encrypted file store in /old/home".into();
        assert_eq!(in_use_instead(&world.ports(), &session), None);
        // Locked is no answer; absent is one.
        world.store.fail_next(Operation::Read, Code::StoreLocked);
        assert_eq!(in_use_instead(&world.ports(), &session), None);
        world.store.fail_next(Operation::Read, Code::StoreAbsent);
        assert!(in_use_instead(&world.ports(), &session).is_some());
        world.store.entries.borrow_mut().clear();
        facts::write_facts(&world.ports(), &session);
        let error = explained(&world.ports(), "work", "ada").unwrap();
        assert_eq!(error.code(), Code::LoginRequired);
        assert!(error.to_string().contains("/old/home"), "{error}");
    }

    #[test]
    fn every_kind_of_store_has_a_way_back() {
        for (store, line) in [
            (
                "OS keyring (Secret Service)",
                "`hallpass store use keyring`",
            ),
            (
                "encrypted file store in /s",
                "`hallpass store use file --path /s` (with --key-file",
            ),
            (
                "encrypted file store in /my store",
                "`hallpass store use file --path '/my store'`",
            ),
            ("command pass", "`hallpass store use pass` goes"),
            (
                "command sh x",
                "`hallpass store use command -- sh x` (with --protocol docker-credential",
            ),
        ] {
            assert!(way_back(store).starts_with(line), "{}", way_back(store));
        }
        let long = format!("/{}/end", "x".repeat(290));
        let line = way_back(&format!("encrypted file store in {long}"));
        assert!(line.contains(&format!("--path {long}`")), "{line}");
    }
}
