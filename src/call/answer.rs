//! What sending comes to.

use http::{HeaderMap, Method, StatusCode, Version};
use url::Url;

use crate::error::Error;
use crate::port::{Body, Connection};

/// The last answer, its body still to be read.
#[derive(Debug)]
pub struct Answer {
    pub head: http::response::Parts,
    pub body: Body,
    /// Of the request that was answered.
    pub method: Method,
    pub url: Url,
    pub redirects: u32,
    /// Of the redirects on the way, where they were asked for.
    pub passed: Vec<Head>,
    pub retries: u32,
    /// The access token was renewed on the way.
    pub renewed: bool,
    pub times: Times,
    /// No foreign server had a say in where it came from.
    pub trusted: bool,
    /// What a sign-in would cure.
    pub trouble: Option<Error>,
}

/// Status line and headers.
#[derive(Debug)]
pub struct Head {
    pub version: Version,
    pub status: StatusCode,
    pub headers: HeaderMap,
}

impl Head {
    pub fn of<B>(response: &http::Response<B>) -> Self {
        Head {
            version: response.version(),
            status: response.status(),
            headers: response.headers().clone(),
        }
    }
}

/// When it went on, on [`crate::port::Clock::steady_micros`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Times {
    /// The request that was answered was begun.
    pub sent: u64,
    /// The answer's head was there.
    pub answered: u64,
    /// Of that request.
    pub connection: Option<Connection>,
    /// Connections made, for the requests before it too.
    pub connects: u32,
    /// There were requests before it.
    pub repeated: bool,
}

impl Answer {
    /// The answer to a further request takes this one's place; what was counted is counted on.
    pub fn replace(&mut self, mut next: Answer) {
        next.times.connects += self.times.connects;
        next.times.repeated = true;
        next.redirects += self.redirects;
        next.retries += self.retries;
        *self = next;
    }
}
