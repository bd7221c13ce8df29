//! What a store entry holds: one session, bound to the configuration that got it.

use serde::{Deserialize, Serialize};

use crate::error::{Code, Error, Result};
use crate::grant::Client;
use crate::port::{EntryKey, UnixTime};
use crate::protocol::token::TokenSet;
use crate::secret::{self, Secret, printable};
use crate::service::Service;

/// Format version of [`Record`]; a record with a higher one is kept aside, never overwritten.
pub const VERSION: u32 = 1;

/// One session as stored (JSON).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// [`VERSION`].
    pub version: u32,
    /// Raised by every write.
    pub generation: u64,
    /// Who may use it: a record is never used for another server or client.
    pub binding: Binding,
    /// The account's name within the service.
    pub account: String,
    /// `sub` of the ID Token, where there is one.
    #[serde(default)]
    pub subject: Option<String>,
    /// What the server knows the person by where `subject` does not say it; see [`Record::person`].
    #[serde(default)]
    pub person: Option<String>,
    /// How it was got, and so how it is renewed.
    pub grant: crate::service::registration::Grant,
    /// The tokens; after a refused refresh without its refresh token.
    pub token: TokenSet,
    /// Scope that was asked for.
    pub requested_scope: Vec<String>,
    /// When `token` was received.
    pub received_at: UnixTime,
    /// When somebody signed in.
    pub signed_in_at: UnixTime,
    /// Values captured at sign-in that `api_base_url` may name.
    #[serde(default)]
    pub captured: std::collections::BTreeMap<String, String>,
    /// Set while a refresh is on its way: the write-ahead mark.
    #[serde(default)]
    pub refreshing: Option<Refreshing>,
}

/// What a record is bound to: the server as the configuration named it, and the client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// Issuer, where the configuration names one.
    pub issuer: Option<String>,
    /// Metadata document, where the configuration names it itself.
    #[serde(default)]
    pub server_metadata_url: Option<String>,
    /// Token endpoint that issued it.
    pub token_endpoint: String,
    /// Client that holds it.
    pub client_id: String,
    /// Resource indicators it was asked for (RFC 8707).
    #[serde(default)]
    pub resource: Vec<String>,
}

/// See [`Record::refreshing`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refreshing {
    /// When it began.
    pub since: UnixTime,
    /// Key (base64url, 32 bytes) that a spilled record would be sealed with.
    #[serde(serialize_with = "secret::expose")]
    pub spill_key: Secret,
}

impl Record {
    /// What a store gave for `key`, read; `StoreUnreadable` where it is no record of ours.
    pub fn read(stored: Option<Secret>, key: &EntryKey) -> Result<Option<Record>> {
        let Some(text) = stored else { return Ok(None) };
        Record::parse(&text).map(Some).map_err(|why| {
            Error::new(
                Code::StoreUnreadable,
                format!("the stored session of {} is unreadable: {why}", key.name),
            )
            .with_hint(format!(
                "it was left as it is; `hallpass login {}` sets it aside and begins anew",
                key.name
            ))
        })
    }

    /// The record, or what is wrong with the text.
    fn parse(text: &Secret) -> Result<Record, String> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let found = serde_json::from_str::<Versioned>(text.expose());
        match found.map(|found| found.version) {
            Ok(VERSION) => {}
            Ok(newer) if newer > VERSION => {
                return Err(format!("a newer hallpass wrote it (format {newer})"));
            }
            Ok(older) => return Err(format!("there is no format {older}")),
            Err(_) => return Err("it is garbled".to_owned()),
        }
        // serde's message could hold a piece of a token.
        serde_json::from_str(text.expose()).map_err(|error| {
            format!(
                "it is garbled at line {} column {}",
                error.line(),
                error.column()
            )
        })
    }

    /// Whose it is, as the server knows them whatever they are called.
    pub fn person(&self) -> Option<&str> {
        self.subject.as_deref().or(self.person.as_deref())
    }

    /// As it is stored.
    pub fn to_stored(&self) -> Result<Secret> {
        // Room enough at once: a buffer that grows leaves copies of tokens behind.
        let tokens = [
            Some(&self.token.access_token),
            self.token.refresh_token.as_ref(),
            self.token.id_token.as_ref(),
        ];
        let size: usize = tokens.iter().flatten().map(|t| t.expose().len()).sum();
        let mut json = Vec::with_capacity(size + 8192);
        let written = serde_json::to_writer(&mut json, self);
        written
            .ok()
            .and_then(|()| String::from_utf8(json).ok())
            .map(Secret::new)
            .ok_or_else(|| Error::new(Code::Internal, "a session record cannot be written"))
    }
}

