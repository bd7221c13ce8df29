//! Discovery against a scripted server (must 90–94; M2, M3, M6, M9).

use serde_json::{Value, json};

use super::*;
use crate::grant::testing::code;
use crate::port::fake::{Answer, World, block_on};

const ISSUER: &str = "https://as.example/o";
const OIDC: &str = "https://as.example/o/.well-known/openid-configuration";
const OAUTH: &str = "https://as.example/.well-known/oauth-authorization-server/o";

fn document() -> Value {
    json!({"issuer": ISSUER, "token_endpoint": "https://as.example/token"})
}

fn asked(world: &World) -> Vec<String> {
    let requests = world.http.requests.borrow();
    requests
        .iter()
        .map(|request| request.uri().to_string())
        .collect()
}

fn found(world: &World) -> Result<ServerMetadata> {
    block_on(discover(&world.ports(), ISSUER, false))
}

/// must 91.
#[test]
fn both_forms_of_the_url_are_asked() {
    for miss in [
        Answer::new(404, "text/html", "nothing"),
        Answer::new(
            200,
            "text/html",
            "<html>an app that answers everything</html>",
        ),
    ] {
        let world = World::new();
        world.http.push(miss);
        world.http.push(Answer::json(200, &document()));
        found(&world).unwrap();
        assert_eq!(asked(&world), [OIDC, OAUTH]);
    }
}

/// M2, must 90.
#[test]
fn another_servers_document_is_refused_at_once() {
    let world = World::new();
    let mut other = document();
    other["issuer"] = json!("https://as.example/o1");
    world.http.push(Answer::json(200, &other));
    assert_eq!(code(found(&world)), Code::MetadataInvalid);
    assert_eq!(world.http.count(), 1);
    assert!(world.cache.documents.borrow().is_empty());
}

/// must 94, M9.
#[test]
fn the_cache_serves_an_hour_and_can_be_passed_by() {
    let world = World::new();
    for _ in 0..4 {
        world.http.push(Answer::json(200, &document()));
    }
    found(&world).unwrap();
    found(&world).unwrap();
    assert_eq!(world.http.count(), 1);
    block_on(discover(&world.ports(), ISSUER, true)).unwrap();
    assert_eq!(world.http.count(), 2);
    world.clock.advance(std::time::Duration::from_secs(3601));
    found(&world).unwrap();
    assert_eq!(world.http.count(), 3);
    world.clock.set(1_700_000_000);
    found(&world).unwrap();
    assert_eq!(
        world.http.count(),
        4,
        "a clock set back makes a document old"
    );
}

#[test]
fn a_garbled_cache_costs_a_fetch_and_nothing_else() {
    let world = World::new();
    let key = format!("metadata {OIDC}");
    let now = 1_800_000_000;
    world
        .cache
        .documents
        .borrow_mut()
        .insert(key, (b"{".to_vec(), now));
    world.http.push(Answer::json(200, &document()));
    found(&world).unwrap();
}

/// M6, must 92, CVE-2026-49478.
#[test]
fn redirects_stay_on_their_origin() {
    let to = |place: &str| Answer::response(302, &[("location", place)], "");
    let world = World::new();
    world.http.push(to("/moved"));
    world.http.push(Answer::json(200, &document()));
    found(&world).unwrap();
    assert_eq!(asked(&world)[1], "https://as.example/moved");
    for place in [
        "http://as.example/o",
        "https://evil.example/",
        "https://as.example:8443/",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "",
    ] {
        let world = World::new();
        world.http.push(to(place));
        let outcome = found(&world);
        // The empty one leads back to itself, for ever.
        assert_eq!(
            code(outcome),
            match place {
                "" => Code::Unreachable,
                _ => Code::MetadataInvalid,
            }
        );
    }
    let world = World::new();
    world
        .http
        .on_request(|_| Answer::response(302, &[("location", "/again")], ""));
    assert_eq!(code(found(&world)), Code::MetadataInvalid);
    assert!(world.http.count() <= 4);
}

/// M3.
#[test]
fn what_is_no_document_is_told() {
    for (status, body, expected) in [
        (404, "", Code::MetadataInvalid),
        (503, "", Code::TransportFailed),
        (200, "", Code::MetadataInvalid),
        (200, "<html>", Code::MetadataInvalid),
        (200, "{\"issuer\": 7}", Code::MetadataInvalid),
    ] {
        let world = World::new();
        world
            .http
            .on_request(move |_| Answer::new(status, "text/html", body));
        assert_eq!(code(found(&world)), expected, "{status} {body}");
    }
}

/// Authlib's `server_metadata_url`: the document's issuer must belong to that place.
#[test]
fn a_metadata_url_alone_proves_its_issuer_by_its_place() {
    let values = Registration {
        server_metadata_url: Some(OIDC.into()),
        ..Registration::default()
    };
    let world = World::new();
    world.http.push(Answer::json(200, &document()));
    let metadata = block_on(discover_for(&world.ports(), &values, false)).unwrap();
    assert_eq!(metadata.issuer.as_deref(), Some(ISSUER));
    let world = World::new();
    let mut other = document();
    other["issuer"] = json!("https://accounts.example");
    world.http.push(Answer::json(200, &other));
    let outcome = block_on(discover_for(&world.ports(), &values, false));
    assert_eq!(code(outcome), Code::MetadataInvalid);
}
