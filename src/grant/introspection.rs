//! Token introspection (RFC 7662): what the server says of a token.

use std::time::Duration;

use http::header;

use super::Client;
use super::revocation::Hint;
use crate::dialect;
use crate::error::Result;
use crate::port::{Ports, UnixTime};
use crate::protocol::introspection::{self, Introspection};
use crate::secret::Secret;
use crate::transport::retry::http_date;
use crate::transport::{Limits, exchange};

/// What the server said, and when by its own clock.
#[derive(Debug)]
pub struct Told {
    pub introspection: Introspection,
    /// `Date` of the answer.
    pub date: Option<UnixTime>,
}

impl Told {
    /// Seconds that an active token has left, counted by the server's clock where it shows one.
    pub fn lifetime(&self, now: UnixTime) -> Option<u64> {
        let end = self.introspection.expires_at?;
        let left = end.saturating_sub(self.date.unwrap_or(now));
        u64::try_from(left).ok().filter(|left| *left > 0)
    }
}

/// Asks the introspection endpoint about one token, as the client, and waits for `patience`.
///
/// `ServiceIncomplete` where the server has no such endpoint, `ServerRefused` where it does not
/// answer this client.
pub async fn introspect(
    ports: &Ports<'_>,
    client: &Client,
    token: &Secret,
    hint: Hint,
    patience: Duration,
) -> Result<Told> {
    let endpoint = client.endpoint("introspection_endpoint")?;
    let request = introspection::request(&endpoint, token, Some(hint.as_str()))?;
    let request = client.authenticate()?.apply(request)?;
    let request = dialect::token_request(client.service.dialect(), request)?;
    let limits = Limits {
        deadline: patience,
        ..Limits::default()
    };
    let response = exchange(ports, request, limits).await?;
    if !response.status().is_success() {
        let error = dialect::error_response(&response);
        return Err(dialect::refused("the introspection endpoint", error));
    }
    let date = response.headers().get(header::DATE);
    Ok(Told {
        introspection: introspection::read(&response)?,
        date: date.and_then(|date| http_date(date.to_str().ok()?)),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::error::Code;
    use crate::grant::testing::{client, code};
    use crate::port::fake::{Answer, World, block_on};

    fn asked(world: &World, endpoint: Option<&str>) -> Result<Told> {
        let mut client = client();
        client.metadata.introspection_endpoint = endpoint.map(str::to_owned);
        let token = Secret::from("at");
        block_on(introspect(
            &world.ports(),
            &client,
            &token,
            Hint::AccessToken,
            Duration::from_secs(5),
        ))
    }

    const ENDPOINT: Option<&str> = Some("https://as.example/introspect");

    #[test]
    fn the_client_asks_about_the_token_and_names_itself() {
        let world = World::new();
        let answer = json!({"active": true, "exp": 1_800_000_100});
        world.http.push(Answer::json(200, &answer));
        let told = asked(&world, ENDPOINT).unwrap();
        assert!(told.introspection.active);
        assert_eq!(told.lifetime(1_800_000_000), Some(100));
        let form = world.http.form(0);
        for (name, value) in [
            ("token", "at"),
            ("token_type_hint", "access_token"),
            ("client_id", "cli"),
        ] {
            assert!(form.contains(&(name.into(), value.into())), "{name}");
        }
    }

    #[test]
    fn what_is_left_is_counted_by_the_servers_clock() {
        let date = [("date", "Sun, 06 Nov 1994 08:49:37 GMT")];
        let lifetime = |end: i64| {
            let world = World::new();
            let body = json!({"active": true, "exp": end}).to_string();
            world.http.push(Answer::response(200, &date, body));
            asked(&world, ENDPOINT).unwrap().lifetime(1_800_000_000)
        };
        assert_eq!(lifetime(784_111_777 + 600), Some(600));
        assert_eq!(lifetime(784_111_777), None);
        assert_eq!(lifetime(i64::MIN), None);
    }

    #[test]
    fn refusals_and_trouble_are_told_apart() {
        for (status, body, expected) in [
            (401, "{\"error\":\"invalid_client\"}", Code::ServerRefused),
            (403, "", Code::ServerRefused),
            (503, "", Code::TransportFailed),
            (200, "<html>", Code::ResponseInvalid),
        ] {
            let world = World::new();
            let answer = Answer::new(status, "application/json", body);
            world.http.push(answer);
            assert_eq!(code(asked(&world, ENDPOINT)), expected, "{status}");
        }
        let world = World::new();
        assert_eq!(code(asked(&world, None)), Code::ServiceIncomplete);
        assert!(asked(&world, Some("http://as.example/introspect")).is_err());
        assert_eq!(world.http.count(), 0);
    }
}
