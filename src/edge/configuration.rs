//! `config.toml` and `providers/*.toml` on disk.
//!
//! They hold no secret, so others may read them; but whoever can write them says where tokens go.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::time::Duration;

use super::files::{shown, write_private};
use super::lock_file::lock;
use super::paths::Paths;
use crate::error::{Code, Error, Result};
use crate::service::Configuration;
use crate::service::configuration::check_name;

/// More than any configuration needs.
const LIMIT: u64 = 1 << 20;

/// How long a change waits for another one.
const DEADLINE: Duration = Duration::from_secs(10);

/// Reads and parses; no file is an empty configuration.
pub fn read(paths: &Paths) -> Result<Configuration> {
    let file = paths.config_file();
    let mut configuration = match read_text(&file)? {
        Some(text) => Configuration::parse(&text, &shown(&file))?,
        None => Configuration::default(),
    };
    configuration.user_presets = read_presets(&paths.config.join("providers"))?;
    Ok(configuration)
}

/// Replaces the file's text by what `change` makes of it, under a lock: of two changes at once
/// none is lost. Nothing is written where `change` fails or changes nothing.
pub fn update(paths: &Paths, change: &dyn Fn(&str) -> Result<String>) -> Result<()> {
    let file = paths.config_file();
    let _lock = lock(
        &paths.config.join(".lock"),
        "config.toml",
        DEADLINE,
        &mut |_| (),
    )
    .map_err(|error| not_written(error, &file))?;
    let old = read_text(&file)?.unwrap_or_default();
    let new = change(&old)?;
    if new == old {
        return Ok(());
    }
    // Through the person's own link, as dotfile managers make them; `read_text` has checked it.
    let target = fs::canonicalize(&file).unwrap_or_else(|_| file.clone());
    write_private(&target, new.as_bytes()).map_err(|error| not_written(error, &file))
}

/// The person's own presets, by name.
fn read_presets(folder: &Path) -> Result<BTreeMap<String, String>> {
    let mut presets = BTreeMap::new();
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if is_absent(error.kind()) => return Ok(presets),
        Err(error) => return Err(unreadable(folder, "it cannot be listed").with_source(error)),
    };
    for entry in entries {
        let entry = entry.map_err(|e| unreadable(folder, "it cannot be listed").with_source(e))?;
        let path = entry.path();
        // Editors keep their own beside what they edit (`.#mine.toml`).
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if hidden || path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let name = path.file_stem().and_then(|stem| stem.to_str());
        let Some(name) = name.filter(|name| check_name(name).is_ok()) else {
            return Err(unreadable(&path, "its name is no provider's name")
                .with_hint("letters, digits, `.`, `_` and `-`, then `.toml`"));
        };
        if let Some(text) = read_text(&path)? {
            presets.insert(name.to_owned(), text);
        }
    }
    Ok(presets)
}

/// A file of the person's own (or the administrator's) that nobody else may write.
fn read_text(path: &Path) -> Result<Option<String>> {
    let link = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if is_absent(error.kind()) => return Ok(None),
        Err(error) => return Err(unreadable(path, "the system refuses it").with_source(error)),
    };
    if link.is_symlink() {
        check_owner(&link, path)?;
    }
    let metadata = fs::metadata(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => unreadable(path, "it is a link to nothing"),
        _ => unreadable(path, "the system refuses it").with_source(error),
    })?;
    if !metadata.is_file() {
        return Err(unreadable(path, "it is not a file"));
    }
    if metadata.len() > LIMIT {
        return Err(unreadable(path, "it is larger than 1 MiB"));
    }
    let file = fs::File::open(path)
        .map_err(|error| unreadable(path, "the system refuses it").with_source(error))?;
    // What was opened, not what stood there a moment ago.
    let metadata = file
        .metadata()
        .map_err(|error| unreadable(path, "the system refuses it").with_source(error))?;
    check_owner(&metadata, path)?;
    let mut text = String::new();
    file.take(LIMIT)
        .read_to_string(&mut text)
        .map_err(|error| match error.kind() {
            ErrorKind::InvalidData => unreadable(path, "it is not UTF-8 text"),
            _ => unreadable(path, "the system refuses it").with_source(error),
        })?;
    Ok(Some(text))
}

fn is_absent(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::NotADirectory)
}

#[cfg(unix)]
fn check_owner(metadata: &Metadata, path: &Path) -> Result<()> {
    use std::os::unix::fs::MetadataExt;
    let us = rustix::process::geteuid().as_raw();
    if !is_trusted(metadata.uid(), us) {
        let why = format!("it belongs to another user (uid {})", metadata.uid());
        return Err(unreadable(path, &why));
    }
    // A link's own mode says nothing.
    if !metadata.is_symlink() && metadata.mode() & 0o002 != 0 {
        return Err(unreadable(path, "everybody may write to it")
            .with_hint(format!("`chmod o-w {}`", shown(path))));
    }
    Ok(())
}

