//! Many processes, one rotating refresh token: rows S1–S4, S15 and must 63–66.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::support::sandbox::Transcript;
use crate::support::server::Answer;
use crate::support::{Authority, Sandbox};

/// Signed in with a token that is stale from the start: it lives for no second.
fn at_expiry() -> (Authority, Sandbox) {
    let authority = Authority::honest();
    authority.provider(|p| p.options.access_token_lifetime = 0);
    let sandbox = Sandbox::new().service("demo", &authority.service());
    sandbox.hallpass("login demo").ok();
    authority.provider(|p| p.options.access_token_lifetime = 3600);
    authority.clear_log();
    (authority, sandbox)
}

/// Starts them all, then waits for each.
fn together(sandbox: &Sandbox, lines: &[&str], count: usize) -> Vec<Transcript> {
    let running: Vec<_> = (0..count)
        .map(|number| {
            let words: Vec<&str> = lines[number % lines.len()].split(' ').collect();
            sandbox.start(&words)
        })
        .collect();
    running.into_iter().map(|run| run.finish()).collect()
}

#[track_caller]
fn all_worked(ended: &[Transcript]) {
    let failed: Vec<_> = ended.iter().filter(|t| t.code != 0).collect();
    assert!(failed.is_empty(), "{} failed: {failed:#?}", failed.len());
}

#[test]
fn twenty_processes_at_expiry_make_one_refresh() {
    let (authority, sandbox) = at_expiry();
    let ended = together(&sandbox, &["token demo"], 20);
    all_worked(&ended);
    assert_eq!(authority.token_requests("refresh_token"), 1);
    let first = ended[0].data();
    assert!(ended.iter().all(|transcript| transcript.data() == first));
    // The session lives on: its one refresh token still works.
    sandbox.hallpass("token demo --refresh").ok();
    assert_eq!(authority.provider(|p| p.live_refresh_tokens()), 1);
}

#[test]
fn sixty_four_processes_of_two_commands_make_one_refresh_a_round() {
    for _ in 0..3 {
        let (authority, sandbox) = at_expiry();
        let ended = together(&sandbox, &["token demo", "call demo me"], 64);
        all_worked(&ended);
        assert_eq!(authority.token_requests("refresh_token"), 1);
        sandbox.hallpass("token demo --refresh").ok();
    }
}

#[test]
fn processes_whose_token_the_api_refused_renew_it_once() {
    let authority = Authority::honest();
    let sandbox = Sandbox::new().service("demo", &authority.service());
    sandbox.hallpass("login demo").ok();
    authority.provider(|p| p.forget_access_tokens());
    let ended = together(&sandbox, &["call demo me"], 10);
    all_worked(&ended);
    assert_eq!(authority.token_requests("refresh_token"), 1);
}

