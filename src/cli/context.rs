//! The composition root: the only place that names `edge`. Nothing is built before it is used.

pub mod demo;

use std::cell::OnceCell;
use std::future::Future;
use std::rc::Rc;

use super::args::GlobalArgs;
use crate::edge;
use crate::error::Result;
use crate::port::{Files, Http, Ports, Progress, TokenStore};
use crate::service::{Configuration, Registration, Service};

pub use crate::edge::http::{AddressFamily, HttpOptions, HttpVersion};
pub use crate::edge::terminal::Screen;

/// What the process promises about itself; comes before anything secret is touched.
pub fn harden() {
    edge::process::harden();
}

/// Everything a command may use.
pub struct Context {
    /// Flags that every command takes.
    pub global: GlobalArgs,
    paths: edge::paths::Paths,
    http: edge::http::Client,
    clock: edge::clock::SystemClock,
    random: edge::random::SystemRandom,
    browser: edge::browser::SystemBrowser,
    listener: edge::redirect_listener::Loopback,
    cache: edge::cache::FileCache,
    state: edge::state::StateFolder,
    ui: edge::terminal::Terminal,
    interrupts: edge::interrupts::Signals,
    environment: edge::env::ProcessEnvironment,
    configuration: OnceCell<Configuration>,
    store: edge::store::Chosen,
    runtime: OnceCell<tokio::runtime::Runtime>,
}

impl Context {
    /// Reads nothing yet.
    pub fn new(global: GlobalArgs) -> Self {
        let paths = edge::paths::Paths::from_environment();
        let terminal = || edge::terminal::Terminal::new(global.verbose > 0, global.no_input);
        Context {
            http: edge::http::Client::new(edge::http::HttpOptions::default()),
            clock: edge::clock::SystemClock,
            random: edge::random::SystemRandom,
            browser: edge::browser::SystemBrowser,
            listener: edge::redirect_listener::Loopback,
            cache: edge::cache::FileCache::new(&paths),
            state: edge::state::StateFolder::new(&paths),
            ui: terminal(),
            interrupts: edge::interrupts::Signals,
            environment: edge::env::ProcessEnvironment,
            configuration: OnceCell::new(),
            store: edge::store::Chosen::new(&paths, Rc::new(terminal())),
            runtime: OnceCell::new(),
            paths,
            global,
        }
    }

    /// Where files are.
    pub fn paths(&self) -> &edge::paths::Paths {
        &self.paths
    }

    /// The configuration file, parsed once.
    pub fn configuration(&self) -> Result<&Configuration> {
        if let Some(configuration) = self.configuration.get() {
            return Ok(configuration);
        }
        let configuration = edge::configuration::read(&self.paths)?;
        self.store.configure(configuration.store.clone());
        Ok(self.configuration.get_or_init(|| configuration))
    }

    /// `NAME` or `NAME@ACCOUNT`, resolved with environment and no flags.
    pub fn service(&self, reference: &str) -> Result<Service> {
        self.service_with(reference, &Registration::default())
    }

    /// [`Context::service`] with a layer of flags on top.
    pub fn service_with(&self, reference: &str, flags: &Registration) -> Result<Service> {
        let lookup = |name: &str| edge::env::var(name);
        self.configuration()?.resolve(reference, &lookup, flags)
    }

    /// The ports of this run. Call [`Context::configuration`] first: it chooses the store.
    pub fn ports(&self) -> Ports<'_> {
        Ports {
            http: &self.http,
            clock: &self.clock,
            random: &self.random,
            browser: &self.browser,
            listener: &self.listener,
            store: self.store(),
            cache: &self.cache,
            state: &self.state,
            ui: &self.ui,
            environment: &self.environment,
            interrupts: &self.interrupts,
        }
    }

    /// The store in use.
    pub fn store(&self) -> &dyn TokenStore {
        &self.store
    }

    /// A client for an API, as `call`'s flags want it.
    pub fn api_http(&self, options: edge::http::HttpOptions) -> Box<dyn Http> {
        Box::new(edge::http::Client::new(options))
    }

    /// Files and standard input as the command line names them.
    pub fn files(&self) -> &dyn Files {
        &edge::named_files::NamedFiles
    }

    /// Bars and waiting lines on stderr.
    pub fn progress(&self) -> &dyn Progress {
        &edge::progress::Bars
    }

    /// What stdout is: a terminal, how wide, coloured.
    pub fn stdout(&self) -> Screen {
        Screen::stdout()
    }

    /// Drives a future on the one `current_thread` runtime, built on first use.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime
            .get_or_init(edge::clock::runtime)
            .block_on(future)
    }
}
