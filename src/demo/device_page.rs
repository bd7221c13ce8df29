//! The page on the person's other device (RFC 8628 §3.3).

use super::device::Decision;
use super::exchange::{Call, Refusal, Reply};
use super::{Provider, page};

/// Asks for the code, then for the decision.
pub(super) fn device(provider: &mut Provider, call: &mut Call<'_>) -> Result<Reply, Refusal> {
    call.allow(&["GET", "POST"])?;
    let parameters = match call.request.method().as_str() {
        "POST" => call.form()?,
        _ => call.query()?,
    };
    let Some(typed) = parameters.get("user_code") else {
        return Ok(page::ask_user_code(""));
    };
    let Some(waiting) = provider.devices.by_user_code(typed, call.now) else {
        return Ok(page::ask_user_code(
            "That code is not known here, or its time is up.",
        ));
    };
    let decision = match parameters.get("decision") {
        Some("allow") => Decision::Granted,
        Some(_) => Decision::Denied,
        None => return Ok(page::device_consent(&provider.options, waiting)),
    };
    let from_our_page = call.request.method() == http::Method::POST
        && parameters.get("csrf_token") == Some(waiting.csrf_token.as_str());
    if !from_our_page {
        return Ok(page::problem(
            403,
            "This decision did not come from our page.",
        ));
    }
    waiting.decision = decision;
    Ok(page::device_done(decision == Decision::Granted))
}
