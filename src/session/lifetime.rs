//! How long an access token lives whose server does not say so (RFC 6749 §5.1 only recommends
//! `expires_in`): the server is asked at receipt, where it offers introspection (RFC 7662).

use std::time::Duration;

use crate::grant::Client;
use crate::grant::introspection::introspect;
use crate::grant::revocation::Hint;
use crate::port::Ports;
use crate::protocol::token::TokenSet;

/// Nobody waits longer for it: without it the token is used until an API refuses it.
const PATIENCE: Duration = Duration::from_secs(3);

/// Seconds that the token lives, where the answer did not say so and the server does now. What
/// goes wrong costs only the knowledge.
pub async fn learn(ports: &Ports<'_>, client: &Client, token: &TokenSet) -> Option<u64> {
    if token.expires_in.is_some() || client.metadata.introspection_endpoint.is_none() {
        return None;
    }
    let (token, hint) = (&token.access_token, Hint::AccessToken);
    let why = match introspect(ports, client, token, hint, PATIENCE).await {
        Ok(told) if told.introspection.active => match told.lifetime(ports.clock.now()) {
            Some(lifetime) => return Some(lifetime),
            None => "introspection names no end".to_owned(),
        },
        Ok(_) => "introspection does not know it".to_owned(),
        Err(error) => error.to_string(),
    };
    ports.ui.trace(&format!(
        "* when the access token ends stays unknown: {why}"
    ));
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::port::Clock;
    use crate::port::fake::{Answer, World, block_on};
    use crate::session::record::sample;
    use crate::session::testing::service;

    const NOW: i64 = 1_800_000_000;

    fn learnt(world: &World, expires_in: Option<u64>, offered: bool) -> Option<u64> {
        let mut service = service();
        if offered {
            let endpoint = "https://as.example/introspect".to_owned();
            service.values.introspection_endpoint = Some(endpoint);
        }
        let ports = world.ports();
        let client = block_on(Client::prepare(&ports, &service)).unwrap();
        let mut token = sample().token;
        token.expires_in = expires_in;
        block_on(learn(&ports, &client, &token))
    }

    #[test]
    fn the_server_is_asked_only_where_it_can_be_and_has_not_said() {
        let world = World::new();
        assert_eq!(learnt(&world, Some(60), true), None);
        assert_eq!(learnt(&world, None, false), None);
        assert_eq!(world.http.count(), 0);
        let answer = json!({"active": true, "exp": NOW + 900});
        world.http.push(Answer::json(200, &answer));
        assert_eq!(learnt(&world, None, true), Some(900));
    }

    #[test]
    fn whatever_goes_wrong_costs_only_the_knowledge_and_little_time() {
        let answers = [
            Answer::json(200, &json!({"active": false})),
            Answer::json(200, &json!({"active": true})),
            Answer::json(200, &json!({"active": true, "exp": NOW - 1})),
            Answer::new(401, "text/html", "<html>"),
            Answer::new(200, "text/html", "<html>"),
            Answer::Never,
        ];
        for answer in answers {
            let world = World::new();
            world.http.push(answer);
            assert_eq!(learnt(&world, None, true), None);
            assert!(world.clock.now() - NOW <= 3);
        }
    }
}
