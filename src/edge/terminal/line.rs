//! One line of input while something else is waited for: a pasted redirect URL.
//!
//! A terminal's own line editing cuts a line at 4,095 bytes, and redirect URLs are longer. So the
//! terminal hands over every byte (non-canonical mode), and the few editing keys are done here.

use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{self, LocalModes, OptionalActions, SpecialCodeIndex, Termios};
use tokio::sync::oneshot;
use zeroize::Zeroize;

use crate::error::{Code, Error, Result};
use crate::port::InterruptGuard;
use crate::secret::Secret;

/// Longest line taken; as much as a posted redirect may hold.
const LONGEST: usize = 64 * 1024;

/// How often a signal that is held back is looked for. Only while a line is waited for.
const LOOK_FOR_SIGNALS: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 50_000_000,
};

/// How the reader lets a signal act after the terminal is as it was.
#[derive(Clone, Copy)]
pub(super) struct Signals {
    /// Holds signals back.
    pub(super) hold: fn() -> Box<dyn InterruptGuard>,
    /// Whether one came since they are held back.
    pub(super) came: fn() -> bool,
}

/// Bytes that were read and belong to no line yet.
pub(super) type Pending = Arc<Mutex<Vec<u8>>>;

/// A line being waited for. Dropping it puts the terminal back and leaves what was typed so far
/// in `Pending`.
pub(super) struct Reading {
    line: oneshot::Receiver<Result<Secret>>,
    /// Dropped first, which ends the thread's wait.
    cancel: Option<UnixStream>,
    thread: Option<JoinHandle<()>>,
}

impl Reading {
    /// Starts the thread. `echo` is where typed characters are shown.
    pub(super) fn start(
        input: OwnedFd,
        echo: OwnedFd,
        pending: Pending,
        signals: Signals,
    ) -> std::io::Result<Self> {
        let (cancel, cancelled) = UnixStream::pair()?;
        let (sender, line) = oneshot::channel();
        let reader = Reader {
            input,
            cancelled,
            echo: std::fs::File::from(echo),
            pending,
            signals,
        };
        let thread = std::thread::Builder::new()
            .name("line".to_owned())
            .spawn(move || {
                if let Some(line) = reader.run() {
                    // Nobody waits any more where the sign-in has ended.
                    let _ = sender.send(line);
                }
            })?;
        Ok(Reading {
            line,
            cancel: Some(cancel),
            thread: Some(thread),
        })
    }

    /// The line; `Cancelled` where the input has ended, never where a signal ends the program.
    pub(super) async fn line(mut self) -> Result<Secret> {
        match (&mut self.line).await {
            Ok(line) => line,
            Err(_) => std::future::pending().await,
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        drop(self.cancel.take());
        if let Some(thread) = self.thread.take() {
            // It wakes at once and only puts the terminal back.
            let _ = thread.join();
        }
    }
}

struct Reader {
    input: OwnedFd,
    cancelled: UnixStream,
    echo: std::fs::File,
    pending: Pending,
    signals: Signals,
}

impl Reader {
    /// Reads until a line is whole; `None`: cancelled or interrupted.
    fn run(mut self) -> Option<Result<Secret>> {
        // Before the terminal is changed: a signal must find it as it was.
        let held = (self.signals.hold)();
        let mode = TerminalMode::every_byte(&self.input);
        let line = self.read_line(mode.as_ref());
        drop(mode);
        drop(held);
        line
    }

    fn read_line(&mut self, mode: Option<&TerminalMode>) -> Option<Result<Secret>> {
        let already = (self.signals.came)();
        loop {
            if let Some(line) = take_line(&self.pending) {
                return Some(line);
            }
            let mut bytes = match self.wait()? {
                Wake::Input(bytes) => bytes,
                Wake::Nothing if !already && (self.signals.came)() => return None,
                Wake::Nothing => continue,
                Wake::Ended => return Some(Err(ended())),
            };
            match mode {
                Some(mode) => {
                    let ended = edit(&self.pending, &bytes, &mode.before, &mut self.echo);
                    bytes.zeroize();
                    if ended {
                        return Some(Err(self::ended()));
                    }
                }
                None => {
                    lock(&self.pending).extend_from_slice(&bytes);
                    bytes.zeroize();
                }
            }
        }
    }

