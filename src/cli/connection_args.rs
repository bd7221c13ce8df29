//! The flags of the way to an API, the same for one request and for many.

use crate::cli::context::{AddressFamily, HttpOptions, HttpVersion};

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

impl ConnectionArgs {
    /// What they come to.
    pub fn options(&self) -> HttpOptions {
        HttpOptions {
            insecure: self.insecure,
            cacert: self.cacert.clone(),
            cert: self.cert.clone(),
            key: self.key.clone(),
            proxy: self.proxy.clone(),
            no_proxy: self.noproxy.clone(),
            version: match (self.http1, self.http2_prior) {
                (true, _) => HttpVersion::Http1,
                (_, true) => HttpVersion::Http2,
                _ => HttpVersion::Any,
            },
            family: match (self.ipv4, self.ipv6) {
                (true, _) => AddressFamily::V4,
                (_, true) => AddressFamily::V6,
                _ => AddressFamily::Any,
            },
            names_agent: true,
            ..HttpOptions::default()
        }
    }
}
