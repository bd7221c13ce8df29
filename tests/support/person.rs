//! A pseudo-terminal, and what a program shows on it.

use std::fs::File;
use std::io::Read;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// A program in front of a terminal. Dropped, it is killed.
pub struct Seen {
    child: Child,
    screen: std::sync::mpsc::Receiver<Vec<u8>>,
    shown: Vec<u8>,
}

impl Seen {
    /// Starts `command` with a terminal for stdin and stderr; its stdout is the caller's choice.
    pub fn start(mut command: Command) -> Seen {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&master).expect("granted");
        unlockpt(&master).expect("unlocked");
        let name = ptsname(&master, Vec::new()).expect("its name");
        let other_side = || {
            let path = name.to_str().expect("Unicode");
            let open = File::options().read(true).write(true).open(path);
            open.expect("its other side")
        };
        command.stdin(other_side()).stderr(other_side());
        let child = command.spawn().expect("it starts");
        // The command holds the other side open, and then the terminal would never end.
        drop(command);
        let (sender, screen) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let mut master = File::from(master);
            let mut piece = [0; 4096];
            while let Ok(count @ 1..) = master.read(&mut piece) {
                if sender.send(piece[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Seen {
            child,
            screen,
            shown: Vec::new(),
        }
    }

    /// Everything shown up to this text, which must come.
    pub fn wait_for(&mut self, text: &str) -> String {
        let start = Instant::now();
        loop {
            let shown = String::from_utf8_lossy(&self.shown).into_owned();
            if shown.contains(text) {
                return shown;
            }
            let left = Duration::from_secs(60).saturating_sub(start.elapsed());
            match self.screen.recv_timeout(left) {
                Ok(piece) => self.shown.extend_from_slice(&piece),
                Err(_) => panic!("no {text:?} on the terminal:\n{shown}"),
            }
        }
    }
}

impl Drop for Seen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
