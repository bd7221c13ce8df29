//! What the tests of this room have in common.

use crate::service::registration::ClientAuthenticationMethod;
use crate::service::{Registration, Service};

/// The service of [`super::record::sample`].
pub fn service() -> Service {
    let text = |text: &str| Some(text.to_owned());
    Service {
        name: "work".into(),
        account: None,
        values: Registration {
            issuer: text("https://as.example"),
            authorization_endpoint: text("https://as.example/authorize"),
            token_endpoint: text("https://as.example/token"),
            jwks_uri: text("https://as.example/jwks"),
            client_id: text("client"),
            token_endpoint_auth_method: Some(ClientAuthenticationMethod::None),
            scope: Some(vec!["openid".into(), "read".into()]),
            api_base_url: text("https://api.example/v1/"),
            ..Registration::default()
        },
        origins: Default::default(),
        variables: Default::default(),
    }
}
