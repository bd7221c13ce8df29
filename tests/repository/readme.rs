//! The README's console blocks run, in order, in one sandbox: a command starts with `$ ` (and goes
//! on below while its line ends with `\`), what follows is what it prints, line by line. `…` stands
//! for the end of an address or the like. Three things are put in place of what a reader has: the
//! servers are our scripted one on a port of its own, and the store is a file.

use crate::support::Authority;
use crate::support::sandbox::Sandbox;
use crate::support::server::Answer;
use hallpass::demo::CLIENT_ID;

/// One block: commands with the output that is written under them.
struct Block {
    line: usize,
    commands: Vec<(String, Vec<String>)>,
}

impl Block {
    /// Whether the last command's line ends with a backslash.
    fn goes_on(&self) -> bool {
        let last = self.commands.last();
        last.is_some_and(|(command, _)| command.ends_with('\\'))
    }
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
                _ if block.goes_on() => {
                    let last = block.commands.last_mut().expect("it goes on");
                    last.0.push_str(&format!("\n{line}"));
                }
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

/// Whether the printed lines are the written ones; `…` inside a line stands for any text.
fn matches(written: &[&str], printed: &[&str]) -> bool {
    let mut pairs = written.iter().zip(printed);
    written.len() == printed.len() && pairs.all(|(written, line)| matches_line(written, line))
}

fn matches_line(written: &str, printed: &str) -> bool {
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
        .service("google", &on_loopback("google"))
        .service("github", &on_loopback("github"));
    let _ = sandbox.hallpass("login github").ok();
    sandbox
}

/// What stands in the README for what is different here.
fn substitutes(authority: &Authority, sandbox: &Sandbox) -> Vec<(&'static str, String)> {
    let origin = authority.origin();
    let store = sandbox.path("state/store");
    vec![
        (
            "https://accounts.google.com/o/oauth2/v2/auth?",
            format!("{origin}/authorize?"),
        ),
        ("https://www.googleapis.com/", format!("{origin}/")),
        ("http://127.0.0.1:8777", origin),
        (
            "Kept in: OS keyring (Secret Service).",
            format!("Kept in: encrypted file store in {}.", store.display()),
        ),
    ]
}

/// Runs every command of the block as it stands, but for the substitutes.
fn run(sandbox: &Sandbox, block: &Block, here: &dyn Fn(&str) -> String) -> Result<(), String> {
    for (command, written) in &block.commands {
        let output = sandbox.shell(&here(command));
        let printed: Vec<&str> = output.lines().collect();
        let written: Vec<String> = written.iter().map(|line| here(line)).collect();
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
    let substitutes = substitutes(&authority, &sandbox);
    let here = |text: &str| {
        let known = substitutes.iter();
        known.fold(text.to_owned(), |text, (written, here)| {
            text.replace(written, here)
        })
    };
    let wrong: Vec<String> = blocks
        .iter()
        .filter_map(|block| run(&sandbox, block, &here).err())
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// A reader has no variables of ours, and takes a mark of the test's for output.
#[test]
fn console_blocks_can_be_copied_and_read() {
    for block in blocks(&super::read("README.md")) {
        let mut assigned = String::new();
        for (command, written) in &block.commands {
            for variable in command.split('$').skip(1) {
                let name: String = variable
                    .chars()
                    .skip_while(|c| matches!(c, '{' | '#'))
                    .take_while(|c| c.is_ascii_uppercase() || *c == '_')
                    .collect();
                let set = format!("{name}=");
                // `exec` sets what --env names.
                let given = format!("hallpass exec demo --env {name} -- ");
                let known = name.is_empty()
                    || [&assigned, command]
                        .iter()
                        .any(|set_in| set_in.contains(&set))
                    || command.starts_with(&given);
                assert!(
                    known,
                    "README.md:{}: ${name} is nobody's: {command}",
                    block.line
                );
            }
            assert!(
                !command.contains('…'),
                "README.md:{}: {command}",
                block.line
            );
            for line in written {
                let mark = line.contains("[..]") || line.trim() == "…";
                assert!(!mark, "README.md:{}: {line:?} is no output", block.line);
            }
            assigned.push_str(command);
        }
    }
}

#[test]
fn wildcards_match_only_what_they_stand_for() {
    assert!(matches(&["a … c", "z"], &["a b c", "z"]));
    assert!(!matches(&["token …x"], &["token abc"]));
    assert!(!matches(&["…"], &["a", "b"]));
    assert!(!matches(&["a"], &["a", "b"]));
    assert!(!matches(&["a", "b"], &["a"]));
}

#[test]
fn a_command_goes_on_below_a_backslash() {
    let blocks = blocks("```console\n$ a \\\n  b\nout\n$ c\n```\n");
    let commands = &blocks[0].commands;
    assert_eq!(
        commands[0],
        ("a \\\n  b".to_owned(), vec!["out".to_owned()])
    );
    assert_eq!(commands[1].0, "c");
}
