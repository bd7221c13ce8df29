//! The composition root: the only place that names `edge`. Nothing is built before it is used.

pub mod demo;
mod flagless;

use std::cell::{OnceCell, RefCell};
use std::future::Future;
use std::rc::Rc;

use super::args::GlobalArgs;
use crate::edge;
use crate::error::{Code, Error, Result};
use crate::port::{Files, Http, Ports, Programs, Progress, TokenStore, UserInterface};
use crate::secret::Secret;
use crate::service::configuration::StoreTable;
use crate::service::{self, Configuration, Registration, Service};

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
    http: flagless::Flagless,
    clock: edge::clock::SystemClock,
    random: edge::random::SystemRandom,
    browser: edge::browser::SystemBrowser,
    listener: edge::redirect_listener::Loopback,
    cache: edge::cache::FileCache,
    state: edge::state::StateFolder,
    ui: edge::terminal::Terminal,
    interrupts: edge::interrupts::Signals,
    environment: edge::env::ProcessEnvironment,
    configuration: RefCell<Option<Rc<Configuration>>>,
    store: edge::store::Chosen,
    runtime: OnceCell<tokio::runtime::Runtime>,
}

impl Context {
    /// Reads nothing yet.
    pub fn new(global: GlobalArgs) -> Self {
        let paths = edge::paths::Paths::from_environment();
        let terminal = || edge::terminal::Terminal::new(global.verbose > 0, global.no_input);
        Context {
            http: flagless::Flagless(edge::http::Client::new(HttpOptions::default())),
            clock: edge::clock::SystemClock,
            random: edge::random::SystemRandom,
            browser: edge::browser::SystemBrowser,
            listener: edge::redirect_listener::Loopback,
            cache: edge::cache::FileCache::new(&paths),
            state: edge::state::StateFolder::new(&paths),
            ui: terminal(),
            interrupts: edge::interrupts::Signals,
            environment: edge::env::ProcessEnvironment,
            configuration: RefCell::new(None),
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
    pub fn configuration(&self) -> Result<Rc<Configuration>> {
        if let Some(configuration) = &*self.configuration.borrow() {
            return Ok(configuration.clone());
        }
        let configuration = Rc::new(edge::configuration::read(&self.paths)?);
        self.store.configure(configuration.store.clone());
        *self.configuration.borrow_mut() = Some(configuration.clone());
        Ok(configuration)
    }

    /// Changes the configuration file's text under its lock (`service::edit`); it is read again
    /// when it is next asked for.
    pub fn edit_configuration(&self, change: &dyn Fn(&str) -> Result<String>) -> Result<()> {
        edge::configuration::update(&self.paths, change)?;
        *self.configuration.borrow_mut() = None;
        Ok(())
    }

    /// Adds a service to the configuration file, or changes the keys that `layer` gives.
    pub fn save_service(&self, name: &str, layer: &Registration) -> Result<()> {
        self.edit_configuration(&|text| service::edit::put(text, name, layer))
    }

    /// A secret from stdin: asked for at a terminal, else read to its end.
    pub fn read_secret(&self, question: &str, flag: &str) -> Result<Secret> {
        use std::io::{IsTerminal, Read};
        let stdin = std::io::stdin();
        if stdin.is_terminal() {
            return self.ui.ask_secret(question, flag);
        }
        let mut text = zeroize::Zeroizing::new(String::new());
        let limit = 1 << 16;
        let read = stdin.lock().take(limit).read_to_string(&mut text);
        let secret = text.trim_end_matches(['\n', '\r']);
        if read.is_err() || secret.is_empty() || secret.len() as u64 >= limit {
            return Err(
                Error::new(Code::Usage, format!("{flag}: stdin holds no line of text")).with_hint(
                    format!("for example: pass show work/secret | hallpass … {flag}"),
                ),
            );
        }
        Ok(Secret::from(secret))
    }

    /// A text file to import, or stdin for `-`.
    pub fn read_input(&self, path: &str) -> Result<String> {
        edge::input::read_text(path).map_err(|error| {
            Error::new(
                Code::Usage,
                format!("cannot read {}", crate::secret::printable(path, 300)),
            )
            .with_hint("a text file of at most 1 MiB, or - for stdin")
            .with_source(error)
        })
    }

    /// An environment variable, as `Configuration::resolve` wants it.
    pub fn variable(name: &str) -> Option<String> {
        edge::env::var(name)
    }

    /// `NAME` or `NAME@ACCOUNT`, resolved with environment and no flags.
    pub fn service(&self, reference: &str) -> Result<Service> {
        self.service_with(reference, &Registration::default())
    }

    /// [`Context::service`] with a layer of flags on top.
    pub fn service_with(&self, reference: &str, flags: &Registration) -> Result<Service> {
        self.configuration()?
            .resolve(reference, &Context::variable, flags)
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

    /// A path typed here, as it must be written down to mean the same elsewhere; `~/` stays.
    pub fn absolute(path: &str) -> String {
        match std::path::absolute(path) {
            Ok(absolute) if !path.starts_with("~/") => absolute.to_string_lossy().into_owned(),
            _ => path.to_owned(),
        }
    }

    /// The store that `table` describes; nothing uses it yet.
    pub fn open_store(&self, table: &StoreTable) -> Result<Box<dyn TokenStore>> {
        self.store.open(table)
    }

    /// Remembers the choice of a store in the configuration file.
    pub fn remember_store(&self, table: &StoreTable) -> Result<()> {
        self.edit_configuration(&|text| service::edit::put_store(text, table))
    }

    /// This run uses `store` from now on.
    pub fn switch_store(&self, store: Box<dyn TokenStore>) {
        self.store.switch(store);
    }

    /// A client for an API, as `call`'s flags want it.
    pub fn api_http(&self, options: edge::http::HttpOptions) -> Box<dyn Http> {
        Box::new(edge::http::Client::new(options))
    }

    /// Files and standard input as the command line names them.
    pub fn files(&self) -> &dyn Files {
        &edge::named_files::NamedFiles
    }

    /// Trust anchors and proxies of the environment, in words; for `doctor`.
    pub fn network(&self) -> crate::doctor::Network {
        let surroundings = edge::http::surroundings();
        crate::doctor::Network {
            trust: surroundings.trust.map_err(Error::from),
            proxy: surroundings.proxy.map_err(Error::from),
        }
    }

    /// The folders that are written to, tried; for `doctor`.
    pub fn folders(&self) -> Vec<crate::doctor::Folder> {
        let paths = &self.paths;
        let folders = [
            (
                "configuration folder",
                "HALLPASS_CONFIG_DIR",
                &paths.config,
                false,
            ),
            ("state folder", "HALLPASS_STATE_DIR", &paths.state, true),
            ("cache folder", "HALLPASS_CACHE_DIR", &paths.cache, false),
        ];
        let tried =
            folders
                .into_iter()
                .map(|(check, variable, path, needed)| crate::doctor::Folder {
                    check,
                    variable,
                    path: edge::files::shown(path),
                    writable: edge::folders::try_to_write(path),
                    needed,
                });
        tried.collect()
    }

    /// Programs that take hallpass's place.
    pub fn programs(&self) -> &dyn Programs {
        &edge::process::Replacement
    }

    /// Bars and waiting lines on stderr.
    pub fn progress(&self) -> &dyn Progress {
        &edge::progress::Bars
    }

    /// What stdout is: a terminal, how wide, coloured.
    pub fn stdout(&self) -> Screen {
        Screen::stdout()
    }

    /// What is read there is typed.
    pub fn stdin_is_terminal(&self) -> bool {
        std::io::IsTerminal::is_terminal(&std::io::stdin())
    }

    /// What stderr is.
    pub fn stderr(&self) -> Screen {
        Screen::stderr()
    }

    /// Drives a future on the one `current_thread` runtime, built on first use.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime
            .get_or_init(edge::clock::runtime)
            .block_on(future)
    }
}
