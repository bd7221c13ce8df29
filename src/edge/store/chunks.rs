//! One value over several entries, where a store's entries are too small for it (Windows: 2,560
//! bytes).
//!
//! The entry itself then holds a manifest: mark, name of the set, number of parts, length and
//! SHA-256 of the whole. Parts are written before the manifest and swept after it, so that a
//! reader finds the old value or the new one whenever the writer dies.

use ring::digest::{SHA256, digest};

use super::entries::{Entries, unreadable};
use super::hex;
use crate::error::Result;
use crate::secret::Secret;

const MARK: &[u8] = b"hallpass-parts:1:";

/// A value of 1 MiB at the smallest limit known.
const MOST_PARTS: usize = 1024;

/// Sets alternate, so that the parts in use are never written over.
const SETS: [char; 2] = ['a', 'b'];

#[derive(Debug, PartialEq, Eq)]
struct Manifest {
    set: char,
    parts: usize,
    length: usize,
    digest: String,
}

/// The whole value, `None` where there is none.
pub fn read(entries: &impl Entries, id: &str) -> Result<Option<Secret<Vec<u8>>>> {
    // A writer without our lock may swap sets between manifest and parts: look once more.
    for _ in 0..2 {
        let Some(first) = entries.get(id)? else {
            return Ok(None);
        };
        if entries.limit().is_none() || !first.expose().starts_with(MARK) {
            return Ok(Some(first));
        }
        let Some(manifest) = Manifest::parse(first.expose()) else {
            return Err(unreadable(entries, id, "its list of parts is garbled"));
        };
        if let Some(value) = manifest.gather(entries, id)? {
            return Ok(Some(value));
        }
    }
    Err(unreadable(
        entries,
        id,
        "parts of it are missing or garbled",
    ))
}

/// Replaces the value.
pub fn write(entries: &impl Entries, id: &str, value: &[u8]) -> Result<()> {
    let Some(limit) = entries.limit() else {
        return entries.set(id, value);
    };
    if value.len() <= limit && !value.starts_with(MARK) {
        entries.set(id, value)?;
        swept_sometime(sweep(entries, id, None));
        return Ok(());
    }
    let old = entries.get(id)?;
    let old = old.and_then(|value| Manifest::parse(value.expose()));
    let manifest = Manifest::of(value, limit, old.as_ref());
    for (number, part) in value.chunks(limit).enumerate() {
        entries.set(&part_name(id, manifest.set, number), part)?;
    }
    entries.set(id, manifest.to_string().as_bytes())?;
    swept_sometime(sweep(entries, id, Some(&manifest)));
    Ok(())
}

/// The value is written; what is left of the one before goes with the next write.
fn swept_sometime(_outcome: Result<()>) {}

/// Moves the value, whatever it is, to another name; parts go along, so that the next write under
/// the old name, which may choose the same set, does not write over them.
pub fn set_aside(entries: &impl Entries, id: &str, aside: &str) -> Result<()> {
    if entries.limit().is_some() {
        for set in SETS {
            for number in 0..MOST_PARTS {
                let Some(part) = entries.get(&part_name(id, set, number))? else {
                    break;
                };
                entries.set(&part_name(aside, set, number), part.expose())?;
            }
        }
    }
    if let Some(value) = entries.get(id)? {
        entries.set(aside, value.expose())?;
    }
    delete(entries, id)
}

/// Removes the value.
pub fn delete(entries: &impl Entries, id: &str) -> Result<()> {
    entries.delete(id)?;
    match entries.limit() {
        Some(_) => sweep(entries, id, None),
        None => Ok(()),
    }
}

/// Removes parts that no manifest names, those of writers that died too.
fn sweep(entries: &impl Entries, id: &str, used: Option<&Manifest>) -> Result<()> {
    for set in SETS {
        let first = used
            .filter(|used| used.set == set)
            .map_or(0, |used| used.parts);
        for number in first..MOST_PARTS {
            let name = part_name(id, set, number);
            if entries.get(&name)?.is_none() {
                break;
            }
            entries.delete(&name)?;
        }
    }
    Ok(())
}

