//! The protected resource and the journal.

use super::*;

#[test]
fn the_api_challenges_as_rfc_6750_says() {
    let mut bench = bench(Consent::Grant);
    let session = bench.session();
    let token = session["access_token"].as_str().unwrap();
    let challenge = |reply: &http::Response<Vec<u8>>| text_header(reply, header::WWW_AUTHENTICATE);
    let nothing = bench.get("/api/me");
    assert_eq!(nothing.status(), 401);
    assert!(!challenge(&nothing).contains("error"));
    let request = http::Request::post("/api/notes")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(json!({"text": "x"}).to_string().into_bytes());
    let narrow = bench.send(request.unwrap());
    assert_eq!(narrow.status(), 403);
    assert!(challenge(&narrow).contains("insufficient_scope\", scope=\"notes:write\""));
    bench.now += 3600;
    let expired = bench.api("/api/me", token);
    assert_eq!(expired.status(), 401);
    assert!(challenge(&expired).contains("error=\"invalid_token\""));
}

fn text_header(reply: &http::Response<Vec<u8>>, name: header::HeaderName) -> String {
    let value = reply.headers().get(name).expect("the header is there");
    value.to_str().unwrap().to_owned()
}

#[test]
fn notes_come_in_pages_with_a_link() {
    let mut bench = bench(Consent::Grant);
    let session = bench.session();
    let token = session["access_token"].as_str().unwrap();
    let first = bench.api("/api/notes", token);
    assert_eq!(body(&first).as_array().unwrap().len(), 3);
    assert!(text_header(&first, header::LINK).contains("/api/notes?page=2&per_page=3>"));
    let last = bench.api("/api/notes?page=3", token);
    assert_eq!(body(&last).as_array().unwrap().len(), 1);
    assert!(last.headers().get(header::LINK).is_none());
    assert_eq!(bench.api("/api/notes?page=0", token).status(), 400);
}

#[test]
fn the_journal_shortens_secrets() {
    let mut bench = bench(Consent::Grant);
    let session = bench.session();
    let token = session["access_token"].as_str().unwrap();
    bench.api("/api/me", token);
    let told = format!("{:?}", bench.provider.take_journal());
    assert!(told.contains("code_verifier") && told.contains("Bearer demo_at_"));
    for name in ["access_token", "refresh_token", "id_token"] {
        assert!(!told.contains(session[name].as_str().unwrap()), "{name}");
    }
    assert!(!told.contains(VERIFIER));
}
