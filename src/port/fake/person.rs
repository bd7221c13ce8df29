//! Doubles of the person: terminal, browser, and the redirect the browser brings back.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::{pending, poll_fn};
use std::rc::Rc;
use std::task::{Poll, Waker};

use url::Url;

use crate::error::{Code, Error, Result};
use crate::port::{
    BoundListener, BoxFuture, Browser, ListenSpec, RedirectListener, RedirectRequest, UserInterface,
};
use crate::secret::Secret;

/// A terminal that answers from a queue and remembers every line.
#[derive(Debug, Default)]
pub struct FakeUi {
    /// Whether there is anybody; answers are needed then.
    pub prompts: Cell<bool>,
    /// Whether a wire trace is wanted.
    pub wants_trace: Cell<bool>,
    /// Answers to questions, in order; `y`/`n` for yes-or-no ones.
    pub answers: RefCell<VecDeque<String>>,
    /// Lines typed while something else is waited for.
    pub lines: RefCell<VecDeque<String>>,
    /// The input ends after `lines`; otherwise nothing more ever comes.
    pub input_ends: Cell<bool>,
    /// Questions asked.
    pub questions: RefCell<Vec<String>>,
    pub notices: RefCell<Vec<String>>,
    pub warnings: RefCell<Vec<String>>,
    pub traces: RefCell<Vec<String>>,
}

impl FakeUi {
    /// There is somebody, who answers these.
    pub fn answer<const N: usize>(&self, answers: [&str; N]) {
        self.prompts.set(true);
        let mut queue = self.answers.borrow_mut();
        queue.extend(answers.map(str::to_owned));
    }
}

impl UserInterface for FakeUi {
    fn can_prompt(&self) -> bool {
        self.prompts.get()
    }

    fn notice(&self, line: &str) {
        self.notices.borrow_mut().push(line.to_owned());
    }

    fn warn(&self, line: &str) {
        self.warnings.borrow_mut().push(line.to_owned());
    }

    fn trace(&self, line: &str) {
        if self.wants_trace.get() {
            self.traces.borrow_mut().push(line.to_owned());
        }
    }

    fn tracing(&self) -> bool {
        self.wants_trace.get()
    }

    fn ask(&self, question: &str, flag: &str) -> Result<String> {
        self.questions.borrow_mut().push(question.to_owned());
        let answer = self.answers.borrow_mut().pop_front();
        answer.filter(|_| self.prompts.get()).ok_or_else(|| {
            Error::new(Code::PromptNeeded, format!("nobody to ask: {question}"))
                .with_hint(format!("give {flag}"))
        })
    }

    fn ask_secret(&self, question: &str, flag: &str) -> Result<Secret> {
        self.ask(question, flag).map(Secret::from)
    }

    fn confirm(&self, question: &str, _default: bool, flag: &str) -> Result<bool> {
        Ok(self.ask(question, flag)?.starts_with('y'))
    }

    fn next_line<'a>(&'a self) -> BoxFuture<'a, Result<Secret>> {
        Box::pin(async move {
            let line = self.lines.borrow_mut().pop_front();
            match line {
                Some(line) => Ok(Secret::from(line)),
                None if self.input_ends.get() => {
                    Err(Error::new(Code::Cancelled, "the input has ended"))
                }
                None => pending().await,
            }
        })
    }
}

type OnOpen = Box<dyn FnMut(&Url)>;

/// A browser that records URLs and hands each to a closure, which may follow it.
pub struct FakeBrowser {
    /// Whether there seems to be one.
    pub present: Cell<bool>,
    /// Fails to start.
    pub broken: Cell<bool>,
    /// Every URL it was given.
    pub opened: RefCell<Vec<Url>>,
    on_open: RefCell<Option<OnOpen>>,
}

impl Default for FakeBrowser {
    fn default() -> Self {
        FakeBrowser {
            present: Cell::new(true),
            broken: Cell::default(),
            opened: RefCell::default(),
            on_open: RefCell::default(),
        }
    }
}

