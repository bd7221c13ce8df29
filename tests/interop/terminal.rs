//! What a person sees at a terminal, read by the programs that they would use.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::support::keyring::installed;
use crate::support::person::Seen;
use crate::support::{Authority, Sandbox, skip};

/// The QR code of the device grant, cut out of what the terminal shows and given to a scanner.
#[test]
fn the_qr_code_on_the_terminal_leads_a_scanner_to_the_page() {
    if !installed("zbarimg") {
        return skip("zbarimg (zbar-tools)");
    }
    let authority = Authority::honest();
    let sandbox = Sandbox::new().service("demo", &authority.service());
    let sandbox = sandbox.env("TERM", "xterm-256color");
    let mut command = sandbox.command();
    command
        .args(["login", "demo", "--flow", "device"])
        .stdout(Stdio::null());
    let shown = Seen::start(command).wait_for("Waiting for the approval");
    let code = shown
        .lines()
        .find(|line| line.trim().len() == 9 && line.contains('-'));
    let code = code.expect("the code to type").trim();
    let expected = format!("{}/device?user_code={code}", authority.issuer());
    assert_eq!(scanned(&shown), expected, "{shown}");
}

/// Draws what the terminal draws, eight pixels a module, and scans it.
fn scanned(shown: &str) -> String {
    let rows: Vec<&str> = shown
        .lines()
        .filter_map(|line| line.strip_prefix("\u{1b}[97m\u{1b}[40m"))
        .map(|line| line.split('\u{1b}').next().unwrap_or_default())
        .collect();
    assert!(!rows.is_empty(), "no QR code:\n{shown}");
    let width = rows[0].chars().count() * 8;
    let mut pixels = Vec::new();
    for row in &rows {
        for half in ["█▀", "█▄"] {
            let light = |c| if half.contains(c) { 255 } else { 0 };
            let line: Vec<u8> = row.chars().flat_map(|c| [light(c); 8]).collect();
            assert_eq!(line.len(), width, "lines of one length");
            (0..8).for_each(|_| pixels.extend_from_slice(&line));
        }
    }
    let mut image = format!("P5 {width} {} 255\n", pixels.len() / width).into_bytes();
    image.extend_from_slice(&pixels);
    let mut file = tempfile::Builder::new()
        .suffix(".pgm")
        .tempfile()
        .expect("a file");
    file.write_all(&image).expect("written");
    let scan = Command::new("zbarimg")
        .args(["--raw", "--quiet"])
        .arg(file.path())
        .output()
        .expect("zbarimg runs");
    String::from_utf8_lossy(&scan.stdout).trim().to_owned()
}
