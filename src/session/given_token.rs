//! A session from a token that the person has already (`login --with-token`).

use serde_json::{Map, Value};

use super::record::{Binding, VERSION};
use super::sign_in::{name_account, store};
use super::{Record, person};
use crate::error::{Code, Result};
use crate::grant::{given_token, userinfo};
use crate::port::Ports;
use crate::protocol::metadata::check_endpoint;
use crate::protocol::token::TokenSet;
use crate::secret::Secret;
use crate::service::Service;
use crate::service::registration::Grant;

/// Keeps the token as the service's session.
///
/// Where the service names its UserInfo endpoint the token is tried there, which also names the
/// account. An ID Token beside it is not kept: nobody can say whom it was for.
pub async fn keep(ports: &Ports<'_>, service: &Service, text: &Secret) -> Result<Record> {
    let token = TokenSet {
        id_token: None,
        ..given_token(service, text)?
    };
    ports.store.probe()?;
    let userinfo = ask(ports, service, &token).await?;
    let values = &service.values;
    let now = ports.clock.now();
    let record = Record {
        version: VERSION,
        generation: 0,
        binding: Binding {
            issuer: values.issuer.clone(),
            server_metadata_url: values.server_metadata_url.clone(),
            token_endpoint: values.token_endpoint.clone().unwrap_or_default(),
            client_id: values.client_id.clone().unwrap_or_default(),
            resource: service.resource().to_vec(),
        },
        account: String::new(),
        subject: None,
        person: userinfo.as_ref().and_then(person::of),
        grant: Grant::AuthorizationCode,
        requested_scope: token.scope.clone().unwrap_or_default(),
        token,
        received_at: now,
        signed_in_at: now,
        captured: Default::default(),
        refreshing: None,
    };
    let account = match &service.account {
        Some(account) => account.clone(),
        None => name_account(ports, &service.name, &record, None, userinfo.as_ref()),
    };
    store(ports, service, Record { account, ..record })
}

/// What UserInfo says of the person, where the service names its endpoint.
async fn ask(
    ports: &Ports<'_>,
    service: &Service,
    token: &TokenSet,
) -> Result<Option<Map<String, Value>>> {
    let Some(endpoint) = &service.values.userinfo_endpoint else {
        return Ok(None);
    };
    let endpoint = check_endpoint("userinfo_endpoint", endpoint)?;
    match userinfo::fetch(ports, &endpoint, token, None, None).await {
        Ok(members) => Ok(Some(members)),
        // A token that is refused is not worth keeping.
        Err(error) if error.code() == Code::LoginRequired => Err(error),
        Err(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::grant::testing::{code, service};
    use crate::port::fake::{Answer, World, block_on};

    fn kept(world: &World, service: &Service, text: &str) -> Result<Record> {
        block_on(keep(&world.ports(), service, &Secret::from(text)))
    }

    #[test]
    fn a_bare_token_and_a_token_response_are_taken() {
        let world = World::new();
        let record = kept(&world, &service(), "ghp_abc\n").unwrap();
        assert_eq!(record.token.access_token.expose(), "ghp_abc");
        assert_eq!(record.account, "default");
        record.binding.check(&service()).unwrap();
        let json = json!({
            "access_token": "a", "token_type": "bearer", "refresh_token": "r", "expires_in": "60",
            "id_token": "h.p.s",
        });
        let record = kept(&world, &service(), &json.to_string()).unwrap();
        assert_eq!(record.token.refresh_token.unwrap().expose(), "r");
        assert_eq!(record.token.expires_in, Some(60));
        assert_eq!(record.token.id_token, None);
        assert_eq!(world.http.count(), 0);
    }

    #[test]
    fn what_is_no_token_is_refused_without_being_shown() {
        let world = World::new();
        for text in ["", "two words", "{\"access_token\":", "SECRET\u{7f}"] {
            let error = kept(&world, &service(), text).unwrap_err();
            assert_eq!(error.code(), Code::Usage, "{text:?}");
            assert!(!format!("{error:?}").contains("SECRET"));
        }
        assert!(world.store.entries.borrow().is_empty());
    }

    #[test]
    fn the_token_is_tried_where_that_is_possible() {
        let world = World::new();
        let mut service = service();
        service.values.userinfo_endpoint = Some("https://api.example/user".into());
        world
            .http
            .push(Answer::json(200, &json!({"login": "octocat"})));
        assert_eq!(kept(&world, &service, "t").unwrap().account, "octocat");
        world.http.push(Answer::new(401, "text/plain", ""));
        assert_eq!(code(kept(&world, &service, "t")), Code::LoginRequired);
        world.http.push(Answer::new(503, "text/plain", ""));
        assert_eq!(kept(&world, &service, "t").unwrap().account, "default");
    }

    /// A personal access token needs no client.
    #[test]
    fn a_service_without_a_client_can_hold_a_token() {
        let world = World::new();
        let mut service = service();
        service.values.client_id = None;
        let record = kept(&world, &service, "t").unwrap();
        record.binding.check(&service).unwrap();
    }
}
