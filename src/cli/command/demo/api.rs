//! The demo's API requests, through the call room like those of `hallpass call`.

use futures_util::StreamExt;

use crate::call::answer;
use crate::call::body::Reader;
use crate::call::options::{Typed, plan};
use crate::call::request::{Outgoing, prepare};
use crate::call::send::{Policy, Sender};
use crate::call::tokens::{SessionTokens, Tokens};
use crate::call::url::resolve;
use crate::cli::context::{Context, HttpOptions};
use crate::error::{Code, Error, Result};
use crate::port::{Body, BoxFuture, Ports};
use crate::secret::printable;
use crate::service::Service;
use crate::session::{Access, Wanted, access_token};
use crate::transport::Credential;

/// Characters of a body that the story shows.
const SHOWN: usize = 94;

/// What came of a request.
pub struct Answer {
    pub status: u16,
    /// The body, fit for the story.
    pub text: String,
    /// The token was renewed on the way.
    pub renewed: bool,
}

/// `hallpass call demo PATH`
pub async fn call(
    cx: &Context,
    ports: &Ports<'_>,
    service: &Service,
    path: &str,
) -> Result<Answer> {
    let access = access_token(ports, service, &Wanted::default()).await?;
    let outgoing = outgoing(cx, ports, service, &access, path)?;
    let tokens = SessionTokens::new(*ports, service, access, Vec::new());
    let answer = send(cx, ports, service, &tokens, &outgoing).await?;
    if let Some(trouble) = answer.trouble {
        return Err(trouble);
    }
    Ok(Answer {
        status: answer.head.status.as_u16(),
        text: text(answer.body).await?,
        renewed: answer.renewed,
    })
}

/// The status that a token from before gets, which nobody renews.
pub async fn ask_with(
    cx: &Context,
    ports: &Ports<'_>,
    service: &Service,
    access: Access,
    path: &str,
) -> Result<u16> {
    let outgoing = outgoing(cx, ports, service, &access, path)?;
    let tokens = Fixed(access.credential);
    let answer = send(cx, ports, service, &tokens, &outgoing).await?;
    Ok(answer.head.status.as_u16())
}

fn outgoing(
    cx: &Context,
    ports: &Ports<'_>,
    service: &Service,
    access: &Access,
    path: &str,
) -> Result<Outgoing> {
    let plan = plan(Typed {
        url: path.to_owned(),
        ..Typed::default()
    })?;
    let url = resolve(&plan.url, service, &access.record.captured)?;
    prepare(plan, url, service, &Reader::new(cx.files()), ports.random)
}

async fn send(
    cx: &Context,
    ports: &Ports<'_>,
    service: &Service,
    tokens: &dyn Tokens,
    outgoing: &Outgoing,
) -> Result<answer::Answer> {
    let http = cx.api_http(HttpOptions::default());
    let sender = Sender {
        ports: *ports,
        http: http.as_ref(),
        files: cx.files(),
        progress: cx.progress(),
        tokens,
        service,
        policy: &Policy::default(),
        deadline: None,
    };
    sender.send(outgoing).await
}

async fn text(body: Body) -> Result<String> {
    let mut bytes = Vec::new();
    match body {
        Body::Whole(whole) => bytes.extend_from_slice(&whole),
        Body::Stream { mut stream, .. } => {
            while let Some(piece) = stream.next().await {
                bytes.extend_from_slice(&piece.map_err(Error::from)?);
            }
        }
    }
    Ok(printable(&String::from_utf8_lossy(&bytes), SHOWN))
}

/// One credential, for good.
struct Fixed(Credential);

impl Tokens for Fixed {
    fn credential(&self) -> Credential {
        self.0.clone()
    }

    fn renew<'a>(&'a self, _refused: &'a Credential) -> BoxFuture<'a, Result<()>> {
        Box::pin(async { Err(Error::new(Code::LoginRequired, "this token is not renewed")) })
    }

    fn scope(&self) -> Vec<String> {
        Vec::new()
    }
}
