//! npm `oidc-provider`, a certified authorization server, with its own login and consent pages.
//! `.ci/run` installs it under `target/interop`; it ends with the test.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use url::Url;

use super::wire;

/// See the module.
pub struct OidcProvider {
    child: Child,
    issuer: String,
}

/// Where `.ci/run` installs what comes from npm.
pub fn folder() -> std::path::PathBuf {
    let binary = Path::new(env!("CARGO_BIN_EXE_hallpass"));
    let target = binary.ancestors().nth(2).expect("target/debug/hallpass");
    target.join("interop")
}

impl OidcProvider {
    /// Access tokens live `ttl` seconds. `None`, and said so, where it is not installed.
    pub fn start(ttl: u32) -> Option<OidcProvider> {
        let folder = folder();
        let there = folder.join("node_modules/oidc-provider").is_dir();
        if !there || !super::keyring::installed("node") {
            super::skip("npm oidc-provider (see .ci/run)");
            return None;
        }
        // node looks for packages beside the script's own path.
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/server.mjs");
        std::fs::copy(source, folder.join("server.mjs")).expect("copied");
        let mut child = Command::new("node")
            .arg("server.mjs")
            .current_dir(folder)
            .env("ACCESS_TOKEN_TTL", ttl.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node starts");
        let stdout = child.stdout.take().expect("piped");
        let ready = BufReader::new(stdout)
            .lines()
            .map_while(Result::ok)
            .find_map(|line| Some(line.strip_prefix("ready ")?.to_owned()));
        Some(OidcProvider {
            child,
            issuer: ready.expect("oidc-provider says where it listens"),
        })
    }

    /// Issuer identifier.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The body of a `[service.NAME]` table for one of the clients of server.mjs.
    pub fn service(&self, client_id: &str) -> String {
        format!(
            "issuer = \"{0}\"\nclient_id = \"{client_id}\"\n\
             scope = [\"openid\", \"profile\", \"email\", \"offline_access\"]\n\
             api_base_url = \"{0}/api/\"\n",
            self.issuer
        )
    }

    /// `METHOD /path` of every request so far.
    pub fn log(&self) -> Vec<String> {
        serde_json::from_slice(&self.tell("log")).expect("JSON")
    }

    /// Tells the server something; see server.mjs.
    pub fn tell(&self, what: &str) -> Vec<u8> {
        let url = Url::parse(&format!("{}/test/{what}", self.issuer)).expect("a URL");
        wire::get(&url).expect("an answer").into_body()
    }

    /// How many requests began so.
    pub fn count(&self, start: &str) -> usize {
        self.log()
            .iter()
            .filter(|line| line.starts_with(start))
            .count()
    }
}

impl Drop for OidcProvider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
