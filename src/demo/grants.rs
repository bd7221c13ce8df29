//! What was granted: codes, families of refresh tokens, access tokens. One code begins one family.

use std::collections::BTreeMap;

use super::exchange::{Call, Refusal};

/// Seconds a code may wait for its exchange (RFC 6749 §4.1.2 asks for at most ten minutes).
const CODE_LIFETIME: i64 = 60;

/// What the person agreed to.
#[derive(Debug, Clone, Default)]
pub(super) struct Grant {
    pub client_id: String,
    /// `None` for a client acting for itself.
    pub subject: Option<String>,
    pub scope: Vec<String>,
    pub resource: Vec<String>,
    pub nonce: Option<String>,
    pub acr: Option<String>,
    pub auth_time: i64,
}

impl Grant {
    pub fn has(&self, scope: &str) -> bool {
        self.scope.iter().any(|s| s == scope)
    }
}

/// A code on its way.
#[derive(Debug, Clone)]
pub(super) struct IssuedCode {
    pub grant: Grant,
    pub redirect_uri: String,
    pub code_challenge: String,
    expires_at: i64,
    /// The family it began, once it was exchanged.
    used_for: Option<usize>,
}

/// All tokens that come from one sign-in; they die together.
#[derive(Debug)]
struct Family {
    grant: Grant,
    dead: bool,
    /// The one refresh token that works.
    current: Option<String>,
}

/// An access token.
#[derive(Debug, Clone)]
pub(super) struct AccessToken {
    pub grant: Grant,
    pub issued_at: i64,
    pub expires_at: i64,
    family: Option<usize>,
}

/// Everything that was handed out.
#[derive(Debug, Default)]
pub(super) struct Grants {
    codes: BTreeMap<String, IssuedCode>,
    families: Vec<Family>,
    refresh_tokens: BTreeMap<String, usize>,
    access_tokens: BTreeMap<String, AccessToken>,
}

impl Grants {
    /// A code bound to this request.
    pub fn issue_code(
        &mut self,
        call: &mut Call<'_>,
        grant: Grant,
        redirect_uri: &str,
        code_challenge: &str,
    ) -> Result<String, Refusal> {
        let code = call.token("demo_code_")?;
        let issued = IssuedCode {
            grant,
            redirect_uri: redirect_uri.into(),
            code_challenge: code_challenge.into(),
            expires_at: call.now + CODE_LIFETIME,
            used_for: None,
        };
        self.codes.insert(code.clone(), issued);
        Ok(code)
    }

    /// Looks a code up for its one exchange. Seen again, it kills what it began
    /// (RFC 6749 §4.1.2).
    pub fn code(&mut self, code: &str, now: i64) -> Result<IssuedCode, Refusal> {
        let Some(issued) = self.codes.get(code).cloned() else {
            return Err(Refusal::invalid_grant("no such code"));
        };
        if let Some(family) = issued.used_for {
            self.kill(family);
            return Err(Refusal::invalid_grant(
                "the code was used twice; what it gave is revoked",
            ));
        }
        if issued.expires_at <= now {
            return Err(Refusal::invalid_grant("the code has expired"));
        }
        Ok(issued)
    }

    /// Marks a code as exchanged for a family.
    pub fn code_used(&mut self, code: &str, family: usize) {
        if let Some(issued) = self.codes.get_mut(code) {
            issued.used_for = Some(family);
        }
    }

    /// Begins a family.
    pub fn begin(&mut self, grant: Grant) -> usize {
        self.families.push(Family {
            grant,
            dead: false,
            current: None,
        });
        self.families.len() - 1
    }

    /// A new refresh token for the family; the one before stops working.
    pub fn issue_refresh_token(
        &mut self,
        call: &mut Call<'_>,
        family: usize,
    ) -> Result<String, Refusal> {
        let token = call.token("demo_rt_")?;
        self.refresh_tokens.insert(token.clone(), family);
        self.families[family].current = Some(token.clone());
        Ok(token)
    }

    /// The family of a refresh token that may be used now. One that was replaced before is a
    /// sign of theft: the whole family dies (RFC 9700 §4.14.2).
    pub fn refresh(&mut self, token: &str, client_id: &str) -> Result<(usize, Grant), Refusal> {
        let Some(&family) = self.refresh_tokens.get(token) else {
            return Err(Refusal::invalid_grant("no such refresh token"));
        };
        let found = &self.families[family];
        if found.grant.client_id != client_id {
            return Err(Refusal::invalid_grant(
                "the refresh token belongs to another client",
            ));
        }
        if found.dead {
            return Err(Refusal::invalid_grant("the session was revoked"));
        }
        if found.current.as_deref() != Some(token) {
            self.kill(family);
            return Err(Refusal::invalid_grant(
                "the refresh token was used twice; the session is revoked",
            ));
        }
        Ok((family, self.families[family].grant.clone()))
    }

    /// A new access token.
    pub fn issue_access_token(
        &mut self,
        call: &mut Call<'_>,
        grant: Grant,
        family: Option<usize>,
        lifetime: u64,
    ) -> Result<String, Refusal> {
        let token = call.token("demo_at_")?;
        let issued = AccessToken {
            grant,
            issued_at: call.now,
            expires_at: call.now + i64::try_from(lifetime).unwrap_or(i64::MAX / 2),
            family,
        };
        self.access_tokens.insert(token.clone(), issued);
        Ok(token)
    }

    /// The access token, while it works.
    pub fn access_token(&self, token: &str, now: i64) -> Option<&AccessToken> {
        let found = self.access_tokens.get(token)?;
        let dead = found.family.is_some_and(|f| self.families[f].dead);
        (!dead && found.expires_at > now).then_some(found)
    }

    /// The grant of a refresh token that still works.
    pub fn live_refresh_token(&self, token: &str) -> Option<&Grant> {
        let family = &self.families[*self.refresh_tokens.get(token)?];
        (!family.dead && family.current.as_deref() == Some(token)).then_some(&family.grant)
    }

    /// Revokes a token of this client: a refresh token with its whole family, an access token
    /// alone (RFC 7009 §2.1). Unknown ones and those of others are left as they are.
    pub fn revoke(&mut self, token: &str, client_id: &str) {
        if let Some(&family) = self.refresh_tokens.get(token) {
            if self.families[family].grant.client_id == client_id {
                self.kill(family);
            }
        } else if self
            .access_tokens
            .get(token)
            .is_some_and(|found| found.grant.client_id == client_id)
        {
            self.access_tokens.remove(token);
        }
    }

    pub fn forget_access_tokens(&mut self) {
        self.access_tokens.clear();
    }

    pub fn live_refresh_tokens(&self) -> usize {
        self.families
            .iter()
            .filter(|family| !family.dead && family.current.is_some())
            .count()
    }

    fn kill(&mut self, family: usize) {
        self.families[family].dead = true;
    }
}
