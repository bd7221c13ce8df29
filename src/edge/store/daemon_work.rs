//! Whether a keyring that says nothing is at work: on a machine with more to do than it can, an
//! honest daemon is late, and is not to be called hung.

use std::sync::mpsc;

use super::{bus_address, secret_service};

/// Looks at the daemon, or at the bus where that does not even tell which process it is.
pub struct Watch {
    bus: Option<Seen>,
    daemon: mpsc::Receiver<Seen>,
}

impl Watch {
    /// From now on.
    pub fn start() -> Self {
        let (sender, daemon) = mpsc::channel();
        // It may wait for the bus longer than anybody looks.
        let asking = std::thread::Builder::new().spawn(move || {
            if let Some(seen) = secret_service::daemon().and_then(Seen::now) {
                let _ = sender.send(seen);
            }
        });
        drop(asking);
        Watch {
            bus: bus_address::bus().and_then(Seen::now),
            daemon,
        }
    }

    /// Whether it ran, or wants to run, since then.
    pub fn is_working(&self) -> bool {
        let daemon = self.daemon.try_recv().ok();
        let seen = daemon.as_ref().or(self.bus.as_ref());
        seen.is_some_and(Seen::has_worked)
    }
}

/// A process as it was.
struct Seen {
    pid: u32,
    /// Nanoseconds on a processor and waiting for one.
    work: u64,
}

impl Seen {
    fn now(pid: u32) -> Option<Self> {
        let text = std::fs::read_to_string(format!("/proc/{pid}/schedstat")).ok()?;
        let mut fields = text
            .split_whitespace()
            .map_while(|field| field.parse().ok());
        let work: u64 = fields.next()?;
        Some(Seen {
            pid,
            work: work.saturating_add(fields.next()?),
        })
    }

    fn has_worked(&self) -> bool {
        let now = Seen::now(self.pid);
        now.is_some_and(|now| now.work > self.work) || is_running(self.pid)
    }
}

/// Running, ready to run, or waiting for a disk; stopped and sleeping ones are not.
fn is_running(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name before it may hold anything.
    let state = stat.rsplit_once(") ").map(|(_, state)| state);
    state.is_some_and(|state| state.starts_with(['R', 'D']))
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn who_computes_works_and_who_sleeps_or_is_stopped_does_not() {
        let mut child = Command::new("sh")
            .args(["-c", "echo ready; read -r line; while :; do :; done"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        use std::io::{BufRead, BufReader, Write};
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut String::new()).unwrap();
        while is_running(child.id()) {
            std::thread::yield_now();
        }
        let asleep = Seen::now(child.id()).unwrap();
        assert!(!asleep.has_worked());
        child.stdin.take().unwrap().write_all(b"go\n").unwrap();
        while !asleep.has_worked() {
            std::thread::yield_now();
        }
        let pid = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(pid, rustix::process::Signal::STOP).unwrap();
        while is_running(child.id()) {
            std::thread::yield_now();
        }
        assert!(!Seen::now(child.id()).unwrap().has_worked());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(Seen::now(u32::MAX).is_none());
    }
}
