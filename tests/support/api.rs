//! A protected resource that keeps every request and gives scripted answers.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use super::server::{Answer, Request, Server};

#[derive(Default)]
struct State {
    log: Vec<Request>,
    answers: VecDeque<Answer>,
}

/// See the module.
pub struct RecordingApi {
    server: Server,
    state: Arc<Mutex<State>>,
}

impl RecordingApi {
    /// Answers `{}` with 200 where nothing else is scripted.
    pub fn start() -> RecordingApi {
        let state = Arc::new(Mutex::new(State::default()));
        let served = state.clone();
        let server = Server::start(move |_| {
            move |request| {
                let mut state = served.lock().expect("not poisoned");
                state.log.push(request);
                let scripted = state.answers.pop_front();
                scripted.unwrap_or_else(|| Answer::new(200, "application/json", "{}"))
            }
        });
        RecordingApi { server, state }
    }

    /// `http://127.0.0.1:PORT`
    pub fn origin(&self) -> String {
        self.server.origin()
    }

    /// The answer to a later request.
    pub fn push(&self, answer: Answer) {
        self.state
            .lock()
            .expect("not poisoned")
            .answers
            .push_back(answer);
    }

    /// Every request so far.
    pub fn requests(&self) -> Vec<Request> {
        self.state.lock().expect("not poisoned").log.clone()
    }

    /// The only request so far.
    pub fn only_request(&self) -> Request {
        let mut all = self.requests();
        assert_eq!(all.len(), 1, "one request was expected: {all:?}");
        all.remove(0)
    }
}
