//! The flags of `add` and `edit` that say what a service is.

use crate::cli::context::Context;
use crate::error::{Code, Error, Result};
use crate::port::{EntryKey, Purpose};
use crate::protocol::endpoint::{as_meant, check_endpoint};
use crate::secret::{Secret, quoted};
use crate::service::assign::{assign, client_secret};
use crate::service::merge::{Origins, overlay};
use crate::service::registration::{ClientAuthenticationMethod, SecretSource};
use crate::service::{Origin, Registration};

/// What a service is, as far as flags say it.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Service")]
pub struct ServiceArgs {
    /// Preset to start from (`hallpass providers`)
    #[arg(long, value_name = "NAME")]
    pub provider: Option<String>,
    /// A value of the preset's variables: tenant, host, realm
    #[arg(long = "var", value_name = "NAME=VALUE")]
    pub variables: Vec<String>,
    /// Issuer identifier; endpoints are discovered from it
    #[arg(long, value_name = "URL")]
    pub issuer: Option<String>,
    /// Where the browser is sent to
    #[arg(long, value_name = "URL")]
    pub authorization_endpoint: Option<String>,
    /// Where tokens come from
    #[arg(long, value_name = "URL")]
    pub token_endpoint: Option<String>,
    /// Where a sign-in on another device begins
    #[arg(long, value_name = "URL")]
    pub device_authorization_endpoint: Option<String>,
    /// Where tokens are revoked
    #[arg(long, value_name = "URL")]
    pub revocation_endpoint: Option<String>,
    /// Where UserInfo is
    #[arg(long, value_name = "URL")]
    pub userinfo_endpoint: Option<String>,
    /// Scope to ask for, words with spaces
    #[arg(long, value_name = "SCOPE")]
    pub scope: Option<String>,
    /// What relative URLs of `call` are appended to
    #[arg(long, value_name = "URL")]
    pub api_base_url: Option<String>,
    /// A further origin that may see the token
    #[arg(long, value_name = "ORIGIN")]
    pub audience: Vec<String>,
    /// Any other key of a service, as in config.toml
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    #[command(flatten)]
    pub client: ClientArgs,
}

/// The client's half of the flags.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Client")]
pub struct ClientArgs {
    /// Client ID
    #[arg(long, value_name = "ID")]
    pub client_id: Option<String>,
    /// Read the client secret from stdin, or ask for it, and keep it in the token store
    #[arg(long, group = "secret")]
    pub client_secret_stdin: bool,
    /// `-` is what --client-secret-stdin is; nothing else is taken
    #[arg(
        long,
        value_name = "-",
        group = "secret",
        hide = true,
        allow_hyphen_values = true
    )]
    pub client_secret: Option<String>,
    /// Read the client secret from this variable at every use
    #[arg(long, value_name = "VARIABLE", group = "secret")]
    pub client_secret_env: Option<String>,
    /// Read the client secret from this file at every use
    #[arg(long, value_name = "FILE", group = "secret")]
    pub client_secret_file: Option<String>,
    /// Read the client secret from this command's output at every use; no shell
    #[arg(long, value_name = "COMMAND", group = "secret")]
    pub client_secret_command: Option<String>,
    /// How the client authenticates at the token endpoint
    #[arg(long, value_enum, value_name = "METHOD", hide_possible_values = true)]
    pub token_endpoint_auth_method: Option<ClientAuthenticationMethod>,
    /// Port of the loopback redirect URI, where the server wants a fixed one
    #[arg(long, value_name = "PORT")]
    pub redirect_port: Option<u16>,
    /// Path of the loopback redirect URI
    #[arg(long, value_name = "PATH")]
    pub redirect_path: Option<String>,
}

