//! Which redirect URI a sign-in uses (RFC 8252 §7.3), from the service's rule and the flags.

use crate::error::{Code, Error, Result};
use crate::port::{ListenSpec, LoopbackHost};
use crate::secret::printable;
use crate::service::Service;
use crate::service::registration::RedirectRule;

use super::authorization_code::Options;

/// Where the answer will come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redirect {
    /// A listener of ours; the path begins with `/`.
    Loopback { listen: ListenSpec, path: String },
    /// Not ours to catch: the person pastes what the browser lands on.
    Elsewhere { redirect_uri: String },
}

/// Path of the redirect URI where nothing says another.
pub const DEFAULT_PATH: &str = "/callback";

/// The redirect of this sign-in. Flags stand above the service's keys.
pub fn choose(service: &Service, options: &Options) -> Result<Redirect> {
    let values = &service.values;
    let rule = values.redirect.unwrap_or_default();
    let by_flag = options.redirect_host.is_some() || options.redirect_port.is_some();
    if matches!(rule, RedirectRule::Https | RedirectRule::Paste) && !by_flag {
        return match &values.redirect_uri {
            Some(uri) => Ok(Redirect::Elsewhere {
                redirect_uri: uri.clone(),
            }),
            None => Err(Error::new(
                Code::ServiceIncomplete,
                format!("service {} has no redirect_uri", service.name),
            )
            .with_hint(format!(
                "its server takes no loopback redirect: register an https address of yours and say \
                 `hallpass edit {} redirect_uri=https://…`",
                service.name
            ))),
        };
    }
    let host = options.redirect_host.unwrap_or(match rule {
        RedirectRule::LoopbackV6 => LoopbackHost::V6,
        RedirectRule::LoopbackLocalhost | RedirectRule::ExactLocalhost => LoopbackHost::Localhost,
        _ => LoopbackHost::V4,
    });
    let port = options.redirect_port.or(values.redirect_port);
    let exact = matches!(rule, RedirectRule::Exact | RedirectRule::ExactLocalhost);
    if exact && port.is_none() {
        return Err(Error::new(
            Code::ServiceIncomplete,
            format!("service {} has no redirect_port", service.name),
        )
        .with_hint(
            "its server wants the redirect URI exactly as registered: give the registered port \
             with --port",
        ));
    }
    let path = options
        .redirect_path
        .as_deref()
        .or(values.redirect_path.as_deref())
        .unwrap_or(DEFAULT_PATH);
    check_path(path)?;
    Ok(Redirect::Loopback {
        listen: ListenSpec { host, port },
        path: path.to_owned(),
    })
}

fn check_path(path: &str) -> Result<()> {
    let plain = path.starts_with('/')
        && path
            .bytes()
            .all(|b| b.is_ascii_graphic() && !b"?#\"<>\\^`{|}%".contains(&b))
        && !path.split('/').any(|part| part == "." || part == "..");
    if plain {
        return Ok(());
    }
    Err(Error::new(
        Code::Usage,
        format!(
            "redirect path {:?} is not a plain path",
            printable(path, 100)
        ),
    )
    .with_hint("give one that begins with /, without query, fragment, spaces or dot segments"))
}

/// The redirect URI as the server gets it: the literal address, never a name for it.
pub fn loopback_uri(host: LoopbackHost, port: u16, path: &str) -> String {
    let host = match host {
        LoopbackHost::V4 => "127.0.0.1",
        LoopbackHost::V6 => "[::1]",
        LoopbackHost::Localhost => "localhost",
    };
    // Servers compare strings: `http://localhost/` is registered, never `http://localhost:80/`.
    match port {
        80 => format!("http://{host}{path}"),
        port => format!("http://{host}:{port}{path}"),
    }
}

/// What a person enters where the client is registered, before any port is bound.
pub fn to_register(service: &Service, options: &Options) -> Result<String> {
    Ok(match choose(service, options)? {
        Redirect::Elsewhere { redirect_uri } => redirect_uri,
        Redirect::Loopback { listen, path } => match listen.port {
            Some(port) => loopback_uri(listen.host, port, &path),
            None => loopback_uri(listen.host, 80, &path),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grant::testing::service;

    fn options() -> Options {
        Options::default()
    }

    fn chosen(rule: RedirectRule, options: &Options) -> Result<Redirect> {
        let mut service = service();
        service.values.redirect = Some(rule);
        choose(&service, options)
    }

    fn loopback(host: LoopbackHost, port: Option<u16>, path: &str) -> Redirect {
        Redirect::Loopback {
            listen: ListenSpec { host, port },
            path: path.to_owned(),
        }
    }

    /// must 7.
    #[test]
    fn the_default_is_the_v4_literal_on_any_port() {
        assert_eq!(
            chosen(RedirectRule::LoopbackAnyPort, &options()).unwrap(),
            loopback(LoopbackHost::V4, None, "/callback")
        );
        assert_eq!(
            loopback_uri(LoopbackHost::V4, 8123, "/callback"),
            "http://127.0.0.1:8123/callback"
        );
        assert_eq!(loopback_uri(LoopbackHost::V6, 9, "/"), "http://[::1]:9/");
    }

    /// must 8.
    #[test]
    fn flags_stand_above_the_rule() {
        let flags = Options {
            redirect_host: Some(LoopbackHost::Localhost),
            redirect_port: Some(4242),
            redirect_path: Some("/cb".into()),
            ..options()
        };
        for rule in [
            RedirectRule::Exact,
            RedirectRule::Https,
            RedirectRule::LoopbackV6,
        ] {
            assert_eq!(
                chosen(rule, &flags).unwrap(),
                loopback(LoopbackHost::Localhost, Some(4242), "/cb")
            );
        }
    }

    #[test]
    fn an_exact_rule_needs_a_port_and_https_needs_a_uri() {
        for rule in [
            RedirectRule::Exact,
            RedirectRule::Https,
            RedirectRule::Paste,
        ] {
            let error = chosen(rule, &options()).unwrap_err();
            assert_eq!(error.code(), Code::ServiceIncomplete);
        }
    }

    #[test]
    fn paths_that_would_be_rewritten_on_the_way_are_refused() {
        for path in ["callback", "/a?b", "/a#b", "/a b", "/../x", "/ä", "/a%2f"] {
            let flags = Options {
                redirect_path: Some(path.into()),
                ..options()
            };
            let error = chosen(RedirectRule::LoopbackAnyPort, &flags).unwrap_err();
            assert_eq!(error.code(), Code::Usage, "{path}");
        }
    }

    #[test]
    fn what_to_register_has_no_port_where_any_will_do() {
        assert_eq!(
            to_register(&service(), &options()).unwrap(),
            "http://127.0.0.1/callback"
        );
    }
}
