//! Signals held back while something must not be torn apart.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::port::{InterruptGuard, Interrupts};

/// Guards alive now.
static GUARDS: AtomicUsize = AtomicUsize::new(0);

/// SIGINT, SIGTERM, SIGHUP.
///
/// Nothing is installed before the first [`Interrupts::hold`]. From then on a handler of ours
/// does what the system would have done, but not while a guard lives: then it takes note, and
/// the last guard's end lets the signal act, so that the shell sees the program die of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Signals;

impl Interrupts for Signals {
    fn hold(&self) -> Box<dyn InterruptGuard> {
        #[cfg(unix)]
        return Box::new(unix::Held::begin());
        // Windows: the console's Ctrl-C ends the process at once. The spill key of the
        // write-ahead does not help there; the server's grace for the old refresh token may.
        #[cfg(not(unix))]
        {
            GUARDS.fetch_add(1, Ordering::SeqCst);
            Box::new(Counted)
        }
    }

    fn held(&self) -> bool {
        GUARDS.load(Ordering::SeqCst) > 0
    }
}

/// From now on a write beyond the limit on file sizes (`ulimit -f`) fails, as on a full disk,
/// and does not end the process in the middle.
#[cfg(unix)]
pub(super) fn outlive_the_file_size_limit() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let signal = rustix::process::Signal::XFSZ.as_raw();
        // A handler, not SIG_IGN: programs that we start do not inherit it.
        let _ = signal_hook::flag::register(signal, std::sync::Arc::default());
    });
}

/// Whether a signal came that is held back.
#[cfg(unix)]
pub(super) fn came() -> bool {
    unix::came()
}

#[cfg(not(unix))]
struct Counted;

#[cfg(not(unix))]
impl InterruptGuard for Counted {}

#[cfg(not(unix))]
impl Drop for Counted {
    fn drop(&mut self) {
        GUARDS.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(unix)]
mod unix {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, LazyLock};

    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::{flag, low_level};

    use super::GUARDS;
    use crate::port::InterruptGuard;

    /// One signal's two switches, which its handler reads and sets.
    struct Watched {
        signal: i32,
        /// The handler acts as the system would.
        acts: Arc<AtomicBool>,
        /// It came while it could not act.
        came: Arc<AtomicBool>,
    }

    static WATCHED: LazyLock<Vec<Watched>> = LazyLock::new(|| {
        let ignored = ignored_signals();
        [SIGINT, SIGTERM, SIGHUP]
            .into_iter()
            // `nohup` and `cmd &` in a script ignore some of them; that must stay so.
            .filter(|signal| ignored & (1 << (signal - 1)) == 0)
            .filter_map(watch)
            .collect()
    });

    fn watch(signal: i32) -> Option<Watched> {
        let acts = Arc::new(AtomicBool::new(true));
        let came = Arc::new(AtomicBool::new(false));
        // In this order: the handler takes note before it may end the process.
        flag::register(signal, Arc::clone(&came)).ok()?;
        flag::register_conditional_default(signal, Arc::clone(&acts)).ok()?;
        Some(Watched { signal, acts, came })
    }

    /// The mask of signals this process was started to ignore; none where that is not told.
    fn ignored_signals() -> u64 {
        std::fs::read_to_string("/proc/self/status")
            .ok()
            .as_deref()
            .and_then(|status| status.lines().find_map(|line| line.strip_prefix("SigIgn:")))
            .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
            .unwrap_or(0)
    }

    pub(super) fn came() -> bool {
        WATCHED
            .iter()
            .any(|watched| watched.came.load(Ordering::SeqCst))
    }

    pub(super) struct Held;

    impl Held {
        pub(super) fn begin() -> Self {
            GUARDS.fetch_add(1, Ordering::SeqCst);
            for watched in WATCHED.iter() {
                watched.acts.store(false, Ordering::SeqCst);
            }
            Held
        }
    }

    impl InterruptGuard for Held {}

    impl Drop for Held {
        fn drop(&mut self) {
            if GUARDS.fetch_sub(1, Ordering::SeqCst) > 1 {
                return;
            }
            for watched in WATCHED.iter() {
                watched.acts.store(true, Ordering::SeqCst);
            }
            for watched in WATCHED.iter() {
                if watched.came.swap(false, Ordering::SeqCst) {
                    let _ = low_level::emulate_default_handler(watched.signal);
                }
            }
        }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    /// That a signal acts afterwards is shown on the real program (it would end this one).
    #[test]
    fn a_held_back_signal_does_not_end_the_process() {
        // One guard stays for good: other tests' guards must not let the signal act.
        std::mem::forget(Signals.hold());
        let inner = Signals.hold();
        for signal in [
            signal_hook::consts::SIGINT,
            signal_hook::consts::SIGTERM,
            signal_hook::consts::SIGHUP,
        ] {
            signal_hook::low_level::raise(signal).unwrap();
        }
        drop(inner);
    }
}
