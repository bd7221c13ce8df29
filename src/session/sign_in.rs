//! Getting a session: store probed first, one sign-in at a time, record written under the lock.

use super::Record;
use crate::error::Result;
use crate::grant::authorization_code;
use crate::port::Ports;
use crate::service::Service;

/// Which flow to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Flow {
    /// Browser where there is one, device where there is none and the server offers it, paste always.
    #[default]
    Choose,
    Browser,
    Device,
    Paste,
    ClientCredentials,
}

/// Signs in and stores the session; the browser's page tells whether that worked.
pub async fn sign_in(
    ports: &Ports<'_>,
    service: &Service,
    flow: Flow,
    options: &authorization_code::Options,
) -> Result<Record> {
    let _ = (ports, service, flow, options);
    todo!()
}
