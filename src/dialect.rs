//! The border between what a server says and what the RFCs say.

use serde::{Deserialize, Serialize};

/// One deviation of one server; each variant names the provider and the evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Switch {
    /// GitHub, Strava, Slack: granted scope comes back comma-separated.
    /// <https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps>
    CommaScopes,
}
