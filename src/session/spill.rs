//! A renewed record that is not in the store: jotted down before the store is written, because
//! that takes a keyring a while in which this process may be killed; and kept where the store
//! cannot be written, until it can.
//!
//! It is sealed with a key that only the store holds (the write-ahead put it there), so the
//! folder alone gives nothing away.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Record;
use super::record::Refreshing;
use crate::error::{Code, Error, Result};
use crate::port::{EntryKey, Ports, StateKind};
use crate::secret::Secret;
use crate::secret::seal::{self, Key};

/// The mark of a refresh on its way, with a key for a spill.
pub fn mark(ports: &Ports<'_>) -> Result<Refreshing> {
    let mut key: Key = Secret::new([0; 32]);
    ports.random.fill(key.expose_mut())?;
    Ok(Refreshing {
        since: ports.clock.now(),
        spill_key: URL_SAFE_NO_PAD.encode(key.expose()).into(),
    })
}

/// Seals `record` under the mark that the store holds, and keeps it until the store works.
pub fn keep(ports: &Ports<'_>, key: &EntryKey, mark: &Refreshing, record: &Record) -> Result<()> {
    let sealed = sealed(ports, key, mark, record)?;
    ports.state.write(StateKind::Spill, &key.name, &sealed)
}

/// The same, at once, for the time that the store takes. Where that fails, nothing is worse.
pub fn jot(ports: &Ports<'_>, key: &EntryKey, mark: &Refreshing, record: &Record) {
    let jotted = sealed(ports, key, mark, record)
        .and_then(|sealed| ports.state.jot(StateKind::Spill, &key.name, &sealed));
    if let Err(error) = jotted {
        let line = format!("* the renewal of {} is not jotted down: {error}", key.name);
        ports.ui.trace(&line);
    }
}

fn sealed(
    ports: &Ports<'_>,
    key: &EntryKey,
    mark: &Refreshing,
    record: &Record,
) -> Result<Vec<u8>> {
    let spill_key = spill_key(mark)
        .ok_or_else(|| Error::new(Code::Internal, "the mark of a refresh has no key"))?;
    let mut salt = [0; seal::SALT];
    ports.random.fill(&mut salt)?;
    let stored = record.to_stored()?;
    Ok(seal::seal(
        &spill_key,
        salt,
        key.id().as_bytes(),
        stored.expose().as_bytes(),
    ))
}

/// The spilled record that is newer than the stored one, where there is one.
pub fn newer_than(ports: &Ports<'_>, key: &EntryKey, stored: &Record) -> Option<Record> {
    // A spill that cannot be read heals nothing, and must not stop what works without it.
    let sealed = ports.state.read(StateKind::Spill, &key.name).ok()??;
    let spill_key = spill_key(stored.refreshing.as_ref()?)?;
    let opened = seal::open(&spill_key, key.id().as_bytes(), &sealed)?;
    let text = std::str::from_utf8(opened.expose()).ok()?;
    let record = Record::read(Some(text.into()), key).ok()??;
    (record.generation > stored.generation).then_some(record)
}

/// Removes a spill that the store has overtaken.
pub fn forget(ports: &Ports<'_>, key: &EntryKey) {
    if let Err(error) = ports.state.remove(StateKind::Spill, &key.name) {
        let line = format!(
            "a spill of {} that is no longer needed stays: {error}",
            key.name
        );
        ports.ui.trace(&line);
    }
}

fn spill_key(mark: &Refreshing) -> Option<Key> {
    let bytes = URL_SAFE_NO_PAD.decode(mark.spill_key.expose()).ok()?;
    let bytes = Secret::new(bytes);
    Some(Secret::new(bytes.expose().as_slice().try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::fake::World;
    use crate::session::record::sample;

    fn spilled(world: &World) -> (EntryKey, Record, Record) {
        let key = EntryKey::session("work@ada");
        let mut stored = sample();
        stored.refreshing = Some(mark(&world.ports()).unwrap());
        let mut newer = sample();
        newer.generation = stored.generation + 1;
        newer.token.refresh_token = Some("refresh-2".into());
        let mark = stored.refreshing.as_ref().unwrap();
        keep(&world.ports(), &key, mark, &newer).unwrap();
        (key, stored, newer)
    }

    #[test]
    fn a_spill_comes_back_with_the_key_that_the_store_holds() {
        let world = World::new();
        let (key, stored, newer) = spilled(&world);
        assert_eq!(newer_than(&world.ports(), &key, &stored), Some(newer));
        let file = (StateKind::Spill, "work@ada".to_owned());
        let sealed = world.state.files.borrow()[&file].clone();
        assert!(!String::from_utf8_lossy(&sealed).contains("refresh-2"));
        forget(&world.ports(), &key);
        assert_eq!(newer_than(&world.ports(), &key, &stored), None);
    }

    #[test]
    fn an_older_spill_another_s_spill_and_one_without_its_key_are_nothing() {
        let world = World::new();
        let (key, mut stored, _) = spilled(&world);
        let mark = stored.refreshing.take();
        assert_eq!(newer_than(&world.ports(), &key, &stored), None);
        stored.refreshing = mark;
        stored.generation += 1;
        assert_eq!(newer_than(&world.ports(), &key, &stored), None);
        stored.generation -= 1;
        let other = EntryKey::session("work@bob");
        let sealed = world.state.files.borrow()[&(StateKind::Spill, "work@ada".into())].clone();
        let state = world.ports().state;
        state.write(StateKind::Spill, "work@bob", &sealed).unwrap();
        assert_eq!(newer_than(&world.ports(), &other, &stored), None);
    }
}
