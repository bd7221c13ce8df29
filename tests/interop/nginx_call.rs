//! `hallpass call` against nginx: TLS, HTTP versions, address families, client certificates,
//! ranges and uploads.

use std::io::Write;

use crate::support::nginx::Nginx;
use crate::support::sandbox::Transcript;
use crate::support::server::Answer;
use crate::support::{Authority, Sandbox, skip};

struct Stage {
    nginx: Nginx,
    sandbox: Sandbox,
    ca: String,
}

impl Stage {
    /// Files below `files`, uploads below `/up/`, and a word about everything else.
    fn new() -> Option<Stage> {
        let sandbox = Sandbox::new().env("HALLPASS_TOKEN_DEMO", "secret-token");
        let folder = sandbox.path("");
        let folder = folder.display();
        sandbox.write("files/small.txt", "small\n");
        sandbox.write("up/x", "");
        let locations = format!(
            "root {folder};
             location /files/ {{ gzip on; gzip_types *; gzip_min_length 1; }}
             location /up/ {{ dav_methods PUT; }}
             location /away {{ return 302 http://localhost:1/v1/x; }}
             location / {{ return 200 '{{\"uri\":\"$request_uri\"}}'; }}"
        );
        let nginx = Nginx::start(&sandbox, &locations)?;
        let base = format!("https://localhost:{}", nginx.port);
        let sandbox = sandbox.service("demo", &service(&base, &base));
        let ca = sandbox.path("nginx/ca.pem");
        let ca = ca.to_str().expect("Unicode").to_owned();
        Some(Stage { nginx, sandbox, ca })
    }

    fn call(&self, flags: &[&str]) -> Transcript {
        let mut arguments = vec!["call", "demo", "--cacert", &self.ca];
        arguments.extend(flags);
        self.sandbox.run(&arguments)
    }

    /// The access log's last line.
    fn last(&self) -> String {
        self.nginx.log(&self.sandbox).pop().unwrap_or_default()
    }

    fn file(&self, name: &str) -> String {
        let path = self.sandbox.path(name);
        path.to_str().expect("Unicode").to_owned()
    }
}

fn service(base: &str, authority: &str) -> String {
    format!(
        "client_id = \"c\"\ntoken_endpoint = \"{authority}/token\"\n\
         authorization_endpoint = \"{authority}/authorize\"\napi_base_url = \"{base}\"\n"
    )
}

#[test]
fn versions_and_families_are_what_the_flags_say() {
    let Some(stage) = Stage::new() else {
        return skip("nginx");
    };
    for (flags, version) in [
        (&[][..], "HTTP/2.0"),
        (&["--http2"], "HTTP/2.0"),
        (&["--http2-prior-knowledge"], "HTTP/2.0"),
        (&["--http1.1"], "HTTP/1.1"),
        (&["-4"], "HTTP/2.0"),
        (&["-6"], "HTTP/2.0"),
    ] {
        if flags == ["-6"] && std::net::TcpListener::bind(("::1", 0)).is_err() {
            skip("IPv6");
            continue;
        }
        let format = "\n%{http_version} %{remote_ip} %{num_connects} %{time_namelookup} \
                      %{time_connect} %{time_appconnect} %{time_pretransfer}";
        let flags = [&["/v", "-w", format], flags].concat();
        let run = stage.call(&flags).ok();
        let words: Vec<&str> = run
            .out()
            .lines()
            .nth(1)
            .expect("words")
            .split(' ')
            .collect();
        assert!(stage.last().contains(version), "{flags:?} {}", stage.last());
        let told = format!("HTTP/{}", words[0]);
        assert_eq!(told, version.trim_end_matches(".0"), "{flags:?}");
        match flags.last() {
            Some(&"-4") => assert_eq!(words[1], "127.0.0.1"),
            Some(&"-6") => assert_eq!(words[1], "::1"),
            _ => {}
        }
        assert_eq!(words[2], "1");
        let times: Vec<f64> = words[3..]
            .iter()
            .map(|n| n.parse().expect("a number"))
            .collect();
        // Name, then TCP, then TLS: each took some time.
        assert!(times[0] <= times[1] && times[1] < times[2], "{words:?}");
        assert_eq!(times[2], times[3], "{words:?}");
    }
}

#[test]
fn a_client_certificate_opens_a_real_server() {
    let Some(stage) = Stage::new() else {
        return skip("nginx");
    };
    let origin = format!("https://localhost:{}", stage.nginx.client_port);
    let url = format!("{origin}/x");
    let (cert, key) = (
        stage.file("nginx/client.pem"),
        stage.file("nginx/client.key"),
    );
    let run = [
        &url,
        "--allow-origin",
        &origin,
        "--cert",
        &cert,
        "--key",
        &key,
    ];
    assert_eq!(stage.call(&run).ok().out(), "{\"subject\":\"SUCCESS\"}");
    // Both in one file, as curl takes it.
    let both = stage.sandbox.read("nginx/client.pem") + &stage.sandbox.read("nginx/client.key");
    stage.sandbox.write("both.pem", &both);
    let run = [
        &url,
        "--allow-origin",
        &origin,
        "-E",
        &stage.file("both.pem"),
    ];
    assert_eq!(stage.call(&run).ok().out(), "{\"subject\":\"SUCCESS\"}");
    // A batch takes the same flags.
    let line = format!("{{\"url\":\"{url}\"}}\n");
    let many = [
        "batch",
        "demo",
        "--cacert",
        &stage.ca,
        "--allow-origin",
        &origin,
    ];
    let many = [&many[..], &["-E", &cert, "--key", &key, "-4"]].concat();
    let ended = stage.sandbox.run_with_input(&many, line.as_bytes()).ok();
    assert!(ended.out().contains("SUCCESS"), "{ended:#?}");
    let none = stage.call(&[&url, "--allow-origin", &origin]);
    assert_eq!(none.code, 22, "{none:#?}");
    assert!(none.out().contains("400"), "{none:#?}");
}

/// `-k`: loopback only, and never for the authorization server.
#[test]
fn a_real_server_without_a_checked_certificate_gets_the_token_on_loopback_only() {
    let Some(stage) = Stage::new() else {
        return skip("nginx");
    };
    let sandbox = &stage.sandbox;
    sandbox
        .run(&["call", "demo", "/v"])
        .fails(6)
        .says("--cacert");
    sandbox.run(&["call", "demo", "/v", "-k"]).ok();
    assert!(
        stage.last().ends_with(" Bearer secret-token -"),
        "{}",
        stage.last()
    );
    let far = "https://api.example.test";
    let run = [
        "call",
        "demo",
        "https://api.example.test/v",
        "-k",
        "--allow-origin",
        far,
    ];
    let _ = sandbox.run(&run).fails(3).says("insecure_api");
}

#[test]
fn a_real_authorization_server_is_checked_although_the_api_is_not() {
    let authority = Authority::honest();
    let sandbox = Sandbox::new();
    let origin = authority.origin();
    let front = format!("location / {{ proxy_pass {origin}; proxy_set_header Host $http_host; }}");
    let Some(nginx) = Nginx::start(&sandbox, &front) else {
        return skip("nginx");
    };
    let base = format!("https://localhost:{}", nginx.port);
    let endpoint = format!("{base}/token");
    authority.metadata(move |document| document["token_endpoint"] = endpoint.clone().into());
    let ca = sandbox.path("nginx/ca.pem");
    let ca = ca.to_str().expect("Unicode").to_owned();
    let sandbox = sandbox
        .service("demo", &authority.service())
        .env("SSL_CERT_FILE", &ca);
    sandbox.hallpass("login demo").ok();
    let refreshed = nginx.log(&sandbox).len();
    assert!(refreshed > 0, "the sign-in used it");
    let sandbox = sandbox.without_env("SSL_CERT_FILE");
    let run = sandbox.hallpass("token demo --refresh").fails(6);
    let _ = run.says("not trusted");
    // A refused token has to be renewed, and `-k` is not for that.
    authority.always("/api/notes", Answer::new(401, "text/plain", ""));
    let run = sandbox.run(&["call", "demo", "/notes", "-k"]).code(6);
    let _ = run.says("not trusted");
    let log = nginx.log(&sandbox);
    assert_eq!(
        log.len(),
        refreshed,
        "the token endpoint was asked: {log:?}"
    );
}

#[test]
fn a_real_range_is_taken_up_and_a_changed_file_is_never_glued() {
    let Some(stage) = Stage::new() else {
        return skip("nginx");
    };
    let content: Vec<u8> = (0..3_000_000u32).flat_map(u32::to_le_bytes).collect();
    let source = stage.file("files/big.bin");
    std::fs::write(&source, &content).expect("written");
    let target = stage.file("big.bin");
    let part = format!("{target}.hallpass-part");
    // A first run is cut off in the middle by whoever kills it.
    let cut = || {
        let run = [
            "call",
            "demo",
            "--cacert",
            &stage.ca,
            "/files/big.bin",
            "-o",
            &target,
        ];
        let mut command = stage.sandbox.command();
        let mut child = command.args(run).spawn().expect("it starts");
        let begin = std::time::Instant::now();
        while std::fs::metadata(&part).map_or(0, |found| found.len()) == 0 {
            assert!(begin.elapsed().as_secs() < 50, "nothing ever came");
            std::thread::yield_now();
        }
        let _ = child.kill();
        let _ = child.wait();
        // It may have been quicker than the kill.
        if !std::path::Path::new(&part).exists() {
            return false;
        }
        let file = std::fs::OpenOptions::new()
            .write(true)
            .open(&part)
            .expect("a part");
        let have = file.metadata().expect("its length").len();
        file.set_len(have.min(5_000_000)).expect("shorter");
        true
    };
    while !cut() {
        std::fs::remove_file(&target).expect("removed");
    }
    assert!(
        !std::path::Path::new(&target).exists(),
        "no wrong whole file"
    );
    stage
        .call(&["/files/big.bin", "-o", &target, "-C", "-"])
        .ok();
    assert!(std::fs::read(&target).expect("whole") == content);
    assert!(stage.last().contains(" 206 GET "), "{}", stage.last());
    // Whole already.
    let again = stage
        .call(&["/files/big.bin", "-o", &target, "-C", "-"])
        .ok();
    assert_eq!(again.stderr, "");
    assert!(std::fs::read(&target).expect("whole") == content);

    // Another file of the same length takes its place between the two runs.
    std::fs::remove_file(&target).expect("removed");
    while !cut() {
        std::fs::remove_file(&target).expect("removed");
    }
    let other: Vec<u8> = content.iter().map(|byte| byte ^ 0xff).collect();
    let mut file = std::fs::File::create(&source).expect("replaced");
    file.write_all(&other).expect("replaced");
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(5);
    file.set_modified(later).expect("another time");
    drop(file);
    stage
        .call(&["/files/big.bin", "-o", &target, "-C", "-"])
        .ok();
    assert!(stage.last().contains(" 200 GET "), "{}", stage.last());
    assert!(std::fs::read(&target).expect("whole") == other);

    // A whole file of yesterday is no beginning of today's.
    std::fs::write(&target, &content[..1000]).expect("written");
    let run = stage
        .call(&["/files/big.bin", "-o", &target, "-C", "-"])
        .code(9);
    let _ = run.says("-C 1000 appends");
    assert!(std::fs::read(&target).expect("left alone") == content[..1000]);
}

#[test]
fn a_real_upload_and_packed_download_are_byte_for_byte() {
    let Some(stage) = Stage::new() else {
        return skip("nginx");
    };
    let content: Vec<u8> = (0..500_000u32).flat_map(u32::to_be_bytes).collect();
    std::fs::write(stage.file("own.bin"), &content).expect("written");
    for version in ["--http1.1", "--http2"] {
        stage
            .call(&[version, "-T", &stage.file("own.bin"), "/up/"])
            .ok();
        assert!(std::fs::read(stage.file("up/own.bin")).expect("uploaded") == content);
        std::fs::remove_file(stage.file("up/own.bin")).expect("removed");
        let target = stage.file("got.txt");
        let text = "some text that packs well ".repeat(1000);
        stage.sandbox.write("files/packed.txt", &text);
        let run = [
            "/files/packed.txt",
            "--compressed",
            "-o",
            &target,
            version,
            "-w",
            "%header{content-encoding}",
        ];
        assert_eq!(stage.call(&run).ok().out(), "gzip");
        assert_eq!(std::fs::read_to_string(&target).expect("got"), text);
    }
}

#[test]
fn a_real_redirect_out_of_tls_is_not_followed() {
    let Some(stage) = Stage::new() else {
        return skip("nginx");
    };
    let _ = stage.call(&["/away", "-L"]).fails(3).says("encryption");
}

/// 1 GiB each way with less address space than that, let alone memory.
#[test]
fn a_real_transfer_takes_no_more_memory_for_more_bytes() {
    let Some(stage) = Stage::new() else {
        return skip("nginx");
    };
    const GIB: u64 = 1 << 30;
    let sparse = std::fs::File::create(stage.file("files/gib.bin")).expect("a file");
    sparse.set_len(GIB).expect("a length");
    let ca = &stage.ca;
    for version in ["--http1.1", "--http2"] {
        let narrow = format!("ulimit -v 400000; hallpass call demo --cacert {ca} {version}");
        let got = stage
            .sandbox
            .shell(&format!("{narrow} /files/gib.bin | wc -c"));
        assert_eq!(got.trim(), GIB.to_string());
        let sent = stage
            .sandbox
            .shell(&format!("{narrow} -f -T files/gib.bin /up/ && echo sent"));
        assert_eq!(sent.trim(), "sent");
        let up = stage.file("up/gib.bin");
        assert_eq!(std::fs::metadata(&up).expect("uploaded").len(), GIB);
        std::fs::remove_file(&up).expect("removed");
    }
}
