//! curl's habits: flags that change nothing here, flags that are refused with the reason, and the
//! way back to a line for curl.

use super::args::{AnswerArgs, PolicyArgs};
use crate::cli::connection_args::ConnectionArgs;

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

/// The flags of curl's that say how it is sent, for `--curl`.
pub fn flags(
    answer: &AnswerArgs,
    policy: &PolicyArgs,
    connection: &ConnectionArgs,
    compressed: bool,
) -> Vec<String> {
    let switches = [
        (policy.location, "-L"),
        (connection.insecure, "-k"),
        (answer.include, "-i"),
        (answer.fail, "-f"),
        (answer.silent, "-s"),
        (answer.show_error, "-S"),
        (answer.remote_name, "-O"),
        (compressed, "--compressed"),
        (answer.create_dirs, "--create-dirs"),
        (policy.post301, "--post301"),
        (policy.post302, "--post302"),
        (policy.post303, "--post303"),
        (policy.retry_all_errors, "--retry-all-errors"),
        (connection.http1, "--http1.1"),
        (connection.http2_prior, "--http2-prior-knowledge"),
        (connection.ipv4, "-4"),
        (connection.ipv6, "-6"),
    ];
    let seconds = |given: Option<f64>| given.map(|time| time.to_string());
    let max_redirs = (policy.max_redirs != 50).then(|| policy.max_redirs.to_string());
    let values = [
        (answer.output.clone(), "-o"),
        (answer.output_dir.clone(), "--output-dir"),
        (max_redirs, "--max-redirs"),
        (seconds(policy.retry_delay), "--retry-delay"),
        (seconds(policy.retry_max_time), "--retry-max-time"),
        (answer.continue_at.clone(), "-C"),
        (answer.write_out.clone(), "-w"),
        (seconds(policy.max_time), "-m"),
        (seconds(policy.connect_timeout), "--connect-timeout"),
        (policy.retry.map(|times| times.to_string()), "--retry"),
        (connection.cacert.clone(), "--cacert"),
        (connection.cert.clone(), "--cert"),
        (connection.key.clone(), "--key"),
        (connection.proxy.clone(), "-x"),
        (connection.noproxy.clone(), "--noproxy"),
    ];
    let switches = switches.into_iter().filter(|(given, _)| *given);
    let mut flags: Vec<String> = switches.map(|(_, flag)| flag.to_owned()).collect();
    for (value, flag) in values {
        if let Some(value) = value {
            flags.extend([flag.to_owned(), value]);
        }
    }
    flags
}