fn part_name(id: &str, set: char, number: usize) -> String {
    format!("{id} part {set}{number}")
}

impl Manifest {
    fn of(value: &[u8], limit: usize, old: Option<&Manifest>) -> Self {
        let [first, second] = SETS;
        Manifest {
            set: match old {
                Some(old) if old.set == first => second,
                _ => first,
            },
            parts: value.len().div_ceil(limit),
            length: value.len(),
            digest: hex(digest(&SHA256, value).as_ref()),
        }
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes.strip_prefix(MARK)?).ok()?;
        let mut fields = text.split(':');
        let mark = fields.next()?;
        let manifest = Manifest {
            set: SETS.into_iter().find(|set| set.to_string() == mark)?,
            parts: fields.next()?.parse().ok()?,
            length: fields.next()?.parse().ok()?,
            digest: fields.next()?.to_owned(),
        };
        (fields.next().is_none() && manifest.parts <= MOST_PARTS).then_some(manifest)
    }

    /// `None` where a part is missing or the whole is not what it was.
    fn gather(&self, entries: &impl Entries, id: &str) -> Result<Option<Secret<Vec<u8>>>> {
        let mut value = Vec::new();
        for number in 0..self.parts {
            let Some(part) = entries.get(&part_name(id, self.set, number))? else {
                return Ok(None);
            };
            value.extend_from_slice(part.expose());
        }
        let value = Secret::new(value);
        let whole = value.expose().len() == self.length
            && hex(digest(&SHA256, value.expose()).as_ref()) == self.digest;
        Ok(whole.then_some(value))
    }
}

