//! Every branch of the delicate function, on doubles.

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::json;

use super::*;
use crate::port::fake::{Answer, FakeStore, Operation, World, block_on};
use crate::port::{HttpError, StateKind, TokenStore, UnixTime};
use crate::session::record::sample;
use crate::session::testing::service;

mod looking;
mod refused;
mod renewing;

const RECEIVED: UnixTime = 1_800_000_000;

fn key() -> EntryKey {
    EntryKey::session("work@ada")
}

/// A world in which ada is signed in, `after` seconds after she was.
fn world(after: UnixTime) -> World {
    world_with(sample(), after)
}

fn world_with(record: Record, after: UnixTime) -> World {
    let world = World::new();
    put(&world.store, &record);
    let state = world.ports().state;
    state
        .write(StateKind::DefaultAccount, "work", b"ada")
        .unwrap();
    world.clock.set(RECEIVED + after);
    world
}

fn put(store: &FakeStore, record: &Record) {
    store.put(&key(), record.to_stored().unwrap());
}

fn stored(world: &World) -> Record {
    Record::read(world.store.peek(&key()), &key())
        .unwrap()
        .unwrap()
}

fn grants(world: &World, body: serde_json::Value) {
    world.http.push(Answer::json(200, &body));
}

fn rotation() -> serde_json::Value {
    json!({"access_token": "access-2", "token_type": "bearer", "expires_in": 3600,
           "refresh_token": "refresh-2"})
}

fn refuses(world: &World, status: u16, error: &str) {
    world
        .http
        .push(Answer::json(status, &json!({ "error": error })));
}

fn run(world: &World, wanted: &Wanted) -> Result<Access> {
    block_on(access_token(&world.ports(), &service(), wanted))
}

fn token(access: &Access) -> &str {
    access.credential.token().expose()
}

fn ok(world: &World) -> String {
    let access = run(world, &Wanted::default()).unwrap();
    token(&access).to_owned()
}

fn fails(world: &World, wanted: &Wanted) -> Error {
    run(world, wanted).unwrap_err()
}

fn renew(renew: Renew) -> Wanted {
    Wanted {
        renew,
        ..Wanted::default()
    }
}

fn warned(world: &World, what: &str) -> bool {
    let warnings = world.ui.warnings.borrow();
    warnings.iter().any(|line| line.contains(what))
}
