//! Authenticated encryption of what must rest on a disk: HKDF-SHA256 (RFC 5869) makes a key for
//! this one message, ChaCha20-Poly1305 (RFC 8439) seals it.
//!
//! The salt is 32 random bytes, so no message key is ever used twice and the nonce can be zero.

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, KeyType, Salt};

use super::Secret;

/// A key for [`seal`].
pub type Key = Secret<[u8; 32]>;

/// Bytes of the salt at the front of a sealed message.
pub const SALT: usize = 32;

/// Salt, then ciphertext and tag. `bound` is not in it, but [`open`] needs the same.
pub fn seal(key: &Key, salt: [u8; SALT], bound: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::with_capacity(SALT + plaintext.len() + CHACHA20_POLY1305.tag_len());
    sealed.extend_from_slice(&salt);
    let mut text = plaintext.to_vec();
    let tag = message_key(key, &salt)
        .seal_in_place_separate_tag(nonce(), Aad::from(bound), &mut text)
        .expect("a message in memory is shorter than the cipher's limit of 256 GiB");
    sealed.append(&mut text);
    sealed.extend_from_slice(tag.as_ref());
    sealed
}

/// What was sealed; `None` when key, `bound` or any byte is another.
pub fn open(key: &Key, bound: &[u8], sealed: &[u8]) -> Option<Secret<Vec<u8>>> {
    let (salt, ciphertext) = sealed.split_at_checked(SALT)?;
    let mut text = ciphertext.to_vec();
    let length = message_key(key, salt)
        .open_in_place(nonce(), Aad::from(bound), &mut text)
        .ok()?
        .len();
    text.truncate(length);
    Some(Secret::new(text))
}

fn message_key(key: &Key, salt: &[u8]) -> LessSafeKey {
    struct Bytes32;
    impl KeyType for Bytes32 {
        fn len(&self) -> usize {
            32
        }
    }
    let mut bytes = Secret::new([0; 32]);
    Salt::new(HKDF_SHA256, salt)
        .extract(key.expose())
        .expand(&[b"hallpass seal 1"], Bytes32)
        .and_then(|material| material.fill(bytes.expose_mut()))
        .expect("32 bytes are less than HKDF's limit of 255 blocks");
    let key = UnboundKey::new(&CHACHA20_POLY1305, bytes.expose());
    LessSafeKey::new(key.expect("the cipher's keys are 32 bytes long"))
}

fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(byte: u8) -> Key {
        Secret::new([byte; 32])
    }

    #[test]
    fn what_was_sealed_comes_back_only_with_everything_the_same() {
        let sealed = seal(&key(1), [7; 32], b"name", b"hunter2");
        let found = open(&key(1), b"name", &sealed).unwrap();
        assert_eq!(found.expose(), b"hunter2");
        assert!(open(&key(2), b"name", &sealed).is_none());
        assert!(open(&key(1), b"eman", &sealed).is_none());
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(open(&key(1), b"name", &changed).is_none(), "byte {place}");
            assert!(open(&key(1), b"name", &sealed[..place]).is_none());
        }
    }

    #[test]
    fn another_salt_gives_another_ciphertext() {
        let one = seal(&key(1), [1; 32], b"", b"hunter2");
        let two = seal(&key(1), [2; 32], b"", b"hunter2");
        assert_ne!(one[SALT..], two[SALT..]);
        assert!(!one.windows(7).any(|window| window == b"hunter2"));
    }

    proptest! {
        #[test]
        fn foreign_bytes_do_not_open(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(open(&key(1), b"", &bytes).is_none());
        }
    }
}
