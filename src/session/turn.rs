//! One sign-in to a service at a time: a second process waits for the first one's result, so that
//! no storm of tabs opens.

use std::time::Duration;

use super::{Record, keeping};
use crate::error::{Code, Error, Result};
use crate::port::{EntryKey, Ports, StoreGuard, UnixTime};
use crate::service::Service;

/// Whose turn it was.
pub enum Turn<'a> {
    /// Nobody else is signing in; the turn is held until this is dropped.
    Ours(Box<dyn StoreGuard + 'a>),
    /// Somebody else was, has ended, and brought this session.
    Theirs(Box<Record>),
}

/// Takes the turn, or waits for at most `deadline` for whoever has it. `since` is when the person
/// asked for the sign-in, `suits` whether a session is what they asked for: where the other process
/// signed in to something else (another account, less scope), the turn is ours after it.
pub fn take<'a>(
    ports: &Ports<'a>,
    service: &Service,
    since: UnixTime,
    deadline: Duration,
    suits: &dyn Fn(&Record) -> bool,
) -> Result<Turn<'a>> {
    // No account's name: those have an @.
    let key = EntryKey::session(format!("{} sign-in", service.name));
    match ports.store.lock(&key, Duration::ZERO, &mut |_| ()) {
        Ok(guard) => return Ok(Turn::Ours(guard)),
        Err(error) if error.code() == Code::LockTimeout => {}
        Err(error) => return Err(error),
    }
    ports.ui.notice(&format!(
        "Another hallpass is signing in to {}; waiting for it…",
        service.name
    ));
    let guard = match ports.store.lock(&key, deadline, &mut |_| ()) {
        Ok(guard) => guard,
        Err(error) if error.code() == Code::LockTimeout => {
            return Err(Error::new(
                Code::TimedOut,
                format!("another hallpass is still signing in to {}", service.name),
            )
            .with_hint("finish that sign-in, or end it, and try again"));
        }
        Err(error) => return Err(error),
    };
    let mut brought = brought(ports, service, since)?;
    match brought.iter().position(suits) {
        Some(place) => Ok(Turn::Theirs(Box::new(brought.swap_remove(place)))),
        None if brought.is_empty() => Err(did_not_finish(service)),
        None => {
            let told = "The other sign-in was to something else; now it is the turn of this one.";
            ports.ui.notice(told);
            Ok(Turn::Ours(guard))
        }
    }
}

/// What the other process's sign-in brought: sessions that nobody had signed in to when the person
/// asked. One of the same second counts: it may have been stored between the asking and the look at
/// whose turn it is. (A renewal is no sign-in and leaves its time as it is.)
fn brought(ports: &Ports<'_>, service: &Service, since: UnixTime) -> Result<Vec<Record>> {
    let mut found = Vec::new();
    for facts in keeping::facts_of_service(ports, &service.name)? {
        found.extend(keeping::peek(ports, &service.name, &facts.account)?);
    }
    found.retain(|record| record.signed_in_at >= since);
    Ok(found)
}

fn did_not_finish(service: &Service) -> Error {
    Error::new(
        Code::Cancelled,
        format!("the other sign-in to {} did not finish", service.name),
    )
    .with_hint(format!(
        "run `hallpass login {}` again",
        service.reference()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grant::testing::{code, service};
    use crate::port::fake::{Operation, World};
    use crate::session::facts;
    use crate::session::record::sample;

    const SINCE: UnixTime = 1_800_000_000;

    fn put(world: &World, account: &str, generation: u64, signed_in_at: UnixTime) {
        let record = Record {
            account: account.into(),
            generation,
            signed_in_at,
            ..sample()
        };
        let key = keeping::session_key("example", account);
        world.store.put(&key, record.to_stored().unwrap());
        facts::write(&world.ports(), "example", &record);
    }

    /// Waits while somebody else has the turn; `meanwhile` is what the other brings. `None` where
    /// the turn is ours then.
    fn waited(
        world: &World,
        wanted: Option<&str>,
        meanwhile: Option<(&str, u64, UnixTime)>,
    ) -> Result<Option<Record>> {
        world.store.fail_next(Operation::Lock, Code::LockTimeout);
        if let Some((account, generation, signed_in_at)) = meanwhile {
            let record = Record {
                account: account.into(),
                generation,
                signed_in_at,
                ..sample()
            };
            let key = keeping::session_key("example", account);
            world
                .store
                .before_lock(move |store| store.put(&key, record.to_stored().unwrap()));
            // The facts are there before, of an older session or none: only records count.
            put_facts(world, account, signed_in_at);
        }
        let suits = |record: &Record| wanted.is_none_or(|wanted| record.account == wanted);
        let patience = Duration::from_secs(9);
        match take(&world.ports(), &service(), SINCE, patience, &suits)? {
            Turn::Theirs(record) => Ok(Some(*record)),
            Turn::Ours(_) => Ok(None),
        }
    }

    fn put_facts(world: &World, account: &str, signed_in_at: UnixTime) {
        let record = Record {
            account: account.into(),
            signed_in_at,
            ..sample()
        };
        facts::write(&world.ports(), "example", &record);
    }

    #[test]
    fn the_turn_is_ours_where_nobody_has_it() {
        let world = World::new();
        let turn = take(&world.ports(), &service(), SINCE, Duration::ZERO, &|_| true);
        let turn = turn.unwrap();
        assert!(matches!(turn, Turn::Ours(_)));
    }

    #[test]
    fn the_others_session_is_the_result() {
        let world = World::new();
        put(&world, "old", 1, SINCE - 100);
        let record = waited(&world, None, Some(("ada", 1, SINCE + 5))).unwrap();
        assert_eq!(record.unwrap().account, "ada");
        assert_eq!(world.ui.notices.borrow().len(), 1);
    }

    /// It was stored after the person asked, and before this process looked whose turn it is.
    #[test]
    fn a_session_of_the_same_second_is_the_others() {
        let world = World::new();
        put(&world, "ada", 1, SINCE);
        let record = waited(&world, None, None).unwrap();
        assert_eq!(record.unwrap().account, "ada");
    }

    #[test]
    fn a_renewal_is_no_sign_in() {
        let world = World::new();
        put(&world, "ada", 1, SINCE - 100);
        let renewed = Some(("ada", 3, SINCE - 100));
        assert_eq!(code(waited(&world, None, renewed)), Code::Cancelled);
    }

    #[test]
    fn after_a_sign_in_to_something_else_the_turn_is_ours() {
        let world = World::new();
        let other = Some(("eve", 1, SINCE + 5));
        assert_eq!(waited(&world, Some("ada"), other).unwrap(), None);
        assert_eq!(world.ui.notices.borrow().len(), 2);
    }
}
