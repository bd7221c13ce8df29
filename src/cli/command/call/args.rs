//! The flags of `call`: curl's letters with curl's meaning, and a few of our own.

use clap::{Arg, ArgAction, ArgMatches, Command, FromArgMatches};

use crate::call::options::{DataFlag, FormFlag, ItemBody, Typed};
use crate::call::words::Words;

/// What the request is.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Request")]
pub struct RequestArgs {
    /// Method
    #[arg(
        short = 'X',
        long = "request",
        value_name = "METHOD",
        allow_hyphen_values = true
    )]
    pub method: Option<String>,
    /// Header `Name: value`; `Name:` takes one out, `Name;` sends it empty, @FILE reads lines
    #[arg(
        short = 'H',
        long = "header",
        value_name = "LINE",
        allow_hyphen_values = true
    )]
    pub header: Vec<String>,
    #[command(flatten)]
    pub data: DataArgs,
    /// Put -d into the URL's query
    #[arg(short = 'G', long = "get")]
    pub get: bool,
    /// Ask for the headers only
    #[arg(short = 'I', long = "head")]
    pub head: bool,
    /// Upload a file, - for stdin
    #[arg(short = 'T', long, value_name = "FILE", allow_hyphen_values = true)]
    pub upload_file: Option<String>,
    /// Add to the URL's query, encoded as with --data-urlencode
    #[arg(long, value_name = "DATA", allow_hyphen_values = true)]
    pub url_query: Vec<String>,
    /// Byte range, 0-499
    #[arg(short = 'r', long, value_name = "RANGE", allow_hyphen_values = true)]
    pub range: Option<String>,
    /// User-Agent
    #[arg(short = 'A', long, value_name = "NAME", allow_hyphen_values = true)]
    pub user_agent: Option<String>,
    /// Referer
    #[arg(short = 'e', long, value_name = "URL", allow_hyphen_values = true)]
    pub referer: Option<String>,
    /// Cookie header `name=value`
    #[arg(short = 'b', long, value_name = "DATA", allow_hyphen_values = true)]
    pub cookie: Option<String>,
    /// Ask for a compressed answer and unpack it
    #[arg(long)]
    pub compressed: bool,
    /// Items become a form in place of JSON
    #[arg(long, conflicts_with = "multipart")]
    pub urlencoded: bool,
    /// Items become multipart/form-data in place of JSON
    #[arg(long)]
    pub multipart: bool,
    /// The URL, where it is not a word
    #[arg(long, value_name = "URL", hide = true)]
    pub url: Option<String>,
}

/// What happens with the answer.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Answer")]
pub struct AnswerArgs {
    /// Write to FILE, which takes its name when it is whole; - for stdout
    #[arg(short, long, value_name = "FILE", allow_hyphen_values = true)]
    pub output: Option<String>,
    /// Write to a file named as in the URL
    #[arg(short = 'O', long, conflicts_with = "output")]
    pub remote_name: bool,
    /// Folder for -o and -O
    #[arg(long, value_name = "FOLDER")]
    pub output_dir: Option<String>,
    /// Create the folders of -o
    #[arg(long)]
    pub create_dirs: bool,
    /// Go on with a download where it broke off
    #[arg(short = 'C', long, value_name = "OFFSET|-", allow_hyphen_values = true)]
    pub continue_at: Option<String>,
    /// Status and headers first
    #[arg(short, long, visible_alias = "show-headers")]
    pub include: bool,
    /// No body on 4xx and 5xx
    #[arg(short, long)]
    pub fail: bool,
    /// The default; here because curl has it
    #[arg(long, hide = true)]
    pub fail_with_body: bool,
    /// No progress, no notices, no word about failed requests
    #[arg(short, long)]
    pub silent: bool,
    /// With -s, still say what failed
    #[arg(short = 'S', long)]
    pub show_error: bool,
    /// Print this at the end: %{http_code}, %{time_total}, %{json}, …
    #[arg(short, long, value_name = "FORMAT", allow_hyphen_values = true)]
    pub write_out: Option<String>,
}

