//! On real pseudo-terminals and pipes.

use std::fs::File;
use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::*;
use crate::edge::clock::runtime;

struct Nothing;
impl InterruptGuard for Nothing {}

const UNDISTURBED: Signals = Signals {
    hold: || Box::new(Nothing),
    came: || false,
};

/// What the person holds, and what the program sees.
fn terminal() -> (File, File) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let slave = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(name.to_str().unwrap())
        .unwrap();
    (File::from(master), slave)
}

fn start(slave: &File, pending: &Pending, signals: Signals) -> Reading {
    let input = slave.try_clone().unwrap().into();
    let echo = slave.try_clone().unwrap().into();
    Reading::start(input, echo, Arc::clone(pending), signals).unwrap()
}

fn within<T>(future: impl Future<Output = T>) -> Option<T> {
    runtime().block_on(async {
        tokio::time::timeout(Duration::from_secs(5), future)
            .await
            .ok()
    })
}

fn is_canonical(slave: &File) -> bool {
    let modes = termios::tcgetattr(slave).unwrap().local_modes;
    modes.contains(LocalModes::ICANON | LocalModes::ECHO)
}

fn wait_until(mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(5), "never happened");
        std::thread::yield_now();
    }
}

/// Types without being held up by an unread echo.
fn type_in(master: &File, keys: &[u8]) -> std::thread::JoinHandle<Vec<u8>> {
    let mut writer = master.try_clone().unwrap();
    let mut reader = master.try_clone().unwrap();
    let keys = keys.to_vec();
    std::thread::spawn(move || {
        let shown = std::thread::spawn(move || {
            let mut shown = Vec::new();
            let mut some = [0; 4096];
            while !shown.ends_with(b"\n") {
                let read = reader.read(&mut some).unwrap();
                shown.extend_from_slice(&some[..read]);
            }
            shown
        });
        writer.write_all(&keys).unwrap();
        shown.join().unwrap()
    })
}

#[test]
fn a_line_longer_than_a_terminals_own_limit_arrives_whole() {
    let (master, slave) = terminal();
    let reading = start(&slave, &Pending::default(), UNDISTURBED);
    wait_until(|| !is_canonical(&slave));
    let long = format!("http://127.0.0.1:1/cb?code={}\n", "x".repeat(20_000));
    let typing = type_in(&master, long.as_bytes());
    let line = within(reading.line()).unwrap().unwrap();
    assert_eq!(line.expose(), long.trim_end());
    typing.join().unwrap();
    assert!(is_canonical(&slave), "the terminal is as it was");
}

#[test]
fn giving_up_puts_the_terminal_back_and_keeps_what_was_typed() {
    let (master, slave) = terminal();
    let pending = Pending::default();
    let reading = start(&slave, &pending, UNDISTURBED);
    wait_until(|| !is_canonical(&slave));
    (&master).write_all(b"half").unwrap();
    wait_until(|| lock(&pending).len() == 4);
    drop(reading);
    assert!(is_canonical(&slave));
    let reading = start(&slave, &pending, UNDISTURBED);
    wait_until(|| !is_canonical(&slave));
    (&master).write_all(b" line\n").unwrap();
    let line = within(reading.line()).unwrap().unwrap();
    assert_eq!(line.expose(), "half line");
}

#[test]
fn a_signal_acts_only_on_a_terminal_that_is_as_it_was() {
    static CAME: AtomicBool = AtomicBool::new(false);
    static ACTED: AtomicBool = AtomicBool::new(false);
    struct Acts;
    impl InterruptGuard for Acts {}
    impl Drop for Acts {
        fn drop(&mut self) {
            ACTED.store(true, Ordering::SeqCst);
        }
    }
    let (_master, slave) = terminal();
    let signals = Signals {
        hold: || Box::new(Acts),
        came: || CAME.load(Ordering::SeqCst),
    };
    let reading = start(&slave, &Pending::default(), signals);
    wait_until(|| !is_canonical(&slave));
    CAME.store(true, Ordering::SeqCst);
    wait_until(|| ACTED.load(Ordering::SeqCst));
    assert!(is_canonical(&slave));
    drop(reading);
}

#[test]
fn keys_that_edit_do_edit() {
    let (master, slave) = terminal();
    let reading = start(&slave, &Pending::default(), UNDISTURBED);
    wait_until(|| !is_canonical(&slave));
    let typing = type_in(&master, "wrong\x15rightt\x7f\u{e4}\x7f\x1b!\n".as_bytes());
    let line = within(reading.line()).unwrap().unwrap();
    assert_eq!(line.expose(), "right!");
    let shown = typing.join().unwrap();
    assert!(shown.starts_with(b"wrong\x08 \x08"), "{shown:?}");
    assert!(!shown.contains(&0x1b), "escapes are not shown");
}

#[test]
fn two_lines_at_once_are_two_lines() {
    let (mut writer, reader) = UnixStream::pair().unwrap();
    writer.write_all(b"one\r\ntwo\n").unwrap();
    let pending = Pending::default();
    let reader = File::from(OwnedFd::from(reader));
    for expected in ["one", "two"] {
        let line = within(start(&reader, &pending, UNDISTURBED).line());
        assert_eq!(line.unwrap().unwrap().expose(), expected);
    }
}

#[test]
fn an_end_of_input_is_told() {
    let (mut writer, reader) = UnixStream::pair().unwrap();
    writer.write_all(b"cut off").unwrap();
    drop(writer);
    let reader = File::from(OwnedFd::from(reader));
    let ended = within(start(&reader, &Pending::default(), UNDISTURBED).line());
    assert_eq!(ended.unwrap().unwrap_err().code(), Code::Cancelled);
}

#[test]
fn an_endless_line_is_refused() {
    let (mut writer, reader) = UnixStream::pair().unwrap();
    let flood = std::thread::spawn(move || while writer.write_all(&[b'x'; 4096]).is_ok() {});
    let reader = File::from(OwnedFd::from(reader));
    let result = within(start(&reader, &Pending::default(), UNDISTURBED).line());
    assert_eq!(result.unwrap().unwrap_err().code(), Code::Usage);
    drop(reader);
    flood.join().unwrap();
}
