//! Layers over each other: preset < file < environment < flags, each value remembering its origin.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::{Origin, Registration};

/// Where each key (`issuer`) and each entry of a map (`variables.tenant`) came from.
pub type Origins = BTreeMap<Cow<'static, str>, Origin>;

/// Lists every key of [`Registration`] once: keys of one value, then maps of strings.
macro_rules! with_every_key {
    ($($single:ident)*; $($map:ident)*) => {
        /// Every key of a service table.
        pub const KEYS: &[&str] = &[$(stringify!($single),)* $(stringify!($map),)*];

        /// Keys that are maps of strings.
        pub const MAPS: &[&str] = &[$(stringify!($map),)*];

        /// Puts `layer` on top. An entry of a map that is empty text takes the entry below away.
        pub fn overlay(
            values: &mut Registration,
            origins: &mut Origins,
            layer: Registration,
            origin_of: &dyn Fn(&str) -> Origin,
        ) {
            $(if layer.$single.is_some() {
                values.$single = layer.$single;
                origins.insert(Cow::Borrowed(stringify!($single)), origin_of(stringify!($single)));
            })*
            $(for (entry, value) in layer.$map {
                let key = format!("{}.{entry}", stringify!($map));
                if value.is_empty() {
                    values.$map.remove(&entry);
                    origins.remove(key.as_str());
                } else {
                    values.$map.insert(entry, value);
                    let origin = origin_of(&key);
                    origins.insert(Cow::Owned(key), origin);
                }
            })*
        }
    };
}

with_every_key! {
    provider issuer server_metadata_url issuer_template authorization_endpoint token_endpoint
    refresh_endpoint device_authorization_endpoint revocation_endpoint introspection_endpoint
    userinfo_endpoint end_session_endpoint registration_endpoint jwks_uri client_id client_secret
    token_endpoint_auth_method grant grant_types_supported code_challenge_methods_supported
    response_mode id_token_signed_response_alg scope scope_separator resource api_base_url capture
    audience insecure_api redirect redirect_port redirect_path redirect_uri dialect pagination;
    variables authorization_parameters token_parameters api_headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_keys_is_the_struct() {
        let error = toml::from_str::<Registration>("no_such_key = 1").unwrap_err();
        for key in KEYS {
            assert!(error.message().contains(&format!("`{key}`")), "{key}");
        }
        assert_eq!(
            error.message().matches('`').count(),
            2 * (KEYS.len() + 1),
            "a key of Registration is missing from the merge: {}",
            error.message()
        );
    }

    #[test]
    fn later_layers_win_and_maps_are_merged_entry_by_entry() {
        let mut values = Registration::default();
        let mut origins = Origins::new();
        let preset: Registration = toml::from_str(
            "issuer = 'https://a.example'\nauthorization_parameters = { a = '1', b = '2' }",
        )
        .unwrap();
        let file: Registration =
            toml::from_str("client_id = 'c'\nauthorization_parameters = { b = '', d = '4' }")
                .unwrap();
        overlay(&mut values, &mut origins, preset, &|_| {
            Origin::Preset("p".into())
        });
        overlay(&mut values, &mut origins, file, &|_| Origin::File);
        assert_eq!(values.issuer.as_deref(), Some("https://a.example"));
        let parameters: Vec<_> = values.authorization_parameters.into_iter().collect();
        assert_eq!(
            parameters,
            [("a".into(), "1".into()), ("d".into(), "4".into())]
        );
        assert_eq!(origins["issuer"], Origin::Preset("p".into()));
        assert_eq!(origins["client_id"], Origin::File);
        assert_eq!(origins["authorization_parameters.d"], Origin::File);
        assert!(!origins.contains_key("authorization_parameters.b"));
    }
}
