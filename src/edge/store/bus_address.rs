//! Which D-Bus session bus the Secret Service is asked on: a unix socket or nothing.
//!
//! Secrets cross the bus as they are. Over a unix socket they pass between processes of this
//! user only; over TCP anybody could read them.

#[cfg(any(target_os = "linux", target_os = "freebsd", target_os = "openbsd"))]
mod platform {
    use std::path::Path;

    use crate::edge::env::var;
    use crate::error::{Code, Error, Result};
    use crate::secret::printable;

    const VARIABLE: &str = "DBUS_SESSION_BUS_ADDRESS";
    const HINT: &str = crate::edge::store::WITHOUT_KEYRING;

    /// `StoreAbsent` where there is no session bus, or one that is no unix socket.
    pub fn check() -> Result<()> {
        match address() {
            Some(address) => check_address(&address),
            None => Err(Error::new(
                Code::StoreAbsent,
                "no OS keyring here: there is no D-Bus session bus",
            )
            .with_hint(HINT)),
        }
    }

    /// As libdbus finds it, but never started by us: an `autolaunch` bus would have no keyring.
    fn address() -> Option<String> {
        var(VARIABLE).or_else(|| {
            let socket = Path::new(&var("XDG_RUNTIME_DIR")?).join("bus");
            let address = format!("unix:path={}", socket.display());
            socket.exists().then_some(address)
        })
    }

    pub(super) fn check_address(address: &str) -> Result<()> {
        let foreign = address
            .split(';')
            .filter(|one| !one.is_empty())
            .find(|one| !one.starts_with("unix:"));
        match foreign {
            None => Ok(()),
            Some(foreign) => Err(Error::new(
                Code::StoreAbsent,
                format!(
                    "{VARIABLE} names no unix socket: {}; secrets are not sent over it",
                    printable(foreign, 100)
                ),
            )
            .with_hint(HINT)),
        }
    }

    /// The same text for every spelling of the same bus.
    pub fn normalised() -> String {
        address().map_or_else(String::new, |address| normalise(&address))
    }

    pub(super) fn normalise(address: &str) -> String {
        let one = address.split(';').find(|one| !one.is_empty());
        let mut pairs: Vec<String> = one
            .unwrap_or_default()
            .trim_start_matches("unix:")
            .split(',')
            .filter(|pair| !pair.starts_with("guid="))
            .map(|pair| match pair.strip_prefix("path=") {
                Some(path) => format!("path={}", canonical(path)),
                None => pair.to_owned(),
            })
            .collect();
        pairs.sort();
        pairs.join(",")
    }

    /// The process that listens there: the bus, which need not be able to answer.
    #[cfg(target_os = "linux")]
    pub fn bus() -> Option<u32> {
        use std::os::linux::net::SocketAddrExt;
        use std::os::unix::net::{SocketAddr, UnixStream};
        let text = normalised();
        let mut pairs = text.split(',').filter_map(|pair| pair.split_once('='));
        let address = pairs.find_map(|(key, value)| match key {
            "path" => SocketAddr::from_pathname(value).ok(),
            "abstract" => SocketAddr::from_abstract_name(value).ok(),
            _ => None,
        })?;
        let stream = UnixStream::connect_addr(&address).ok()?;
        let peer = rustix::net::sockopt::socket_peercred(&stream).ok()?;
        u32::try_from(peer.pid.as_raw_nonzero().get()).ok()
    }

    fn canonical(path: &str) -> String {
        match std::fs::canonicalize(path) {
            Ok(canonical) => canonical.display().to_string(),
            Err(_) => path.to_owned(),
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn only_unix_sockets_are_spoken_to() {
            for good in [
                "unix:path=/run/user/1000/bus",
                "unix:abstract=/tmp/x,guid=0;",
            ] {
                check_address(good).unwrap();
            }
            for bad in [
                "tcp:host=192.0.2.1,port=1",
                "unix:path=/run/user/1000/bus;tcp:host=192.0.2.1,port=1",
                "autolaunch:",
                "unixexec:path=/bin/sh",
                "nonce-tcp:host=127.0.0.1,port=1,noncefile=/x",
            ] {
                assert_eq!(check_address(bad).unwrap_err().code(), Code::StoreAbsent);
            }
        }

        #[test]
        fn spellings_of_one_bus_are_one_bus() {
            let plain = normalise("unix:path=/run/user/4242/bus");
            assert_eq!(normalise("unix:path=/run/user/4242/bus,guid=ab12"), plain);
            assert_eq!(normalise("unix:guid=ab12,path=/run/user/4242/bus"), plain);
            assert_ne!(normalise("unix:path=/run/user/4243/bus"), plain);
            let root = tempfile::tempdir().unwrap();
            let socket = root.path().join("bus");
            std::fs::write(&socket, "").unwrap();
            let link = root.path().join("link");
            std::os::unix::fs::symlink(root.path(), &link).unwrap();
            let address = |path: &Path| format!("unix:path={}", path.display());
            let through_link = normalise(&address(&link.join("bus")));
            assert_eq!(through_link, normalise(&address(&socket)));
        }
    }
}

#[cfg(any(target_os = "linux", target_os = "freebsd", target_os = "openbsd"))]
pub use platform::{check, normalised};

#[cfg(target_os = "linux")]
pub use platform::bus;

/// No bus between us and the keyring.
#[cfg(any(windows, target_vendor = "apple"))]
pub fn check() -> crate::error::Result<()> {
    Ok(())
}

/// The keyring crate would pretend with a store in memory.
#[cfg(not(any(
    target_os = "linux",
    target_os = "freebsd",
    target_os = "openbsd",
    windows,
    target_vendor = "apple"
)))]
pub fn check() -> crate::error::Result<()> {
    use crate::error::{Code, Error};
    Err(
        Error::new(Code::StoreAbsent, "no OS keyring is known on this system")
            .with_hint(super::WITHOUT_KEYRING),
    )
}

/// One keyring a user.
#[cfg(not(any(target_os = "linux", target_os = "freebsd", target_os = "openbsd")))]
pub fn normalised() -> String {
    String::new()
}
