//! A scripted [`Http`]: records requests, answers from a queue or a closure.

use std::cell::RefCell;
use std::collections::VecDeque;

use bytes::Bytes;
use futures_util::{StreamExt, stream};

use crate::port::{Body, BoxFuture, Http, HttpError, Request, Response};

/// What the scripted server does with one request.
#[derive(Debug)]
pub enum Answer {
    /// Answers.
    Response(Response),
    /// Fails below HTTP.
    Fail(HttpError),
    /// Never answers: only a deadline ends it.
    Never,
}

impl Answer {
    /// A whole body under a content type.
    pub fn new(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self::response(status, &[("content-type", content_type)], body)
    }

    /// A JSON answer.
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::new(status, "application/json", body.to_string())
    }

    /// A whole body with headers.
    pub fn response(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Self {
        let mut response = http::Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        Answer::Response(
            response
                .body(Body::Whole(body.into()))
                .expect("a test writes valid status and headers"),
        )
    }

    /// A body that arrives in these pieces; an `Err` breaks it off.
    pub fn pieces(status: u16, pieces: Vec<Result<Bytes, HttpError>>) -> Self {
        let body = Body::Stream {
            length: None,
            stream: Box::pin(stream::iter(pieces)),
        };
        let mut response = http::Response::new(body);
        *response.status_mut() =
            http::StatusCode::from_u16(status).expect("a test writes a valid status");
        Answer::Response(response)
    }

    /// A head, and then a body that never ends and brings nothing.
    pub fn endless(status: u16) -> Self {
        let body = Body::Stream {
            length: None,
            stream: Box::pin(stream::pending()),
        };
        let mut response = http::Response::new(body);
        *response.status_mut() =
            http::StatusCode::from_u16(status).expect("a test writes a valid status");
        Answer::Response(response)
    }
}

type Handler = Box<dyn FnMut(&http::Request<Bytes>) -> Answer>;

/// The queue is used up first, then the handler is asked; without either the request fails.
#[derive(Default)]
pub struct FakeHttp {
    /// Every request that was sent, in order, with its whole body.
    pub requests: RefCell<Vec<http::Request<Bytes>>>,
    answers: RefCell<VecDeque<Answer>>,
    handler: RefCell<Option<Handler>>,
}

impl FakeHttp {
    /// Adds the answer to a later request.
    pub fn push(&self, answer: Answer) {
        self.answers.borrow_mut().push_back(answer);
    }

    /// Answers whatever the queue does not.
    pub fn on_request(&self, handler: impl FnMut(&http::Request<Bytes>) -> Answer + 'static) {
        *self.handler.borrow_mut() = Some(Box::new(handler));
    }

    /// How many requests were sent.
    pub fn count(&self) -> usize {
        self.requests.borrow().len()
    }

    /// The form fields of the `index`th request's body.
    pub fn form(&self, index: usize) -> Vec<(String, String)> {
        url::form_urlencoded::parse(self.requests.borrow()[index].body())
            .into_owned()
            .collect()
    }
}

impl Http for FakeHttp {
    fn send<'a>(&'a self, request: Request) -> BoxFuture<'a, Result<Response, HttpError>> {
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let mut whole = Vec::new();
            match body {
                Body::Whole(bytes) => whole.extend_from_slice(&bytes),
                Body::Stream { mut stream, .. } => {
                    while let Some(piece) = stream.next().await {
                        whole.extend_from_slice(&piece?);
                    }
                }
            }
            let request = http::Request::from_parts(head, Bytes::from(whole));
            let answer = self.answers.borrow_mut().pop_front();
            let answer = match (answer, self.handler.borrow_mut().as_mut()) {
                (Some(answer), _) => answer,
                (None, Some(handler)) => handler(&request),
                (None, None) => Answer::Fail(HttpError::NotSent(format!(
                    "no answer scripted for {} {}",
                    request.method(),
                    request.uri()
                ))),
            };
            self.requests.borrow_mut().push(request);
            match answer {
                Answer::Response(response) => Ok(response),
                Answer::Fail(error) => Err(error),
                Answer::Never => std::future::pending().await,
            }
        })
    }
}
