//! The checks of OIDC Core §3.1.3.7 and §12.2, one function each.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde_json::{Map, Value};

use super::claim::{clock, invalid, required_time, text, time, unequal};
use super::{Expected, IdTokenClaims, MAX_AGE_OF_ISSUE, SKEW};
use crate::error::Result;
use crate::protocol::signature;
use crate::secret::{Secret, printable};

/// Step 2: `iss` is exactly the discovered issuer, or the template filled in from the token.
pub(in crate::protocol) fn issuer(
    claims: &Map<String, Value>,
    issuer: &str,
    expected: &Expected<'_>,
) -> Result<()> {
    // Only where the document itself named the template: a server with one issuer keeps to it.
    let wanted = match expected.issuer_template {
        Some(template) if template == expected.issuer => fill_issuer_template(template, claims)
            .ok_or_else(|| invalid("names no tenant to fill the issuer's template with"))?,
        _ => expected.issuer.to_owned(),
    };
    match issuer == wanted {
        true => Ok(()),
        false => Err(unequal("iss", issuer, &wanted)),
    }
}

/// Entra's issuer: `{tenantid}` is the token's `tid`, any other `{name}` the claim of that name.
/// `None` where a claim is missing or is no plain identifier.
pub fn fill_issuer_template(template: &str, claims: &Map<String, Value>) -> Option<String> {
    let mut filled = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}')?;
        let claim = if name == "tenantid" { "tid" } else { name };
        let value = claims.get(claim)?.as_str()?;
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        if !(1..=64).contains(&value.len()) || !value.bytes().all(plain) {
            return None;
        }
        filled.push_str(before);
        filled.push_str(value);
        rest = after;
    }
    filled.push_str(rest);
    Some(filled)
}

/// Step 3: `aud` names us and nobody else; we trust no other audience.
pub(super) fn audience(audience: &[String], client_id: &str) -> Result<()> {
    if !audience.iter().any(|entry| entry == client_id) {
        return Err(unequal("aud", &audience.join(" "), client_id));
    }
    match audience.iter().find(|entry| *entry != client_id) {
        Some(other) => Err(invalid(&format!(
            "is meant for {:?} too",
            printable(other, 100)
        ))),
        None => Ok(()),
    }
}

/// Steps 4 and 5: `azp`, where it is there, is us.
pub(super) fn authorized_party(azp: Option<&str>, client_id: &str) -> Result<()> {
    match azp {
        Some(azp) if azp != client_id => Err(unequal("azp", azp, client_id)),
        _ => Ok(()),
    }
}

/// OIDC Core §2: 1 to 255 ASCII characters.
pub(super) fn subject(subject: &str) -> Result<()> {
    match (1..=255).contains(&subject.len()) && subject.is_ascii() {
        true => Ok(()),
        false => Err(invalid("has a sub that is not 1 to 255 ASCII characters")),
    }
}

/// Step 9: `exp` lies ahead.
pub(in crate::protocol) fn expiry(claims: &Map<String, Value>, now: i64) -> Result<()> {
    let exp = required_time(claims, "exp")?;
    match exp.saturating_add(SKEW) > now {
        true => Ok(()),
        false => Err(clock(&format!("expired {} s ago", now.saturating_sub(exp)))),
    }
}

/// Step 10: `iat` is neither ahead nor long past.
pub(super) fn issued_at(issued_at: i64, now: i64) -> Result<()> {
    let age = now.saturating_sub(issued_at);
    if age < -SKEW {
        return Err(clock(&format!("was issued {} s in the future", -age)));
    }
    if age > MAX_AGE_OF_ISSUE {
        return Err(clock(&format!("was issued {age} s ago")));
    }
    Ok(())
}

/// RFC 7519 §4.1.5: not before `nbf`.
pub(super) fn not_before(claims: &Map<String, Value>, now: i64) -> Result<()> {
    match time(claims, "nbf")? {
        Some(nbf) if nbf > now.saturating_add(SKEW) => Err(clock("is not valid yet (nbf)")),
        _ => Ok(()),
    }
}

