//! One call from a plan to its exit code: prepared, sent, delivered, judged.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use http::header::{self, HeaderValue};
use url::Url;

use super::answer::Answer;
use super::body::Reader;
use super::deliver::{Delivered, Places, Show, deliver};
use super::ending::{redirect_url, report, tell_timing, unfollowed, version};
use super::filter::Filter;
use super::options::Plan;
use super::paged::Shape;
use super::paginate::{Pager, Paging};
use super::preview::{self, Preview};
use super::request::{Outgoing, prepare};
use super::resume::{Offset, Start};
use super::send::{Policy, Sender};
use super::shape::{Format, Shaper, Sight};
use super::timing::Timing;
use super::tokens::Tokens;
use super::write_out::Facts;
use crate::error::{Code, Error, Result};
use crate::port::{Files, Http, Output, Ports, Progress};
use crate::secret::{SafeUrl, printable};
use crate::service::Service;
use crate::session::Record;
use crate::transport;

/// A call, understood.
#[derive(Debug)]
pub struct Call {
    pub plan: Plan,
    /// The plan's URL, made whole.
    pub url: Url,
    pub include: bool,
    pub head: bool,
    pub fail: bool,
    pub compressed: bool,
    pub target: Target,
    pub resume: Option<Offset>,
    pub quiet: bool,
    pub max_time: Option<Duration>,
    /// `-w`, as [`super::ending::format`] has it.
    pub write_out: Option<String>,
    /// `--timing`
    pub timing: Option<Timing>,
    /// `--dry-run`, `--curl`
    pub preview: Option<Preview>,
    /// `--jq`
    pub filter: Option<Filter>,
    /// `--format`
    pub format: Option<Format>,
    /// `--paginate`
    pub paging: Option<Paging>,
    /// `--slurp`
    pub slurp: bool,
}

impl Call {
    fn shaper(&mut self, stage: Stage<'_>) -> Option<Shaper> {
        let filter = self.filter.take();
        if filter.is_none() && self.format.is_none() {
            return None;
        }
        let output = stage.output;
        let sight = match self.target {
            Target::Stdout => Sight {
                columns: output.columns(),
                colour: output.colour(),
                quiet: self.quiet,
            },
            Target::File { .. } => Sight::default(),
        };
        let pagination = stage.service.values.pagination.as_ref();
        let items = pagination.and_then(|pagination| pagination.items.clone());
        Some(Shaper::new(filter, self.format, sight, items))
    }
}

/// Where the body goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Stdout,
    File {
        /// `None`: as in the URL.
        name: Option<String>,
        folder: Option<String>,
        create: bool,
    },
}

impl Target {
    /// From `-o`, `-O`, `--output-dir` and `--create-dirs`.
    pub fn new(name: Option<&str>, as_in_url: bool, folder: Option<&str>, create: bool) -> Target {
        match name {
            None if !as_in_url => Target::Stdout,
            Some("-") => Target::Stdout,
            name => Target::File {
                name: name.map(str::to_owned),
                folder: folder.map(str::to_owned),
                create,
            },
        }
    }

    fn path(&self, url: &Url, files: &dyn Files) -> Result<Option<String>> {
        let Target::File {
            name,
            folder,
            create,
        } = self
        else {
            return Ok(None);
        };
        let name = match name {
            Some(name) => name.clone(),
            None => name_in(url)?,
        };
        let path = match folder {
            Some(folder) => format!("{}/{name}", folder.trim_end_matches('/')),
            None => name,
        };
        if *create {
            files.create_folder_of(&path)?;
        }
        Ok(Some(path))
    }
}

/// The last segment of the URL's path, as it stands there.
fn name_in(url: &Url) -> Result<String> {
    let segment = url.path().rsplit('/').next().unwrap_or_default();
    // An encoded slash or a parent folder stays text.
    if segment.is_empty() || segment == "." || segment == ".." || segment.contains('\\') {
        return Err(Error::new(
            Code::Usage,
            format!("-O: {} ends in no file name", SafeUrl::new(url.clone())),
        )
        .with_hint("name the file: -o FILE"));
    }
    Ok(segment.to_owned())
}

