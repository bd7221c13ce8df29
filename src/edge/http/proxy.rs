//! Which proxy a request goes through: `-x`, or the environment read as curl reads it.

use std::net::IpAddr;

use url::{Host, Url};

use super::lookup::is_localhost;
use crate::port::HttpError;

/// The proxies of one run.
#[derive(Default)]
pub(super) struct Proxies {
    http: Option<Url>,
    https: Option<Url>,
    except: Vec<Exception>,
    /// Named by a flag: used for loopback too, where the environment's is not.
    explicit: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Exception {
    Everything,
    Network(IpAddr, u8),
    Domain(String),
}

impl Proxies {
    /// From the flags, else `http_proxy` (never in capitals: a CGI request header could set it),
    /// `https_proxy`, `all_proxy` and `no_proxy`; the others in capitals too.
    pub(super) fn read(
        flag: Option<&str>,
        no_proxy: Option<&str>,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, HttpError> {
        let either = |name: &str| environment(name).or_else(|| environment(&name.to_uppercase()));
        let list = match no_proxy {
            Some(list) => list.to_owned(),
            None => either("no_proxy").unwrap_or_default(),
        };
        let except = exceptions(&list);
        if let Some(flag) = flag {
            let proxy = match flag {
                "" => None,
                flag => Some(parse(flag, "the proxy")?),
            };
            return Ok(Proxies {
                http: proxy.clone(),
                https: proxy,
                except,
                explicit: true,
            });
        }
        let named = |value: Option<String>, name: &str| match (value, either("all_proxy")) {
            (Some(text), _) => parse(&text, &format!("the proxy of {name}")).map(Some),
            (None, Some(text)) => parse(&text, "the proxy of all_proxy").map(Some),
            (None, None) => Ok(None),
        };
        Ok(Proxies {
            http: named(environment("http_proxy"), "http_proxy")?,
            https: named(either("https_proxy"), "https_proxy")?,
            except,
            explicit: false,
        })
    }

    /// Which they are, without user names and passwords; for `doctor`.
    pub(super) fn told(&self) -> Option<String> {
        let named = [("http", &self.http), ("https", &self.https)];
        let mut told: Vec<_> = named
            .iter()
            .filter_map(|(scheme, proxy)| {
                let place = super::failure::authority(proxy.as_ref()?);
                Some(format!("{scheme} through {place}"))
            })
            .collect();
        if !told.is_empty() && !self.except.is_empty() {
            told.push(format!("{} exceptions in no_proxy", self.except.len()));
        }
        (!told.is_empty()).then(|| told.join(", "))
    }

    /// Whether there is none at all.
    pub(super) fn is_empty(&self) -> bool {
        self.http.is_none() && self.https.is_none()
    }

    /// Whether TLS is spoken to a proxy.
    pub(super) fn any_https(&self) -> bool {
        [&self.http, &self.https]
            .into_iter()
            .flatten()
            .any(|proxy| proxy.scheme() == "https")
    }

    /// The proxy for a request to `url`.
    pub(super) fn choose(&self, url: &Url) -> Option<Url> {
        let proxy = match url.scheme() {
            "https" => self.https.as_ref(),
            _ => self.http.as_ref(),
        }?;
        if self.except.iter().any(|exception| exception.covers(url)) {
            return None;
        }
        // Plain http is allowed to loopback because it does not leave the machine. A proxy
        // elsewhere, set for everything, would carry the credential out.
        if !self.explicit && is_loopback(url) && !is_loopback(proxy) {
            return None;
        }
        Some(proxy.clone())
    }
}

/// `[scheme://][user:password@]host[:port]`; without a scheme it is http, without a port 1080,
/// both as in curl.
fn parse(text: &str, what: &str) -> Result<Url, HttpError> {
    // The text may hold a password, so no error repeats it.
    let refuse = |why: &str| {
        HttpError::NotSent(format!(
            "{what} {why}\nit is written like http://proxy.example:8080 or socks5h://127.0.0.1:1080"
        ))
    };
    let with_scheme = if text.contains("://") {
        text.to_owned()
    } else {
        format!("http://{text}")
    };
    let mut url = Url::parse(&with_scheme).map_err(|_| refuse("is not a URL"))?;
    if !matches!(
        url.scheme(),
        "http" | "https" | "socks4" | "socks4a" | "socks5" | "socks5h"
    ) {
        return Err(refuse("has a scheme that is not spoken here"));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(refuse("has no host"));
    }
    // `Url` drops the port that is the scheme's own, so only the text tells whether one was given.
    if url.port().is_none() && !names_a_port(&with_scheme) && url.scheme() != "https" {
        let _ = url.set_port(Some(1080));
    }
    Ok(url)
}

fn names_a_port(text: &str) -> bool {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    host.rsplit_once(':')
        .is_some_and(|(_, port)| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => is_localhost(name),
        // Schemes the URL standard does not know keep their host as text.
        None => false,
    }
}

/// Commas or white space between entries; leading dots mean nothing.
fn exceptions(list: &str) -> Vec<Exception> {
    list.split(|c: char| c == ',' || c.is_whitespace())
        .filter(|entry| !entry.is_empty())
        .map(|entry| {
            if entry == "*" {
                return Exception::Everything;
            }
            if let Some(network) = network(entry) {
                return network;
            }
            let domain = entry.trim_start_matches('.').trim_end_matches('.');
            Exception::Domain(domain.to_ascii_lowercase())
        })
        .collect()
}

fn network(entry: &str) -> Option<Exception> {
    let (address, bits) = match entry.split_once('/') {
        Some((address, bits)) => (address, Some(bits)),
        None => (entry, None),
    };
    let address: IpAddr = address.trim_matches(['[', ']']).parse().ok()?;
    let width = if address.is_ipv4() { 32 } else { 128 };
    let bits = match bits {
        Some(bits) => bits.parse().ok().filter(|bits| *bits <= width)?,
        None => width,
    };
    Some(Exception::Network(address, bits))
}

impl Exception {
    fn covers(&self, url: &Url) -> bool {
        let address = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            _ => None,
        };
        match self {
            Exception::Everything => true,
            Exception::Network(network, bits) => {
                address.is_some_and(|address| within(address, *network, *bits))
            }
            Exception::Domain(domain) => {
                let host = url.host_str().unwrap_or_default().trim_end_matches('.');
                let host = host.to_ascii_lowercase();
                host == *domain
                    || host
                        .strip_suffix(domain.as_str())
                        .is_some_and(|rest| rest.ends_with('.'))
            }
        }
    }
}

fn within(address: IpAddr, network: IpAddr, bits: u8) -> bool {
    let same = |left: u128, right: u128, width: u8| {
        let drop = u32::from(width - bits);
        left.checked_shr(drop).unwrap_or(0) == right.checked_shr(drop).unwrap_or(0)
    };
    match (address, network) {
        (IpAddr::V4(left), IpAddr::V4(right)) => {
            same(left.to_bits().into(), right.to_bits().into(), 32)
        }
        (IpAddr::V6(left), IpAddr::V6(right)) => same(left.to_bits(), right.to_bits(), 128),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(environment: &[(&str, &str)], flag: Option<&str>, url: &str) -> Option<String> {
        let lookup = |name: &str| {
            environment
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        };
        let proxies = Proxies::read(flag, None, &lookup).unwrap();
        proxies
            .choose(&Url::parse(url).unwrap())
            .map(|url| url.to_string())
    }

    #[test]
    fn the_environment_is_read_as_curl_reads_it() {
        let http = "http://api.example/";
        let https = "https://api.example/";
        let proxy = Some("http://p:8080/".to_owned());
        assert_eq!(chosen(&[("http_proxy", "p:8080")], None, http), proxy);
        assert_eq!(chosen(&[("HTTP_PROXY", "p:8080")], None, http), None);
        assert_eq!(chosen(&[("http_proxy", "p:8080")], None, https), None);
        assert_eq!(chosen(&[("HTTPS_PROXY", "p:8080")], None, https), proxy);
        assert_eq!(chosen(&[("ALL_PROXY", "p:8080")], None, http), proxy);
        let both = [("https_proxy", "p:8080"), ("HTTPS_PROXY", "q:1")];
        assert_eq!(chosen(&both, None, https), proxy, "lower case comes first");
    }

    #[test]
    fn a_flag_replaces_the_environment_and_an_empty_one_means_none() {
        let environment = [("all_proxy", "p:8080")];
        let url = "https://api.example/";
        assert_eq!(
            chosen(&environment, Some("socks5h://s"), url).as_deref(),
            Some("socks5h://s:1080")
        );
        assert_eq!(chosen(&environment, Some(""), url), None);
    }

    #[test]
    fn ports_default_as_in_curl() {
        let url = "http://api.example/";
        for (given, read) in [
            ("p", "http://p:1080/"),
            ("http://p:80", "http://p/"),
            ("http://u:p@p", "http://u:p@p:1080/"),
            ("https://p", "https://p/"),
            ("socks5://[::1]:9050", "socks5://[::1]:9050"),
        ] {
            assert_eq!(
                chosen(&[], Some(given), url).as_deref(),
                Some(read),
                "{given}"
            );
        }
    }

    #[test]
    fn no_proxy_matches_whole_labels_and_networks() {
        let through = |list: &str, url: &str| {
            let environment = [("all_proxy", "p:1"), ("no_proxy", list)];
            chosen(&environment, None, url).is_some()
        };
        assert!(!through("*", "https://x.example/"));
        assert!(!through("a.example, b.example", "https://b.example/"));
        assert!(!through(".b.example", "https://deep.B.example./"));
        assert!(through("b.example", "https://notb.example/"));
        assert!(!through("10.0.0.0/8", "https://10.9.8.7/"));
        assert!(through("10.0.0.0/8", "https://11.0.0.1/"));
        assert!(!through("2001:db8::/32", "https://[2001:db8::7]/"));
        assert!(!through("10.0.0.0/0", "https://11.0.0.1/"));
    }

    #[test]
    fn a_proxy_elsewhere_set_for_everything_never_sees_loopback_requests() {
        let far = [("all_proxy", "http://proxy.example:1")];
        let near = [("all_proxy", "http://127.0.0.1:1")];
        for url in [
            "http://127.0.0.1:8/",
            "http://[::1]:8/",
            "http://localhost:8/",
        ] {
            assert_eq!(chosen(&far, None, url), None, "{url}");
            assert!(chosen(&near, None, url).is_some(), "{url}");
            assert!(chosen(&[], Some("proxy.example:1"), url).is_some(), "{url}");
        }
    }

    #[test]
    fn a_bad_proxy_is_refused_without_its_password() {
        for bad in [
            "ftp://u:hunter2@p",
            "http://u:hunter2@",
            "http://u:hunter2@p:x",
        ] {
            let error = Proxies::read(Some(bad), None, &|_| None).err().unwrap();
            assert!(!format!("{error:?}").contains("hunter2"), "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_environment_is_read_or_refused_without_its_password(
            value in "(https?|socks5h?|ftp|x)?(://)?[a-z0-9:@./\\[\\]-]{0,24}", list in "[a-z0-9.,*: /\\[\\]-]{0,24}",
        ) {
            let with_password = format!("http://u:hunter2@{value}");
            for text in [&value, &with_password] {
                match Proxies::read(Some(text), Some(&list), &|_| None) {
                    Ok(proxies) => {
                        let url = Url::parse("https://api.example/").unwrap();
                        let _ = proxies.choose(&url);
                        let told = proxies.told().unwrap_or_default();
                        proptest::prop_assert!(!told.contains("hunter2"), "{}", told);
                    }
                    Err(error) => {
                        let told = format!("{error} {error:?}");
                        proptest::prop_assert!(!told.contains("hunter2"), "{}", told);
                    }
                }
            }
        }
    }
}
