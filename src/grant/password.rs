//! Resource owner password credentials (RFC 6749 §4.3): only for a service that says
//! `grant = "password"`, and with a warning. RFC 9700 §2.4 forbids it to everybody else.

use oauth2::{ResourceOwnerPassword, ResourceOwnerUsername, Scope};

use super::authorization_code::Options;
use super::oauth2_client::{Failure, Wire, oauth2};
use super::{Client, SignedIn, id_token};
use crate::error::Result;
use crate::port::Ports;
use crate::protocol::token::TokenSet;
use crate::secret::Secret;
use crate::transport::retry::Safety;

/// Asks for name and password, spends them once and keeps neither.
pub async fn sign_in(ports: &Ports<'_>, client: &Client, options: &Options) -> Result<SignedIn> {
    let service = &client.service.name;
    ports.ui.warn(&format!(
        "{service} takes your password itself (grant = \"password\"): hallpass sees it, and so \
         could anything in its place; prefer a server with a sign-in page"
    ));
    let username = ports.ui.ask("User name:", "a terminal")?;
    let password = ports.ui.ask_secret("Password:", "a terminal")?;
    let wire = Wire::new(ports, client, Some(Safety::Once));
    let token = spend(&wire, client, options, username, password)
        .await
        .map_err(Failure::into_error)?;
    let wanted = id_token::Wanted {
        required: options.scope(client).iter().any(|entry| entry == "openid"),
        ..id_token::Wanted::default()
    };
    let id_token = id_token::check(ports, client, &token, &wanted).await?;
    Ok(SignedIn {
        id_token,
        ..SignedIn::without_a_person(client, token)
    })
}

async fn spend(
    wire: &Wire<'_>,
    client: &Client,
    options: &Options,
    username: String,
    password: Secret,
) -> Result<TokenSet, Failure> {
    let oauth2 = oauth2(client, client.endpoint("token_endpoint")?);
    let username = ResourceOwnerUsername::new(username);
    let password = ResourceOwnerPassword::new(password.expose().clone());
    let mut request = oauth2.exchange_password(&username, &password);
    if let Some(scope) = client.joined(options.scope(client)) {
        request = request.add_scope(Scope::new(scope));
    }
    for (name, value) in client.token_parameters() {
        request = request.add_extra_param(name, value);
    }
    wire.token(request.request_async(wire).await)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::error::Code;
    use crate::grant::testing::{client, code};
    use crate::port::fake::{Answer, World, block_on};

    fn signed_in(world: &World) -> Result<SignedIn> {
        block_on(sign_in(&world.ports(), &client(), &Options::default()))
    }

    #[test]
    fn the_password_is_sent_once_with_a_warning_and_kept_nowhere() {
        let world = World::new();
        world.ui.answer(["ada", "hunter2"]);
        let token = json!({"access_token": "at", "token_type": "Bearer"});
        world.http.push(Answer::json(200, &token));
        let done = signed_in(&world).unwrap();
        assert!(!format!("{done:?}").contains("hunter2"));
        assert!(
            world
                .http
                .form(0)
                .contains(&("password".into(), "hunter2".into()))
        );
        assert_eq!(world.ui.warnings.borrow().len(), 1);
    }

    #[test]
    fn without_a_person_or_with_a_wrong_password_it_fails() {
        let world = World::new();
        assert_eq!(code(signed_in(&world)), Code::PromptNeeded);
        assert_eq!(world.http.count(), 0);
        world.ui.answer(["ada", "wrong"]);
        world
            .http
            .push(Answer::json(400, &json!({"error": "invalid_grant"})));
        assert_eq!(code(signed_in(&world)), Code::ServerRefused);
    }
}