impl Binding {
    /// Of a session that `client` gets now.
    pub fn of(client: &Client) -> Result<Binding> {
        let values = &client.service.values;
        Ok(Binding {
            issuer: values.issuer.clone(),
            server_metadata_url: values.server_metadata_url.clone(),
            token_endpoint: client.endpoint("token_endpoint")?.to_string(),
            client_id: client.client_id.clone(),
            resource: client.service.resource().to_vec(),
        })
    }

    /// Whether `service` still is what this was bound to; `LoginRequired` names what changed.
    ///
    /// A token endpoint that only metadata names may move: the issuer answers for it.
    pub fn check(&self, service: &Service) -> Result<()> {
        let values = &service.values;
        let endpoint = values.token_endpoint.as_deref().map(same_url);
        let (mut ours, mut theirs) = (self.resource.clone(), service.resource().to_vec());
        ours.sort();
        theirs.sort();
        // A token that the person brought needs no client.
        let changed = if values.client_id.as_deref().unwrap_or_default() != self.client_id {
            Some((
                "client_id",
                Some(&self.client_id),
                values.client_id.as_ref(),
            ))
        } else if values.issuer != self.issuer {
            Some(("issuer", self.issuer.as_ref(), values.issuer.as_ref()))
        } else if values.server_metadata_url != self.server_metadata_url {
            let (was, is) = (&self.server_metadata_url, &values.server_metadata_url);
            Some(("server_metadata_url", was.as_ref(), is.as_ref()))
        } else if endpoint.is_some_and(|endpoint| endpoint != same_url(&self.token_endpoint)) {
            let is = values.token_endpoint.as_ref();
            Some(("token_endpoint", Some(&self.token_endpoint), is))
        } else if ours != theirs {
            Some(("resource", ours.first(), theirs.first()))
        } else {
            None
        };
        let Some((what, was, is)) = changed else {
            return Ok(());
        };
        let shown = |value: Option<&String>| match value {
            Some(value) => format!("\"{}\"", printable(value, 120)),
            None => "none".to_owned(),
        };
        Err(Error::new(
            Code::LoginRequired,
            format!(
                "the session of {} was made for another {what}: {}, and it is {} now",
                service.reference(),
                shown(was),
                shown(is)
            ),
        )
        .with_hint(format!("hallpass login {}", service.reference())))
    }
}

/// A URL as every spelling of it is written.
fn same_url(text: &str) -> String {
    url::Url::parse(text).map_or_else(|_| text.to_owned(), String::from)
}

