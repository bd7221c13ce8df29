//! Whole batches against scripted servers.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::HeaderMap;
use serde_json::{Value, json};

use super::input::Maker;
use super::journal::Journal;
use super::one::Rules;
use super::run::{Batch, Options};
use super::summary::Summary;
use super::tokens::Seldom;
use crate::call::retry;
use crate::call::send::{Policy, Sender};
use crate::call::tokens::Tokens;
use crate::error::{Code, Error, Result};
use crate::port::fake::{
    Answer, FakeClock, FakeFiles, FakeInterrupts, FakeOutput, FakeProgress, World, block_on,
};
use crate::port::{BoxFuture, Clock, Files, HttpError, Interrupts};
use crate::protocol::token::TokenType;
use crate::secret::Secret;
use crate::service::Service;
use crate::transport::{Audience, Credential};

struct FakeTokens {
    number: Cell<u32>,
    dead: Cell<bool>,
    /// A renewal takes a minute, for which nothing may interrupt it.
    slow: RefCell<Option<(FakeClock, FakeInterrupts)>>,
    begun: Cell<u32>,
}

impl Tokens for FakeTokens {
    fn credential(&self) -> Credential {
        let token = Secret::from(format!("t{}", self.number.get()));
        let mut audience = Audience::default();
        audience.allow("https://a.example", "config.toml").unwrap();
        Credential::new(token, TokenType::Bearer, audience)
    }

    fn renew<'a>(&'a self, _refused: &'a Credential) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            if self.dead.get() {
                return Err(Error::new(Code::RefreshRefused, "the session has ended"));
            }
            self.begun.set(self.begun.get() + 1);
            let slow = self.slow.borrow().clone();
            if let Some((clock, interrupts)) = slow {
                let _held = interrupts.hold();
                for _ in 0..20 {
                    clock.sleep(Duration::from_secs(3)).await;
                }
            }
            self.number.set(self.number.get() + 1);
            Ok(())
        })
    }

    fn scope(&self) -> Vec<String> {
        Vec::new()
    }
}

struct Stage {
    world: World,
    files: FakeFiles,
    output: FakeOutput,
    progress: FakeProgress,
    tokens: FakeTokens,
    options: Options,
    journal: bool,
}

impl Stage {
    fn new() -> Stage {
        Stage {
            world: World::new(),
            files: FakeFiles::default(),
            output: FakeOutput::default(),
            progress: FakeProgress::default(),
            tokens: FakeTokens {
                number: Cell::new(1),
                dead: Cell::default(),
                slow: RefCell::default(),
                begun: Cell::default(),
            },
            options: Options {
                concurrency: None,
                ordered: true,
                fail_fast: false,
                rules: Rules {
                    retry: retry::Policy {
                        times: 2,
                        ..retry::Policy::NEVER
                    },
                    max_wait: Duration::from_secs(60),
                    max_time: Duration::from_secs(30),
                    include: false,
                },
            },
            journal: false,
        }
    }

    fn run(&self, input: &str) -> Result<Summary> {
        let mut service = Service {
            name: "x".into(),
            account: None,
            values: Default::default(),
            origins: Default::default(),
            variables: Default::default(),
        };
        service.values.api_base_url = Some("https://a.example/".into());
        let captured = BTreeMap::new();
        let maker = Maker::new(&service, &captured, None, HeaderMap::new(), None).unwrap();
        let tokens = Seldom::new(&self.tokens, &self.world.clock);
        let policy = Policy {
            quiet: true,
            ..Policy::default()
        };
        let journal = self.journal.then(|| {
            let log = self.files.log("j").unwrap();
            RefCell::new(Journal::open(log, "x").unwrap())
        });
        let batch = Batch {
            sender: Sender {
                ports: self.world.ports(),
                http: &self.world.http,
                files: &self.files,
                progress: &self.progress,
                tokens: &tokens,
                service: &service,
                policy: &policy,
                deadline: None,
            },
            tokens: &tokens,
            maker: &maker,
            output: &self.output,
            journal,
            options: &self.options,
        };
        let piece = Ok(Bytes::from(input.to_owned()));
        block_on(batch.run(Box::pin(stream::iter([piece]))))
    }

    fn records(&self) -> Vec<Value> {
        let text = self.output.text();
        let lines = text.lines().map(serde_json::from_str);
        lines.collect::<Result<_, _>>().unwrap()
    }

    fn indices(&self) -> Vec<u64> {
        let records = self.records();
        records
            .iter()
            .map(|r| r["index"].as_u64().unwrap())
            .collect()
    }

    fn paths(&self) -> Vec<String> {
        let requests = self.world.http.requests.borrow();
        requests.iter().map(|r| r.uri().path().to_owned()).collect()
    }
}

fn lines(count: usize) -> String {
    (1..=count)
        .map(|n| format!("{{\"url\":\"{n}\"}}\n"))
        .collect()
}

