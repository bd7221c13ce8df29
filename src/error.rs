//! The one error of the program: a stable code, a message, a hint, an exit code.
//!
//! Message: lower case, no trailing period, names the thing and its value. The
//! cause is [`std::error::Error::source`]; the advice is [`Error::hint`].

use std::fmt;

/// What went wrong, as machines read it (`--error-format json`); never renamed.
///
/// Each variant belongs to one exit code: see [`Code::exit_code`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// A bug in hallpass.
    Internal,
    /// Standard output or the named output file could not be written.
    OutputFailed,
    /// The command line makes no sense.
    Usage,
    /// A prompt was needed and there is no terminal.
    PromptNeeded,
    /// The configuration file cannot be read or parsed.
    ConfigInvalid,
    /// No service of that name.
    UnknownService,
    /// No shipped or user preset of that name.
    UnknownProvider,
    /// The service lacks a field the command needs.
    ServiceIncomplete,
    /// The credential may not be sent to that origin.
    OriginNotAllowed,
    /// Two services cover one URL.
    AmbiguousService,
    /// A service of that name exists already.
    ServiceExists,
    /// Nobody is signed in to the service.
    LoginRequired,
    /// The refresh token was refused; it is forgotten.
    RefreshRefused,
    /// The API wants more scope than the session has (RFC 6750 §3.1).
    InsufficientScope,
    /// The API wants a stronger sign-in (RFC 9470).
    StepUpRequired,
    /// The authorization server answered with an OAuth error.
    ServerRefused,
    /// A server could not be reached; nothing was sent.
    Unreachable,
    /// A server did not answer in time, or the connection broke.
    TransportFailed,
    /// The store is locked and nobody can unlock it now.
    StoreLocked,
    /// There is no store of that kind here.
    StoreAbsent,
    /// The store does not answer.
    StoreHung,
    /// The store takes no more.
    StoreFull,
    /// The store failed in another way.
    StoreFailed,
    /// What the store holds cannot be read; it was left as it is.
    StoreUnreadable,
    /// Another process holds the credential's lock.
    LockTimeout,
    /// The person said no.
    Cancelled,
    /// The person did not finish in time.
    TimedOut,
    /// A response failed validation.
    ResponseInvalid,
    /// Server metadata failed validation (RFC 8414 §3.3).
    MetadataInvalid,
    /// The authorization response failed validation.
    AuthorizationResponseInvalid,
    /// The ID Token failed validation (OIDC Core §3.1.3.7).
    IdTokenInvalid,
    /// UserInfo failed validation (OIDC Core §5.3.2).
    UserinfoInvalid,
    /// The API answered 4xx or 5xx.
    ApiStatus,
    /// Interrupted by a signal.
    Interrupted,
}