/// A record for tests.
#[cfg(test)]
pub(crate) fn sample() -> Record {
    use crate::protocol::token::TokenType;
    Record {
        version: VERSION,
        generation: 1,
        binding: Binding {
            issuer: Some("https://as.example".into()),
            server_metadata_url: None,
            token_endpoint: "https://as.example/token".into(),
            client_id: "client".into(),
            resource: Vec::new(),
        },
        account: "ada".into(),
        subject: Some("248289761001".into()),
        person: None,
        grant: crate::service::registration::Grant::AuthorizationCode,
        token: TokenSet {
            access_token: "access-1".into(),
            token_type: TokenType::Bearer,
            refresh_token: Some("refresh-1".into()),
            id_token: None,
            scope: Some(vec!["openid".into(), "read".into()]),
            expires_in: Some(3600),
            refresh_token_expires_in: None,
            extra: Default::default(),
        },
        requested_scope: vec!["openid".into(), "read".into()],
        received_at: 1_800_000_000,
        signed_in_at: 1_800_000_000,
        captured: Default::default(),
        refreshing: None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> EntryKey {
        EntryKey::session("work@ada")
    }

    fn read(text: &str) -> Result<Option<Record>> {
        Record::read(Some(text.into()), &key())
    }

    #[test]
    fn a_record_comes_back_with_everything() {
        let mut record = sample();
        record
            .captured
            .insert("instance_url".into(), "https://x".into());
        record.refreshing = Some(Refreshing {
            since: 7,
            spill_key: "k".into(),
        });
        let stored = record.to_stored().unwrap();
        assert_eq!(Record::read(Some(stored), &key()).unwrap(), Some(record));
        assert_eq!(Record::read(None, &key()).unwrap(), None);
    }

    #[test]
    fn a_newer_or_garbled_record_is_unreadable_and_says_why() {
        let newer = r#"{"version": 2, "everything": "else"}"#;
        for (text, why) in [
            (newer, "newer hallpass"),
            (r#"{"version": 0}"#, "no format 0"),
            (r#"{"version": 1, "generation": "#, "garbled"),
            (r#"{"version": 1}"#, "garbled"),
            ("", "garbled"),
            ("hunter2", "garbled"),
        ] {
            let error = read(text).unwrap_err();
            assert_eq!(error.code(), Code::StoreUnreadable, "{text}");
            assert!(error.to_string().contains(why), "{error}");
            assert!(error.hint().unwrap().contains("hallpass login work@ada"));
        }
    }

    #[test]
    fn the_error_about_a_garbled_record_shows_nothing_of_it() {
        let stored = sample().to_stored().unwrap();
        let text = stored
            .expose()
            .replace("\"generation\":1", "\"generation\":\"hunter2\"");
        let error = read(&text).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(
            !shown.contains("hunter2") && !shown.contains("access-1"),
            "{shown}"
        );
    }

    proptest! {
        #[test]
        fn foreign_records_do_no_harm(text in "\\PC{0,60}") {
            prop_assert_eq!(read(&text).unwrap_err().code(), Code::StoreUnreadable);
        }
    }

    #[test]
    fn a_record_of_another_server_or_client_is_not_used() {
        let bound = sample().binding;
        let mut service = super::super::testing::service();
        bound.check(&service).unwrap();
        service.values.token_endpoint = Some("https://AS.example:443/token".into());
        bound.check(&service).unwrap();
        type Change = (&'static str, fn(&mut crate::service::Registration));
        let changes: [Change; 6] = [
            ("client_id", |values| {
                values.client_id = Some("other".into())
            }),
            ("issuer", |values| {
                values.issuer = Some("https://as.example/".into())
            }),
            ("issuer", |values| values.issuer = None),
            ("server_metadata_url", |values| {
                values.server_metadata_url = Some("https://evil.example/metadata".into());
            }),
            ("token_endpoint", |values| {
                values.token_endpoint = Some("https://evil.example/token".into());
            }),
            ("resource", |values| {
                values.resource = Some(vec!["https://api.example".into()])
            }),
        ];
        for (what, change) in changes {
            let mut service = super::super::testing::service();
            change(&mut service.values);
            let error = bound.check(&service).unwrap_err();
            assert_eq!(error.code(), Code::LoginRequired);
            assert!(
                error.to_string().contains(&format!("another {what}")),
                "{error}"
            );
        }
    }

    /// A document chosen by hand says which server it is, as an issuer does.
    #[test]
    fn a_session_of_one_metadata_document_is_not_used_with_another() {
        let mut bound = sample().binding;
        bound.server_metadata_url = Some("https://as.example/metadata".into());
        let mut service = super::super::testing::service();
        service.values.server_metadata_url = bound.server_metadata_url.clone();
        bound.check(&service).unwrap();
        for other in [Some("https://evil.example/metadata".to_owned()), None] {
            service.values.server_metadata_url = other;
            let error = bound.check(&service).unwrap_err();
            assert_eq!(error.code(), Code::LoginRequired);
            assert!(error.to_string().contains("server_metadata_url"), "{error}");
        }
    }
}
