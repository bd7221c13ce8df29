//! A usable token for a command; where nobody is signed in and somebody can be asked, the sign-in
//! comes first.

use super::context::Context;
use super::lasting;
use super::new_client::{self, NewClientArgs};
use crate::error::{Code, Result};
use crate::grant::authorization_code::Options;
use crate::service::Service;
use crate::session::sign_in::{Flow, sign_in};
use crate::session::{Access, Wanted, access_token, peek};

/// A valid access token of the service's session.
pub fn access(cx: &Context, service: &Service, wanted: &Wanted) -> Result<Access> {
    let ports = cx.ports();
    // Most calls need no more than this, and no runtime for it.
    let failed = match peek(&ports, service, wanted) {
        Ok(Some(access)) => return Ok(access),
        Ok(None) => match cx.block_on(access_token(&ports, service, wanted)) {
            Ok(access) => return Ok(access),
            Err(error) => error,
        },
        Err(error) => error,
    };
    let curable = matches!(failed.code(), Code::LoginRequired | Code::RefreshRefused);
    if !curable || !ports.ui.can_prompt() {
        return Err(failed);
    }
    let reference = service.reference();
    ports.ui.notice(&failed.to_string());
    let question = format!("Sign in to {reference} now?");
    if !ports
        .ui
        .confirm(&question, true, &format!("hallpass login {reference}"))?
    {
        return Err(failed);
    }
    let options = Options::default();
    let service = new_client::ensure(cx, &reference, &NewClientArgs::default(), &options)?;
    let record = cx.block_on(sign_in(&ports, &service, Flow::Choose, &options))?;
    if let Some(note) = lasting::note(&service, &record, ports.clock.now()) {
        ports.ui.notice(&note);
    }
    cx.block_on(access_token(&ports, &service, wanted))
}