/// Everything outside that a call touches.
#[derive(Clone, Copy)]
pub struct Stage<'a> {
    pub ports: Ports<'a>,
    pub http: &'a dyn Http,
    pub files: &'a dyn Files,
    pub output: &'a dyn Output,
    pub progress: &'a dyn Progress,
    pub tokens: &'a dyn Tokens,
    pub service: &'a Service,
    pub policy: &'a Policy,
}

impl<'a> Stage<'a> {
    /// What sending needs of it; `deadline` on the steady clock.
    pub fn sender(&self, deadline: Option<u64>) -> Sender<'a> {
        Sender {
            ports: self.ports,
            http: self.http,
            files: self.files,
            progress: self.progress,
            tokens: self.tokens,
            service: self.service,
            policy: self.policy,
            deadline,
        }
    }

    /// Where answers go.
    pub fn places(&self) -> Places<'a> {
        Places {
            files: self.files,
            output: self.output,
            progress: self.progress,
        }
    }
}

/// Values from the sign-in that `api_base_url` may name.
pub fn captured(record: &Record) -> BTreeMap<String, String> {
    let mut captured = record.captured.clone();
    for (name, value) in &record.token.extra {
        if let Some(text) = value.as_str() {
            captured
                .entry(name.clone())
                .or_insert_with(|| text.to_owned());
        }
    }
    captured
}

/// Makes the call.
pub async fn run(mut call: Call, stage: Stage<'_>) -> Result<()> {
    let shaper = call.shaper(stage);
    let parts = preview::parts(&call.plan.body);
    let clock = stage.ports.clock;
    let began = clock.steady_micros();
    let deadline = call
        .max_time
        .map(|time| clock.steady_millis().saturating_add(millis(time)));
    let reader = Reader::new(stage.files);
    let file = call.target.path(&call.url, stage.files)?;
    let typed_url = call.url.to_string();
    let mut outgoing = prepare(
        call.plan,
        call.url,
        stage.service,
        &reader,
        stage.ports.random,
    )?;
    let pager = match call.paging {
        Some(paging) => Some(Pager::new(paging, &mut outgoing, stage)?),
        None => None,
    };
    if let Some(preview) = &call.preview {
        stage.tokens.credential().check(&outgoing.url)?;
        let text = match preview {
            Preview::Request => preview::request(&outgoing),
            Preview::Curl(flags) => {
                preview::curl(&outgoing, parts.as_deref(), flags, stage.service) + "\n"
            }
        };
        return stage.output.write(text.as_bytes()).map(drop);
    }
    if call.resume.is_some() && file.is_some() && (call.include || shaper.is_some()) {
        let what = "-C goes on with the bytes of the answer, not with what else -i, --jq or --format write";
        return Err(
            Error::new(Code::Usage, what).with_hint("fetch the file first, then look at it")
        );
    }
    let resume = match call.resume {
        Some(offset) => resume(offset, file.as_deref(), &mut outgoing, stage)?,
        None => Start::default(),
    };
    let show = Show {
        include: call.include,
        head: call.head,
        fail: call.fail,
        file,
        resume,
        asked: outgoing.url.to_string(),
        unpack: call.compressed,
        quiet: call.quiet,
    };
    let mut facts = Facts {
        method: outgoing.method.to_string(),
        url_effective: typed_url.clone(),
        url: typed_url,
        size_upload: outgoing.payload.length().unwrap_or(0),
        filename: show.file.clone().unwrap_or_default(),
        ..Facts::default()
    };
    let mut answer = match stage.sender(deadline).send(&outgoing).await {
        Ok(answer) => answer,
        Err(error) => {
            facts.total = clock.steady_micros() - began;
            report(&call.write_out, facts, Some(&error), stage)?;
            tell_timing(call.timing, began, None, clock.steady_micros(), stage);
            return Err(error);
        }
    };
    let delivered = match pager {
        Some(pager) => {
            let shape = Shape::new(shaper, call.slurp);
            let run = pager.run(&mut answer, outgoing, &show, shape, deadline);
            run.await
        }
        None => {
            let work = deliver(&mut answer, &show, shaper, stage.places());
            within(work, deadline, &stage.ports).await
        }
    };
    let ended = clock.steady_micros();
    let bytes = delivered.as_ref().map_or(0, |done| done.bytes);
    let outcome = judge(delivered, &mut answer, stage);
    let told = call.quiet || call.include || call.head || call.write_out.is_some();
    if outcome.is_ok()
        && !told
        && !stage.policy.follow
        && stage.output.is_terminal()
        && let Some(line) = unfollowed(&answer)
    {
        stage.ports.ui.notice(&line);
    }
    if call.write_out.is_some() {
        facts.status = Some(answer.head.status.as_u16());
        facts.version = version(answer.head.version);
        facts.headers = Some(&answer.head.headers);
        facts.method = answer.method.to_string();
        facts.url_effective = answer.url.to_string();
        facts.redirect_url = redirect_url(&answer);
        facts.redirects = answer.redirects;
        facts.retries = answer.retries;
        facts.size_download = bytes;
        facts.began = began;
        facts.times = answer.times;
        facts.total = ended - began;
        report(&call.write_out, facts, outcome.as_ref().err(), stage)?;
    }
    tell_timing(call.timing, began, Some(&answer.times), ended, stage);
    outcome
}