#[test]
fn a_slow_refresh_is_waited_for_and_not_repeated() {
    let (authority, sandbox) = at_expiry();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let (sender, receiver) = std::sync::mpsc::channel::<()>();
    let receiver = std::sync::Mutex::new(receiver);
    authority.script("/token", move |_, honest| {
        count.fetch_add(1, Ordering::SeqCst);
        // Until the test lets go, or long enough that the others have come to wait.
        let receiver = receiver.lock().expect("not poisoned");
        let _ = receiver.recv_timeout(Duration::from_secs(10));
        Answer::Whole(honest())
    });
    let mut waiting = sandbox.start(&["token", "demo"]);
    authority.wait_for_request("/token");
    let mut second = sandbox.start(&["token", "demo"]);
    second.wait_for("aiting for");
    sender.send(()).expect("the script listens");
    waiting.write(b"");
    waiting.finish().ok();
    second.finish().ok();
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[test]
fn a_loser_that_was_refused_uses_what_the_winner_stored() {
    // A foreign writer took the refresh token and stored the new session while ours was refused.
    let (authority, sandbox) = at_expiry();
    let ended = together(&sandbox, &["token demo"], 2);
    all_worked(&ended);
    assert_eq!(authority.provider(|p| p.live_refresh_tokens()), 1);
}

#[test]
fn killed_at_any_moment_the_store_stays_whole_and_no_lock_stays_behind() {
    let authority = Authority::honest();
    let sandbox = Sandbox::new().service("demo", &authority.service());
    sandbox.hallpass("login demo").ok();
    for round in 0..25_u64 {
        let running = sandbox.start(&["token", "demo", "--refresh"]);
        // Moments spread over the life of one refresh; dropping kills with SIGKILL.
        let moment = Duration::from_micros(round * 700);
        let start = std::time::Instant::now();
        while start.elapsed() < moment {
            std::hint::spin_loop();
        }
        drop(running);
        let after = sandbox.hallpass("token demo");
        assert!([0, 4].contains(&after.code), "round {round}: {after:#?}");
        if after.code == 4 {
            // The server had rotated and the answer never arrived: nobody could save that one.
            sandbox.hallpass("login demo").ok();
        }
    }
}

#[cfg(unix)]
#[test]
fn a_stopped_holder_of_the_lock_is_told_and_not_waited_for_without_end() {
    let (authority, sandbox) = at_expiry();
    authority.always("/token", Answer::Stall(Vec::new()));
    let mut holder = sandbox.start(&["token", "demo"]);
    authority.wait_for_request("/token");
    let pid = rustix::process::Pid::from_raw(holder.id() as i32).expect("a pid");
    rustix::process::kill_process(pid, rustix::process::Signal::STOP).expect("stopped");
    let mut other = sandbox.start(&["token", "demo"]);
    let line = other.wait_for("aiting for");
    assert!(
        line.contains(&holder.id().to_string()) || line.contains("demo"),
        "{line}"
    );
    drop(other);
    rustix::process::kill_process(pid, rustix::process::Signal::CONT).expect("continued");
    holder.write(b"");
}

#[cfg(unix)]
#[test]
fn a_signal_in_mid_refresh_waits_until_the_answer_is_stored() {
    use rustix::process::{Pid, Signal, kill_process};
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let (authority, sandbox) = at_expiry();
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        let (sender, receiver) = std::sync::mpsc::channel::<()>();
        let receiver = std::sync::Mutex::new(receiver);
        authority.script("/token", move |_, honest| {
            count.fetch_add(1, Ordering::SeqCst);
            let receiver = receiver.lock().expect("not poisoned");
            let _ = receiver.recv_timeout(Duration::from_secs(10));
            Answer::Whole(honest())
        });
        let running = sandbox.start(&["token", "demo"]);
        authority.wait_for_request("/token");
        let pid = Pid::from_raw(running.id() as i32).expect("a pid");
        kill_process(pid, signal).expect("sent");
        sender.send(()).expect("the script listens");
        let ended = running.finish();
        assert_eq!(ended.code, code, "{ended:#?}");
        // It died of the signal, but not before the rotated token was safe.
        sandbox.hallpass("token demo").ok();
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        assert_eq!(authority.provider(|p| p.live_refresh_tokens()), 1);
    }
}

#[cfg(unix)]
#[test]
fn a_signal_that_was_ignored_from_the_start_stays_ignored() {
    let (authority, sandbox) = at_expiry();
    let shown = sandbox.shell(
        "trap '' HUP; hallpass token demo --refresh >out & \
        pid=$!; while kill -HUP $pid 2>/dev/null; do :; done; wait $pid; echo exit $?",
    );
    assert_eq!(shown, "exit 0\n");
    assert_eq!(authority.token_requests("refresh_token"), 1);
}

/// Client credentials have no refresh token to lose, but the token endpoint is asked once too.
#[test]
fn twenty_processes_of_a_machines_client_run_its_grant_once() {
    let authority = Authority::honest();
    let client =
        hallpass::demo::DemoClient::confidential("machine", "secret", "client_secret_post");
    authority.provider(|p| {
        p.add_client(client);
        p.options.access_token_lifetime = 0;
    });
    let body = format!(
        "issuer = \"{0}\"\nclient_id = \"machine\"\ngrant = \"client_credentials\"\n\
         client_secret = {{ env = \"MACHINE\" }}\nscope = [\"notes:read\"]\n\
         token_endpoint_auth_method = \"client_secret_post\"\napi_base_url = \"{0}/api/\"\n",
        authority.issuer()
    );
    let sandbox = Sandbox::new()
        .service("robot", &body)
        .env("MACHINE", "secret");
    sandbox.hallpass("login robot").ok();
    authority.provider(|p| p.options.access_token_lifetime = 3600);
    authority.clear_log();
    let ended = together(&sandbox, &["token robot"], 20);
    all_worked(&ended);
    assert_eq!(authority.token_requests("client_credentials"), 1);
    let first = ended[0].data();
    assert!(ended.iter().all(|transcript| transcript.data() == first));
}
