//! The provider keeps its own rules: each test names the check that must not go missing.

mod api;
mod authorization;
mod token;

use base64::Engine;
use http::header;
use serde_json::{Value, json};

use super::*;

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const REDIRECT: &str = "http://127.0.0.1:49152/callback";

struct Bench {
    provider: Provider,
    now: i64,
    drawn: u64,
}

fn bench(consent: Consent) -> Bench {
    let mut options = Options::new("http://127.0.0.1:9");
    options.consent = consent;
    Bench {
        provider: Provider::new(options).unwrap(),
        now: 1_700_000_000,
        drawn: 0,
    }
}

impl Bench {
    fn send(&mut self, request: http::Request<Vec<u8>>) -> http::Response<Vec<u8>> {
        let drawn = &mut self.drawn;
        let mut random = || {
            *drawn += 1;
            let mut bytes = [0; 32];
            let hash = ring::digest::digest(&ring::digest::SHA256, &drawn.to_be_bytes());
            bytes.copy_from_slice(hash.as_ref());
            Ok(bytes)
        };
        self.provider.handle(&request, self.now, &mut random)
    }

    fn get(&mut self, target: &str) -> http::Response<Vec<u8>> {
        self.send(http::Request::get(target).body(Vec::new()).unwrap())
    }

    fn api(&mut self, target: &str, token: &str) -> http::Response<Vec<u8>> {
        let request = http::Request::get(target)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Vec::new());
        self.send(request.unwrap())
    }

    fn post(&mut self, path: &str, form: &[(&str, &str)]) -> http::Response<Vec<u8>> {
        self.post_as(path, form, None)
    }

    fn post_as(
        &mut self,
        path: &str,
        form: &[(&str, &str)],
        basic: Option<&str>,
    ) -> http::Response<Vec<u8>> {
        let mut request = http::Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(credentials) = basic {
            let encoded = base64::engine::general_purpose::STANDARD.encode(credentials);
            request = request.header(header::AUTHORIZATION, format!("Basic {encoded}"));
        }
        self.send(request.body(encode(form).into_bytes()).unwrap())
    }

    fn authorize(&mut self, changes: &[(&str, &str)]) -> http::Response<Vec<u8>> {
        self.get(&format!("/authorize?{}", authorization_request(changes)))
    }

    fn code(&mut self, changes: &[(&str, &str)]) -> String {
        let reply = self.authorize(changes);
        redirect_parameter(&reply, "code").expect("a code in the redirect")
    }

    fn exchange(&mut self, code: &str, changes: &[(&str, &str)]) -> http::Response<Vec<u8>> {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("client_id", CLIENT_ID),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
            ("code", code),
        ];
        change(&mut form, changes);
        self.post("/token", &form)
    }

    fn refresh(&mut self, token: &str) -> http::Response<Vec<u8>> {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", CLIENT_ID),
            ("refresh_token", token),
        ];
        self.post("/token", &form)
    }

    fn session(&mut self) -> Value {
        let code = self.code(&[]);
        let reply = self.exchange(&code, &[]);
        assert_eq!(reply.status(), 200, "{}", body(&reply));
        body(&reply)
    }
}

fn authorization_request(changes: &[(&str, &str)]) -> String {
    let challenge = exchange::sha256_base64url(VERIFIER);
    let mut parameters = vec![
        ("response_type", "code"),
        ("client_id", CLIENT_ID),
        ("redirect_uri", REDIRECT),
        ("scope", "openid profile email offline_access notes:read"),
        ("state", "st"),
        ("nonce", "no"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    change(&mut parameters, changes);
    encode(&parameters)
}

/// Sets, or with an empty value takes out.
fn change<'a>(parameters: &mut Vec<(&'a str, &'a str)>, changes: &[(&'a str, &'a str)]) {
    for (name, value) in changes {
        parameters.retain(|(seen, _)| seen != name);
        if !value.is_empty() {
            parameters.push((name, value));
        }
    }
}

fn encode(pairs: &[(&str, &str)]) -> String {
    let mut text = url::form_urlencoded::Serializer::new(String::new());
    text.extend_pairs(pairs);
    text.finish()
}

fn body(reply: &http::Response<Vec<u8>>) -> Value {
    serde_json::from_slice(reply.body()).unwrap_or(Value::Null)
}

fn text(reply: &http::Response<Vec<u8>>) -> String {
    String::from_utf8(reply.body().clone()).unwrap()
}

fn error(reply: &http::Response<Vec<u8>>) -> String {
    body(reply)["error"].as_str().unwrap_or("").to_owned()
}

fn redirect_parameter(reply: &http::Response<Vec<u8>>, name: &str) -> Option<String> {
    let location = reply.headers().get(header::LOCATION)?.to_str().ok()?;
    let url = Url::parse(location).ok()?;
    let found = url.query_pairs().find(|(seen, _)| seen == name)?;
    Some(found.1.into_owned())
}

fn field(page: &str, name: &str) -> String {
    let start = format!("name=\"{name}\" value=\"");
    let rest = page.split_once(&start).expect("the field is there").1;
    rest.split_once('"').unwrap().0.to_owned()
}

fn claims(jwt: &str) -> Value {
    let payload = jwt.split('.').nth(1).unwrap();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload);
    serde_json::from_slice(&bytes.unwrap()).unwrap()
}
