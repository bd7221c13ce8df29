//! The flags of `call`: curl's letters with curl's meaning, and a few of our own.

use super::data_args::DataArgs;
use crate::call::options::{ItemBody, Typed};
use crate::call::shape::Format;
use crate::call::words::Words;

/// What the request is.
#[derive(Debug, Default, clap::Args)]
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
    /// Header `Name: value`; `Name:` takes one out (Accept stays as */*), `Name;` sends it empty, @FILE reads lines
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
    /// Where the time went, on stderr at the end: token, connection, first byte, transfer, total
    #[arg(long)]
    pub timing: bool,
}

/// What the answer becomes.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Shape")]
pub struct ShapeArgs {
    /// Filter with a jq expression; strings come out bare
    #[arg(long, value_name = "EXPR", allow_hyphen_values = true)]
    pub jq: Option<String>,
    /// Items as a document, lines, a table, or CSV
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// Print the request in place of sending it, secrets redacted
    #[arg(long, conflicts_with = "curl")]
    pub dry_run: bool,
    /// Print a line with curl that does the same, in place of sending
    #[arg(long)]
    pub curl: bool,
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
