//! The scripted authorization server: the demo's honest provider, which checks what it receives,
//! wrapped by scripts that misbehave on demand. Every request is kept.

use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{SystemTime, UNIX_EPOCH};

use hallpass::demo::{Consent, Options, Provider};
use serde_json::Value;

use super::jwt::Forgery;
use super::server::{Answer, Request, Server};
use super::wire::{self, Response};

type Script = Arc<dyn Fn(&Request, &mut dyn FnMut() -> Response) -> Answer + Send + Sync>;

struct State {
    provider: Provider,
    scripts: Vec<(String, Script)>,
    log: Vec<Request>,
    passed: i64,
}

struct Shared {
    state: Mutex<State>,
    arrived: Condvar,
}

/// See the module.
pub struct Authority {
    server: Server,
    state: Arc<Shared>,
}

impl Authority {
    /// Plays by the rules and grants without asking.
    pub fn honest() -> Authority {
        Authority::with_issuer_path("")
    }

    /// An issuer with a path (`/tenant/a`).
    pub fn with_issuer_path(path: &str) -> Authority {
        let mut shared = None;
        let server = Server::start(|origin| {
            let mut options = Options::new(format!("{origin}{path}"));
            options.consent = Consent::Grant;
            let state = State {
                provider: Provider::new(options).expect("a provider"),
                scripts: Vec::new(),
                log: Vec::new(),
                passed: 0,
            };
            let state = Arc::new(Shared {
                state: Mutex::new(state),
                arrived: Condvar::new(),
            });
            shared = Some(state.clone());
            move |request| answer(&state, request)
        });
        Authority {
            server,
            state: shared.expect("the server was made"),
        }
    }

    /// Issuer identifier.
    pub fn issuer(&self) -> String {
        self.provider(|provider| provider.options.issuer.clone())
    }

    /// `http://127.0.0.1:PORT`
    pub fn origin(&self) -> String {
        self.server.origin()
    }

    /// See [`Server::settle`].
    pub fn settle(&self) {
        self.server.settle();
    }

    /// Looks into the honest provider, or changes it.
    pub fn provider<T>(&self, look: impl FnOnce(&mut Provider) -> T) -> T {
        look(&mut self.lock().provider)
    }

    /// Moves the server's clock.
    pub fn let_pass(&self, seconds: i64) {
        self.lock().passed += seconds;
    }

    /// The body of a `[service.NAME]` table: a public client that discovers the rest.
    pub fn service(&self) -> String {
        format!(
            "issuer = \"{0}\"\nclient_id = \"{1}\"\n\
             scope = [\"openid\", \"profile\", \"email\", \"offline_access\", \"notes:read\"]\n\
             api_base_url = \"{0}/api/\"\n",
            self.issuer(),
            hallpass::demo::CLIENT_ID
        )
    }

    /// Takes a path over: `script` gets the request and may ask for the honest answer, which the
    /// provider gives only then.
    pub fn script<F>(&self, path: &str, script: F)
    where
        F: Fn(&Request, &mut dyn FnMut() -> Response) -> Answer + Send + Sync + 'static,
    {
        let mut state = self.lock();
        state.scripts.retain(|(taken, _)| taken != path);
        state.scripts.push((path.to_owned(), Arc::new(script)));
    }

    /// Plays by the rules again at this path.
    pub fn unscript(&self, path: &str) {
        self.lock().scripts.retain(|(taken, _)| taken != path);
    }

    /// Always gives this answer; the provider is not asked.
    pub fn always(&self, path: &str, answer: Answer) {
        self.script(path, move |_, _| answer.clone());
    }

    /// Changes the honest JSON answer.
    pub fn mutate<F>(&self, path: &str, change: F)
    where
        F: Fn(&mut Value) + Send + Sync + 'static,
    {
        self.script(path, move |_, honest| {
            let mut response = honest();
            if let Ok(mut body) = serde_json::from_slice(response.body()) {
                change(&mut body);
                *response.body_mut() = body.to_string().into_bytes();
            }
            Answer::Whole(response)
        });
    }