/// Step 11: the nonce that was sent comes back.
pub(super) fn nonce(claims: &Map<String, Value>, sent: Option<&str>) -> Result<()> {
    let Some(sent) = sent else {
        return Ok(());
    };
    match text(claims, "nonce")? {
        Some(nonce) if nonce == sent => Ok(()),
        // Not shown: it is as good as the one sent.
        Some(_) => Err(invalid("has another nonce than the one sent")),
        None => Err(invalid("has no nonce")),
    }
}

/// Step 12: `acr` is one of those asked for.
pub(super) fn acr(claims: &Map<String, Value>, asked: Option<&str>) -> Result<()> {
    let Some(asked) = asked else {
        return Ok(());
    };
    let acr = text(claims, "acr")?.ok_or_else(|| invalid("has no acr, which was asked for"))?;
    match asked.split_whitespace().any(|value| value == acr) {
        true => Ok(()),
        false => Err(unequal("acr", acr, asked)),
    }
}

/// Step 13: where `max_age` was asked for, the person signed in no longer ago.
pub(super) fn auth_time(token: &IdTokenClaims, max_age: Option<u64>, now: i64) -> Result<()> {
    let Some(max_age) = max_age else {
        return Ok(());
    };
    let auth_time = token
        .auth_time
        .ok_or_else(|| invalid("has no auth_time, which max_age asks for"))?;
    let age = now.saturating_sub(auth_time);
    if age < -SKEW {
        return Err(clock("has an auth_time in the future"));
    }
    let limit = i64::try_from(max_age).unwrap_or(i64::MAX);
    if age > limit.saturating_add(SKEW) {
        return Err(invalid(&format!(
            "tells of a sign-in {age} s ago, longer than max_age {max_age}"
        )));
    }
    Ok(())
}

/// §3.1.3.6: where it is there, `at_hash` is the left half of the access token's hash.
pub(super) fn at_hash(
    claims: &Map<String, Value>,
    algorithm: Algorithm,
    access_token: Option<&Secret>,
) -> Result<()> {
    let (Some(at_hash), Some(access_token)) = (text(claims, "at_hash")?, access_token) else {
        return Ok(());
    };
    let hash = signature::hash(algorithm, access_token.expose().as_bytes());
    let half = &hash.as_ref()[..hash.as_ref().len() / 2];
    match URL_SAFE_NO_PAD.encode(half) == at_hash {
        true => Ok(()),
        false => Err(invalid(
            "has an at_hash that belongs to another access token",
        )),
    }
}

/// §12.2: same issuer, person, audience, party and time of sign-in.
pub(super) fn same_person(token: &IdTokenClaims, before: &IdTokenClaims) -> Result<()> {
    if token.issuer != before.issuer {
        return Err(unequal("iss", &token.issuer, &before.issuer));
    }
    if token.subject != before.subject {
        return Err(unequal("sub", &token.subject, &before.subject));
    }
    let sorted = |audience: &[String]| {
        let mut audience = audience.to_vec();
        audience.sort();
        audience
    };
    if sorted(&token.audience) != sorted(&before.audience) {
        let (now, then) = (token.audience.join(" "), before.audience.join(" "));
        return Err(unequal("aud", &now, &then));
    }
    if let (Some(azp), Some(then)) = (&token.authorized_party, &before.authorized_party)
        && azp != then
    {
        return Err(unequal("azp", azp, then));
    }
    if let (Some(now), Some(then)) = (token.auth_time, before.auth_time)
        && now != then
    {
        return Err(invalid("has another auth_time than the one before it"));
    }
    Ok(())
}

/// §12.2: its `iat` is when it was issued, which cannot be before the one it replaces.
pub(super) fn not_before_the_one_before(
    token: &IdTokenClaims,
    before: &IdTokenClaims,
) -> Result<()> {
    match token.issued_at < before.issued_at {
        true => Err(clock("was issued before the one it replaces")),
        false => Ok(()),
    }
}
