//! `hallpass call --timing` and the times of `-w`, against a server that takes its time.

use std::time::Duration;

use crate::support::Sandbox;
use crate::support::api::RecordingApi;
use crate::support::server::Answer;

/// How long the server thinks before its first byte, and again within its body.
const PAUSE: Duration = Duration::from_millis(120);

fn bench() -> (RecordingApi, Sandbox) {
    let api = RecordingApi::start();
    let service = format!(
        "client_id = \"c\"\ntoken_endpoint = \"{0}/token\"\n\
         authorization_endpoint = \"{0}/authorize\"\napi_base_url = \"{0}/v1\"\n",
        api.origin()
    );
    let sandbox = Sandbox::new()
        .service("demo", &service)
        .env("HALLPASS_TOKEN_DEMO", "secret-token");
    (api, sandbox)
}

fn slow() -> Answer {
    Answer::live(|out| {
        std::thread::sleep(PAUSE);
        let _ = out.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234");
        std::thread::sleep(PAUSE);
        let _ = out.write_all(b"56789");
    })
}

/// Name and milliseconds of every line.
fn steps(text: &str) -> Vec<(String, f64)> {
    let step = |line: &str| {
        let (name, rest) = line.split_at(10);
        let number = rest.split_whitespace().next().expect("a number");
        let number = number.parse().expect("a number");
        (name.trim().to_owned(), number)
    };
    text.lines().map(step).collect()
}

#[test]
fn in_a_pipe_timing_tells_each_step_on_a_line_of_stderr_and_leaves_the_data_alone() {
    let (api, sandbox) = bench();
    api.push(slow());
    let run = sandbox.run(&["call", "demo", "x", "--timing"]).ok();
    assert_eq!(run.out(), "0123456789");
    assert!(!run.stderr.contains(['=', '\u{1b}']), "{run:#?}");
    let mut steps = steps(&run.stderr);
    let sum: f64 = steps.iter().rev().skip(1).map(|(_, takes)| takes).sum();
    // On a busy machine even that takes long enough to be told.
    steps.retain(|(name, _)| name != "prepare");
    let names: Vec<&str> = steps.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        ["token", "connection", "first byte", "transfer", "total"]
    );
    let pause = PAUSE.as_secs_f64() * 1000.0;
    assert!(steps[2].1 >= pause && steps[4].1 >= 2.0 * pause, "{run:#?}");
    assert!((sum - steps[4].1).abs() < 0.001, "{run:#?}");
    assert!(steps[4].1 <= run.took.as_secs_f64() * 1000.0, "{run:#?}");
}

#[test]
fn a_redirect_and_a_failure_have_their_line() {
    let (api, sandbox) = bench();
    api.push(Answer::with_headers(302, &[("location", "/v1/y")], ""));
    let run = sandbox.run(&["call", "demo", "x", "-L", "--timing"]).ok();
    let names: Vec<String> = steps(&run.stderr)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names[1..3], ["before", "connection"]);
    let _ = run.says("used again");
    let nobody = "http://127.0.0.1:1";
    let run = ["call", "demo", nobody, "--allow-origin", nobody, "--timing"];
    let _ = sandbox.run(&run).code(6).says("no answer");
}

#[test]
fn the_times_of_write_out_are_the_transfers_own() {
    let (api, sandbox) = bench();
    api.push(slow());
    let format = "\n%{time_namelookup} %{time_connect} %{time_appconnect} %{time_pretransfer} \
                  %{time_starttransfer} %{time_total} %{time_redirect} %{num_connects} %{remote_port}";
    let run = sandbox.run(&["call", "demo", "x", "-w", format]).ok();
    let line = run.out().lines().nth(1).expect("a line").to_owned();
    let numbers: Vec<f64> = line
        .split(' ')
        .map(|n| n.parse().expect("a number"))
        .collect();
    let [
        lookup,
        connect,
        secured,
        pretransfer,
        first,
        total,
        redirect,
        connects,
        port,
    ] = numbers[..]
    else {
        panic!("{line}");
    };
    assert!(
        lookup <= connect && 0.0 < connect && connect <= pretransfer,
        "{line}"
    );
    assert_eq!((secured, redirect, connects), (0.0, 0.0, 1.0), "{line}");
    let pause = PAUSE.as_secs_f64();
    // It sees the head a little after it was sent, and then waits that much less for the rest.
    assert!(first >= pretransfer + pause && total >= first, "{line}");
    assert!(total >= 2.0 * pause, "{line}");
    assert!(total <= run.took.as_secs_f64());
    assert_eq!(format!(":{port}"), api.origin()[16..]);
    // The second answer comes over the first one's connection.
    api.push(Answer::with_headers(302, &[("location", "/v1/y")], ""));
    let run = [
        "call",
        "demo",
        "x",
        "-L",
        "-w",
        "%{num_connects} %{num_redirects} %{time_redirect}",
    ];
    let run = sandbox.run(&run).ok();
    let (counts, redirect) = run.out()[2..].rsplit_once(' ').expect("words");
    assert_eq!(counts, "1 1");
    assert!(redirect.parse::<f64>().expect("a number") > 0.0);
}

#[cfg(unix)]
#[test]
fn at_a_terminal_timing_draws_bars_one_behind_the_other() {
    use crate::support::terminal::{self, Looks};
    let (api, sandbox) = bench();
    api.push(slow());
    let arguments = ["call", "demo", "x", "--timing"];
    let shown = terminal::run(&sandbox, &arguments, Looks::Stderr);
    assert_eq!((shown.code, shown.out.as_str()), (0, "0123456789"));
    let bars: Vec<(usize, usize)> = shown
        .err
        .lines()
        .map(|line| {
            assert!(line.len() < 80, "{shown:#?}");
            let from = line.find(['=', '|']).unwrap_or(line.len());
            (from, line.trim_end().len())
        })
        .collect();
    let [.., first, transfer, total] = bars[..] else {
        panic!("{shown:#?}");
    };
    assert!(bars.len() >= 5, "{shown:#?}");
    // Each pause is close to half of the whole: where one bar ends the next begins.
    assert!(first.1 <= transfer.0 && transfer.1 == total.1, "{shown:#?}");
    assert!(
        first.1 - first.0 > 10 && transfer.1 > transfer.0,
        "{shown:#?}"
    );
    assert!(total.1 - total.0 > 40, "{shown:#?}");
}
