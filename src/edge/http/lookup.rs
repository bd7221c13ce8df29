//! Name resolution by the system, on a thread of its own.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::timing::Connects;

/// The system's resolver.
///
/// tokio's own way is a blocking task, and a runtime waits for those when it is dropped: a name
/// server that does not answer would hold the process back after the command is over.
#[derive(Debug, Clone)]
pub(super) struct Lookup(pub(super) Connects);

/// The name could not be resolved.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub(super) struct LookupFailed {
    pub(super) reason: String,
}

impl Resolve for Lookup {
    fn resolve(&self, name: Name) -> Resolving {
        if is_localhost(name.as_str()) {
            self.0.resolved();
            return Box::pin(async { Ok(loopback()) });
        }
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let asked = std::thread::Builder::new().spawn(move || {
            let found = (name.as_str(), 0).to_socket_addrs();
            // Nobody listens any more where the request was given up.
            let _ = sender.send(found);
        });
        // Without its thread the sender is gone, and the receiver below learns that.
        drop(asked);
        let connects = self.0.clone();
        Box::pin(async move {
            let failed = |reason: String| LookupFailed { reason };
            let found = receiver.await;
            connects.resolved();
            match found {
                Ok(Ok(found)) => Ok(Box::new(found) as Addrs),
                Ok(Err(error)) => Err(failed(reason(&error)).into()),
                Err(_) => Err(failed("the resolver gave up".to_owned()).into()),
            }
        })
    }
}

/// `localhost` and names under it are this machine and never asked of a name server
/// (RFC 6761 §6.3): http is allowed to them.
pub(super) fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

fn loopback() -> Addrs {
    let addresses: [SocketAddr; 2] = [
        (Ipv6Addr::LOCALHOST, 0).into(),
        (Ipv4Addr::LOCALHOST, 0).into(),
    ];
    Box::new(addresses.into_iter())
}

/// The resolver's words without the standard library's preface.
fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.split_once("information: ") {
        Some((_, reason)) => reason.to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::is_localhost;

    #[test]
    fn only_localhost_and_below_stay_on_this_machine() {
        assert!(is_localhost("localhost"));
        assert!(is_localhost("LocalHost."));
        assert!(is_localhost("app.localhost"));
        assert!(!is_localhost("localhost.example.com"));
        assert!(!is_localhost("notlocalhost"));
    }
}
