//! The pages a person sees. No script but form_post's one line, nothing from outside; every value
//! is escaped.

use http::header::{self, HeaderValue};

use super::authorization::AuthorizationRequest;
use super::device::Waiting;
use super::exchange::{Reply, reply};
use super::grants::Grant;
use super::{Options, SCOPES};

const STYLE: &str = include_str!("page.css");
const SUBMIT: &str = "document.forms[0].submit()";

/// What the provider is, for whoever opens its issuer.
pub(super) fn home(options: &Options) -> Reply {
    page(
        200,
        "The hallpass demo provider",
        &format!(
            "<h1>A provider of your own</h1>\
             <p>This is the embedded authorization server of <code>hallpass demo</code>. It runs on \
             this machine only, knows one person, {name}, and forgets everything when it ends.</p>",
            name = escape(&options.name)
        ),
        "'none'",
    )
}

/// Something is wrong and there is nowhere to send it.
pub(super) fn problem(status: u16, text: &str) -> Reply {
    page(
        status,
        "That did not work",
        &format!("<h1>That did not work</h1><p>{}</p>", escape(text)),
        "'none'",
    )
}

/// Who asks for what, and two buttons.
pub(super) fn consent(options: &Options, ticket: &str, request: &AuthorizationRequest) -> Reply {
    let action = format!("{}/consent", super::issuer_path(&options.issuer));
    let hidden = [
        ("ticket", ticket),
        ("csrf_token", request.csrf_token.as_str()),
    ];
    // Chromium applies form-action to the redirect that follows the form, so the client's origin
    // has to be named beside our own.
    let form_action = match url::Url::parse(&request.redirect_uri) {
        Ok(target) => format!("'self' {}", target.origin().ascii_serialization()),
        Err(_) => "'self'".to_owned(),
    };
    let body = decision(
        options,
        &request.client_name,
        &request.grant,
        &action,
        &hidden,
    );
    page(200, "Sign in", &body, &form_action)
}

/// Asks for the code that the device shows.
pub(super) fn ask_user_code(problem: &str) -> Reply {
    let body = format!(
        "<h1>Connect a device</h1><p>Enter the code that your terminal shows.</p>\
         <p class=problem>{}</p><form method=get>\
         <input name=user_code aria-label=\"Code\" autocomplete=off autofocus required>\
         <div class=buttons><button>Continue</button></div></form>",
        escape(problem)
    );
    page(200, "Connect a device", &body, "'self'")
}

/// The decision about a device.
pub(super) fn device_consent(options: &Options, waiting: &Waiting) -> Reply {
    let action = format!("{}/device", super::issuer_path(&options.issuer));
    let hidden = [
        ("user_code", waiting.user_code.as_str()),
        ("csrf_token", waiting.csrf_token.as_str()),
    ];
    let body = decision(
        options,
        &waiting.client_name,
        &waiting.grant,
        &action,
        &hidden,
    );
    page(200, "Connect a device", &body, "'self'")
}

/// The device knows the rest.
pub(super) fn device_done(granted: bool) -> Reply {
    let (title, text) = match granted {
        true => ("Connected", "Your terminal goes on by itself."),
        false => ("Not connected", "Nothing was given to the device."),
    };
    let body = format!("<h1>{title}</h1><p>{text} You can close this page.</p>");
    page(200, title, &body, "'none'")
}

/// OAuth 2.0 Form Post Response Mode §2.
pub(super) fn form_post(redirect_uri: &str, answer: &[(&str, String)]) -> Reply {
    let fields: Vec<(&str, &str)> = answer
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let body = format!(
        "<h1>One moment</h1><form method=post action=\"{}\">{}\
         <div class=buttons><button>Continue</button></div></form><script>{SUBMIT}</script>",
        escape(redirect_uri),
        hidden_fields(&fields)
    );
    let target = url::Url::parse(redirect_uri)
        .map(|url| url.origin().ascii_serialization())
        .unwrap_or_default();
    page(200, "One moment", &body, &target)
}

fn decision(
    options: &Options,
    client_name: &str,
    grant: &Grant,
    action: &str,
    hidden: &[(&str, &str)],
) -> String {
    let initial: String = options.name.chars().take(1).collect();
    let wishes: String = SCOPES
        .iter()
        .filter(|scope| grant.has(scope))
        .map(|scope| {
            let words = escape(in_words(scope));
            format!(
                "<li><span>{words}</span><code>{}</code></li>",
                escape(scope)
            )
        })
        .collect();
    format!(
        "<p class=brand>Demo provider</p>\
         <h1>{client} would like to</h1><ul>{wishes}</ul>\
         <div class=person><b>{initial}</b><div>{name}<small>{email}</small></div></div>\
         <form method=post action=\"{action}\">{fields}<div class=buttons>\
         <button name=decision value=deny class=quiet>Deny</button>\
         <button name=decision value=allow autofocus>Allow</button></div></form>\
         <p class=small>This page comes from <code>hallpass demo</code> on your own machine. \
         Nothing leaves it.</p>",
        client = escape(client_name),
        initial = escape(&initial),
        name = escape(&options.name),
        email = escape(&options.email),
        action = escape(action),
        fields = hidden_fields(hidden),
    )
}

fn in_words(scope: &str) -> &'static str {
    match scope {
        "openid" => "know that it is you",
        "profile" => "see your name",
        "email" => "see your email address",
        "offline_access" => "stay signed in",
        "notes:read" => "read your notes",
        "notes:write" => "add to your notes",
        _ => "something else",
    }
}

fn hidden_fields(fields: &[(&str, &str)]) -> String {
    fields
        .iter()
        .map(|(name, value)| {
            format!(
                "<input type=hidden name=\"{}\" value=\"{}\">",
                escape(name),
                escape(value)
            )
        })
        .collect()
}

/// A whole page under a policy that allows our style, the one script, and forms to `form_action`.
fn page(status: u16, title: &str, body: &str, form_action: &str) -> Reply {
    let text = format!(
        "<!doctype html><html lang=en><head><meta charset=utf-8>\
         <meta name=viewport content=\"width=device-width,initial-scale=1\">\
         <link rel=icon href=data:,><title>{}</title><style>{STYLE}</style></head>\
         <body><main>{body}</main></body></html>\n",
        escape(title)
    );
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; img-src data:; \
         form-action {form_action}; base-uri 'none'; frame-ancestors 'none'",
        sha256_base64(STYLE),
        sha256_base64(SUBMIT)
    );
    let mut shown = reply(status, "text/html; charset=utf-8", text.into_bytes());
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        shown
            .headers_mut()
            .insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    shown
}

/// Text as it may stand in HTML, also inside a double-quoted attribute.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

fn sha256_base64(text: &str) -> String {
    use base64::Engine;
    let hash = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    base64::engine::general_purpose::STANDARD.encode(hash.as_ref())
}
