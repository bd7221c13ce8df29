//! Getting a session: store probed first, one sign-in at a time, record written under the lock.

use super::record::{Binding, VERSION};
use super::turn::{self, Turn};
use super::{Record, account, facts, keeping, lifetime, person};
use crate::error::{Code, Result};
use crate::grant::landing_page::Page;
use crate::grant::{
    Client, SignedIn, authorization_code, client_credentials, device_code, password, userinfo,
};
use crate::port::Ports;
use crate::service::Service;
use crate::service::registration::{Grant, RedirectRule};

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
    /// Only where the service says so.
    Password,
}

/// Signs in and stores the session; the browser's page tells whether that worked.
pub async fn sign_in(
    ports: &Ports<'_>,
    service: &Service,
    flow: Flow,
    options: &authorization_code::Options,
) -> Result<Record> {
    let begun = ports.clock.now();
    let client = Client::prepare_fresh(ports, service).await?;
    let (flow, options) = choose(ports, &client, flow, options)?;
    // Before anybody is sent to a browser (must 71).
    ports.store.probe()?;

    let binding = Binding::of(&client)?;
    let suits = |record: &Record| is_what_was_asked(&client, flow, &options, &binding, record);
    let _turn = match turn::take(ports, service, begun, options.deadline, &suits)? {
        Turn::Ours(guard) => guard,
        Turn::Theirs(record) => return Ok(*record),
    };
    let (grant, signed_in) = run(ports, &client, flow, &options).await?;
    let SignedIn {
        mut token,
        id_token,
        captured,
        page,
    } = signed_in;
    let received_at = ports.clock.now();
    if let Some(lifetime) = lifetime::learn(ports, &client, &token).await {
        token.expires_in = Some(lifetime);
    }
    let record = Record {
        version: VERSION,
        generation: 0,
        binding,
        account: String::new(),
        subject: id_token.as_ref().map(|claims| claims.subject.clone()),
        person: None,
        grant,
        token,
        requested_scope: options.scope(&client).to_vec(),
        received_at,
        signed_in_at: received_at,
        captured,
        refreshing: None,
    };
    let kept = async {
        let record = whose(ports, &client, record, id_token.as_ref()).await?;
        store(ports, service, record)
    }
    .await;
    let name = &service.name;
    if let Some(page) = page {
        let place = ports.store.describe();
        page.show(match &kept {
            Ok(record) => Page::SignedIn {
                service: name,
                account: &record.account,
                store: &place,
            },
            Err(error) if error.code().exit_code() == 7 => Page::NotStored { service: name },
            Err(_) => Page::Failed { service: name },
        });
    }
    let record = kept?;
    warn_of_scope(ports, name, &record);
    Ok(record)
}

/// Whether a session that another process has just signed in to is the one asked for here.
fn is_what_was_asked(
    client: &Client,
    flow: Flow,
    options: &authorization_code::Options,
    binding: &Binding,
    record: &Record,
) -> bool {
    let account = client.service.account.as_ref();
    let granted = record.token.scope.as_ref();
    let covers = |scope| {
        record.requested_scope.contains(scope)
            || granted.is_some_and(|scopes| scopes.contains(scope))
    };
    // These ask for more than a session: to prove who one is once more, to choose an account.
    let plain =
        options.parameters.is_empty() && options.max_age.is_none() && options.acr_values.is_none();
    plain
        && account.is_none_or(|account| *account == record.account)
        && record.binding == *binding
        && (flow == Flow::ClientCredentials) == (record.grant == Grant::ClientCredentials)
        && options.scope(client).iter().all(covers)
}

/// The flow that fits this machine, this server and what the person asked for.
fn choose(
    ports: &Ports<'_>,
    client: &Client,
    flow: Flow,
    options: &authorization_code::Options,
) -> Result<(Flow, authorization_code::Options)> {
    let mut options = options.clone();
    let values = &client.service.values;
    let listed = |grant: &str| {
        let types = client.metadata.grant_types_supported.as_ref()?;
        Some(types.iter().any(|name| name == grant))
    };
    let has_device = client.metadata.device_authorization_endpoint.is_some()
        && listed(DEVICE_CODE).unwrap_or(true);
    let has_browser = ports.browser.available() && options.open_browser;
    let chosen = match (flow, values.grant) {
        (Flow::Choose, Some(Grant::ClientCredentials)) => Flow::ClientCredentials,
        (Flow::Choose, Some(Grant::DeviceCode)) => Flow::Device,
        (Flow::Choose, Some(Grant::Password)) => Flow::Password,
        (Flow::Choose, _) if has_device && !ports.browser.available() => Flow::Device,
        // A server without the code flow says so; where it does not, the endpoint is missing.
        (Flow::Choose, _)
            if has_device
                && client.metadata.authorization_endpoint.is_none()
                && !listed("authorization_code").unwrap_or(true) =>
        {
            Flow::Device
        }
        (Flow::Choose, _) => Flow::Browser,
        (flow, _) => flow,
    };
    let pasted = matches!(
        values.redirect,
        Some(RedirectRule::Https | RedirectRule::Paste)
    ) && options.redirect_host.is_none()
        && options.redirect_port.is_none();
    options.listen = options.listen && chosen != Flow::Paste && !pasted;
    options.open_browser = has_browser && chosen != Flow::Paste;
    Ok((chosen, options))
}

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

