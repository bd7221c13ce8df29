//! Device authorization grant (RFC 8628): both requests of the device.

use std::collections::BTreeMap;

use serde_json::json;

use super::authorization::known_scopes;
use super::client::{DemoClient, authenticate};
use super::exchange::{Call, Parameters, Refusal, Reply, json_reply};
use super::grants::Grant;
use super::token::{self, Issue};
use super::{Consent, Provider};

/// `grant_type` of the device's token request (§3.4).
pub(super) const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Seconds the person has.
const LIFETIME: i64 = 600;
/// Seconds between two polls; a device that asks more often is told to slow down.
const INTERVAL: i64 = 1;
/// No vowels and nothing that is mistaken for something else (§6.1).
const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// What the person said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    Pending,
    Granted,
    Denied,
}

/// One device that waits.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub client_name: String,
    pub user_code: String,
    pub grant: Grant,
    pub decision: Decision,
    pub csrf_token: String,
    interval: i64,
    last_poll: Option<i64>,
    expires_at: i64,
}

/// Devices that wait, by device code.
#[derive(Debug, Default)]
pub(super) struct Devices(BTreeMap<String, Waiting>);

impl Devices {
    /// The device with this user code, however it was typed.
    pub fn by_user_code(&mut self, typed: &str, now: i64) -> Option<&mut Waiting> {
        let plain = |code: &str| -> String {
            let letters = code.chars().filter(char::is_ascii_alphanumeric);
            letters.map(|c| c.to_ascii_uppercase()).collect()
        };
        let typed = plain(typed);
        self.0
            .values_mut()
            .find(|waiting| waiting.expires_at > now && plain(&waiting.user_code) == typed)
    }
}

/// §3.1 and §3.2.
pub(super) fn authorize(provider: &mut Provider, call: &mut Call<'_>) -> Result<Reply, Refusal> {
    call.allow(&["POST"])?;
    let form = call.form()?;
    let client = authenticate(provider, call, &form)?;
    let device_code = call.token("demo_device_")?;
    let user_code = user_code(&call.bytes()?);
    let waiting = Waiting {
        client_name: client.client_name,
        user_code: user_code.clone(),
        grant: Grant {
            client_id: client.client_id,
            scope: known_scopes(&form)?,
            resource: form.all("resource"),
            ..Grant::default()
        },
        decision: Decision::Pending,
        csrf_token: call.token("")?,
        interval: INTERVAL,
        last_poll: None,
        expires_at: call.now + LIFETIME,
    };
    let now = call.now;
    provider.devices.0.retain(|_, kept| kept.expires_at > now);
    provider.devices.0.insert(device_code.clone(), waiting);
    let page = format!("{}/device", provider.options.issuer.trim_end_matches('/'));
    Ok(json_reply(
        200,
        &json!({
            "device_code": device_code,
            "user_code": user_code,
            "verification_uri": page,
            "verification_uri_complete": format!("{page}?user_code={user_code}"),
            "expires_in": LIFETIME,
            "interval": INTERVAL,
        }),
    ))
}

/// §3.4 and §3.5. Where nobody has to click, the second poll succeeds.
pub(super) fn token(
    provider: &mut Provider,
    call: &mut Call<'_>,
    form: &Parameters,
    client: &DemoClient,
) -> Result<Reply, Refusal> {
    let device_code = form.require("device_code")?;
    let nobody_clicks = provider.options.consent == Consent::Grant;
    let waiting = provider
        .devices
        .0
        .get_mut(device_code)
        .filter(|waiting| waiting.grant.client_id == client.client_id)
        .ok_or_else(|| Refusal::invalid_grant("no such device code"))?;
    if waiting.expires_at <= call.now {
        return Err(Refusal::new(400, "expired_token", "nobody came in time"));
    }
    let last_poll = waiting.last_poll.replace(call.now);
    if last_poll.is_some_and(|last| call.now - last < waiting.interval) {
        waiting.interval += 5;
        return Err(Refusal::new(400, "slow_down", "five more seconds, please"));
    }
    if nobody_clicks && last_poll.is_some() {
        waiting.decision = Decision::Granted;
    }
    match waiting.decision {
        Decision::Pending => Err(Refusal::new(
            400,
            "authorization_pending",
            "nobody has decided yet",
        )),
        Decision::Denied => Err(Refusal::new(400, "access_denied", "the person said no")),
        Decision::Granted => {
            let mut grant = waiting.grant.clone();
            provider.devices.0.remove(device_code);
            grant.subject = Some(provider.options.subject.clone());
            grant.auth_time = call.now;
            let family = provider.grants.begin(grant.clone());
            let issue = Issue {
                refresh_token: grant.has("offline_access"),
                grant,
                family: Some(family),
                renewal: false,
            };
            token::answer(provider, call, issue)
        }
    }
}

/// Eight letters in two groups: 20^8 is about 2^34 (§6.1).
fn user_code(random: &[u8; 32]) -> String {
    let mut code = String::with_capacity(9);
    // 240 is the largest multiple of 20 in a byte; what lies above would favour some letters.
    for byte in random.iter().filter(|byte| **byte < 240).take(8) {
        if code.len() == 4 {
            code.push('-');
        }
        code.push(char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()]));
    }
    code
}
