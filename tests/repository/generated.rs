//! Completions and man pages are generated from the same definitions as the program.

use crate::support::Sandbox;

const SHELLS: &[(&str, &str)] = &[
    ("bash", "hallpass.bash"),
    ("zsh", "_hallpass"),
    ("fish", "hallpass.fish"),
    ("powershell", "_hallpass.ps1"),
    ("elvish", "hallpass.elv"),
];

#[test]
fn committed_completions_are_fresh() {
    let sandbox = Sandbox::bare();
    for (shell, file) in SHELLS {
        let transcript = sandbox.run(&["completions", shell]).ok();
        let path = super::root().join("completions").join(file);
        let renew = "renew it with: hallpass completions";
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            transcript.out() == committed,
            "completions/{file} is stale; {renew} {shell} > completions/{file}"
        );
    }
}

#[test]
fn every_command_has_a_man_page_and_examples_in_its_help() {
    let sandbox = Sandbox::bare();
    let folder = sandbox.path("man");
    let folder = folder.to_str().expect("Unicode");
    sandbox.run(&["man", folder]).ok();
    let help = sandbox.run(&["--help"]).ok();
    for command in commands(help.out()) {
        let page = sandbox.read(&format!("man/hallpass-{command}.1"));
        assert!(page.contains(".TH"), "no man page for {command}");
        assert!(
            page.contains(".SH EXAMPLES\n.nf\n") && !page.contains(".SH EXTRA"),
            "{command}: examples are filled like prose"
        );
        let help = sandbox.run(&[&command, "--help"]).ok();
        let examples = help.out().matches("\n  hallpass ").count();
        assert!(
            help.out().contains("Examples:") && examples >= 2,
            "hallpass {command} --help shows {examples} examples"
        );
    }
}

/// The names under "Commands:" of `--help`.
fn commands(help: &str) -> Vec<String> {
    let list = help.split_once("Commands:").expect("a list of commands").1;
    let lines = list.lines().skip(1).take_while(|line| !line.is_empty());
    lines
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}