impl FakeBrowser {
    /// What the person does with the page, e.g. [`FakeListener::push`] of a redirect.
    pub fn on_open(&self, then: impl FnMut(&Url) + 'static) {
        *self.on_open.borrow_mut() = Some(Box::new(then));
    }
}

impl Browser for FakeBrowser {
    fn available(&self) -> bool {
        self.present.get()
    }

    fn open(&self, url: &Url) -> Result<()> {
        if self.broken.get() {
            return Err(Error::new(Code::Internal, "told not to start"));
        }
        self.opened.borrow_mut().push(url.clone());
        if let Some(then) = self.on_open.borrow_mut().as_mut() {
            then(url);
        }
        Ok(())
    }
}

#[derive(Debug, Default)]
struct Callbacks {
    requests: RefCell<VecDeque<http::Request<Vec<u8>>>>,
    pages: RefCell<Vec<http::Response<Vec<u8>>>>,
    waker: RefCell<Option<Waker>>,
    bound: RefCell<Vec<ListenSpec>>,
    open: Cell<usize>,
}

/// A listener whose requests the test pushes. Clones share everything.
#[derive(Debug, Clone, Default)]
pub struct FakeListener {
    shared: Rc<Callbacks>,
    /// Binding fails: the port is taken.
    pub taken: Rc<Cell<bool>>,
}

impl FakeListener {
    /// The port a listener gets where the specification names none.
    pub const PORT: u16 = 49_152;

    /// A request that comes in.
    pub fn push(&self, request: http::Request<Vec<u8>>) {
        self.shared.requests.borrow_mut().push_back(request);
        if let Some(waker) = self.shared.waker.borrow_mut().take() {
            waker.wake();
        }
    }

    /// A browser's GET of `url` (only its path and query matter, and `Host` is set from it).
    pub fn push_get(&self, url: &str) {
        let url = Url::parse(url).expect("a test writes a valid URL");
        let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
        let request =
            http::Request::get(&url[url::Position::BeforePath..url::Position::AfterQuery])
                .header("host", host)
                .body(Vec::new())
                .expect("a URL makes a valid request");
        self.push(request);
    }

    /// The answers given so far.
    pub fn pages(&self) -> Vec<http::Response<Vec<u8>>> {
        self.shared.pages.borrow().clone()
    }

    /// What was asked to be bound.
    pub fn bound(&self) -> Vec<ListenSpec> {
        self.shared.bound.borrow().clone()
    }

    /// Listeners open now.
    pub fn open(&self) -> usize {
        self.shared.open.get()
    }
}

impl RedirectListener for FakeListener {
    fn bind(&self, spec: &ListenSpec) -> Result<Box<dyn BoundListener>> {
        if self.taken.get() {
            return Err(Error::new(Code::Unreachable, "the port is taken"));
        }
        self.shared.bound.borrow_mut().push(spec.clone());
        self.shared.open.set(self.shared.open.get() + 1);
        Ok(Box::new(Bound {
            shared: Rc::clone(&self.shared),
            port: spec.port.unwrap_or(Self::PORT),
        }))
    }
}

struct Bound {
    shared: Rc<Callbacks>,
    port: u16,
}

impl BoundListener for Bound {
    fn port(&self) -> u16 {
        self.port
    }

    fn next<'a>(&'a mut self) -> BoxFuture<'a, Result<Box<dyn RedirectRequest>>> {
        Box::pin(poll_fn(|context| {
            match self.shared.requests.borrow_mut().pop_front() {
                Some(request) => Poll::Ready(Ok(Box::new(Pending {
                    request,
                    shared: Rc::clone(&self.shared),
                }) as Box<dyn RedirectRequest>)),
                None => {
                    *self.shared.waker.borrow_mut() = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        }))
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        self.shared.open.set(self.shared.open.get() - 1);
    }
}

struct Pending {
    request: http::Request<Vec<u8>>,
    shared: Rc<Callbacks>,
}

impl RedirectRequest for Pending {
    fn request(&self) -> &http::Request<Vec<u8>> {
        &self.request
    }

    fn respond(self: Box<Self>, response: http::Response<Vec<u8>>) {
        self.shared.pages.borrow_mut().push(response);
    }
}