fn fine(request: &http::Request<Bytes>) -> Answer {
    Answer::json(200, &json!({"path": request.uri().path()}))
}

#[test]
fn every_line_has_its_answer_in_order() {
    let stage = Stage::new();
    stage.world.http.on_request(fine);
    let summary = stage.run(&lines(300)).unwrap();
    assert_eq!(summary.fine, 300);
    assert!(summary.verdict().is_ok());
    assert_eq!(stage.indices(), (1..=300).collect::<Vec<u64>>());
    assert_eq!(stage.records()[6]["body"], json!({"path": "/7"}));
}

#[test]
fn a_slow_answer_holds_back_later_ones_only_in_order() {
    for (ordered, expected) in [(true, [1, 2, 3, 4]), (false, [1, 3, 4, 2])] {
        let mut stage = Stage::new();
        stage.options.ordered = ordered;
        stage
            .world
            .http
            .on_request(|request| match request.uri().path() {
                "/2" => Answer::Never,
                _ => fine(request),
            });
        stage.run(&lines(4)).unwrap();
        assert_eq!(stage.indices(), expected, "{ordered}");
        let slow = &stage.records()[if ordered { 1 } else { 3 }];
        assert_eq!(slow["error"]["code"], "transport_failed");
    }
}

#[test]
fn bad_lines_are_told_by_number_and_the_rest_goes_on() {
    let mut stage = Stage::new();
    stage.world.http.on_request(fine);
    let input = "{\"url\":\"a\"}\n\noops\n{\"url\":\"b\"}\n";
    let summary = stage.run(input).unwrap();
    assert_eq!(stage.indices(), [1, 3, 4]);
    let error = stage.records()[1]["error"]["message"].clone();
    assert!(error.as_str().unwrap().starts_with("line 3: "), "{error}");
    assert_eq!(summary.verdict().unwrap_err().code(), Code::Usage);

    stage.options.fail_fast = true;
    stage.output = FakeOutput::default();
    let summary = stage.run(input).unwrap();
    assert_eq!(stage.indices(), [1, 3]);
    assert!(summary.cut_short);
}

/// One token for all: fifty refused together renew it once.
#[test]
fn a_401_renews_once_for_all() {
    let stage = Stage::new();
    stage.world.http.on_request(
        |request| match request.headers()["authorization"].as_bytes() {
            b"Bearer t2" => fine(request),
            _ => Answer::new(401, "text/plain", ""),
        },
    );
    assert_eq!(stage.run(&lines(60)).unwrap().fine, 60);
    assert_eq!(stage.tokens.number.get(), 2);
}

#[test]
fn an_api_that_refuses_every_token_does_not_make_a_renewal_for_each() {
    let stage = Stage::new();
    let refuse = |_: &http::Request<Bytes>| Answer::new(401, "text/plain", "");
    stage.world.http.on_request(refuse);
    let summary = stage.run(&lines(30)).unwrap();
    assert_eq!((summary.status, stage.tokens.number.get()), (30, 2));
    assert_eq!(summary.verdict().unwrap_err().code(), Code::ApiStatus);
}

/// A renewal torn apart between the server's answer and the store loses the session.
#[test]
fn neither_a_deadline_nor_the_end_of_the_batch_tears_a_renewal_apart() {
    for ends_early in [false, true] {
        let mut stage = Stage::new();
        // Shorter than the renewal.
        stage.options.rules.max_time = Duration::from_secs(1);
        let slow = (stage.world.clock.clone(), stage.world.interrupts.clone());
        *stage.tokens.slow.borrow_mut() = Some(slow);
        if ends_early {
            // Nobody reads the third answer, which is there before the second.
            stage.output.broken_after.set(Some(1));
            stage.options.ordered = false;
        }
        let asked = RefCell::new(BTreeMap::new());
        stage.world.http.on_request(move |request| {
            let path = request.uri().path().to_owned();
            let old = request.headers()["authorization"] == "Bearer t1";
            let mut asked = asked.borrow_mut();
            let times = asked.entry(path.clone()).or_insert(0);
            *times += 1;
            // Both are under way when the second is refused; the third is answered after that.
            match (path.as_str(), *times) {
                ("/2", 1) | ("/3", 1 | 2) => Answer::Fail(HttpError::NotSent("busy".into())),
                ("/2", _) if old => Answer::new(401, "text/plain", ""),
                _ => fine(request),
            }
        });
        stage.run(&lines(3)).unwrap();
        let (begun, finished) = (stage.tokens.begun.get(), stage.tokens.number.get() - 1);
        assert_eq!((begun, finished), (1, 1), "ends early: {ends_early}");
    }
}