impl Code {
    /// Every code, for the documentation test.
    pub const ALL: &'static [Code] = &[
        Code::Internal,
        Code::OutputFailed,
        Code::Usage,
        Code::PromptNeeded,
        Code::ConfigInvalid,
        Code::UnknownService,
        Code::UnknownProvider,
        Code::ServiceIncomplete,
        Code::OriginNotAllowed,
        Code::AmbiguousService,
        Code::ServiceExists,
        Code::LoginRequired,
        Code::RefreshRefused,
        Code::InsufficientScope,
        Code::StepUpRequired,
        Code::ServerRefused,
        Code::Unreachable,
        Code::TransportFailed,
        Code::StoreLocked,
        Code::StoreAbsent,
        Code::StoreHung,
        Code::StoreFull,
        Code::StoreFailed,
        Code::StoreUnreadable,
        Code::LockTimeout,
        Code::Cancelled,
        Code::TimedOut,
        Code::ResponseInvalid,
        Code::MetadataInvalid,
        Code::AuthorizationResponseInvalid,
        Code::IdTokenInvalid,
        Code::UserinfoInvalid,
        Code::ApiStatus,
        Code::Interrupted,
    ];

    /// The process exit code, stable.
    pub fn exit_code(self) -> u8 {
        match self {
            Code::Internal | Code::OutputFailed => 1,
            Code::Usage | Code::PromptNeeded => 2,
            Code::ConfigInvalid
            | Code::UnknownService
            | Code::UnknownProvider
            | Code::ServiceIncomplete
            | Code::OriginNotAllowed
            | Code::AmbiguousService
            | Code::ServiceExists => 3,
            Code::LoginRequired
            | Code::RefreshRefused
            | Code::InsufficientScope
            | Code::StepUpRequired => 4,
            Code::ServerRefused => 5,
            Code::Unreachable | Code::TransportFailed => 6,
            Code::StoreLocked
            | Code::StoreAbsent
            | Code::StoreHung
            | Code::StoreFull
            | Code::StoreFailed
            | Code::StoreUnreadable
            | Code::LockTimeout => 7,
            Code::Cancelled | Code::TimedOut => 8,
            Code::ResponseInvalid
            | Code::MetadataInvalid
            | Code::AuthorizationResponseInvalid
            | Code::IdTokenInvalid
            | Code::UserinfoInvalid => 9,
            Code::ApiStatus => 22,
            Code::Interrupted => 130,
        }
    }

    /// What to do next where whoever met the failure could not say it better.
    pub fn usual_hint(self) -> Option<&'static str> {
        Some(match self {
            Code::Internal => "this should not happen: please report it, with what -v shows",
            Code::Unreachable | Code::TransportFailed => {
                "try again; `hallpass doctor` looks for what stands in between"
            }
            Code::ResponseInvalid
            | Code::MetadataInvalid
            | Code::AuthorizationResponseInvalid
            | Code::IdTokenInvalid
            | Code::UserinfoInvalid => {
                "the server is at fault, or something between; -v shows the exchange without secrets"
            }
            Code::StoreLocked
            | Code::StoreAbsent
            | Code::StoreHung
            | Code::StoreFull
            | Code::StoreFailed
            | Code::StoreUnreadable => "`hallpass doctor` looks at the token store",
            _ => return None,
        })
    }

    /// The snake-case name of `--error-format json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Code::Internal => "internal",
            Code::OutputFailed => "output_failed",
            Code::Usage => "usage",
            Code::PromptNeeded => "prompt_needed",
            Code::ConfigInvalid => "config_invalid",
            Code::UnknownService => "unknown_service",
            Code::UnknownProvider => "unknown_provider",
            Code::ServiceIncomplete => "service_incomplete",
            Code::OriginNotAllowed => "origin_not_allowed",
            Code::AmbiguousService => "ambiguous_service",
            Code::ServiceExists => "service_exists",
            Code::LoginRequired => "login_required",
            Code::RefreshRefused => "refresh_refused",
            Code::InsufficientScope => "insufficient_scope",
            Code::StepUpRequired => "step_up_required",
            Code::ServerRefused => "server_refused",
            Code::Unreachable => "unreachable",
            Code::TransportFailed => "transport_failed",
            Code::StoreLocked => "store_locked",
            Code::StoreAbsent => "store_absent",
            Code::StoreHung => "store_hung",
            Code::StoreFull => "store_full",
            Code::StoreFailed => "store_failed",
            Code::StoreUnreadable => "store_unreadable",
            Code::LockTimeout => "lock_timeout",
            Code::Cancelled => "cancelled",
            Code::TimedOut => "timed_out",
            Code::ResponseInvalid => "response_invalid",
            Code::MetadataInvalid => "metadata_invalid",
            Code::AuthorizationResponseInvalid => "authorization_response_invalid",
            Code::IdTokenInvalid => "id_token_invalid",
            Code::UserinfoInvalid => "userinfo_invalid",
            Code::ApiStatus => "api_status",
            Code::Interrupted => "interrupted",
        }
    }
}

/// What `exec` ends with where the command is there and cannot be run, as `env` and `nohup` do.
pub const CANNOT_RUN: u8 = 126;
/// What `exec` ends with where there is no such command.
pub const NOT_FOUND: u8 = 127;

