//! The journey itself, through the same functions as the real commands.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::story::{Audience, say, seconds, step, wire};
use crate::cli::context::Context;
use crate::cli::context::demo::Stage;
use crate::demo::{CLIENT_ID, Consent};
use crate::error::{Code, Error, Result};
use crate::grant::authorization_code::Options;
use crate::grant::{Client, userinfo};
use crate::port::Ports;
use crate::service::{Configuration, Registration, Service};
use crate::session::access_token::Renew;
use crate::session::sign_in::{Flow, sign_in};
use crate::session::{Record, Wanted, access_token, sign_out::sign_out};

/// Seconds that the demo's access tokens live.
const LIFETIME: u64 = 3600;
/// How long a person may look at the consent page; nobody is slower than that.
const PATIENCE: Duration = Duration::from_secs(300);
/// How long the demo waits for itself.
const PATIENCE_WITH_ITSELF: Duration = Duration::from_secs(20);

/// One run of the demo.
struct Journey<'a> {
    stage: &'a Stage,
    ports: Ports<'a>,
    service: Service,
    browser: bool,
}

/// Tells the whole story; fails where any step did not really work.
pub fn run(cx: &Context, browser: bool) -> Result<()> {
    let begun = Instant::now();
    let stage = Stage::open(None, Consent::Ask, LIFETIME)?;
    let ports = cx.ports();
    let audience = Audience { ui: ports.ui };
    let journey = Journey {
        ports: stage.ports(cx, &audience, browser),
        service: service(&stage.issuer)?,
        stage: &stage,
        browser,
    };
    cx.block_on(journey.tell())?;
    say("")?;
    say(&match browser {
        true => "Everything worked, and nothing of it is left on this machine.".to_owned(),
        false => format!(
            "Everything worked, in {}, and nothing of it is left on this machine.",
            seconds(begun.elapsed())
        ),
    })?;
    say("Next, with a service of yours:  hallpass login google")
}

/// The service as config.toml would describe it.
fn service(issuer: &str) -> Result<Service> {
    let text = format!(
        "[service.demo]\nissuer = \"{issuer}\"\nclient_id = \"{CLIENT_ID}\"\n\
         scope = [\"openid\", \"profile\", \"email\", \"offline_access\", \"notes:read\"]\n\
         api_base_url = \"{issuer}/api/\"\n"
    );
    Configuration::parse(&text, "the demo's configuration")?.resolve(
        "demo",
        &|_| None,
        &Registration::default(),
    )
}

impl Journey<'_> {
    async fn tell(&self) -> Result<()> {
        self.introduce()?;
        let record = self.sign_in().await?;
        self.ask_who(&record).await?;
        self.call().await?;
        let renewed = self.expire(&record).await?;
        self.refuse(&renewed).await?;
        self.sign_out().await
    }

    fn introduce(&self) -> Result<()> {
        say("")?;
        say("The whole journey of hallpass, on this machine only: an authorization server and")?;
        say(&format!("an API run inside this program at {}.", self.stage.issuer))?;
        say("> is what hallpass sends, < what comes back; secrets are shortened to their start.")
    }

    async fn sign_in(&self) -> Result<Record> {
        step(1, "Sign in: authorization code with PKCE, caught on a loopback port")?;
        say(match self.browser {
            true => "Your browser opens the consent page: press Allow.",
            false => "No browser here, so the demo reads the consent page and presses Allow itself.",
        })?;
        let options = Options {
            deadline: match self.browser {
                true => PATIENCE,
                false => PATIENCE_WITH_ITSELF,
            },
            ..Options::default()
        };
        let record = sign_in(&self.ports, &self.service, Flow::Browser, &options).await?;
        self.wire()?;
        require(record.subject.is_some(), "an ID Token was checked")?;
        require(
            record.token.refresh_token.is_some(),
            "a refresh token was given",
        )?;
        say(&format!(
            "Signed in as {}. The ID Token's signature, issuer, audience, nonce, times and at_hash \
             are right.",
            record.account
        ))?;
        Ok(record)
    }

    async fn ask_who(&self, record: &Record) -> Result<()> {
        step(2, "Ask who that is: OpenID Connect UserInfo")?;
        let client = Client::prepare(&self.ports, &self.service).await?;
        let subject = record.subject.as_deref();
        let claims = userinfo::fetch(&self.ports, &client, &record.token, subject).await?;
        self.wire()?;
        require(claims.contains_key("email"), "UserInfo names an email")
    }

    async fn call(&self) -> Result<()> {
        step(3, "Call the API: hallpass call demo notes")?;
        let notes = self.get("notes").await?;
        self.wire()?;
        let notes = notes.as_array().map_or(0, Vec::len);
        require(notes > 0, "the API gave notes")?;
        say(&format!("{notes} notes came. There was no token to copy or paste."))
    }

    /// The token's time runs out, and the next call renews it first.
    async fn expire(&self, before: &Record) -> Result<Record> {
        step(4, "An hour passes: the access token expires and is renewed by itself")?;
        self.stage
            .let_pass(i64::try_from(LIFETIME).unwrap_or(i64::MAX));
        self.get("me").await?;
        self.wire()?;
        let access = access_token(&self.ports, &self.service, &Wanted::default()).await?;
        let (old, new) = (&before.token, &access.record.token);
        require(old.access_token != new.access_token, "the token is new")?;
        require(
            old.refresh_token != new.refresh_token,
            "the refresh token rotated",
        )?;
        say("The refresh token was used once and replaced; the clock was only moved for this demo.")?;
        Ok(access.record)
    }

    /// The API takes a token back although its time is not up.
    async fn refuse(&self, before: &Record) -> Result<()> {
        step(5, "The API refuses a token too early: renewed once, and the call repeated")?;
        self.stage.provider(|p| p.forget_access_tokens())?;
        self.get("me").await?;
        self.wire()?;
        let wanted = Wanted {
            renew: Renew::IfStale,
            ..Wanted::default()
        };
        let access = access_token(&self.ports, &self.service, &wanted).await?;
        require(
            access.record.token.access_token != before.token.access_token,
            "the refused token was replaced",
        )
    }

    async fn sign_out(&self) -> Result<()> {
        step(6, "Sign out: revoked at the server, forgotten here")?;
        let access = access_token(&self.ports, &self.service, &Wanted::default()).await?;
        let out = sign_out(&self.ports, &self.service).await?;
        self.wire()?;
        require(
            out.revoked.contains(&"refresh_token") && out.not_revoked.is_none(),
            "the server confirmed the revocation",
        )?;
        let live = self.stage.provider(|p| p.live_refresh_tokens())?;
        require(live == 0, "no refresh token is left alive")?;
        let again = access_token(&self.ports, &self.service, &Wanted::default()).await;
        require(
            again.is_err_and(|error| error.code() == Code::LoginRequired),
            "the session is gone here",
        )?;
        say("Proof: the API is asked once more with the token from before.")?;
        let status = self.status_with(&access).await?;
        self.wire()?;
        require(status == 401, "the old access token is dead")
    }

    /// What went over the wire since the last step.
    fn wire(&self) -> Result<()> {
        wire(&self.stage.provider(|p| p.take_journal())?)
    }
}

/// A step that did not do what it says is an error of the program.
fn require(fact: bool, what: &str) -> Result<()> {
    match fact {
        true => Ok(()),
        false => Err(Error::new(
            Code::Internal,
            format!("the demo went wrong: not true that {what}"),
        )),
    }
}