/// Ourselves and the administrator; under `sudo` HOME may be somebody else's.
#[cfg(unix)]
fn is_trusted(owner: u32, us: u32) -> bool {
    owner == us || owner == 0
}

#[cfg(not(unix))]
fn check_owner(_metadata: &Metadata, _path: &Path) -> Result<()> {
    Ok(())
}

fn unreadable(path: &Path, why: &str) -> Error {
    Error::new(
        Code::ConfigInvalid,
        format!("refusing to read {}: {why}", shown(path)),
    )
    .with_hint("correct it, or name another folder in HALLPASS_CONFIG_DIR")
}

fn not_written(error: Error, file: &Path) -> Error {
    if error.code() == Code::LockTimeout {
        return error;
    }
    Error::new(
        Code::ConfigInvalid,
        format!("{} cannot be changed", shown(file)),
    )
    .with_hint("its folder must be yours and writable; HALLPASS_CONFIG_DIR names another one")
    .with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(root: &Path) -> Paths {
        Paths {
            config: root.join("config"),
            state: root.join("state"),
            cache: root.join("cache"),
        }
    }

    fn add(name: &str) -> impl Fn(&str) -> Result<String> {
        let table = format!("[service.{name}]\n");
        move |text| Ok(format!("{text}{table}"))
    }

    #[test]
    fn no_folder_is_an_empty_configuration() {
        let root = tempfile::tempdir().unwrap();
        let configuration = read(&paths(root.path())).unwrap();
        assert!(configuration.services.is_empty() && configuration.user_presets.is_empty());
    }

    #[test]
    fn changes_at_once_lose_nothing() {
        let root = tempfile::tempdir().unwrap();
        let paths = paths(root.path());
        std::thread::scope(|scope| {
            for number in 0..8 {
                let paths = &paths;
                scope.spawn(move || update(paths, &add(&format!("s{number}"))).unwrap());
            }
        });
        assert_eq!(read(&paths).unwrap().services.len(), 8);
    }

    #[test]
    fn a_change_that_fails_leaves_the_file() {
        let root = tempfile::tempdir().unwrap();
        let paths = paths(root.path());
        update(&paths, &add("a")).unwrap();
        let failing = |_: &str| Err(Error::new(Code::Usage, "no"));
        assert_eq!(update(&paths, &failing).unwrap_err().code(), Code::Usage);
        assert_eq!(read(&paths).unwrap().services.len(), 1);
    }

    #[test]
    fn own_presets_are_found_by_file_name() {
        let root = tempfile::tempdir().unwrap();
        let paths = paths(root.path());
        write_private(&paths.config.join("providers/mine.toml"), b"issuer = 'x'").unwrap();
        write_private(&paths.config.join("providers/README"), b"not one").unwrap();
        let presets = read(&paths).unwrap().user_presets;
        assert_eq!(presets.keys().collect::<Vec<_>>(), ["mine"]);
        write_private(&paths.config.join("providers/a b.toml"), b"").unwrap();
        assert!(read(&paths).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn links_of_our_own_are_followed_and_kept_and_dangling_ones_refused() {
        let root = tempfile::tempdir().unwrap();
        let paths = paths(root.path());
        let elsewhere = root.path().join("dotfiles/hallpass.toml");
        write_private(&elsewhere, b"[service.a]\n").unwrap();
        fs::create_dir_all(&paths.config).unwrap();
        std::os::unix::fs::symlink(&elsewhere, paths.config_file()).unwrap();
        update(&paths, &add("b")).unwrap();
        assert!(
            fs::symlink_metadata(paths.config_file())
                .unwrap()
                .is_symlink()
        );
        assert_eq!(read(&paths).unwrap().services.len(), 2);

        fs::remove_file(&elsewhere).unwrap();
        let error = read(&paths).unwrap_err();
        assert!(
            error.to_string().ends_with("it is a link to nothing"),
            "{error}"
        );
        assert!(update(&paths, &add("c")).is_err());
        assert!(
            !elsewhere.exists(),
            "nothing is written through a dangling link"
        );
    }

    #[cfg(unix)]
    #[test]
    fn what_everybody_may_write_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        let paths = paths(root.path());
        update(&paths, &add("a")).unwrap();
        let set = |mode| fs::set_permissions(paths.config_file(), fs::Permissions::from_mode(mode));
        set(0o644).unwrap();
        assert!(read(&paths).is_ok());
        set(0o666).unwrap();
        let error = read(&paths).unwrap_err();
        assert!(
            error.to_string().ends_with("everybody may write to it"),
            "{error}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_file_of_another_user_is_not_ours() {
        assert!(is_trusted(1000, 1000) && is_trusted(0, 1000));
        assert!(!is_trusted(1001, 1000) && !is_trusted(1000, 0));
    }

    #[cfg(unix)]
    #[test]
    fn what_is_not_a_file_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let paths = paths(root.path());
        fs::create_dir_all(paths.config_file()).unwrap();
        assert!(read(&paths).is_err());
    }
}
