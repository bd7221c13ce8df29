//! The protocol rooms: one file per exchange, pure values in and out.
//!
//! Only what the `oauth2` crate lacks or cannot do; the standard token exchanges run through
//! that crate in `grant/`.

pub mod authorization_request;
pub mod authorization_response;
pub mod bearer;
pub mod client_authentication;
pub mod device_authorization;
pub mod endpoint;
pub mod id_token;
pub mod introspection;
pub mod json;
pub mod jwk;
pub mod jwt;
pub mod metadata;
pub mod number;
pub mod registration;
pub mod resource_metadata;
pub mod signature;
pub mod token;
pub mod userinfo;

#[cfg(test)]
pub mod test_keys;
