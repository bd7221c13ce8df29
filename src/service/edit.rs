//! Changes to the configuration file's text: comments and order stay, the result parses.

use toml_edit::{DocumentMut, InlineTable, Item, Table, TableLike, Value};

use super::configuration::{Configuration, StoreTable};
use super::merge::KEYS;
use super::registration::Registration;
use crate::error::{Code, Error, Result};
use crate::secret::printable;

/// Adds the service, or changes the keys that `layer` gives; entries of maps one by one.
pub fn put(text: &str, name: &str, layer: &Registration) -> Result<String> {
    let mut document = parse(text)?;
    let service = service_table(&mut document, name)?;
    let given = toml::Table::try_from(layer).map_err(cannot_write)?;
    for key in KEYS {
        let Some(value) = given.get(*key) else {
            continue;
        };
        let old = service.get_mut(key).and_then(Item::as_table_like_mut);
        match (value, old) {
            (toml::Value::Table(entries), Some(map)) if *key != "pagination" => {
                for (entry, value) in entries {
                    set(map, entry, edit_value(value)?);
                }
            }
            _ => set(service, key, edit_value(value)?),
        }
    }
    finish(&document)
}

/// Removes one key, or one entry of a map (`variables.tenant`); an error where it is not set.
pub fn unset(text: &str, name: &str, key: &str) -> Result<String> {
    let mut document = parse(text)?;
    let services = document
        .get_mut("service")
        .and_then(Item::as_table_like_mut);
    let service = services.and_then(|services| services.get_mut(name)?.as_table_like_mut());
    let removed = service.and_then(|service| match key.split_once('.') {
        Some((map, entry)) => {
            let entries = service.get_mut(map)?.as_table_like_mut()?;
            let removed = entries.remove(entry);
            if entries.is_empty() {
                service.remove(map);
            }
            removed
        }
        None => service.remove(key),
    });
    if removed.is_none() {
        return Err(Error::new(
            Code::ConfigInvalid,
            format!(
                "config.toml does not set {} of service \"{}\"",
                printable(key, 80),
                printable(name, 80)
            ),
        )
        .with_hint(format!(
            "`hallpass show {} --origin` tells where each value comes from",
            printable(name, 80)
        )));
    }
    finish(&document)
}

/// Removes the service with the comments that stand directly before it.
pub fn remove(text: &str, name: &str) -> Result<String> {
    let mut document = parse(text)?;
    let services = document
        .get_mut("service")
        .and_then(Item::as_table_like_mut);
    let removed = services.and_then(|services| services.remove(name));
    if let Some(Item::Table(table)) = removed {
        // The file's own first comment is not the table's, where an empty line parts them.
        let prefix = table.decor().prefix().and_then(|raw| raw.as_str());
        if let Some((kept, _)) = prefix.and_then(|text| text.rsplit_once("\n\n"))
            && !kept.trim().is_empty()
        {
            let kept = format!("{kept}\n");
            hand_on(&mut document, table.position().unwrap_or_default(), &kept);
        }
    }
    finish(&document)
}

/// Replaces the `[store]` table's keys.
pub fn put_store(text: &str, store: &StoreTable) -> Result<String> {
    let mut document = parse(text)?;
    let given = toml::Table::try_from(store).map_err(cannot_write)?;
    let item = document.entry("store").or_insert_with(new_table);
    let table = item
        .as_table_like_mut()
        .ok_or_else(|| not_a_table("store"))?;
    let gone: Vec<String> = table
        .iter()
        .map(|(key, _)| key.to_owned())
        .filter(|key| !given.contains_key(key))
        .collect();
    for key in gone {
        table.remove(&key);
    }
    for (key, value) in &given {
        set(table, key, edit_value(value)?);
    }
    finish(&document)
}

fn parse(text: &str) -> Result<DocumentMut> {
    // First as it is read: that error names the line.
    Configuration::parse(text, "config.toml")?;
    text.parse::<DocumentMut>().map_err(|error| {
        Error::new(
            Code::ConfigInvalid,
            format!("config.toml: {}", printable(error.message(), 200)),
        )
    })
}