    fn wait(&self) -> Option<Wake> {
        let mut ready = [
            PollFd::new(&self.cancelled, PollFlags::IN),
            PollFd::new(&self.input, PollFlags::IN),
        ];
        match poll(&mut ready, Some(&LOOK_FOR_SIGNALS)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => return Some(Wake::Nothing),
            Ok(_) => {}
            Err(_) => return None,
        }
        if !ready[0].revents().is_empty() {
            return None;
        }
        let mut bytes = vec![0; 4096];
        match rustix::io::read(&self.input, &mut bytes) {
            Ok(0) => Some(Wake::Ended),
            Ok(read) => {
                bytes.truncate(read);
                Some(Wake::Input(bytes))
            }
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => Some(Wake::Nothing),
            Err(_) => Some(Wake::Ended),
        }
    }
}

enum Wake {
    Input(Vec<u8>),
    Nothing,
    Ended,
}

fn ended() -> Error {
    Error::new(Code::Cancelled, "the input has ended")
}

fn lock(pending: &Pending) -> std::sync::MutexGuard<'_, Vec<u8>> {
    pending.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The first whole line, without its end.
fn take_line(pending: &Pending) -> Option<Result<Secret>> {
    let mut pending = lock(pending);
    let Some(end) = pending.iter().position(|byte| *byte == b'\n') else {
        if pending.len() > LONGEST {
            pending.zeroize();
            return Some(Err(Error::new(
                Code::Usage,
                format!("the line that was entered is longer than {LONGEST} bytes"),
            )
            .with_hint("paste only the address that the browser shows")));
        }
        return None;
    };
    let mut rest = pending.split_off(end + 1);
    std::mem::swap(&mut *pending, &mut rest);
    let line = String::from_utf8_lossy(&rest[..end])
        .trim_end_matches('\r')
        .to_owned();
    rest.zeroize();
    Some(Ok(Secret::from(line)))
}

/// Applies what was typed to the line and shows it; whether the person ended the input.
fn edit(pending: &Pending, typed: &[u8], before: &Termios, echo: &mut impl Write) -> bool {
    let key = |index| before.special_codes[index];
    let mut pending = lock(pending);
    let mut shown = Vec::with_capacity(typed.len());
    let mut line_start = start_of_line(&pending);
    for &byte in typed {
        match byte {
            b'\n' | b'\r' => {
                pending.push(b'\n');
                line_start = pending.len();
                shown.push(b'\n');
            }
            byte if byte == key(SpecialCodeIndex::VEOF) => {
                if pending.len() == line_start {
                    return true;
                }
            }
            byte if byte == key(SpecialCodeIndex::VKILL) => {
                while erase(&mut pending, line_start, &mut shown) {}
            }
            byte if byte == key(SpecialCodeIndex::VERASE) || byte == 0x08 || byte == 0x7f => {
                erase(&mut pending, line_start, &mut shown);
            }
            byte if byte.is_ascii_control() => {}
            byte if pending.len() - line_start > LONGEST => {
                // Told when the line is taken.
                pending.push(byte);
            }
            byte => {
                pending.push(byte);
                shown.push(byte);
            }
        }
    }
    let _ = echo.write_all(&shown);
    shown.zeroize();
    false
}

fn start_of_line(pending: &[u8]) -> usize {
    let newline = pending.iter().rposition(|byte| *byte == b'\n');
    newline.map_or(0, |at| at + 1)
}

/// Takes the last character off the line; whether there was one.
fn erase(pending: &mut Vec<u8>, line_start: usize, shown: &mut Vec<u8>) -> bool {
    let mut erased = false;
    while pending.len() > line_start {
        let Some(byte) = pending.pop() else { break };
        erased = true;
        // The further bytes of a UTF-8 character go with its first.
        if byte & 0b1100_0000 != 0b1000_0000 {
            break;
        }
    }
    if erased {
        shown.extend_from_slice(b"\x08 \x08");
    }
    erased
}

/// A terminal that hands over every byte; as it was once this is dropped.
struct TerminalMode {
    terminal: OwnedFd,
    before: Termios,
}

impl TerminalMode {
    /// `None` where the input is no terminal.
    fn every_byte(input: &OwnedFd) -> Option<Self> {
        let before = termios::tcgetattr(input).ok()?;
        let mut every_byte = before.clone();
        every_byte.local_modes -= LocalModes::ICANON | LocalModes::ECHO | LocalModes::ECHONL;
        every_byte.special_codes[SpecialCodeIndex::VMIN] = 1;
        every_byte.special_codes[SpecialCodeIndex::VTIME] = 0;
        let terminal = input.try_clone().ok()?;
        termios::tcsetattr(&terminal, OptionalActions::Now, &every_byte).ok()?;
        Some(TerminalMode { terminal, before })
    }
}

impl Drop for TerminalMode {
    fn drop(&mut self) {
        let _ = termios::tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}

/// Whether reading would stop the job: a terminal that another job has in its hands.
pub(super) fn is_in_background(input: impl AsFd) -> bool {
    termios::tcgetpgrp(input).is_ok_and(|group| group != rustix::process::getpgrp())
}

#[cfg(test)]
#[path = "line_tests.rs"]
mod tests;
