//! Checks of the machine: each can fail, and says what to do then.

use http::Request;

use super::tests::{code, found};
use super::*;
use crate::port::fake::{Answer, FakeListener, Operation, World, block_on};
use crate::service::Configuration;

fn network() -> Network {
    Network {
        trust: Ok("the system's CA certificates".into()),
        proxy: Ok(None),
    }
}

fn machine(world: &World) -> Vec<Finding> {
    let configuration = Configuration::default();
    let network = network();
    let ports = world.ports();
    block_on(examine_machine(
        &ports,
        "config.toml",
        Ok(&configuration),
        &[],
        &network,
    ))
}

/// A listener that the question comes to: the double has no network of its own.
fn loopback(world: &World, listener: &FakeListener) {
    let listener = listener.clone();
    world.http.on_request(move |request| {
        let request = Request::get(request.uri().path()).body(Vec::new()).unwrap();
        listener.push(request);
        Answer::new(200, "text/plain", "hallpass answers itself")
    });
}

#[test]
fn a_machine_that_is_fine_has_nothing_but_ok() {
    let world = World::new();
    loopback(&world, &world.listener);
    let findings = machine(&world);
    for finding in &findings {
        assert_eq!(finding.verdict, Verdict::Ok, "{finding:?}");
    }
    assert!(outcome(&findings).is_ok());
    assert_eq!(world.listener.open(), 0);
}

#[test]
fn each_state_of_the_store_is_told_with_something_to_do() {
    let states = [
        (Code::StoreLocked, "unlock"),
        (Code::StoreAbsent, "another store"),
        (Code::StoreHung, "start it again"),
        (Code::StoreFull, "room"),
        (Code::StoreFailed, "another store"),
    ];
    for (state, word) in states {
        let world = World::new();
        loopback(&world, &world.listener);
        world.store.fail_next(Operation::Probe, state);
        let findings = machine(&world);
        let finding = found(&findings, "store");
        assert_eq!(code(finding), Some(state));
        assert!(finding.hint.as_ref().unwrap().contains(word), "{finding:?}");
        assert_eq!(outcome(&findings).unwrap_err().code(), state);
    }
}

#[test]
fn a_listener_that_cannot_be_reached_is_found() {
    let world = World::new();
    let refused = crate::port::HttpError::NotSent("127.0.0.1: refused".into());
    world.http.push(Answer::Fail(refused));
    let findings = machine(&world);
    let finding = found(&findings, "listener");
    assert_eq!(code(finding), Some(Code::Unreachable));
    assert!(finding.hint.as_ref().unwrap().contains("--flow paste"));
}

#[test]
fn another_program_in_the_listeners_place_is_found() {
    let world = World::new();
    world.http.push(Answer::new(
        200,
        "text/html",
        "<title>Sign in to the network</title>",
    ));
    let findings = machine(&world);
    assert_eq!(
        code(found(&findings, "listener")),
        Some(Code::ResponseInvalid)
    );
}

#[test]
fn no_browser_is_a_warning_that_names_the_other_ways() {
    let world = World::new();
    loopback(&world, &world.listener);
    world.browser.present.set(false);
    let findings = machine(&world);
    let finding = found(&findings, "browser");
    assert_eq!(finding.verdict, Verdict::Warning);
    assert!(finding.hint.as_ref().unwrap().contains("--flow device"));
    assert!(outcome(&findings).is_ok(), "a warning is no failure");
}

#[test]
fn configuration_trust_and_proxy_errors_decide_the_exit_code_by_their_order() {
    let world = World::new();
    loopback(&world, &world.listener);
    let error =
        Error::new(Code::ConfigInvalid, "config.toml:3: unknown key").with_hint("remove it");
    let network = Network {
        trust: Err(Error::new(Code::Unreachable, "no CA certificates")),
        proxy: Err(Error::new(Code::Unreachable, "https_proxy is not a URL")),
    };
    let ports = world.ports();
    let findings = block_on(examine_machine(
        &ports,
        "config.toml",
        Err(&error),
        &[],
        &network,
    ));
    let outcome = outcome(&findings).unwrap_err();
    assert_eq!(outcome.code(), Code::ConfigInvalid);
    assert_eq!(
        outcome.to_string(),
        "3 of 6 checks failed: configuration, proxy, tls trust"
    );
}

#[test]
fn a_service_that_does_not_resolve_is_named() {
    let world = World::new();
    loopback(&world, &world.listener);
    let text = "[service.a]\nissuer = \"http://as.example\"\nclient_id = \"x\"\n";
    let configuration = Configuration::parse(text, "config.toml");
    let ports = world.ports();
    let findings = match &configuration {
        Ok(configuration) => block_on(examine_machine(
            &ports,
            "config.toml",
            Ok(configuration),
            &[],
            &network(),
        )),
        Err(error) => block_on(examine_machine(
            &ports,
            "config.toml",
            Err(error),
            &[],
            &network(),
        )),
    };
    assert!(outcome(&findings).unwrap_err().code().exit_code() == 3);
}

#[test]
fn a_folder_that_cannot_be_written_is_named_with_the_reason_and_the_way_out() {
    let world = World::new();
    loopback(&world, &world.listener);
    let folders = [("state folder", true), ("cache folder", false)].map(|(check, needed)| Folder {
        check,
        variable: "HALLPASS_X_DIR",
        path: "/x".into(),
        writable: Err(Error::new(Code::StoreFailed, "cannot write to /x")
            .with_source(std::io::Error::from(std::io::ErrorKind::ReadOnlyFilesystem))),
        needed,
    });
    let ports = world.ports();
    let none = Configuration::default();
    let findings = block_on(examine_machine(
        &ports,
        "config.toml",
        Ok(&none),
        &folders,
        &network(),
    ));
    assert_eq!(
        code(found(&findings, "state folder")),
        Some(Code::StoreFailed)
    );
    assert_eq!(found(&findings, "cache folder").verdict, Verdict::Warning);
    for check in ["state folder", "cache folder"] {
        let finding = found(&findings, check);
        assert!(finding.message.contains("read-only"), "{finding:?}");
        let hint = finding.hint.as_ref().unwrap();
        assert!(
            hint.contains("/x") && hint.contains("HALLPASS_X_DIR"),
            "{hint}"
        );
    }
}
