//! A keyring service that ends while it is asked.

use std::cell::{Cell, RefCell};

use super::*;

fn bus(name: &str, message: &str) -> Failure {
    Failure::Bus(dbus::Error::new_custom(name, message))
}

fn ended() -> Failure {
    let message = "Message recipient disconnected from message bus without replying";
    bus("org.freedesktop.DBus.Error.NoReply", message)
}

fn absent() -> Failure {
    bus("org.freedesktop.DBus.Error.ServiceUnknown", "not provided")
}

/// How it ended, how often it connected and how often it paused; `failures` come first.
fn asked(mut client: Option<()>, failures: Vec<Failure>) -> (bool, usize, usize) {
    let failures = RefCell::new(failures.into_iter());
    let (connected, paused) = (Cell::new(0), Cell::new(0));
    let outcome = ask(
        &mut client,
        || {
            connected.set(connected.get() + 1);
            Ok(())
        },
        |()| failures.borrow_mut().next().map_or(Ok(()), Err),
        |_| paused.set(paused.get() + 1),
    );
    (outcome.is_ok(), connected.get(), paused.get())
}

#[test]
fn a_service_that_ends_while_it_is_asked_is_asked_anew_on_a_new_connection() {
    assert_eq!(asked(None, vec![]), (true, 1, 0));
    assert_eq!(asked(Some(()), vec![]), (true, 0, 0));
    assert_eq!(asked(Some(()), vec![ended()]), (true, 1, 1));
    // Another one takes a while to come.
    assert_eq!(asked(None, vec![ended(), absent(), absent()]), (true, 4, 3));
    let for_good = (0..9).map(|_| ended()).collect();
    assert_eq!(asked(None, for_good), (false, 5, 4));
}

#[test]
fn what_was_never_there_or_says_no_is_not_waited_for() {
    assert_eq!(asked(None, vec![absent()]), (false, 1, 0));
    let locked = || bus("org.freedesktop.Secret.Error.IsLocked", "locked");
    assert_eq!(asked(Some(()), vec![locked()]), (false, 0, 0));
    // Silence is for the caller's own deadline.
    let silent = bus(
        "org.freedesktop.DBus.Error.NoReply",
        "Did not receive a reply",
    );
    assert_eq!(asked(Some(()), vec![silent]), (false, 0, 0));
}