impl ServiceArgs {
    /// What the flags give, as a layer; a secret from stdin is not in it but marked as stored.
    pub fn layer(&self) -> Result<Registration> {
        let client = &self.client;
        let mut layer = Registration {
            provider: self.provider.clone(),
            issuer: self.issuer.clone(),
            authorization_endpoint: self.authorization_endpoint.clone(),
            token_endpoint: self.token_endpoint.clone(),
            device_authorization_endpoint: self.device_authorization_endpoint.clone(),
            revocation_endpoint: self.revocation_endpoint.clone(),
            userinfo_endpoint: self.userinfo_endpoint.clone(),
            api_base_url: self.api_base_url.clone(),
            audience: (!self.audience.is_empty()).then(|| self.audience.clone()),
            client_id: client.client_id.clone(),
            token_endpoint_auth_method: client.token_endpoint_auth_method,
            redirect_port: client.redirect_port,
            redirect_path: client.redirect_path.clone(),
            client_secret: client.secret_source()?,
            ..Registration::default()
        };
        if let Some(scope) = &self.scope {
            layer.scope = assign("scope", scope)?.scope;
        }
        self.check_urls()?;
        for variable in &self.variables {
            let (name, value) = pair(variable, "--var")?;
            layer.variables.insert(name.to_owned(), value.to_owned());
        }
        for setting in &self.set {
            let (key, value) = pair(setting, "--set")?;
            over(&mut layer, assign(key, value)?);
        }
        Ok(layer)
    }
}

impl ServiceArgs {
    /// What is no URL is told as it was typed, with what was meant.
    fn check_urls(&self) -> Result<()> {
        let urls = [
            ("--issuer", &self.issuer),
            ("--authorization-endpoint", &self.authorization_endpoint),
            ("--token-endpoint", &self.token_endpoint),
            (
                "--device-authorization-endpoint",
                &self.device_authorization_endpoint,
            ),
            ("--revocation-endpoint", &self.revocation_endpoint),
            ("--userinfo-endpoint", &self.userinfo_endpoint),
            ("--api-base-url", &self.api_base_url),
        ];
        for (flag, url) in urls {
            // Only the service knows what its placeholders stand for.
            if let Some(url) = url.as_ref().filter(|url| !url.contains('{')) {
                check_url(flag, url, &format!("{flag} "))?;
            }
        }
        Ok(())
    }
}

/// `typed` is what stands before the URL on the command line.
pub fn check_url(what: &str, url: &str, typed: &str) -> Result<()> {
    let Err(error) = check_endpoint(what, url) else {
        return Ok(());
    };
    let usage = Error::new(Code::Usage, error.to_string());
    Err(match (as_meant(url), error.hint()) {
        (Some(meant), _) => usage.with_hint(format!(
            "it begins with https:// (http:// only on this machine itself): {typed}{}",
            quoted(&meant)
        )),
        (None, Some(hint)) => usage.with_hint(hint.to_owned()),
        (None, None) => usage,
    })
}

impl ClientArgs {
    fn secret_source(&self) -> Result<Option<SecretSource>> {
        if self.is_on_stdin()? {
            return Ok(Some(SecretSource::Store));
        }
        if let Some(command) = &self.client_secret_command {
            return Ok(Some(SecretSource::Command(words(command)?)));
        }
        let env = self.client_secret_env.clone().map(SecretSource::Env);
        let file = self.client_secret_file.clone().map(SecretSource::File);
        Ok(env.or(file))
    }

    /// Whether the secret comes from stdin; as an argument it would be seen by everybody.
    fn is_on_stdin(&self) -> Result<bool> {
        match self.client_secret.as_deref() {
            None | Some("-") => Ok(self.client_secret_stdin || self.client_secret.is_some()),
            Some(_) => Err(Error::new(
                Code::Usage,
                "a client secret cannot be an argument: other users can read those",
            )
            .with_hint("make a new secret, then give it with --client-secret-stdin")),
        }
    }

    /// The secret that is to be stored, where one is given on stdin.
    pub fn stored_secret(&self, cx: &Context) -> Result<Option<Secret>> {
        match self.is_on_stdin()? {
            true => cx
                .read_secret("Client secret:", "--client-secret-stdin")
                .map(Some),
            false => Ok(None),
        }
    }
}