fn finish(document: &DocumentMut) -> Result<String> {
    let text = document.to_string();
    Configuration::parse(&text, "config.toml")?;
    // The first table of a new file needs no empty line before it.
    Ok(match text.strip_prefix("\n[") {
        Some(rest) => format!("[{rest}"),
        None => text,
    })
}

fn service_table<'d>(document: &'d mut DocumentMut, name: &str) -> Result<&'d mut dyn TableLike> {
    let services = document.entry("service").or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    let services = services
        .as_table_like_mut()
        .ok_or_else(|| not_a_table("service"))?;
    if services.get(name).is_none() {
        services.insert(name, new_table());
    }
    services
        .get_mut(name)
        .and_then(Item::as_table_like_mut)
        .ok_or_else(|| not_a_table(name))
}

fn new_table() -> Item {
    let mut table = Table::new();
    table.decor_mut().set_prefix("\n");
    Item::Table(table)
}

/// Sets a value in its place, with the comment that stood behind the old one.
fn set(table: &mut dyn TableLike, key: &str, mut value: Value) {
    if let Some(Item::Value(old)) = table.get_mut(key) {
        *value.decor_mut() = old.decor().clone();
        *old = value;
    } else {
        table.insert(key, Item::Value(value));
    }
}

fn edit_value(value: &toml::Value) -> Result<Value> {
    Ok(match value {
        toml::Value::String(text) => text.as_str().into(),
        toml::Value::Integer(number) => (*number).into(),
        toml::Value::Boolean(yes) => (*yes).into(),
        toml::Value::Array(items) => {
            let items: Result<toml_edit::Array> = items.iter().map(edit_value).collect();
            Value::Array(items?)
        }
        toml::Value::Table(entries) => {
            let mut table = InlineTable::new();
            for (key, value) in entries {
                table.insert(key, edit_value(value)?);
            }
            Value::InlineTable(table)
        }
        toml::Value::Float(_) | toml::Value::Datetime(_) => {
            return Err(Error::new(Code::Internal, "no key takes a float or a date"));
        }
    })
}

/// Puts `comment` before the next table after `position`, or at the end of the file.
fn hand_on(document: &mut DocumentMut, position: isize, comment: &str) {
    let next = positions(document.as_table())
        .into_iter()
        .filter(|other| *other > position)
        .min();
    if let Some(next) = next
        && let Some(table) = table_at(document.as_table_mut(), next)
    {
        let old = table.decor().prefix().and_then(|raw| raw.as_str());
        let prefix = format!("{comment}{}", old.unwrap_or_default());
        table.decor_mut().set_prefix(prefix);
        return;
    }
    let old = document.trailing().as_str().unwrap_or_default();
    let trailing = format!("{comment}{old}");
    document.set_trailing(trailing);
}

fn positions(table: &Table) -> Vec<isize> {
    let children = table.iter().filter_map(|(_, item)| item.as_table());
    let below: Vec<isize> = children.flat_map(positions).collect();
    let own = table.position().filter(|_| !table.is_implicit());
    own.into_iter().chain(below).collect()
}

fn table_at(table: &mut Table, position: isize) -> Option<&mut Table> {
    if table.position() == Some(position) && !table.is_implicit() {
        return Some(table);
    }
    table
        .iter_mut()
        .filter_map(|(_, item)| item.as_table_mut())
        .find_map(|child| table_at(child, position))
}

fn not_a_table(name: &str) -> Error {
    Error::new(
        Code::ConfigInvalid,
        format!("config.toml: {} is not a table", printable(name, 80)),
    )
}

