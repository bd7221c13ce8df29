//! One bounded exchange with an authorization server: small request, small answer, no redirect.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::{Either, select};

use super::trace;
use crate::dialect;
use crate::error::{Code, Error};
use crate::port::{Body, HttpError, Ports};

/// Limits of one exchange.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of body at most; 1 MiB by default.
    pub body: usize,
    /// Whole exchange, head and body; 30 s by default.
    pub deadline: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            body: 1 << 20,
            deadline: Duration::from_secs(30),
        }
    }
}

/// How an exchange failed: below HTTP, or for good.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// Below HTTP; tells whether the request may have left.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// Anything else.
    #[error(transparent)]
    Other(#[from] Error),
}

impl From<ExchangeError> for Error {
    fn from(error: ExchangeError) -> Self {
        match error {
            ExchangeError::Http(error) => error.into(),
            ExchangeError::Other(error) => error,
        }
    }
}

/// Sends one request with a whole body and reads the whole answer within `limits`, traced with
/// secrets redacted. 3xx answers come back as they are; nothing is followed.
pub async fn exchange(
    ports: &Ports<'_>,
    request: http::Request<Vec<u8>>,
    limits: Limits,
) -> Result<http::Response<Vec<u8>>, ExchangeError> {
    let place = place(request.uri());
    let tracing = ports.ui.tracing();
    if tracing {
        let (head, body) = (&request, Some(request.body().as_slice()));
        for line in trace::request(head.method(), head.uri(), head.headers(), body) {
            ports.ui.trace(&line);
        }
    }
    let whole = Box::pin(send_and_read(ports, request, limits.body, &place));
    let response = match select(whole, ports.clock.sleep(limits.deadline)).await {
        Either::Left((outcome, _)) => outcome,
        Either::Right(((), _)) => Err(HttpError::Ambiguous(format!(
            "no complete answer from {place} within {} s",
            limits.deadline.as_secs()
        ))
        .into()),
    };
    if tracing {
        let lines = match &response {
            Ok(response) => trace::response(
                response.status(),
                response.headers(),
                Some(response.body().as_slice()),
            ),
            Err(error) => vec![format!("* {error}")],
        };
        for line in lines {
            ports.ui.trace(&line);
        }
    }
    response
}

async fn send_and_read(
    ports: &Ports<'_>,
    request: http::Request<Vec<u8>>,
    limit: usize,
    place: &str,
) -> Result<http::Response<Vec<u8>>, ExchangeError> {
    let request = request.map(|body| Body::Whole(Bytes::from(body)));
    let (head, body) = ports.http.send(request).await?.into_parts();
    dialect::refuse_encoding(&head)?;
    let too_large = || {
        Error::new(
            Code::ResponseInvalid,
            format!("the answer of {place} is larger than {limit} bytes"),
        )
    };
    let whole = match body {
        Body::Whole(bytes) if bytes.len() > limit => return Err(too_large().into()),
        Body::Whole(bytes) => bytes.into(),
        Body::Stream {
            length: Some(length),
            ..
        } if length > limit as u64 => return Err(too_large().into()),
        Body::Stream { mut stream, .. } => {
            let mut whole = Vec::new();
            while let Some(piece) = stream.next().await {
                let piece = piece?;
                if whole.len() + piece.len() > limit {
                    return Err(too_large().into());
                }
                whole.extend_from_slice(&piece);
            }
            whole
        }
    };
    Ok(http::Response::from_parts(head, whole))
}

/// Host and path for messages: no user information, no query.
fn place(uri: &http::Uri) -> String {
    let host = uri.host().unwrap_or("?");
    match uri.port() {
        Some(port) => format!("{host}:{port}{}", uri.path()),
        None => format!("{host}{}", uri.path()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::fake::{Answer, World, block_on};

    fn post() -> http::Request<Vec<u8>> {
        http::Request::post("https://as.example/token?x=hidden")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(b"grant_type=refresh_token&refresh_token=canary".to_vec())
            .unwrap()
    }

    fn run(world: &World, limits: Limits) -> Result<http::Response<Vec<u8>>, ExchangeError> {
        block_on(exchange(&world.ports(), post(), limits))
    }

    #[test]
    fn the_answer_comes_back_whole_whatever_its_status() {
        for status in [200, 307, 500] {
            let world = World::new();
            let pieces = vec![Ok(Bytes::from("ab")), Ok(Bytes::from("c"))];
            world.http.push(Answer::pieces(status, pieces));
            let response = run(&world, Limits::default()).unwrap();
            assert_eq!(response.status(), status);
            assert_eq!(response.body(), b"abc");
            assert_eq!(world.http.count(), 1);
        }
    }

    /// T16
    #[test]
    fn a_server_that_never_finishes_runs_into_the_deadline() {
        for answer in [Answer::Never, Answer::endless(200)] {
            let world = World::new();
            world.http.push(answer);
            let error = run(&world, Limits::default()).unwrap_err();
            assert!(matches!(
                &error,
                ExchangeError::Http(HttpError::Ambiguous(_))
            ));
            let text = error.to_string();
            assert_eq!(text, "no complete answer from as.example/token within 30 s");
            assert_eq!(world.clock.slept(), [Duration::from_secs(30)]);
        }
    }

    /// must 44, T17
    #[test]
    fn a_body_beyond_the_limit_is_not_read_on() {
        let limits = Limits {
            body: 10,
            ..Limits::default()
        };
        let world = World::new();
        let pieces = vec![Ok(Bytes::from("123456")), Ok(Bytes::from("123456"))];
        world.http.push(Answer::pieces(200, pieces));
        world
            .http
            .push(Answer::new(200, "text/plain", "12345678901"));
        for _ in 0..2 {
            let error = Error::from(run(&world, limits).unwrap_err());
            assert_eq!(error.code(), Code::ResponseInvalid);
        }
        let gzip = Answer::response(200, &[("content-encoding", "gzip")], "x");
        world.http.push(gzip);
        assert!(run(&world, limits).is_err());
    }

    /// T15
    #[test]
    fn a_body_that_breaks_off_is_ambiguous() {
        let world = World::new();
        let reset = || HttpError::Ambiguous("connection reset".into());
        let pieces = vec![Ok(Bytes::from("{")), Err(reset())];
        world.http.push(Answer::pieces(200, pieces));
        let error = run(&world, Limits::default()).unwrap_err();
        assert!(matches!(
            error,
            ExchangeError::Http(HttpError::Ambiguous(_))
        ));
    }

    /// must 78
    #[test]
    fn the_trace_shows_the_exchange_without_its_secrets() {
        let world = World::new();
        world.ui.wants_trace.set(true);
        world.http.push(Answer::json(
            200,
            &serde_json::json!({"access_token": "canary", "token_type": "bearer"}),
        ));
        run(&world, Limits::default()).unwrap();
        let trace = world.ui.traces.borrow().join("\n");
        assert!(trace.contains("grant_type=refresh_token"), "{trace}");
        assert!(trace.contains("< 200"));
        assert!(!trace.contains("canary") && !trace.contains("hidden"));
    }
}