async fn run(
    ports: &Ports<'_>,
    client: &Client,
    flow: Flow,
    options: &authorization_code::Options,
) -> Result<(Grant, SignedIn)> {
    match flow {
        Flow::Device => {
            let signed_in = device_code::sign_in(ports, client, options).await?;
            Ok((Grant::DeviceCode, signed_in))
        }
        Flow::ClientCredentials => {
            let scope = options.scope.as_deref();
            let token = client_credentials::obtain(ports, client, scope).await?;
            Ok((
                Grant::ClientCredentials,
                SignedIn::without_a_person(client, token),
            ))
        }
        Flow::Password => {
            let signed_in = password::sign_in(ports, client, options).await?;
            Ok((Grant::Password, signed_in))
        }
        Flow::Choose | Flow::Browser | Flow::Paste => {
            let signed_in = authorization_code::sign_in(ports, client, options).await?;
            Ok((Grant::AuthorizationCode, signed_in))
        }
    }
}

/// The record with its account: the one that the service names, else the one that this person has
/// already, else a new one. UserInfo is asked only where the ID Token gives no name for people.
async fn whose(
    ports: &Ports<'_>,
    client: &Client,
    mut record: Record,
    claims: Option<&crate::protocol::id_token::IdTokenClaims>,
) -> Result<Record> {
    let service = &client.service;
    let nobody = record.grant == Grant::ClientCredentials;
    let settled = match &service.account {
        Some(account) => Some(account.clone()),
        None => person::account_of(ports, &service.name, &record),
    };
    let known = settled.is_some() && record.subject.is_some();
    let named = nobody || known || account::named_by(claims);
    let mut userinfo = None;
    if !named && client.metadata.userinfo_endpoint.is_some() {
        let endpoint = client.endpoint("userinfo_endpoint")?;
        let subject = record.subject.as_deref();
        match userinfo::fetch(ports, &endpoint, &record.token, subject, Some(client)).await {
            Ok(members) => userinfo = Some(members),
            // Another person's UserInfo is an attack (OIDC Core §5.3.2); anything else only costs
            // a nicer name.
            Err(error) if error.code() == Code::UserinfoInvalid && subject.is_some() => {
                return Err(error);
            }
            Err(_) => {}
        }
    }
    if record.subject.is_none() {
        record.person = userinfo.as_ref().and_then(person::of);
    }
    record.account = match settled {
        Some(account) => account,
        None => name_account(ports, &service.name, &record, claims, userinfo.as_ref()),
    };
    Ok(record)
}

/// The account that this person has already, else a new one's name.
pub(super) fn name_account(
    ports: &Ports<'_>,
    service: &str,
    record: &Record,
    claims: Option<&crate::protocol::id_token::IdTokenClaims>,
    userinfo: Option<&serde_json::Map<String, serde_json::Value>>,
) -> String {
    let name = || account::name(claims, userinfo);
    person::account_of(ports, service, record)
        .unwrap_or_else(|| person::free_name(ports, service, record, name()))
}

/// Record, facts, default account, in this order; a signal waits until they are one.
pub(super) fn store(ports: &Ports<'_>, service: &Service, record: Record) -> Result<Record> {
    let _held = ports.interrupts.hold();
    let name = &service.name;
    let record = keeping::keep(ports, name, record)?;
    let default = facts::default_account(ports, name)?;
    let newest_is_meant = service.account.is_none() || default.is_none();
    if newest_is_meant && default.as_deref() != Some(record.account.as_str()) {
        keeping::set_default_account(ports, name, &record.account)?;
        if let Some(before) = default {
            ports.ui.notice(&format!(
                "{name} now means {}; the other account is {}.",
                facts::name(name, &record.account),
                facts::name(name, &before)
            ));
        }
    }
    Ok(record)
}

/// Scopes that servers leave out of the answer or rename although they granted them.
const NOT_COMPARED: &[&str] = &[
    "openid",
    "profile",
    "email",
    "address",
    "phone",
    "offline_access",
];

/// RFC 6749 §3.3: less may be granted than was asked for, and the person should know.
fn warn_of_scope(ports: &Ports<'_>, service: &str, record: &Record) {
    let Some(granted) = &record.token.scope else {
        return;
    };
    let missing: Vec<_> = record
        .requested_scope
        .iter()
        .filter(|asked| !granted.contains(asked) && !NOT_COMPARED.contains(&asked.as_str()))
        .map(|asked| crate::secret::printable(asked, 80))
        .collect();
    if !missing.is_empty() {
        ports.ui.warn(&format!(
            "{service} granted less than was asked for: {} missing",
            missing.join(" ")
        ));
    }
}

#[cfg(test)]
#[path = "sign_in_tests.rs"]
mod tests;