/// Redirects, time and repetition.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Redirects, time, retries")]
pub struct PolicyArgs {
    /// Follow redirects; the token stays within the service's origins
    #[arg(short = 'L', long)]
    pub location: bool,
    /// Redirects at most; -1 for any number
    #[arg(
        long,
        value_name = "N",
        default_value_t = 50,
        hide_default_value = true,
        allow_hyphen_values = true
    )]
    pub max_redirs: i64,
    /// Stay with POST after a 301
    #[arg(long, hide = true)]
    pub post301: bool,
    /// Stay with POST after a 302
    #[arg(long, hide = true)]
    pub post302: bool,
    /// Stay with POST after a 303
    #[arg(long, hide = true)]
    pub post303: bool,
    /// Seconds for everything
    #[arg(short, long, value_name = "SECONDS")]
    pub max_time: Option<f64>,
    /// Seconds for connecting
    #[arg(long, value_name = "SECONDS")]
    pub connect_timeout: Option<f64>,
    /// Try again so often after trouble that may pass; only what is safe to repeat
    #[arg(long, value_name = "N")]
    pub retry: Option<u32>,
    /// Seconds between tries, where the server does not say
    #[arg(long, value_name = "SECONDS")]
    pub retry_delay: Option<f64>,
    /// Seconds for all tries together
    #[arg(long, value_name = "SECONDS")]
    pub retry_max_time: Option<f64>,
    /// Try again after any error
    #[arg(long)]
    pub retry_all_errors: bool,
    /// Try again also what may then be done twice
    #[arg(long)]
    pub retry_unsafe: bool,
    /// A refused connection is tried again anyway
    #[arg(long, hide = true)]
    pub retry_connrefused: bool,
}

/// The way to the server.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Connection")]
pub struct ConnectionArgs {
    /// Let the token go to this origin too
    #[arg(long, value_name = "ORIGIN")]
    pub allow_origin: Vec<String>,
    /// Trust the authorities in this PEM file only
    #[arg(long, value_name = "FILE")]
    pub cacert: Option<String>,
    /// Client certificate (PEM)
    #[arg(short = 'E', long, value_name = "FILE")]
    pub cert: Option<String>,
    /// Its key (PEM)
    #[arg(long, value_name = "FILE")]
    pub key: Option<String>,
    /// No certificate check; the token goes to loopback only, unless the service allows more
    #[arg(short = 'k', long)]
    pub insecure: bool,
    /// Proxy: http://, https://, socks5://, socks5h://; '' for none
    #[arg(short = 'x', long, value_name = "URL")]
    pub proxy: Option<String>,
    /// Hosts without a proxy
    #[arg(long, value_name = "LIST")]
    pub noproxy: Option<String>,
    /// HTTP/1.1 only
    #[arg(long = "http1.1", conflicts_with = "http2_prior")]
    pub http1: bool,
    /// The default; here because curl has it
    #[arg(long, hide = true)]
    pub http2: bool,
    /// HTTP/2 without asking first
    #[arg(long = "http2-prior-knowledge", id = "http2_prior")]
    pub http2_prior: bool,
    /// IPv4 only
    #[arg(short = '4', long, conflicts_with = "ipv6")]
    pub ipv4: bool,
    /// IPv6 only
    #[arg(short = '6', long)]
    pub ipv6: bool,
}

/// Flags of curl's that change nothing here, or that are refused with the reason.
#[derive(Debug, clap::Args)]
pub struct CurlArgs {
    #[arg(short = 'N', long, hide = true)]
    no_buffer: bool,
    #[arg(short = 'g', long, hide = true)]
    globoff: bool,
    #[arg(short = '#', long, hide = true)]
    progress_bar: bool,
    #[arg(long, hide = true)]
    pub no_progress_meter: bool,
    #[arg(short = 'q', long, hide = true)]
    disable: bool,
    #[arg(long = "tlsv1.2", hide = true)]
    tlsv12: bool,
    #[arg(long, hide = true, value_name = "LIST")]
    proto: Option<String>,
    #[arg(
        short = 'u',
        long,
        hide = true,
        value_name = "USER",
        allow_hyphen_values = true
    )]
    user: Option<String>,
    #[arg(long, hide = true, value_name = "TOKEN", allow_hyphen_values = true)]
    oauth2_bearer: Option<String>,
    #[arg(long, hide = true)]
    location_trusted: bool,
    #[arg(
        short = 'c',
        long,
        hide = true,
        value_name = "FILE",
        allow_hyphen_values = true
    )]
    cookie_jar: Option<String>,
    #[arg(short = 'n', long, hide = true)]
    netrc: bool,
    #[arg(short = 'K', long, hide = true, value_name = "FILE")]
    config: Option<String>,
}