/// Why a command failed and what to do next.
///
/// Text that came from a network, file or terminal must be cleaned with
/// [`crate::secret::printable`] before it gets here.
pub struct Error {
    inner: Box<Inner>,
}

struct Inner {
    code: Code,
    message: String,
    hint: Option<String>,
    oauth: Option<OAuthError>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
    silenced: bool,
    exit_code: Option<u8>,
}

/// `error` and `error_description` as a server sent them, cleaned (RFC 6749 §5.2).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OAuthError {
    /// The registered code, e.g. `invalid_grant`.
    pub error: String,
    /// The server's own words.
    pub error_description: Option<String>,
    /// A page about the error; shown, never opened.
    pub error_uri: Option<String>,
    /// HTTP status the error came with.
    pub status: u16,
}

/// `Result` with the program's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A failure of kind `code`, told in one line.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Error {
            inner: Box::new(Inner {
                code,
                message: bounded(message.into()),
                hint: None,
                oauth: None,
                source: None,
                silenced: false,
                exit_code: None,
            }),
        }
    }

    /// Adds what to do next; replaces an earlier hint.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.inner.hint = Some(bounded(hint.into()));
        self
    }

    /// Adds the cause. The cause's text must hold no secret.
    #[must_use]
    pub fn with_source(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.inner.source = Some(source.into());
        self
    }

    /// Adds the authorization server's own error.
    #[must_use]
    pub fn with_oauth(mut self, oauth: OAuthError) -> Self {
        self.inner.oauth = Some(oauth);
        self
    }

    /// The person asked not to be told (`-s`); the exit code stays.
    #[must_use]
    pub fn silenced(mut self) -> Self {
        self.inner.silenced = true;
        self
    }

    /// See [`Error::silenced`].
    pub fn is_silenced(&self) -> bool {
        self.inner.silenced
    }

    /// The run ends with `exit_code`, which is another program's convention, and not with that of
    /// its [`Code`]: whoever calls `exec` in place of `env` tests for [`NOT_FOUND`]. The code,
    /// which machines read, stays.
    #[must_use]
    pub fn ending_with(mut self, exit_code: u8) -> Self {
        self.inner.exit_code = Some(exit_code);
        self
    }

    /// What the process ends with.
    pub fn exit_code(&self) -> u8 {
        self.inner.exit_code.unwrap_or(self.code().exit_code())
    }

    /// The stable code.
    pub fn code(&self) -> Code {
        self.inner.code
    }

    /// What to do next, where something can be done.
    pub fn hint(&self) -> Option<&str> {
        self.inner.hint.as_deref()
    }

    /// The authorization server's error, where it sent one.
    pub fn oauth(&self) -> Option<&OAuthError> {
        self.inner.oauth.as_ref()
    }
}

/// Longest text in bytes. Much of it was foreign once: a host name alone can be kilobytes.
const LONGEST: usize = 4 << 10;

fn bounded(mut text: String) -> String {
    if text.len() > LONGEST {
        text.truncate(text.floor_char_boundary(LONGEST));
        text.push('…');
    }
    text
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.inner.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("code", &self.inner.code)
            .field("message", &self.inner.message)
            .field("hint", &self.inner.hint)
            .field("oauth", &self.inner.oauth)
            .field("source", &self.inner.source)
            .finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.inner
            .source
            .as_deref()
            .map(|s| s as &(dyn std::error::Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_name_of_its_own() {
        let mut names: Vec<_> = Code::ALL.iter().map(|c| c.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
    }

    #[test]
    fn no_text_is_endless() {
        let endless = "é".repeat(LONGEST);
        let error = Error::new(Code::Usage, endless.as_str()).with_hint(endless);
        for text in [error.to_string().as_str(), error.hint().unwrap()] {
            assert!(text.len() < LONGEST + 4 && text.ends_with("é…"));
        }
    }
}
