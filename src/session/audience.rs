//! Which origins may see a service's token: only what a preset or the person named.

use crate::error::Result;
use crate::service::{Origin, Service};
use crate::transport::Audience;

/// The origin of `api_base_url` and the `audience` patterns, each with where it came from.
///
/// What a sign-in captured is not asked: an `api_base_url` that it fills must lie within the
/// patterns, which the credential checks at every request.
pub fn of(service: &Service) -> Result<Audience> {
    collect(service, |_| true)
}

/// The same for a token from the environment: whoever sets variables gives the token, but does
/// not choose where it goes.
pub fn of_environment_token(service: &Service) -> Result<Audience> {
    collect(service, |origin| !matches!(origin, Origin::Environment(_)))
}

fn collect(service: &Service, counts: impl Fn(&Origin) -> bool) -> Result<Audience> {
    let mut audience = Audience::default();
    for (pattern, origin) in service.allowed_origins() {
        if counts(&origin) {
            audience.allow(&pattern, &origin.to_string())?;
        }
    }
    Ok(audience)
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;
    use crate::session::testing::service;

    fn allows(audience: &Audience, url: &str) -> bool {
        audience.allows(&Url::parse(url).unwrap())
    }

    #[test]
    fn base_url_and_patterns_with_where_they_came_from() {
        let mut service = service();
        service.values.audience = Some(vec!["https://*.files.example".into()]);
        let preset = Origin::Preset("work".into());
        service.origins.insert("audience".into(), preset);
        let audience = of(&service).unwrap();
        assert!(allows(&audience, "https://api.example/v1/x"));
        assert!(allows(&audience, "https://eu.files.example/x"));
        assert!(!allows(&audience, "https://evil.example/"));
        let from: Vec<_> = audience.origins.iter().map(|o| o.from.as_str()).collect();
        assert_eq!(from, ["config.toml", "preset work"]);
    }

    #[test]
    fn a_captured_base_url_widens_nothing() {
        let mut service = service();
        service.values.api_base_url = Some("https://{instance}/services/".into());
        service.values.audience = Some(vec!["https://*.sales.example".into()]);
        let audience = of(&service).unwrap();
        assert!(allows(&audience, "https://na1.sales.example/services/"));
        assert!(!allows(&audience, "https://evil.example/services/"));
    }

    #[test]
    fn a_token_from_the_environment_goes_nowhere_that_the_environment_names() {
        let mut service = service();
        let variable = Origin::Environment("HALLPASS_WORK_API_BASE_URL".into());
        service.origins.insert("api_base_url".into(), variable);
        assert!(allows(&of(&service).unwrap(), "https://api.example/"));
        let audience = of_environment_token(&service).unwrap();
        assert!(audience.origins.is_empty());
    }
}