/// Says where to begin, and asks for it.
fn resume(
    offset: Offset,
    file: Option<&str>,
    outgoing: &mut Outgoing,
    stage: Stage<'_>,
) -> Result<Start> {
    let Some(path) = file else {
        if let Offset::At(at @ 1..) = offset
            && let Ok(range) = HeaderValue::from_str(&format!("bytes={at}-"))
        {
            outgoing.headers.insert(header::RANGE, range);
        }
        return Ok(Start::default());
    };
    let start = Start::new(offset, stage.files.unfinished(path)?, &outgoing.url)?;
    if let Some(why) = start.anew {
        stage.ports.ui.notice(&format!("beginning anew: {why}"));
    }
    if start.on_trust() {
        let path = printable(path, 100);
        stage.ports.ui.warn(&format!(
            "{path} was begun by another program: nothing tells whether the server still has the same file"
        ));
    }
    start.ask(&mut outgoing.headers);
    // Ranges of a packed answer would be ranges of the packed bytes.
    outgoing.headers.remove(header::ACCEPT_ENCODING);
    Ok(start)
}

fn judge(delivered: Result<Delivered>, answer: &mut Answer, stage: Stage<'_>) -> Result<()> {
    match delivered? {
        // Whoever closed the pipe has seen enough.
        done if done.closed || done.whole => return Ok(()),
        done if done.hidden => {
            let kind = answer.head.headers.get(header::CONTENT_TYPE);
            let kind = kind.map_or("binary".into(), |kind| {
                String::from_utf8_lossy(kind.as_bytes())
            });
            stage.ports.ui.notice(&format!(
                "{} is not shown at a terminal: write it to a file with -o, or pipe it",
                printable(&kind, 60)
            ));
        }
        _ => {}
    }
    verdict(answer)
}

/// What status and challenges come to.
pub fn verdict(answer: &mut Answer) -> Result<()> {
    if let Some(trouble) = answer.trouble.take() {
        return Err(trouble);
    }
    let status = answer.head.status;
    if status.is_client_error() || status.is_server_error() {
        let url = SafeUrl::new(answer.url.clone());
        return Err(Error::new(
            Code::ApiStatus,
            format!("{} {url} answered {status}", answer.method),
        ));
    }
    Ok(())
}

/// Runs `work` up to the deadline, which waits where a renewal is under way.
pub async fn within<T>(
    work: impl Future<Output = Result<T>>,
    deadline: Option<u64>,
    ports: &Ports<'_>,
) -> Result<T> {
    let Some(deadline) = deadline else {
        return work.await;
    };
    let left = deadline.saturating_sub(ports.clock.steady_millis());
    let done = transport::within(ports, Duration::from_millis(left), work).await;
    done.unwrap_or_else(|| Err(too_late()))
}

/// `-m` has passed.
pub fn too_late() -> Error {
    Error::new(Code::TransportFailed, "not done within --max-time")
        .with_hint("give it more time, or leave -m out")
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