impl std::fmt::Display for Manifest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mark = std::str::from_utf8(MARK).unwrap_or_default();
        let Manifest {
            set,
            parts,
            length,
            digest,
        } = self;
        write!(f, "{mark}{set}:{parts}:{length}:{digest}")
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    use proptest::prelude::*;

    use super::*;
    use crate::error::{Code, Error};

    /// Entries of at most 100 bytes; the writer can be made to die after some writes.
    struct Small {
        map: RefCell<BTreeMap<String, Vec<u8>>>,
        writes_left: Cell<usize>,
    }

    impl Small {
        fn new() -> Self {
            Small {
                map: RefCell::default(),
                writes_left: Cell::new(usize::MAX),
            }
        }

        fn spend(&self) -> Result<()> {
            let left = self.writes_left.get();
            if left == 0 {
                return Err(Error::new(Code::StoreFailed, "the writer died"));
            }
            self.writes_left.set(left - 1);
            Ok(())
        }
    }

    impl Entries for Small {
        fn describe(&self) -> String {
            "small".into()
        }
        fn lock_path(&self, _id: &str) -> Result<PathBuf> {
            unreachable!("not locked here")
        }
        fn get(&self, id: &str) -> Result<Option<Secret<Vec<u8>>>> {
            Ok(self.map.borrow().get(id).cloned().map(Secret::new))
        }
        fn set(&self, id: &str, value: &[u8]) -> Result<()> {
            self.spend()?;
            assert!(value.len() <= 100, "{} bytes in one entry", value.len());
            self.map.borrow_mut().insert(id.into(), value.to_vec());
            Ok(())
        }
        fn delete(&self, id: &str) -> Result<()> {
            self.spend()?;
            self.map.borrow_mut().remove(id);
            Ok(())
        }
        fn limit(&self) -> Option<usize> {
            Some(100)
        }
    }

    fn value_of(length: usize, seed: u8) -> Vec<u8> {
        (0..length)
            .map(|i| (i as u8).wrapping_mul(31) ^ seed)
            .collect()
    }

    #[test]
    fn sixty_four_kibibytes_come_back_and_nothing_is_left_behind() {
        let small = Small::new();
        for (round, length) in [65_536, 10, 250, 65_536, 0].into_iter().enumerate() {
            let value = value_of(length, round as u8);
            write(&small, "x", &value).unwrap();
            assert_eq!(*read(&small, "x").unwrap().unwrap().expose(), value);
            let parts = if length > 100 {
                length.div_ceil(100)
            } else {
                0
            };
            assert_eq!(small.map.borrow().len(), 1 + parts);
        }
        write(&small, "x", &value_of(1000, 9)).unwrap();
        delete(&small, "x").unwrap();
        assert!(small.map.borrow().is_empty());
    }

    #[test]
    fn a_writer_that_dies_leaves_the_old_value_or_the_new_one() {
        let (old, new) = (value_of(350, 1), value_of(450, 2));
        for writes in 0..20 {
            let small = Small::new();
            write(&small, "x", &old).unwrap();
            small.writes_left.set(writes);
            let _ = write(&small, "x", &new);
            let found = read(&small, "x").unwrap().unwrap();
            assert!(*found.expose() == old || *found.expose() == new, "{writes}");
        }
    }

    #[test]
    fn a_write_is_done_when_the_value_is_whatever_becomes_of_the_one_before() {
        let small = Small::new();
        write(&small, "x", &value_of(350, 1)).unwrap();
        // Enough for five parts and the manifest, not for removing the old parts.
        small.writes_left.set(6);
        write(&small, "x", &value_of(450, 2)).unwrap();
        assert_eq!(
            *read(&small, "x").unwrap().unwrap().expose(),
            value_of(450, 2)
        );
        small.writes_left.set(usize::MAX);
        write(&small, "x", b"small").unwrap();
        assert_eq!(small.map.borrow().len(), 1);
    }

    #[test]
    fn a_value_set_aside_keeps_its_parts_whatever_is_written_after() {
        let small = Small::new();
        let newer = value_of(350, 1);
        write(&small, "x", &newer).unwrap();
        let aside = small.keep_aside("x").unwrap();
        assert!(aside.contains("x unreadable 1"), "{aside}");
        assert!(read(&small, "x").unwrap().is_none());
        write(&small, "x", &value_of(450, 2)).unwrap();
        let kept = read(&small, "x unreadable 1").unwrap().unwrap();
        assert_eq!(*kept.expose(), newer);
        // A garbled one too, as it is.
        small
            .map
            .borrow_mut()
            .insert("x part a1".into(), vec![0; 100]);
        small.keep_aside("x").unwrap();
        write(&small, "x", &value_of(450, 3)).unwrap();
        let garbled = small.map.borrow()["x unreadable 2 part a1"].clone();
        assert_eq!(garbled, vec![0; 100]);
    }

    #[test]
    fn a_missing_or_changed_part_is_unreadable_not_a_wrong_value() {
        let small = Small::new();
        write(&small, "x", &value_of(350, 1)).unwrap();
        small
            .map
            .borrow_mut()
            .insert("x part a1".into(), vec![0; 100]);
        assert_eq!(read(&small, "x").unwrap_err().code(), Code::StoreUnreadable);
        small.map.borrow_mut().remove("x part a1");
        assert_eq!(read(&small, "x").unwrap_err().code(), Code::StoreUnreadable);
    }

    #[test]
    fn a_value_that_looks_like_a_manifest_is_still_a_value() {
        let small = Small::new();
        write(&small, "x", b"hallpass-parts:1:a:1:1:00").unwrap();
        let found = read(&small, "x").unwrap().unwrap();
        assert_eq!(found.expose(), b"hallpass-parts:1:a:1:1:00");
    }

    proptest! {
        #[test]
        fn foreign_manifests_do_no_harm(text in "[ab:0-9x]{0,40}") {
            let small = Small::new();
            let value = [MARK, text.as_bytes()].concat();
            small.map.borrow_mut().insert("x".into(), value);
            if let Err(error) = read(&small, "x") {
                prop_assert_eq!(error.code(), Code::StoreUnreadable);
            }
        }
    }
}