#[test]
fn a_session_that_has_ended_ends_the_batch() {
    let stage = Stage::new();
    stage.tokens.dead.set(true);
    let refuse = |_: &http::Request<Bytes>| Answer::new(401, "text/plain", "");
    stage.world.http.on_request(refuse);
    let summary = stage.run(&lines(30)).unwrap();
    assert!(summary.done() < 30);
    assert_eq!(summary.verdict().unwrap_err().code(), Code::RefreshRefused);
}

#[test]
fn a_rate_limit_pauses_all_and_everything_is_answered_in_the_end() {
    let stage = Stage::new();
    let clock = stage.world.clock.clone();
    let refused = Rc::new(Cell::new(0));
    let (count, begin) = (Rc::clone(&refused), clock.now());
    let now = clock.clone();
    stage.world.http.on_request(move |request| {
        // Ten requests, then nothing for five seconds.
        if now.now() - begin < 5 && request.uri().path().len() > 2 {
            count.set(count.get() + 1);
            return Answer::response(429, &[("retry-after", "5")], "");
        }
        fine(request)
    });
    let summary = stage.run(&lines(40)).unwrap();
    assert_eq!(summary.fine, 40);
    assert!(clock.slept().contains(&Duration::from_secs(5)));
    // At most those that were under way when the first was refused.
    assert!(refused.get() <= 8, "{}", refused.get());
    assert!(!stage.progress.waits.borrow().is_empty());
}

#[test]
fn a_limit_longer_than_allowed_ends_the_batch() {
    let stage = Stage::new();
    stage
        .world
        .http
        .push(Answer::response(429, &[("retry-after", "3600")], ""));
    let summary = stage.run(&lines(3)).unwrap();
    assert_eq!(stage.indices(), [1]);
    assert_eq!(summary.verdict().unwrap_err().code(), Code::ApiStatus);
}

#[test]
fn only_what_is_safe_is_sent_again() {
    let stage = Stage::new();
    let reset = |_: &http::Request<Bytes>| Answer::Fail(HttpError::Ambiguous("reset".into()));
    stage.world.http.on_request(reset);
    let input = "{\"url\":\"g\"}\n{\"url\":\"p\",\"method\":\"POST\"}\n";
    let summary = stage.run(input).unwrap();
    let mut paths = stage.paths();
    paths.sort();
    assert_eq!(paths, ["/g", "/g", "/g", "/p"]);
    assert_eq!(summary.verdict().unwrap_err().code(), Code::TransportFailed);
}

#[test]
fn a_second_run_leaves_out_what_was_answered_and_repeats_nothing_unsafe() {
    let mut stage = Stage::new();
    stage.journal = true;
    stage.options.rules.retry = retry::Policy::NEVER;
    stage
        .world
        .http
        .on_request(|request| match request.uri().path() {
            "/lost" => Answer::Fail(HttpError::Ambiguous("reset".into())),
            "/unsent" => Answer::Fail(HttpError::NotSent("refused".into())),
            _ => fine(request),
        });
    let post = |id: &str| format!("{{\"id\":\"{id}\",\"url\":\"{id}\",\"method\":\"POST\"}}\n");
    let input = ["a", "lost", "unsent"].map(post).concat() + "{\"url\":\"lost\"}\n";
    stage.run(&input).unwrap();
    assert_eq!(stage.paths(), ["/a", "/lost", "/unsent", "/lost"]);

    stage.world.http.on_request(fine);
    stage.world.http.requests.borrow_mut().clear();
    stage.output = FakeOutput::default();
    let summary = stage.run(&input).unwrap();
    let mut paths = stage.paths();
    paths.sort();
    assert_eq!(paths, ["/lost", "/unsent"]);
    assert_eq!((summary.skipped, summary.fine, summary.failed), (1, 2, 1));
    let told = &stage.records()[0];
    assert_eq!(
        (&told["id"], &told["error"]["code"]),
        (&json!("lost"), &json!("transport_failed"))
    );

    stage.options.rules.retry.unsafe_too = true;
    stage.world.http.requests.borrow_mut().clear();
    let summary = stage.run(&input).unwrap();
    assert_eq!(
        (stage.paths(), summary.skipped),
        (vec!["/lost".to_owned()], 3)
    );
}

#[test]
fn a_broken_pipe_ends_quietly() {
    let stage = Stage::new();
    stage.output.broken_after.set(Some(0));
    stage.world.http.on_request(fine);
    assert!(stage.run(&lines(5000)).unwrap().verdict().is_ok());
    assert!(stage.world.http.count() < 5000);
}

#[test]
fn at_a_terminal_nothing_in_an_answer_is_obeyed() {
    let stage = Stage::new();
    stage.output.terminal.set(true);
    let title = "\"\u{9b}2J\u{202e}\"";
    stage
        .world
        .http
        .push(Answer::new(200, "application/json", title));
    stage.run(&lines(1)).unwrap();
    let text = stage.output.text();
    assert!(
        text.contains("\\u009b2J\\u202e") && text.ends_with("}\n"),
        "{text}"
    );
}