impl CurlArgs {
    /// What cannot be done here, and what to do instead; never the value, which may be a secret.
    pub fn refused(&self) -> Option<(&'static str, &'static str)> {
        let credential = "leave it out: hallpass adds the session's credential itself";
        [
            (self.user.is_some(), "-u", credential),
            (self.oauth2_bearer.is_some(), "--oauth2-bearer", credential),
            (self.netrc, "-n", credential),
            (
                self.location_trusted,
                "--location-trusted",
                "use -L; --allow-origin names the further origins that may see the token",
            ),
            (
                self.cookie_jar.is_some(),
                "-c",
                "an API call keeps no cookies; -i shows what the server set",
            ),
            (
                self.config.is_some(),
                "-K",
                "write the flags on the command line",
            ),
        ]
        .into_iter()
        .find(|(given, _, _)| *given)
        .map(|(_, flag, instead)| (flag, instead))
    }
}

impl RequestArgs {
    /// The request as typed, with the words in their places.
    pub fn typed(self, words: Words) -> Typed {
        let method_word = words.method.is_some();
        Typed {
            method: self.method.or(words.method),
            method_word,
            url: words.url,
            items: words.items,
            data: self.data.data,
            form: self.data.form,
            get: self.get,
            head: self.head,
            headers: self.header,
            user_agent: self.user_agent,
            referer: self.referer,
            cookie: self.cookie,
            range: self.range,
            upload: self.upload_file,
            url_query: self.url_query,
            compressed: self.compressed,
            item_body: match (self.urlencoded, self.multipart) {
                (true, _) => ItemBody::Form,
                (_, true) => ItemBody::Multipart,
                _ => ItemBody::Guess,
            },
        }
    }
}

/// `-d` and `-F` with their kin, in the order they were typed, which clap's derive would lose.
#[derive(Debug, Default)]
pub struct DataArgs {
    data: Vec<(DataFlag, String)>,
    form: Vec<(FormFlag, String)>,
}

const DATA: [(&str, DataFlag, Option<char>, &str); 5] = [
    (
        "data",
        DataFlag::Data,
        Some('d'),
        "Body, as a form is sent; @FILE reads it, several are joined with &",
    ),
    (
        "data-raw",
        DataFlag::Raw,
        None,
        "Body as it stands; @ means nothing",
    ),
    (
        "data-binary",
        DataFlag::Binary,
        None,
        "Body with every byte of @FILE",
    ),
    (
        "data-urlencode",
        DataFlag::UrlEncode,
        None,
        "Body, encoded: text, =text, name=text, @FILE, name@FILE",
    ),
    (
        "json",
        DataFlag::Json,
        None,
        "JSON body, with Content-Type and Accept; @FILE reads it",
    ),
];
const FORM: [(&str, FormFlag, Option<char>, &str); 2] = [
    (
        "form",
        FormFlag::Form,
        Some('F'),
        "Part of multipart/form-data: name=text, name=@FILE;type=…, name=<FILE",
    ),
    (
        "form-string",
        FormFlag::Literal,
        None,
        "Part whose text means nothing",
    ),
];

impl clap::Args for DataArgs {
    fn augment_args(mut command: Command) -> Command {
        let flags = DATA
            .iter()
            .map(|(name, _, short, help)| (name, short, help));
        let form = FORM
            .iter()
            .map(|(name, _, short, help)| (name, short, help));
        for (name, short, help) in flags.chain(form) {
            let mut arg = Arg::new(*name)
                .long(*name)
                .value_name(if name.starts_with("form") {
                    "PART"
                } else {
                    "DATA"
                })
                .help(*help)
                .action(ArgAction::Append)
                .allow_hyphen_values(true);
            if let Some(short) = short {
                arg = arg.short(*short);
            }
            if *name == "data" {
                arg = arg.alias("data-ascii");
            }
            command = command.arg(arg);
        }
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for DataArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(DataArgs {
            data: in_order(matches, DATA.iter().map(|(name, flag, ..)| (*name, *flag))),
            form: in_order(matches, FORM.iter().map(|(name, flag, ..)| (*name, *flag))),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn in_order<F: Copy>(
    matches: &ArgMatches,
    flags: impl Iterator<Item = (&'static str, F)>,
) -> Vec<(F, String)> {
    let mut found = Vec::new();
    for (name, flag) in flags {
        let values = matches.get_many::<String>(name).into_iter().flatten();
        let places = matches.indices_of(name).into_iter().flatten();
        found.extend(
            places
                .zip(values)
                .map(|(at, value)| (at, flag, value.clone())),
        );
    }
    found.sort_by_key(|(at, ..)| *at);
    found
        .into_iter()
        .map(|(_, flag, value)| (flag, value))
        .collect()
}
