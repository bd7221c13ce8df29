//! A session from a token that the person has already (`login --with-token`).

use serde_json::json;

use super::record::VERSION;
use super::sign_in::store;
use super::{Record, account};
use crate::dialect;
use crate::error::{Code, Error, Result};
use crate::grant::{Client, token_set, userinfo};
use crate::port::Ports;
use crate::protocol::token::TokenSet;
use crate::secret::Secret;
use crate::service::Service;
use crate::service::registration::Grant;
