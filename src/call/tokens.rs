//! The credential of a run: one at a time for all its requests, renewed once for all.

use std::cell::RefCell;
use std::time::Duration;

use crate::error::Result;
use crate::port::{BoxFuture, Ports};
use crate::protocol::token::TokenType;
use crate::secret::Secret;
use crate::service::Service;
use crate::session::access_token::Renew;
use crate::session::{Access, Wanted, access_token};
use crate::transport::{AllowedOrigin, Audience, Credential};

/// Where requests get their credential.
pub trait Tokens {
    /// The credential as it is now.
    fn credential(&self) -> Credential;
    /// Gets another one in place of `refused`, unless somebody did meanwhile.
    fn renew<'a>(&'a self, refused: &'a Credential) -> BoxFuture<'a, Result<()>>;
    /// Scope of the session, where known.
    fn scope(&self) -> Vec<String>;
}

/// A stored session.
pub struct SessionTokens<'a> {
    ports: Ports<'a>,
    service: &'a Service,
    /// `--allow-origin`
    allowed: Vec<AllowedOrigin>,
    access: RefCell<Access>,
    /// Requests that run at once wait for the one that renews.
    turn: tokio::sync::Mutex<()>,
}

impl<'a> SessionTokens<'a> {
    pub fn new(
        ports: Ports<'a>,
        service: &'a Service,
        access: Access,
        allowed: Vec<AllowedOrigin>,
    ) -> Self {
        SessionTokens {
            ports,
            service,
            allowed,
            access: RefCell::new(access),
            turn: tokio::sync::Mutex::new(()),
        }
    }
}

impl Tokens for SessionTokens<'_> {
    fn credential(&self) -> Credential {
        widened(&self.access.borrow().credential, &self.allowed)
    }

    fn renew<'a>(&'a self, refused: &'a Credential) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let _turn = self.turn.lock().await;
            if self.access.borrow().credential.token() != refused.token() {
                return Ok(());
            }
            let wanted = Wanted {
                min_ttl: Duration::ZERO,
                renew: Renew::IfStill(refused.token().clone()),
                ..Wanted::default()
            };
            let access = access_token(&self.ports, self.service, &wanted).await?;
            *self.access.borrow_mut() = access;
            Ok(())
        })
    }

    fn scope(&self) -> Vec<String> {
        let access = self.access.borrow();
        let granted = access.record.token.scope.as_ref();
        granted.unwrap_or(&access.record.requested_scope).clone()
    }
}

/// Nobody is signed in and nothing will be sent: only where it could go is known.
pub struct NoTokens(pub Audience);

impl Tokens for NoTokens {
    fn credential(&self) -> Credential {
        Credential::new(Secret::from(""), TokenType::Bearer, self.0.clone())
    }

    fn renew<'a>(&'a self, _refused: &'a Credential) -> BoxFuture<'a, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn scope(&self) -> Vec<String> {
        Vec::new()
    }
}

/// The credential with the origins that the person allowed by flag.
fn widened(credential: &Credential, allowed: &[AllowedOrigin]) -> Credential {
    if allowed.is_empty() {
        return credential.clone();
    }
    let mut audience = credential.audience().clone();
    audience.extend(allowed);
    Credential::new(
        credential.token().clone(),
        credential.token_type(),
        audience,
    )
}
