//! The README's console blocks run: each ```console block is a session in one sandbox, its
//! commands start with `$ `, and what follows is what they print, with `…` and `[..]` standing
//! for whatever differs.

use crate::support::Authority;
use crate::support::sandbox::Sandbox;
use crate::support::server::Answer;
use hallpass::demo::CLIENT_ID;

/// One block: commands with the output that is written under them.
struct Block {
    line: usize,
    commands: Vec<(String, Vec<String>)>,
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (number, line) in text.lines().enumerate() {
        match (&mut open, line) {
            (None, "```console") => {
                open = Some(Block {
                    line: number + 1,
                    commands: Vec::new(),
                });
            }
            (Some(_), "```") => blocks.extend(open.take()),
            (Some(block), line) => match line.strip_prefix("$ ") {
                Some(command) => block.commands.push((command.to_owned(), Vec::new())),
                None => {
                    let last = block.commands.last_mut();
                    let last = last.expect("a console block begins with a command");
                    last.1.push(line.to_owned());
                }
            },
            (None, _) => {}
        }
    }
    assert!(open.is_none(), "a console block is never closed");
    blocks
}

/// Whether the printed lines are the written ones. A line `…` stands for any number of lines;
/// `[..]` and `…` inside a line for any text.
fn matches(written: &[&str], printed: &[&str]) -> bool {
    match written.split_first() {
        None => printed.is_empty(),
        Some((first, rest)) if first.trim() == "…" => {
            (0..=printed.len()).any(|skipped| matches(rest, &printed[skipped..]))
        }
        Some((first, rest)) => printed
            .split_first()
            .is_some_and(|(line, more)| matches_line(first, line) && matches(rest, more)),
    }
}

fn matches_line(written: &str, printed: &str) -> bool {
    let written = written.replace("[..]", "…");
    let mut parts = written.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut left) = printed.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return left.is_empty();
    };
    for part in middle {
        match left.split_once(part) {
            Some((_, after)) => left = after,
            None => return false,
        }
    }
    left.ends_with(last)
}

/// Services as the README's reader would have them. `google` and `github` are the shipped presets
/// with every address of theirs moved to loopback.
#[cfg(unix)]
fn world(authority: &Authority) -> Sandbox {
    let origin = authority.origin();
    let on_loopback = |provider: &str| {
        format!(
            "provider = \"{provider}\"\nclient_id = \"{CLIENT_ID}\"\n\
             issuer = \"{origin}\"\nauthorization_endpoint = \"{origin}/authorize\"\n\
             token_endpoint = \"{origin}/token\"\nrevocation_endpoint = \"{origin}/revoke\"\n\
             userinfo_endpoint = \"{origin}/userinfo\"\njwks_uri = \"{origin}/jwks\"\n\
             token_endpoint_auth_method = \"none\"\nid_token_signed_response_alg = \"ES256\"\napi_base_url = \"{origin}/\"\naudience = []\n\
             scope = [\"openid\", \"email\", \"profile\", \"offline_access\"]\n"
        )
    };
    let ada = r#"{"sub":"ada-1815","name":"Ada Lovelace","email":"ada@example.com"}"#;
    authority.always(
        "/oauth2/v3/userinfo",
        Answer::new(200, "application/json", ada),
    );
    let repositories = r#"[{"full_name":"ada/engine"},{"full_name":"ada/notes"}]"#;
    authority.always(
        "/user/repos",
        Answer::new(200, "application/json", repositories),
    );
    let sandbox = Sandbox::new()
        .service(
            "demo",
            &authority
                .service()
                .replace("\"notes:read\"", "\"notes:read\", \"notes:write\""),
        )
        .service("google", &on_loopback("google"))
        .service("github", &on_loopback("github"))
        .env("ISSUER", &authority.issuer())
        .env("GOOGLE", &origin);
    for service in ["demo", "github"] {
        let _ = sandbox.hallpass(&format!("login {service}")).ok();
    }
    sandbox
}

/// What the blocks run against: `hallpass` on PATH, the demo provider as service `demo`.
fn run(sandbox: &Sandbox, block: &Block) -> Result<(), String> {
    for (command, written) in &block.commands {
        let output = sandbox.shell(command);
        let printed: Vec<&str> = output.lines().collect();
        let written: Vec<&str> = written.iter().map(String::as_str).collect();
        if !matches(&written, &printed) {
            return Err(format!(
                "README.md:{}: $ {command}\n--- written\n{}\n--- printed\n{output}",
                block.line,
                written.join("\n")
            ));
        }
    }
    Ok(())
}

#[cfg(unix)]
#[test]
fn console_blocks_print_what_the_readme_says() {
    let readme = super::read("README.md");
    let blocks = blocks(&readme);
    assert!(!blocks.is_empty(), "README.md shows no command");
    let authority = crate::support::Authority::honest();
    let sandbox = world(&authority);
    let wrong: Vec<String> = blocks
        .iter()
        .filter_map(|block| run(&sandbox, block).err())
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn wildcards_match_only_what_they_stand_for() {
    assert!(matches(&["a … c", "…", "z"], &["a b c", "x", "y", "z"]));
    assert!(matches(&["token [..]"], &["token abc"]));
    assert!(!matches(&["token [..]x"], &["token abc"]));
    assert!(!matches(&["a"], &["a", "b"]));
    assert!(!matches(&["a", "b"], &["a"]));
}
