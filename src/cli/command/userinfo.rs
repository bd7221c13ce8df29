//! `hallpass userinfo`.

use serde_json::Value;

use crate::cli::context::Context;
use crate::cli::output;
use crate::error::{Code, Result};
use crate::grant::{Client, userinfo};
use crate::session::Record;
use crate::session::access_token::{Renew, Wanted, access_token};

/// Show who is signed in (OpenID Connect UserInfo)
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  hallpass userinfo google
  hallpass userinfo work@ada | jq -r .email")]
pub struct Args {
    /// Service, or SERVICE@ACCOUNT
    service: String,
}

/// Runs it.
pub fn run(cx: &Context, args: Args) -> Result<()> {
    let service = cx.service(&args.service)?;
    let ports = cx.ports();
    let members = cx.block_on(async {
        let mut access = access_token(&ports, &service, &Wanted::default()).await?;
        let client = Client::prepare(&ports, &service).await?;
        let endpoint = client.endpoint("userinfo_endpoint")?;
        let ask = async |record: &Record| {
            let (token, subject) = (&record.token, record.subject.as_deref());
            userinfo::fetch(&ports, &endpoint, token, subject, Some(&client)).await
        };
        match ask(&access.record).await {
            // The token may have ended early: renewed once, asked once more (must 67).
            Err(error) if error.code() == Code::LoginRequired => {
                let refused = access.record.token.access_token.clone();
                let wanted = Wanted {
                    renew: Renew::IfStill(refused),
                    ..Wanted::default()
                };
                access = access_token(&ports, &service, &wanted).await?;
                ask(&access.record).await
            }
            other => other,
        }
    })?;
    output::json(&Value::Object(members))
}
