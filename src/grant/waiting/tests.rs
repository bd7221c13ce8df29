//! Which of browser, terminal and deadline ends the waiting.

use super::*;
use crate::port::RedirectListener;
use crate::port::fake::{World, block_on};
use crate::port::{ListenSpec, LoopbackHost};
use crate::protocol::authorization_response::Delivery;
use url::Url;

const RIGHT: &str = "http://127.0.0.1:49152/callback?code=abc&state=st";

fn expected() -> Expectation {
    Expectation {
        redirect_uri: Url::parse("http://127.0.0.1:49152/callback").unwrap(),
        delivery: Delivery::Query,
        state: Secret::from("st"),
        issuer: None,
        issuer_required: false,
    }
}

fn listen(world: &World) -> Redirects {
    let spec = ListenSpec {
        host: LoopbackHost::V4,
        port: None,
    };
    Redirects::at(world.listener.bind(&spec).unwrap())
}

fn waited(world: &World) -> Result<Arrived> {
    let mut redirects = listen(world);
    block_on(wait(
        &world.ports(),
        &mut redirects,
        &expected(),
        Duration::from_secs(120),
        "example",
    ))
}

fn code(arrived: Arrived) -> String {
    match arrived.answer {
        Answer::Code { code, .. } => code.expose().clone(),
        other => panic!("{other:?}"),
    }
}

/// must 25: fifty wrong callbacks end nothing, and each gets a page.
#[test]
fn wrong_callbacks_never_end_the_wait() {
    let world = World::new();
    world
        .listener
        .push_get("http://127.0.0.1:49152/favicon.ico");
    for attempt in 0..50 {
        world.listener.push_get(&format!(
            "http://127.0.0.1:49152/callback?error=access_denied&state=guess{attempt}"
        ));
    }
    world.listener.push_get(RIGHT);
    let arrived = waited(&world).unwrap();
    assert!(arrived.page.is_some());
    assert_eq!(code(arrived), "abc");
    let pages = world.listener.pages();
    assert_eq!(pages.len(), 51);
    assert_eq!(pages[0].status(), 404);
    assert!(pages[1..].iter().all(|page| page.status() == 400));
}

/// must 33, A17, A20.
#[test]
fn the_deadline_tells_what_came_instead() {
    let world = World::new();
    world.listener.push_get("http://127.0.0.1:49152/callback");
    world
        .listener
        .push_get("http://127.0.0.1:49152/callback?code=a&state=x");
    let Err(error) = waited(&world) else {
        panic!("no answer was sent")
    };
    assert_eq!(error.code(), Code::TimedOut);
    let text = error.to_string();
    assert!(text.contains("120 seconds"), "{text}");
    assert!(text.contains("1 × no parameters"), "{text}");
    assert!(text.contains("1 × the state of another sign-in"), "{text}");
    assert!(error.hint().unwrap().contains("fragment"));
    assert_eq!(world.listener.open(), 0, "the port is closed");
}

/// must 33: whoever keeps the listener busy does not keep the program waiting.
#[test]
fn a_flood_of_requests_does_not_outlast_the_deadline() {
    let world = World::new();
    let spec = ListenSpec {
        host: LoopbackHost::V4,
        port: None,
    };
    let _port = world.listener.bind(&spec).unwrap();
    let clock = world.clock.clone();
    let listener = world.listener.clone();
    let mut requests = 0;
    let flood = stream::repeat_with(move || {
        requests += 1;
        assert!(requests < 1000, "the flood outlasts the deadline");
        clock.advance(Duration::from_secs(1));
        listener.push_get("http://127.0.0.1:49152/x");
        let mut bound = listener.bind(&spec).unwrap();
        block_on(bound.next())
    });
    let mut redirects = Redirects(Some(Box::pin(flood)));
    let deadline = Duration::from_secs(120);
    let outcome = block_on(wait(
        &world.ports(),
        &mut redirects,
        &expected(),
        deadline,
        "x",
    ));
    assert!(matches!(outcome, Err(error) if error.code() == Code::TimedOut));
}

/// must 35.
#[test]
fn a_pasted_url_wins_and_a_bare_code_is_refused() {
    let world = World::new();
    let lines = [
        "",
        "abc",
        "http://127.0.0.1:49152/callback?code=abc&state=x",
        RIGHT,
    ];
    world.ui.lines.borrow_mut().extend(lines.map(str::to_owned));
    let arrived = waited(&world).unwrap();
    assert!(arrived.page.is_none());
    assert_eq!(code(arrived), "abc");
    let warnings = world.ui.warnings.borrow();
    assert_eq!(warnings.len(), 2);
    assert!(
        !warnings.iter().any(|line| line.contains("abc")),
        "{warnings:?}"
    );
}

/// Where nobody listens, only a pasted line could be the answer: nobody waits for nothing.
#[test]
fn the_end_of_the_input_ends_a_sign_in_that_only_it_could_finish() {
    let world = World::new();
    world.ui.input_ends.set(true);
    world.ui.lines.borrow_mut().push_back("abc".to_owned());
    let pasted = block_on(wait(
        &world.ports(),
        &mut Redirects::nowhere(),
        &expected(),
        Duration::from_secs(120),
        "example",
    ));
    let Err(error) = pasted else {
        panic!("no answer was given")
    };
    assert_eq!(error.code(), Code::Cancelled);
    let text = error.to_string();
    assert!(text.contains("input ended"), "{text}");
    assert!(text.contains("1 × not a redirect URL"), "{text}");

    world.listener.push_get(RIGHT);
    assert_eq!(code(waited(&world).unwrap()), "abc", "a browser still can");
}

/// must 27, A9: what comes after the answer gets a page and changes nothing.
#[test]
fn a_second_answer_gets_a_harmless_page() {
    let world = World::new();
    let mut redirects = listen(&world);
    world.listener.push_get(RIGHT);
    world
        .listener
        .push_get("http://127.0.0.1:49152/favicon.ico");
    let clock = world.clock.clone();
    let work = async move {
        use crate::port::Clock;
        for _ in 0..3 {
            clock.sleep(Duration::from_secs(1)).await;
        }
        7
    };
    assert_eq!(block_on(meanwhile(&mut redirects, &expected(), work)), 7);
    let pages = world.listener.pages();
    assert_eq!(pages[0].status(), 200);
    assert!(String::from_utf8_lossy(pages[0].body()).contains("Already done"));
    assert_eq!(pages[1].status(), 404);
}