fn cannot_write(error: toml::ser::Error) -> Error {
    Error::new(Code::Internal, "a service cannot be written as TOML").with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::assign::assign;

    const FILE: &str = "\
# My services.

# The one at work.
[service.work]
issuer = \"https://sso.example\" # the new one
client_id = \"a\"
variables = { x = \"1\" }

# Another comment.

# Mine.
[service.home]
provider = \"github\"
api_headers.Accept = \"text/plain\"

[store]
kind = \"file\" # no keyring here
";

    #[test]
    fn changes_keep_comments_and_order() {
        let layer = assign("client_id", "b").unwrap();
        assert_eq!(
            put(FILE, "work", &layer).unwrap(),
            FILE.replace("client_id = \"a\"", "client_id = \"b\"")
        );
        let layer = assign("issuer", "https://other.example").unwrap();
        assert_eq!(
            put(FILE, "work", &layer).unwrap(),
            FILE.replace("https://sso.example", "https://other.example")
        );
        let layer = assign("api_headers.X-A", "1").unwrap();
        let text = put(FILE, "home", &layer).unwrap();
        assert!(
            text.contains("api_headers.Accept = \"text/plain\"\n"),
            "{text}"
        );
        let services = Configuration::parse(&text, "").unwrap().services;
        assert_eq!(services["home"].api_headers.len(), 2);
    }

    #[test]
    fn a_new_service_is_a_table_of_its_own() {
        let mut layer = assign("provider", "google").unwrap();
        layer.client_id = Some("c".into());
        layer.variables.insert("tenant".into(), "t".into());
        assert_eq!(
            put("", "g", &layer).unwrap(),
            "[service.g]\nprovider = \"google\"\nclient_id = \"c\"\nvariables = { tenant = \"t\" }\n"
        );
        let text = put(FILE, "gitlab.example.com", &layer).unwrap();
        assert!(
            text.contains("\n[service.\"gitlab.example.com\"]\n"),
            "{text}"
        );
        assert!(text.contains("# Mine.\n[service.home]"), "{text}");
        let services = Configuration::parse(&text, "").unwrap().services;
        assert_eq!(services["gitlab.example.com"], layer);
    }

    #[test]
    fn removing_leaves_other_comments() {
        let text = remove(FILE, "work").unwrap();
        assert!(text.starts_with("# My services.\n"), "{text}");
        assert!(!text.contains("The one at work"), "{text}");
        assert!(text.contains("# Mine.\n[service.home]"), "{text}");
        let text = remove(FILE, "home").unwrap();
        assert!(text.contains("# Another comment.\n"), "{text}");
        assert!(!text.contains("# Mine."), "{text}");
        assert!(
            text.contains("[store]\nkind = \"file\" # no keyring here"),
            "{text}"
        );
        let only = remove(
            "# Header.\n\n[service.a]\nissuer = 'https://a.example'\n",
            "a",
        )
        .unwrap();
        assert_eq!(only, "# Header.\n");
    }

    #[test]
    fn unsetting_takes_a_key_or_an_entry() {
        let text = unset(FILE, "work", "variables.x").unwrap();
        assert_eq!(text, FILE.replace("variables = { x = \"1\" }\n", ""));
        let error = unset(FILE, "work", "scope").unwrap_err();
        assert_eq!(
            error.to_string(),
            "config.toml does not set scope of service \"work\""
        );
        assert!(unset(FILE, "nobody", "scope").is_err());
    }

    #[test]
    fn the_store_table_is_replaced_key_by_key() {
        let store = StoreTable {
            kind: Some("keyring".into()),
            ..StoreTable::default()
        };
        let text = put_store(FILE, &store).unwrap();
        assert_eq!(text, FILE.replace("kind = \"file\"", "kind = \"keyring\""));
        assert_eq!(
            put_store("", &store).unwrap(),
            "[store]\nkind = \"keyring\"\n"
        );
    }

    #[test]
    fn a_broken_file_is_not_touched() {
        assert!(put("[service.a]\nisuer = 'x'\n", "b", &Registration::default()).is_err());
        assert!(
            put(
                "service = { a = {} }\n",
                "b",
                &assign("provider", "google").unwrap()
            )
            .is_ok()
        );
    }

    proptest::proptest! {
        #[test]
        fn what_is_put_is_read(key in "[a-z]{1,8}", value in "\\PC{1,20}") {
            let mut layer = Registration { client_id: Some(value.clone()), ..Default::default() };
            layer.api_headers.insert(key, value);
            let text = put(FILE, "new", &layer).unwrap();
            let read = Configuration::parse(&text, "").unwrap();
            proptest::prop_assert_eq!(&read.services["new"], &layer);
            proptest::prop_assert_eq!(read.services.len(), 3);
        }
    }
}
