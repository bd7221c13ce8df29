//! The journey itself, through the same functions as the real commands.

use std::time::Duration;

use super::api::{ask_with, call};
use super::story::{Audience, Story, seconds};
use crate::cli::context::Context;
use crate::cli::context::demo::Stage;
use crate::demo::{CLIENT_ID, Consent};
use crate::error::{Code, Error, Result};
use crate::grant::authorization_code::Options;
use crate::grant::{Client, userinfo};
use crate::port::Ports;
use crate::service::{Configuration, Registration, Service};
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
    story: Story,
    cx: &'a Context,
    stage: &'a Stage,
    ports: Ports<'a>,
    service: Service,
    browser: bool,
}

/// Tells the whole story; fails where any step did not really work.
pub fn run(cx: &Context, browser: bool) -> Result<()> {
    let clock = cx.ports().clock;
    let begun = clock.steady_millis();
    let stage = Stage::open(None, Consent::Ask, LIFETIME)?;
    let ports = cx.ports();
    let story = Story {
        colour: cx.stdout().colour,
    };
    let audience = Audience {
        story,
        browser,
        ui: ports.ui,
    };
    let journey = Journey {
        story,
        cx,
        ports: stage.ports(cx, &audience, browser),
        service: service(&stage.issuer)?,
        stage: &stage,
        browser,
    };
    cx.block_on(journey.tell())?;
    story.say("")?;
    story.say(&match browser {
        true => "Everything worked, and nothing of it is left on this machine.".to_owned(),
        false => format!(
            "Everything worked, in {}, and nothing of it is left on this machine.",
            seconds(clock.steady_millis() - begun)
        ),
    })?;
    story.say("Next, with a service of yours:  hallpass login google")
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
        self.story.say("")?;
        self.story.say(
            "The whole journey of hallpass, on this machine only: an authorization server and",
        )?;
        self.story.say(&format!(
            "an API run inside this program at {}.",
            self.stage.issuer
        ))?;
        self.story.say(
            "> is what hallpass sends, < what comes back; secrets are shortened to their start.",
        )
    }

    async fn sign_in(&self) -> Result<Record> {
        self.story.step(
            1,
            "Sign in: authorization code with PKCE, caught on a loopback port",
        )?;
        self.story.say(match self.browser {
            true => "Your browser opens the consent page: press Allow.",
            false => {
                "No browser here, so the demo reads the consent page and presses Allow itself."
            }
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
        self.story.say(&format!(
            "Signed in as {}. Checked in the ID Token: signature, issuer, audience, nonce,",
            record.account
        ))?;
        self.story
            .say("times, and that it belongs to this access token.")?;
        Ok(record)
    }

    async fn ask_who(&self, record: &Record) -> Result<()> {
        self.story
            .step(2, "Ask who that is: OpenID Connect UserInfo")?;
        let client = Client::prepare(&self.ports, &self.service).await?;
        let subject = record.subject.as_deref();
        let endpoint = client.endpoint("userinfo_endpoint")?;
        let token = &record.token;
        let claims = userinfo::fetch(&self.ports, &endpoint, token, subject, Some(&client)).await?;
        self.wire()?;
        require(claims.contains_key("email"), "UserInfo names an email")
    }

    async fn call(&self) -> Result<()> {
        self.story
            .step(3, "Call the API: hallpass call demo notes")?;
        let answer = call(self.cx, &self.ports, &self.service, "notes").await?;
        self.wire()?;
        require(answer.status == 200, "the API gave notes")?;
        self.story.say(&answer.text)?;
        self.story
            .say("The token was put in by hallpass, and goes to no other origin than the API's.")
    }

    /// The token's time runs out, and the next call renews it first.
    async fn expire(&self, before: &Record) -> Result<Record> {
        self.story.step(
            4,
            "An hour passes: the access token expires and is renewed by itself",
        )?;
        self.stage
            .let_pass(i64::try_from(LIFETIME).unwrap_or(i64::MAX));
        let answer = call(self.cx, &self.ports, &self.service, "me").await?;
        self.wire()?;
        require(answer.status == 200, "the renewed token works")?;
        let access = access_token(&self.ports, &self.service, &Wanted::default()).await?;
        let (old, new) = (&before.token, &access.record.token);
        require(old.access_token != new.access_token, "the token is new")?;
        require(
            old.refresh_token != new.refresh_token,
            "the refresh token rotated",
        )?;
        self.story.say(
            "The refresh token was used once and replaced; the clock was only moved for this demo.",
        )?;
        Ok(access.record)
    }

    /// The API takes a token back although its time is not up.
    async fn refuse(&self, before: &Record) -> Result<()> {
        self.story.step(
            5,
            "The API refuses a token too early: renewed once, and the call repeated",
        )?;
        self.stage.provider(|p| p.forget_access_tokens())?;
        let answer = call(self.cx, &self.ports, &self.service, "me").await?;
        self.wire()?;
        require(
            answer.status == 200 && answer.renewed,
            "the call was repeated with a new token",
        )?;
        let access = access_token(&self.ports, &self.service, &Wanted::default()).await?;
        require(
            access.record.token.access_token != before.token.access_token,
            "the refused token was replaced",
        )
    }

    async fn sign_out(&self) -> Result<()> {
        self.story
            .step(6, "Sign out: revoked at the server, forgotten here")?;
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
        self.story
            .say("Proof: the API is asked once more with the token from before.")?;
        let status = ask_with(self.cx, &self.ports, &self.service, access, "me").await?;
        self.wire()?;
        require(status == 401, "the old access token is dead")
    }

    /// What went over the wire since the last step.
    fn wire(&self) -> Result<()> {
        self.story.wire(&self.stage.provider(|p| p.take_journal())?)
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