    /// Changes the metadata document, in both places.
    pub fn metadata<F>(&self, change: F)
    where
        F: Fn(&mut Value) + Send + Sync + Clone + 'static,
    {
        let path = url::Url::parse(&self.issuer()).expect("an issuer");
        let path = path.path().trim_end_matches('/').to_owned();
        self.mutate(
            &format!("/.well-known/oauth-authorization-server{path}"),
            change.clone(),
        );
        self.mutate(&format!("{path}/.well-known/openid-configuration"), change);
    }

    /// Rewrites every ID Token: claims, header, key or signature.
    pub fn id_token<F>(&self, forge: F)
    where
        F: Fn(&mut Forgery) + Send + Sync + 'static,
    {
        let state = self.state.clone();
        self.mutate("/token", move |body| {
            if let Some(honest) = body["id_token"].as_str() {
                let mut forgery = Forgery::of(honest);
                forge(&mut forgery);
                let guard = lock(&state);
                body["id_token"] = forgery.sign(guard.provider.signing_key()).into();
            }
        });
    }

    /// Changes the parameters of the redirect back to the client.
    pub fn redirect<F>(&self, change: F)
    where
        F: Fn(&mut Vec<(String, String)>) + Send + Sync + 'static,
    {
        self.script("/authorize", move |_, honest| {
            let mut response = honest();
            if let Some(location) = response.headers().get(http::header::LOCATION) {
                let location = location.to_str().expect("ASCII");
                let mut url = url::Url::parse(location).expect("a URL");
                let mut pairs = wire::query(&url);
                change(&mut pairs);
                url.query_pairs_mut().clear().extend_pairs(&pairs);
                let value = url.as_str().parse().expect("a header value");
                response.headers_mut().insert(http::header::LOCATION, value);
            }
            Answer::Whole(response)
        });
    }

    /// Every request so far whose path is this.
    pub fn requests(&self, path: &str) -> Vec<Request> {
        let state = self.lock();
        let all = state.log.iter();
        all.filter(|r| r.uri().path() == path).cloned().collect()
    }

    /// Form fields of every request to this path.
    pub fn forms(&self, path: &str) -> Vec<Vec<(String, String)>> {
        let requests = self.requests(path);
        requests.iter().map(|r| wire::form(r.body())).collect()
    }

    /// Token requests of this grant.
    pub fn token_requests(&self, grant_type: &str) -> usize {
        self.forms("/token")
            .iter()
            .filter(|form| wire::value(form, "grant_type") == Some(grant_type))
            .count()
    }

    /// Waits until a request to this path has arrived.
    #[track_caller]
    pub fn wait_for_request(&self, path: &str) {
        let missing = |state: &mut State| !state.log.iter().any(|r| r.uri().path() == path);
        let waited = self
            .state
            .arrived
            .wait_timeout_while(self.lock(), wire::DEADLINE, missing);
        let (_state, time) = waited.unwrap_or_else(|poisoned| poisoned.into_inner());
        assert!(!time.timed_out(), "nobody asked for {path}");
    }

    /// Every path that was asked for, in order.
    pub fn paths(&self) -> Vec<String> {
        let state = self.lock();
        let paths = state.log.iter().map(|r| r.uri().path().to_owned());
        paths.collect()
    }

    /// Forgets the log.
    pub fn clear_log(&self) {
        self.lock().log.clear();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

fn lock(shared: &Shared) -> MutexGuard<'_, State> {
    // A failed assertion in one test must not hide behind a poisoned lock in its server.
    shared
        .state
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn answer(shared: &Arc<Shared>, request: Request) -> Answer {
    let script = {
        let mut state = lock(shared);
        state.log.push(request.clone());
        shared.arrived.notify_all();
        let path = request.uri().path();
        let found = state.scripts.iter().find(|(taken, _)| taken == path);
        found.map(|(_, script)| script.clone())
    };
    let mut honest = || {
        let mut state = lock(shared);
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = since.expect("a sane clock").as_secs() as i64 + state.passed;
        let random = ring::rand::SystemRandom::new();
        let mut draw = || {
            let mut bytes = [0; 32];
            ring::rand::SecureRandom::fill(&random, &mut bytes).expect("random bytes");
            Ok(bytes)
        };
        state.provider.handle(&request, now, &mut draw)
    };
    match script {
        Some(script) => script(&request, &mut honest),
        None => Answer::Whole(honest()),
    }
}
