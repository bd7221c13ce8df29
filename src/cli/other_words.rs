//! Words that other tools have, and what does the same here.

/// A command's line here for a command's name elsewhere, where spelling alone would lead astray.
pub fn command(word: &str) -> Option<&'static str> {
    Some(match word {
        "api" | "curl" | "http" | "request" | "fetch" => "call",
        "get" | "post" | "put" | "patch" | "delete" => "call",
        "auth" | "signin" | "sign-in" | "authorize" => "login",
        "signout" | "sign-out" | "revoke" => "logout",
        "services" | "ls" => "list",
        "accounts" | "sessions" => "status",
        "whoami" | "me" => "userinfo",
        "run" | "env" => "exec",
        "refresh" | "renew" => "token SERVICE --refresh",
        "access-token" | "print-access-token" => "token",
        "decode" | "jwt" => "inspect",
        "rm" => "remove",
        "update" | "set" => "edit",
        "config" => "show",
        "discover" | "new" => "add",
        "check" | "debug" => "doctor",
        "version" => "--version",
        _ => return None,
    })
}

/// What to do for a flag of curl, HTTPie or gh that `call` does not have.
pub fn flag(flag: &str) -> Option<&'static str> {
    let flag = flag.split('=').next().unwrap_or(flag);
    Some(match flag {
        "-D" | "--dump-header" => "-i shows status and headers before the body, -I only them",
        "--next" | "-Z" | "--parallel" => "one request a run; `hallpass batch` sends many",
        "-R" | "--remote-time" | "-J" | "--remote-header-name" => {
            "leave it out; -o FILE names the file, -O takes the name in the URL"
        }
        "--trace" | "--trace-ascii" => "-v shows requests and responses, secrets redacted",
        "--http3" => "leave it out: HTTP/2 and HTTP/1.1 are spoken",
        "--fail-early" | "--check-status" | "--ignore-stdin" | "--stream" => {
            "leave it out: it is so already"
        }
        "--resolve" | "--connect-to" => "hosts are looked up as the system does",
        "-a" | "--auth" | "--bearer" | "--basic" | "--digest" | "--anyauth" | "--negotiate"
        | "--ntlm" | "--aws-sigv4" => "leave it out: hallpass adds the session's credential itself",
        "-U" | "--proxy-user" => "put it into the proxy's URL, in https_proxy",
        "--follow" => "-L follows redirects",
        "--method" => "-X METHOD, or the method as a word before the URL",
        "--input" | "--raw" => "-d @FILE, --data-binary @FILE or --data-raw TEXT is the body",
        "--field" | "--raw-field" => "write items: name=text, name:=json",
        "--template" => "--jq EXPR chooses what is shown",
        "--download" => "-o FILE or -O writes a file",
        "--offline" => "--dry-run shows the request, --curl a line for curl",
        "--verify" => "--cacert FILE trusts another CA; -k checks nothing",
        "--timeout" => "-m SECONDS",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::args::Cli;

    const SOURCE: &str = include_str!("other_words.rs");

    /// Every quoted text of a function above, up to the tests.
    fn texts(function: &str) -> Vec<&'static str> {
        let body = SOURCE
            .split(&format!("pub fn {function}("))
            .nth(1)
            .expect("it is there");
        let body = body.split("_ => return None").next().unwrap_or_default();
        body.split('"').skip(1).step_by(2).collect()
    }

    #[test]
    fn no_word_shadows_one_of_ours_and_every_answer_is_one() {
        let mut root = Cli::command();
        root.build();
        for word in texts("command") {
            let ours = word.split(' ').next().unwrap_or_default();
            let known = ours == "--version" || root.find_subcommand(ours).is_some();
            assert_ne!(known, command(word).is_some(), "{word}");
        }
        let call = root.find_subcommand("call").expect("call");
        let has = |flag: &str| {
            call.get_arguments().any(|arg| {
                let long = arg
                    .get_long()
                    .is_some_and(|long| flag == format!("--{long}"));
                long || arg
                    .get_short()
                    .is_some_and(|short| flag == format!("-{short}"))
            })
        };
        for text in texts("flag") {
            if let Some(answer) = flag(text) {
                assert!(!has(text), "{text} is a flag of call: {answer}");
                continue;
            }
            for word in text
                .split([' ', ',', ';'])
                .filter(|word| word.starts_with('-'))
            {
                assert!(has(word), "{word} is none: {text}");
            }
        }
    }
}