/// Keeps a client secret in the token store.
pub fn store_client_secret(cx: &Context, service: &str, secret: &Secret) -> Result<()> {
    store_secret(cx, Purpose::ClientSecret, service, secret)
}

/// Keeps a service's secret in the token store.
pub fn store_secret(cx: &Context, purpose: Purpose, service: &str, secret: &Secret) -> Result<()> {
    let key = EntryKey {
        purpose,
        name: service.to_owned(),
    };
    cx.configuration()?;
    let ui = cx.ports().ui;
    let mut waiting = |who: &str| ui.notice(&format!("waiting for {who}"));
    cx.store()
        .lock(&key, std::time::Duration::from_secs(30), &mut waiting)?
        .write(secret)
}

/// `layer` with `upper` over it.
pub fn over(layer: &mut Registration, upper: Registration) {
    overlay(layer, &mut Origins::new(), upper, &|_| Origin::File);
}

/// The layer that says the secret is in the store.
pub fn secret_in_store() -> Registration {
    client_secret(SecretSource::Store)
}

fn pair<'a>(text: &'a str, flag: &str) -> Result<(&'a str, &'a str)> {
    text.split_once('=').ok_or_else(|| {
        Error::new(
            Code::Usage,
            format!(
                "{flag} \"{}\" has no `=`",
                crate::secret::printable(text, 80)
            ),
        )
        .with_hint(format!("{flag} NAME=VALUE"))
    })
}

/// A command line's words: blanks part them, quotes hold them together; no shell ever sees it.
fn words(line: &str) -> Result<Vec<String>> {
    let mut words: Vec<String> = Vec::new();
    let (mut quote, mut inside) = (None, false);
    for c in line.chars() {
        match (quote, c) {
            (None, '\'' | '"') => {
                quote = Some(c);
                if !inside {
                    words.push(String::new());
                }
                inside = true;
            }
            (Some(open), _) if open == c => quote = None,
            (None, _) if c.is_whitespace() => inside = false,
            _ => {
                if !inside {
                    words.push(String::new());
                }
                inside = true;
                if let Some(word) = words.last_mut() {
                    word.push(c);
                }
            }
        }
    }
    if quote.is_some() || words.is_empty() {
        return Err(
            Error::new(Code::Usage, "--client-secret-command is no command line")
                .with_hint("for example --client-secret-command 'pass show work/client'"),
        );
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_cut_into_words_without_a_shell() {
        let cut = |line| words(line).unwrap();
        assert_eq!(cut("pass show work"), ["pass", "show", "work"]);
        assert_eq!(cut(" a  'b c' \"d\"e '' "), ["a", "b c", "de", ""]);
        assert_eq!(cut("echo $(x); y"), ["echo", "$(x);", "y"]);
        assert!(words("a 'b").is_err());
        assert!(words("  ").is_err());
    }

    #[test]
    fn flags_become_a_layer() {
        let args = ServiceArgs {
            variables: vec!["tenant=a=b".into()],
            scope: Some("openid email".into()),
            set: vec!["redirect=exact".into(), "api_headers.X-A=1".into()],
            client: ClientArgs {
                client_secret_stdin: true,
                ..ClientArgs::default()
            },
            ..ServiceArgs::default()
        };
        let layer = args.layer().unwrap();
        assert_eq!(layer.variables["tenant"], "a=b");
        assert_eq!(layer.scope.map(|scope| scope.len()), Some(2));
        assert_eq!(layer.client_secret, Some(SecretSource::Store));
        assert_eq!(layer.api_headers["X-A"], "1");
        let typed = ClientArgs {
            client_secret: Some("hunter2".into()),
            ..ClientArgs::default()
        };
        let error = typed.secret_source().unwrap_err();
        assert!(!format!("{error:?}").contains("hunter2"));
        let wrong = ServiceArgs {
            set: vec!["client_secret=hunter2".into()],
            ..ServiceArgs::default()
        };
        let error = wrong.layer().unwrap_err();
        assert!(!format!("{error:?}").contains("hunter2"));
    }
}
