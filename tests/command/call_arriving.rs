//! What comes in pieces goes out in pieces: the server sends the second only when the first was
//! seen on the other side of hallpass.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

use crate::support::Sandbox;
use crate::support::api::RecordingApi;
use crate::support::server::Answer;
use crate::support::wire::DEADLINE;

struct Bench {
    api: RecordingApi,
    sandbox: Sandbox,
}

impl Bench {
    fn new() -> Bench {
        let api = RecordingApi::start();
        let service = format!(
            "client_id = \"c\"\ntoken_endpoint = \"{0}/token\"\n\
             authorization_endpoint = \"{0}/authorize\"\napi_base_url = \"{0}/v1\"\n",
            api.origin()
        );
        let sandbox = Sandbox::new()
            .service("demo", &service)
            .env("HALLPASS_TOKEN_DEMO", "secret-token");
        Bench { api, sandbox }
    }

    /// The next answer sends a piece whenever it is told to.
    fn pieces(&self, content_type: &str, headers: &str, pieces: Vec<Vec<u8>>) -> Sender<()> {
        let (go_on, told) = channel();
        let told: Mutex<Receiver<()>> = Mutex::new(told);
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nConnection: close\r\n{headers}\r\n"
        );
        self.api.push(Answer::live(move |out| {
            let _ = out.write_all(head.as_bytes());
            for piece in &pieces {
                let _ = out.write_all(piece);
                let _ = out.flush();
                if told
                    .lock()
                    .expect("not poisoned")
                    .recv_timeout(DEADLINE)
                    .is_err()
                {
                    return;
                }
            }
        }));
        go_on
    }

    fn start(&self, flags: &[&str]) -> Child {
        let mut command = self.sandbox.command();
        command.args(["call", "demo", "events"]).args(flags);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command.spawn().expect("it starts")
    }

    /// Lines that are seen before the next piece is sent.
    fn seen_one_by_one(&self, go_on: &Sender<()>, flags: &[&str], expected: &[&str]) {
        let mut child = self.start(flags);
        let mut out = BufReader::new(child.stdout.take().expect("piped"));
        for line in expected {
            let mut seen = String::new();
            while seen.trim().is_empty() {
                seen.clear();
                let read = out.read_line(&mut seen).expect("text");
                assert!(read > 0, "{flags:?}: ended before {line:?}");
            }
            assert_eq!(seen.trim_end(), *line, "{flags:?}");
            go_on.send(()).expect("the server waits");
        }
        let mut rest = String::new();
        out.read_to_string(&mut rest).expect("text");
        assert_eq!(rest.trim(), "", "{flags:?}");
        assert!(child.wait().expect("it ends").success());
    }
}

#[test]
fn server_sent_events_come_out_before_the_next_one_is_sent() {
    let bench = Bench::new();
    let events = || {
        vec![
            b"data: {\"n\":1}\n\n".to_vec(),
            b"data: {\"n\":2}\n\n".to_vec(),
        ]
    };
    for (flags, lines) in [
        (&[][..], ["data: {\"n\":1}", "data: {\"n\":2}"]),
        (&["-N", "-s"], ["data: {\"n\":1}", "data: {\"n\":2}"]),
        (&["--jq", ".n + 1"], ["2", "3"]),
        (&["--format", "ndjson"], ["{\"n\":1}", "{\"n\":2}"]),
    ] {
        let go_on = bench.pieces("text/event-stream", "", events());
        bench.seen_one_by_one(&go_on, flags, &lines);
    }
}

#[test]
fn ndjson_comes_out_line_by_line() {
    let bench = Bench::new();
    for (flags, lines) in [
        (&[][..], ["{\"n\":1}", "{\"n\":2}"]),
        (&["--jq", ".n"], ["1", "2"]),
        (&["--format", "ndjson"], ["{\"n\":1}", "{\"n\":2}"]),
    ] {
        let pieces = vec![b"{\"n\":1}\n".to_vec(), b"{\"n\":2}\n".to_vec()];
        let go_on = bench.pieces("application/x-ndjson", "", pieces);
        bench.seen_one_by_one(&go_on, flags, &lines);
    }
}

/// A server that packs a stream flushes after each piece.
#[test]
fn packed_events_come_out_before_the_next_one_is_sent() {
    use std::io::Write;
    let bench = Bench::new();
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut pieces = Vec::new();
    for number in 1..=2 {
        write!(packer, "data: {number}\n\n").expect("packed");
        packer.flush().expect("packed");
        pieces.push(std::mem::take(packer.get_mut()));
    }
    let end = packer.finish().expect("packed");
    pieces
        .last_mut()
        .expect("there are two")
        .extend_from_slice(&end);
    let go_on = bench.pieces("text/event-stream", "Content-Encoding: gzip\r\n", pieces);
    bench.seen_one_by_one(&go_on, &["--compressed"], &["data: 1", "data: 2"]);
}
