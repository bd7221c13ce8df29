//! Terminals for the real binary, one for each stream that wants one.

use std::fs::File;
use std::io::Read;
use std::process::Stdio;
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use wait_timeout::ChildExt;

use super::Sandbox;

/// Which streams a person looks at; the others are pipes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looks {
    Stdout,
    Stderr,
    Both,
}

/// What the streams were given, and how it ended.
#[derive(Debug)]
pub struct Shown {
    pub out: String,
    pub err: String,
    pub code: i32,
}

/// Runs `hallpass ARGUMENTS` with 80 columns.
#[must_use = "check how it ended"]
pub fn run(sandbox: &Sandbox, arguments: &[&str], looks: Looks) -> Shown {
    run_with(sandbox, arguments, looks, None)
}

/// [`run`] with a file as standard input.
#[must_use = "check how it ended"]
pub fn run_with(
    sandbox: &Sandbox,
    arguments: &[&str],
    looks: Looks,
    input: Option<&std::path::Path>,
) -> Shown {
    let mut command = sandbox.command();
    command
        .args(arguments)
        .env("TERM", "xterm")
        .stdin(match input {
            Some(path) => Stdio::from(File::open(path).expect("readable")),
            None => Stdio::null(),
        });
    let out = (looks != Looks::Stderr).then(pair);
    let err = (looks != Looks::Stdout).then(pair);
    let (out_master, out_slave) = out.unzip();
    let (err_master, err_slave) = err.unzip();
    command.stdout(out_slave.map_or_else(Stdio::piped, Stdio::from));
    command.stderr(err_slave.map_or_else(Stdio::piped, Stdio::from));
    let mut child = command.spawn().expect("it starts");
    // The command holds the other sides open, and then the terminals would never end.
    drop(command);
    let out = match (out_master, child.stdout.take()) {
        (Some(master), _) => reading(master),
        (None, pipe) => reading(pipe.expect("piped")),
    };
    let err = match (err_master, child.stderr.take()) {
        (Some(master), _) => reading(master),
        (None, pipe) => reading(pipe.expect("piped")),
    };
    let status = child
        .wait_timeout(Duration::from_secs(60))
        .expect("waiting works");
    if status.is_none() {
        let _ = child.kill();
        let _ = child.wait();
    }
    let text = |handle: JoinHandle<Vec<u8>>| {
        let bytes = handle.join().expect("the reader ends");
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let (out, err) = (text(out), text(err));
    let Some(status) = status else {
        panic!("it never ended: {out}\n{err}");
    };
    let code = status.code().unwrap_or(-1);
    Shown { out, err, code }
}

/// Both sides of a new terminal.
fn pair() -> (File, File) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&master).expect("granted");
    unlockpt(&master).expect("unlocked");
    let size = Winsize {
        ws_row: 24,
        ws_col: 80,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&master, size).expect("a size");
    let name = ptsname(&master, Vec::new()).expect("its name");
    let name = name.to_str().expect("Unicode").to_owned();
    let slave = File::options().read(true).write(true).open(name);
    (File::from(master), slave.expect("its other side"))
}

fn reading(mut from: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut shown = Vec::new();
        let mut piece = [0; 4096];
        // A terminal whose other side is closed gives an error, not an end.
        while let Ok(count @ 1..) = from.read(&mut piece) {
            shown.extend_from_slice(&piece[..count]);
        }
        shown
    })
}
