//! `hallpass call --paginate`: every style to its end, what the pages become, and how a run that
//! breaks off goes on.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::support::Sandbox;
use crate::support::sandbox::Transcript;
use crate::support::server::{Answer, Request, Server};

/// A service whose API answers as `handler` wants, and what it received.
struct Api {
    server: Server,
    log: Arc<Mutex<Vec<Request>>>,
    sandbox: Sandbox,
}

impl Api {
    /// `handler` gets the origin, the request, and how many there were before.
    fn new(handler: impl Fn(&str, &Request, usize) -> Answer + Send + Sync + 'static) -> Api {
        Api::with("", handler)
    }

    /// The same with more lines in the service.
    fn with(
        lines: &str,
        handler: impl Fn(&str, &Request, usize) -> Answer + Send + Sync + 'static,
    ) -> Api {
        let log = Arc::new(Mutex::new(Vec::new()));
        let kept = log.clone();
        let server = Server::start(move |origin| {
            let origin = origin.to_owned();
            move |request: Request| {
                let before = {
                    let mut log = kept.lock().expect("not poisoned");
                    log.push(request.clone());
                    log.len() - 1
                };
                handler(&origin, &request, before)
            }
        });
        let service = format!(
            "client_id = \"c\"\ntoken_endpoint = \"{0}/token\"\n\
             authorization_endpoint = \"{0}/authorize\"\napi_base_url = \"{0}/v1\"\n{lines}",
            server.origin()
        );
        let sandbox = Sandbox::new()
            .service("demo", &service)
            .env("HALLPASS_TOKEN_DEMO", "secret-token");
        Api {
            server,
            log,
            sandbox,
        }
    }

    fn call(&self, words: &[&str]) -> Transcript {
        let mut all = vec!["call", "demo"];
        all.extend(words);
        self.sandbox.run(&all)
    }

    /// Path and query of every request.
    fn targets(&self) -> Vec<String> {
        let log = self.log.lock().expect("not poisoned");
        log.iter()
            .map(|request| request.uri().to_string())
            .collect()
    }

    fn bodies(&self) -> Vec<String> {
        let log = self.log.lock().expect("not poisoned");
        let body = |request: &Request| String::from_utf8_lossy(request.body()).into_owned();
        log.iter().map(body).collect()
    }

    fn forget(&self) {
        self.log.lock().expect("not poisoned").clear();
    }
}

/// A parameter of the request's query.
fn parameter(request: &Request, name: &str) -> Option<String> {
    let query = request.uri().query().unwrap_or_default();
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(found, _)| found == name)
        .map(|(_, value)| value.into_owned())
}

fn number(request: &Request, name: &str, default: usize) -> usize {
    parameter(request, name).map_or(default, |text| text.parse().expect("a number"))
}

fn item(number: usize) -> Value {
    json!({"id": number})
}

/// Two items a page.
fn items(page: usize) -> Vec<Value> {
    vec![item(page * 2 - 1), item(page * 2)]
}

/// Three pages of arrays, with Link headers.
fn linked(origin: &str, request: &Request, _: usize) -> Answer {
    let page = number(request, "page", 1);
    let body = Value::from(items(page)).to_string();
    if page == 3 {
        return Answer::with_headers(200, &[("link", "</v1/items?page=1>; rel=\"first\"")], body);
    }
    let link = format!("<{origin}/v1/items?page={}>; rel=\"next\"", page + 1);
    Answer::with_headers(200, &[("link", &link)], body)
}

const ALL: &str = "[{\"id\":1},{\"id\":2},{\"id\":3},{\"id\":4},{\"id\":5},{\"id\":6}]";

#[test]
fn link_headers_are_followed_and_arrays_become_one() {
    let api = Api::new(linked);
    let run = api.call(&["items", "--paginate", "-v"]).ok();
    assert_eq!(run.out(), ALL);
    assert!(
        run.stderr.contains("* pages: link (recognised)"),
        "{}",
        run.stderr
    );
    assert_eq!(
        api.targets(),
        ["/v1/items", "/v1/items?page=2", "/v1/items?page=3"]
    );
    let log = api.log.lock().expect("not poisoned");
    for request in log.iter() {
        assert_eq!(request.headers()["authorization"], "Bearer secret-token");
    }
}

/// A body of page `page` of three, and where the next one is, as `style` tells it.
fn told(style: &str, origin: &str, page: usize) -> Value {
    let more = page < 3;
    let next = page + 1;
    let url = more.then(|| format!("{origin}/v1/items?page={next}"));
    let relative = more.then(|| format!("/v1/items?page={next}"));
    let cursor = more.then(|| format!("c{next}"));
    let items = items(page);
    match style {
        "next-url" => json!({"items": items, "next": relative}),
        "paging.next" => json!({"data": items, "paging": {"next": url}}),
        "hal" if more => {
            json!({"_embedded": {"things": items}, "_links": {"next": {"href": relative}}})
        }
        "hal" => json!({"_embedded": {"things": items}, "_links": {"self": {"href": "/"}}}),
        "odata" if more => json!({"value": items, "@odata.nextLink": url}),
        "odata" => json!({"value": items}),
        "json-api" => json!({"data": items, "links": {"self": "/x", "next": relative}}),
        "google" => json!({"files": items, "nextPageToken": cursor}),
        "snake" => json!({"items": items, "next_page_token": cursor}),
        "slack" => {
            json!({"ok": true, "members": items, "response_metadata": {"next_cursor": cursor.unwrap_or_default()}})
        }
        "next_cursor" => json!({"results": items, "next_cursor": cursor}),
        "notion" => {
            json!({"object": "list", "results": items, "next_cursor": cursor, "has_more": more})
        }
        "twitch" if more => json!({"data": items, "pagination": {"cursor": cursor}}),
        "twitch" => json!({"data": items, "pagination": {}}),
        "x" => json!({"data": items, "meta": {"next_token": cursor}}),
        "offset" => json!({"items": items, "offset": (page - 1) * 2, "limit": 2, "total": 6}),
        "page" => json!({"items": items, "page": page, "total_pages": 3}),
        "spring" => json!({"content": items, "number": page - 1, "totalPages": 3}),
        other => panic!("no style {other}"),
    }
}

/// Which page a request is for: by URL, cursor, offset or number, wherever it may be.
fn wanted(request: &Request) -> usize {
    let json: Value = serde_json::from_slice(request.body()).unwrap_or_default();
    let form: Vec<(String, String)> = url::form_urlencoded::parse(request.body())
        .into_owned()
        .collect();
    for name in [
        "cursor",
        "pageToken",
        "page_token",
        "after",
        "start_cursor",
        "pagination_token",
    ] {
        let in_form = form.iter().find(|(found, _)| found == name);
        let given = parameter(request, name)
            .or_else(|| json[name].as_str().map(str::to_owned))
            .or_else(|| in_form.map(|(_, value)| value.clone()));
        if let Some(cursor) = given {
            return cursor.trim_start_matches('c').parse().expect("a cursor");
        }
    }
    if let Some(offset) = parameter(request, "offset") {
        return offset.parse::<usize>().expect("an offset") / 2 + 1;
    }
    number(request, "page", 1)
}

#[test]
fn each_style_is_recognised_and_followed_to_its_end() {
    for (style, name, last) in [
        ("next-url", "next-url, next .next", "page=3"),
        ("paging.next", "next-url, next .paging.next", "page=3"),
        ("hal", "hal", "page=3"),
        ("odata", "odata", "page=3"),
        ("json-api", "json-api", "page=3"),
        (
            "google",
            "cursor, next .nextPageToken, parameter pageToken",
            "pageToken=c3",
        ),
        (
            "snake",
            "cursor, next .next_page_token, parameter page_token",
            "page_token=c3",
        ),
        (
            "slack",
            "cursor, next .response_metadata.next_cursor, parameter cursor",
            "cursor=c3",
        ),
        (
            "next_cursor",
            "cursor, next .next_cursor, parameter cursor",
            "cursor=c3",
        ),
        (
            "notion",
            "cursor, next .next_cursor, parameter start_cursor",
            "start_cursor=c3",
        ),
        (
            "twitch",
            "cursor, next .pagination.cursor, parameter after",
            "after=c3",
        ),
        (
            "x",
            "cursor, next .meta.next_token, parameter pagination_token",
            "pagination_token=c3",
        ),
        ("offset", "offset, parameter offset", "offset=4"),
        ("page", "page, parameter page", "page=3"),
    ] {
        let api = Api::new(move |origin, request, _| {
            Answer::json(200, &told(style, origin, wanted(request)))
        });
        let run = api
            .call(&["items", "k==v", "--paginate", "--format", "json", "-v"])
            .ok();
        assert_eq!(run.out(), format!("{ALL}\n"), "{style}");
        let said = format!("* pages: {name}");
        assert!(run.stderr.contains(&said), "{style}: {}", run.stderr);
        let targets = api.targets();
        assert_eq!(targets.len(), 3, "{style}: {targets:?}");
        assert!(targets[2].contains(last), "{style}: {targets:?}");
    }
}

#[test]
fn pages_counted_from_zero_end_with_the_last() {
    let api = Api::new(|origin, request, _| {
        Answer::json(200, &told("spring", origin, number(request, "page", 0) + 1))
    });
    let run = api
        .call(&["items", "--paginate", "--format", "ndjson"])
        .ok();
    assert_eq!(run.out().lines().count(), 6);
    assert_eq!(
        api.targets(),
        ["/v1/items", "/v1/items?page=1", "/v1/items?page=2"]
    );
}

#[test]
fn a_service_says_how_it_pages() {
    let lines = "pagination = { style = \"page\", parameter = \"p\", items = \".rows\" }\n";
    let api = Api::with(lines, |_, request, _| {
        let page = number(request, "p", 1);
        let rows = if page > 2 { Vec::new() } else { items(page) };
        Answer::json(200, &json!({"rows": rows, "other": [{}, {}, {}]}))
    });
    let run = api
        .call(&["items", "--paginate", "--jq", ".rows[].id", "-v"])
        .ok();
    assert_eq!(run.out(), "1\n2\n3\n4\n");
    assert!(
        run.stderr.contains("* pages: page, parameter p (service)"),
        "{}",
        run.stderr
    );
    assert_eq!(
        api.targets(),
        ["/v1/items", "/v1/items?p=2", "/v1/items?p=3"]
    );
}

#[test]
fn flags_say_it_where_nothing_else_does() {
    // Stripe's way.
    let api = Api::new(|_, request, _| {
        let after = number(request, "starting_after", 0);
        let data: Vec<Value> = (after + 1..=(after + 2).min(5)).map(item).collect();
        Answer::json(
            200,
            &json!({"object": "list", "has_more": after + 2 < 5, "data": data}),
        )
    });
    let flags = [
        "items",
        "--paginate",
        "--page-next",
        ".data[-1].id",
        "--page-param",
        "starting_after",
    ];
    let run = api
        .call(&[&flags[..], &["--format", "ndjson"]].concat())
        .ok();
    assert_eq!(run.out().lines().count(), 5);
    assert_eq!(
        api.targets().last().map(String::as_str),
        Some("/v1/items?starting_after=4")
    );

    // Without them nothing is guessed, but the page that is not all is no secret.
    api.forget();
    let run = api.call(&["items", "--paginate"]).ok();
    assert_eq!(api.targets().len(), 1);
    assert!(
        run.stderr.contains("this page may not be all"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("--page-next"), "{}", run.stderr);
}

#[test]
fn cursors_go_into_the_body_of_a_post() {
    let api =
        Api::new(|origin, request, _| Answer::json(200, &told("notion", origin, wanted(request))));
    let run = api
        .call(&[
            "POST",
            "query",
            "page_size:=2",
            "filter[a]=b",
            "--paginate",
            "--format",
            "ndjson",
        ])
        .ok();
    assert_eq!(run.out().lines().count(), 6);
    assert_eq!(
        api.bodies(),
        [
            r#"{"page_size": 2, "filter": {"a": "b"}}"#,
            r#"{"page_size":2,"filter":{"a":"b"},"start_cursor":"c2"}"#,
            r#"{"page_size":2,"filter":{"a":"b"},"start_cursor":"c3"}"#
        ]
    );
    api.forget();
    let _ = api.call(&[
        "query",
        "-d",
        "a=1&cursor=c1",
        "--paginate",
        "--page-next",
        ".next_cursor",
        "--page-param",
        "cursor",
    ]);
    assert_eq!(
        api.bodies(),
        ["a=1&cursor=c1", "a=1&cursor=c2", "a=1&cursor=c3"]
    );
}

fn graphql(_: &str, request: &Request, _: usize) -> Answer {
    let body: Value = serde_json::from_slice(request.body()).expect("JSON");
    let cursor = body["variables"]["endCursor"].as_str().unwrap_or("c1");
    let page: usize = cursor.trim_start_matches('c').parse().expect("a cursor");
    let info = json!({"hasNextPage": page < 3, "endCursor": format!("c{}", page + 1)});
    Answer::json(
        200,
        &json!({"data": {"viewer": {"repositories": {"nodes": items(page), "pageInfo": info}}}}),
    )
}

const QUERY: &str = "query=query($endCursor: String) { viewer { repositories(first: 2, after: $endCursor) { nodes { id } pageInfo { hasNextPage endCursor } } } }";

#[test]
fn graphql_connections_are_followed_by_their_end_cursor() {
    let api = Api::with("pagination = { style = \"link\" }\n", graphql);
    let run = api
        .call(&[
            "graphql",
            QUERY,
            "variables[n]:=2",
            "--paginate",
            "--jq",
            ".data.viewer.repositories.nodes[].id",
        ])
        .ok();
    assert_eq!(run.out(), "1\n2\n3\n4\n5\n6\n");
    let bodies = api.bodies();
    assert!(
        bodies[2].contains(r#""variables":{"n":2,"endCursor":"c3"}"#),
        "{bodies:?}"
    );

    let run = api
        .call(&[
            "graphql",
            "query={ viewer { repositories { pageInfo { hasNextPage endCursor } } } }",
            "--paginate",
        ])
        .code(2);
    assert!(
        run.out().contains("\"id\":1"),
        "what there is comes out: {}",
        run.out()
    );
    assert!(run.stderr.contains("$endCursor"), "{}", run.stderr);
}

#[test]
fn max_items_cuts_inside_a_page_and_max_pages_between_them() {
    let api = Api::new(linked);
    let run = api.call(&["items", "--paginate", "--max-items", "3"]).ok();
    assert_eq!(run.out(), "[{\"id\":1},{\"id\":2},{\"id\":3}]");
    assert_eq!(api.targets().len(), 2, "no page is fetched for nothing");
    api.forget();
    let run = api.call(&["items", "--paginate", "--max-items", "2"]).ok();
    assert_eq!(
        (run.out(), api.targets().len()),
        ("[{\"id\":1},{\"id\":2}]", 1)
    );
    api.forget();
    let run = api
        .call(&["items", "--paginate", "--max-pages", "2", "--jq", ".[].id"])
        .ok();
    assert_eq!((run.out(), api.targets().len()), ("1\n2\n3\n4\n", 2));

    let api = Api::new(|origin, request, _| {
        Answer::json(200, &told("next-url", origin, wanted(request)))
    });
    let run = api.call(&["items", "--paginate", "--max-items", "3"]).ok();
    assert_eq!(
        run.out(),
        "{\"items\":[{\"id\":1},{\"id\":2}],\"next\":\"/v1/items?page=2\"}\n\
         {\"items\":[{\"id\":3}],\"next\":\"/v1/items?page=3\"}\n"
            .trim_end()
    );
}

#[test]
fn pages_take_every_shape() {
    let api = Api::new(|origin, request, _| {
        Answer::json(200, &told("next-url", origin, wanted(request)))
    });
    let out = |words: &[&str]| {
        let run = api.call(&[&["items", "--paginate"], words].concat()).ok();
        run.out().to_owned()
    };
    let lines: String = (1..=6).map(|n| format!("{{\"id\":{n}}}\n")).collect();
    assert_eq!(out(&["--format", "ndjson"]), lines);
    assert_eq!(
        out(&["--format", "csv"]),
        "id\r\n1\r\n2\r\n3\r\n4\r\n5\r\n6\r\n"
    );
    assert_eq!(out(&["--format", "table"]), "ID\n1\n2\n3\n4\n5\n6\n");
    assert_eq!(out(&["--jq", ".items | length"]), "2\n2\n2\n");
    assert_eq!(
        out(&["--jq", ".items[]", "--format", "csv"]),
        "id\r\n1\r\n2\r\n3\r\n4\r\n5\r\n6\r\n"
    );
    let pages: Vec<Value> = serde_json::from_str(&out(&["--slurp"])).expect("one array");
    assert_eq!(pages.len(), 3);
    assert_eq!(pages[2]["items"][1], item(6));
    assert_eq!(
        out(&[]).lines().count(),
        3,
        "documents come one after another"
    );
    let heads = out(&["-i"]);
    assert_eq!(heads.matches("HTTP/1.1 200 OK\r\n").count(), 3, "{heads}");
}

#[test]
fn pages_go_into_one_file() {
    let api = Api::new(linked);
    let file = api.sandbox.path("all.json");
    let file = file.to_str().expect("Unicode");
    let run = api.call(&["items", "--paginate", "-o", file]).ok();
    assert_eq!(
        (run.out(), api.sandbox.read("all.json").as_str()),
        ("", ALL)
    );
}

#[test]
fn a_single_page_stays_byte_for_byte() {
    for body in ["[ 1,\n 2 ]\n", "{\"a\": 1.50}", "text\n", "", "[1"] {
        let api = Api::new(move |_, _, _| Answer::new(200, "application/json", body));
        assert_eq!(api.call(&["items", "--paginate"]).ok().out(), body);
        assert_eq!(api.targets().len(), 1);
    }
}

/// The second request for page 3 is answered.
fn failing_once(origin: &str, request: &Request, before: usize) -> Answer {
    match before {
        2 => Answer::new(500, "text/plain", "no luck"),
        _ => linked(origin, request, before),
    }
}

#[test]
fn a_failure_in_the_middle_says_how_to_go_on_and_that_works() {
    let api = Api::new(failing_once);
    let run = api.call(&["items", "--paginate"]).code(22);
    assert_eq!(
        run.out(),
        "[{\"id\":1},{\"id\":2},{\"id\":3},{\"id\":4}]",
        "still JSON"
    );
    assert!(run.stderr.contains("no luck"), "{}", run.stderr);
    assert!(!run.stderr.contains("secret-token"), "{}", run.stderr);
    let line = run
        .stderr
        .lines()
        .find_map(|line| line.strip_prefix("to go on: "))
        .expect("how to go on");
    api.forget();
    #[cfg(unix)]
    {
        let rest = api.sandbox.shell(line);
        assert_eq!(rest, "[{\"id\":5},{\"id\":6}]");
        assert_eq!(api.targets(), ["/v1/items?page=3"]);
    }
}

#[test]
fn going_on_keeps_the_limits_and_the_file_so_far() {
    let api = Api::new(failing_once);
    let file = api.sandbox.path("all.json");
    let file = file.to_str().expect("Unicode");
    let run = api
        .call(&["items", "--paginate", "--max-items", "5", "-o", file])
        .code(22);
    let partial = format!("{file}.hallpass-part");
    assert!(
        run.stderr
            .contains(&format!("the pages so far are in {partial}")),
        "{}",
        run.stderr
    );
    let kept: Value =
        serde_json::from_str(&api.sandbox.read("all.json.hallpass-part")).expect("JSON");
    assert_eq!(kept.as_array().map(Vec::len), Some(4));
    #[cfg(unix)]
    {
        let line = run
            .stderr
            .lines()
            .find_map(|line| line.strip_prefix("to go on: "));
        assert_eq!(api.sandbox.shell(line.expect("how to go on")), "");
        assert_eq!(api.sandbox.read("all.json.page-3"), "[{\"id\":5}]");
        assert_eq!(
            api.sandbox.read("all.json.hallpass-part").len(),
            kept.to_string().len()
        );
    }
}

#[test]
fn a_cursor_in_a_body_is_gone_on_from_too() {
    let api = Api::new(|origin, request, before| match before {
        2 => Answer::new(500, "text/plain", "no luck"),
        _ => Answer::json(200, &told("notion", origin, wanted(request))),
    });
    let post = [
        "POST",
        "query",
        "password=hush",
        "--paginate",
        "--format",
        "ndjson",
    ];
    let run = api.call(&post).code(22);
    let said = "to go on, the same command with: --page-style cursor --page-next .next_cursor --page-param start_cursor --page-from c3";
    assert!(run.stderr.contains(said), "{}", run.stderr);
    assert!(!run.stderr.contains("hush"), "{}", run.stderr);
    api.forget();
    let flags = said.split_once(": ").expect("flags").1.split(' ');
    let words: Vec<&str> = post.into_iter().chain(flags).collect();
    assert_eq!(api.call(&words).ok().out(), "{\"id\":5}\n{\"id\":6}\n");
    assert_eq!(api.bodies(), [r#"{"password":"hush","start_cursor":"c3"}"#]);
}

#[test]
fn a_link_with_a_secret_in_it_is_not_printed() {
    let api = Api::new(|origin, _, before| match before {
        0 => Answer::json(
            200,
            &json!({"data": [1], "paging": {"next": format!("{origin}/v1/items?after=x&access_token=hush")}}),
        ),
        _ => Answer::new(500, "text/plain", "no luck"),
    });
    let run = api.call(&["items", "--paginate", "-v"]).code(22);
    assert!(!run.stderr.contains("hush"), "{}", run.stderr);
    assert!(
        run.stderr.contains("access_token, which may be a secret"),
        "{}",
        run.stderr
    );
}

#[test]
fn another_origin_is_not_followed_and_sees_nothing() {
    let foreign = Api::new(|_, _, _| Answer::json(200, &json!([7])));
    let elsewhere = foreign.server.origin();
    let next = format!("{elsewhere}/v1/items?page=2");
    let api = Api::new(move |_, _, _| {
        Answer::with_headers(200, &[("link", &format!("<{next}>; rel=next"))], "[1]")
    });
    let run = api.call(&["items", "--paginate"]).code(3);
    assert_eq!(run.out(), "[1]", "what was got so far is out");
    assert!(
        run.stderr.contains("the next page is elsewhere"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("--allow-origin"), "{}", run.stderr);
    assert!(foreign.targets().is_empty());

    // By choice, but headers of the person's own stay at home.
    let run = api
        .call(&[
            "items",
            "--paginate",
            "--allow-origin",
            &elsewhere,
            "-H",
            "X-Api-Key: k",
        ])
        .ok();
    assert_eq!(run.out(), "[1,7]");
    let log = foreign.log.lock().expect("not poisoned");
    assert_eq!(log[0].headers()["authorization"], "Bearer secret-token");
    assert!(!log[0].headers().contains_key("x-api-key"));
}

#[test]
fn a_server_behind_a_redirect_does_not_say_where_the_token_goes() {
    let home: Arc<Mutex<String>> = Arc::default();
    let back = home.clone();
    let foreign = Api::new(move |_, _, _| {
        let link = format!(
            "<{}/v1/delete-everything>; rel=next",
            back.lock().expect("not poisoned")
        );
        Answer::with_headers(200, &[("link", &link)], "[1]")
    });
    let elsewhere = format!("{}/v1/items", foreign.server.origin());
    let api = Api::new(move |_, _, _| Answer::with_headers(302, &[("location", &elsewhere)], ""));
    *home.lock().expect("not poisoned") = api.server.origin();
    let run = api.call(&["items", "--paginate", "-L"]).code(3);
    assert_eq!(run.out(), "[1]");
    assert_eq!(api.targets(), ["/v1/items"]);
}

#[test]
fn circles_end_with_a_word() {
    let api = Api::new(|_, request, _| {
        let page = number(request, "page", 1);
        let link = format!(
            "</v1/items?page={}>; rel=next",
            if page == 3 { 2 } else { page + 1 }
        );
        Answer::with_headers(
            200,
            &[("link", &link)],
            Value::from(items(page)).to_string(),
        )
    });
    let run = api.call(&["items", "--paginate"]).code(9);
    assert_eq!(run.out(), ALL);
    assert!(
        run.stderr.contains("go round in a circle"),
        "{}",
        run.stderr
    );
    assert_eq!(api.targets().len(), 3);

    let api = Api::new(|_, _, _| Answer::json(200, &json!({"items": [1], "next_cursor": "same"})));
    let run = api.call(&["items", "--paginate"]).code(9);
    assert!(
        run.stderr.contains("go round in a circle"),
        "{}",
        run.stderr
    );
    assert_eq!(api.targets().len(), 2);

    // A parameter that the API does not know.
    let api = Api::new(|_, _, _| Answer::json(200, &json!([1, 2])));
    let run = api
        .call(&["items", "--paginate", "--page-style", "offset"])
        .code(9);
    assert_eq!(run.out(), "[1,2]", "once");
    assert!(
        run.stderr
            .contains("does the API know the parameter offset?"),
        "{}",
        run.stderr
    );

    let api = Api::new(|_, _, before| {
        Answer::json(
            200,
            &json!({"items": [], "next_cursor": format!("c{before}")}),
        )
    });
    let run = api.call(&["items", "--paginate"]).code(9);
    assert!(run.stderr.contains("have no item"), "{}", run.stderr);
    assert!(api.targets().len() <= 100);
}

#[test]
fn rate_limits_and_busy_servers_are_waited_for() {
    let api = Api::new(|origin, request, before| match before {
        0 => Answer::with_headers(503, &[("retry-after", "0")], "busy"),
        2 => Answer::with_headers(429, &[("retry-after", "1")], "slow down"),
        _ => linked(origin, request, before),
    });
    let run = api.call(&["items", "--paginate"]).ok();
    assert_eq!(run.out(), ALL);
    assert!(
        run.stderr.contains("page 1 in 0.0 s (503"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("page 2 in 1.0 s (429"),
        "{}",
        run.stderr
    );

    // Longer than the cap: not waited for, and said how to go on.
    let api = Api::new(|origin, request, before| match before {
        1 => Answer::with_headers(429, &[("retry-after", "4000")], "slow down"),
        _ => linked(origin, request, before),
    });
    let run = api.call(&["items", "--paginate"]).code(22);
    assert!(run.stderr.contains("--page-from"), "{}", run.stderr);
    // `--retry` says how often, and so does 0.
    let api = Api::new(|_, _, _| Answer::with_headers(429, &[("retry-after", "0")], "no"));
    let run = api.call(&["items", "--paginate", "--retry", "0"]).code(22);
    assert_eq!((run.out(), api.targets().len()), ("no", 1));
}

#[test]
fn a_refusal_with_status_200_is_no_page() {
    let api = Api::new(|_, _, before| match before {
        0 => Answer::json(
            200,
            &json!({"ok": true, "members": [{"id": 1}], "response_metadata": {"next_cursor": "c2"}}),
        ),
        _ => Answer::json(200, &json!({"ok": false, "error": "invalid_cursor"})),
    });
    let run = api
        .call(&["items", "--paginate", "--format", "ndjson"])
        .code(22);
    assert_eq!(run.out(), "{\"id\":1}\n");
    assert!(run.stderr.contains("invalid_cursor"), "{}", run.stderr);
    assert!(run.stderr.contains("--page-from"), "{}", run.stderr);
}

#[test]
fn a_page_that_is_no_json_is_no_last_page() {
    let api = Api::new(|origin, request, before| match before {
        1 => Answer::new(200, "text/html", "<p>Please sign in to the Wi-Fi</p>"),
        _ => Answer::json(200, &told("google", origin, wanted(request))),
    });
    let run = api
        .call(&["items", "--paginate", "--format", "ndjson"])
        .code(9);
    assert_eq!(run.out(), "{\"id\":1}\n{\"id\":2}\n");
    assert!(run.stderr.contains("is not JSON"), "{}", run.stderr);
    assert!(run.stderr.contains("--page-from"), "{}", run.stderr);
}

#[test]
fn one_connection_carries_all_pages() {
    let api = Api::new(linked);
    let format = "%{url_effective}\\n";
    let run = api
        .call(&["items", "--paginate", "-s", "-o", "/dev/null", "-w", format])
        .ok();
    assert!(run.out().ends_with("/v1/items?page=3\n"), "{}", run.out());
    assert_eq!(api.server.connections(), 1);
}

#[test]
fn combinations_without_a_meaning_are_wrong_usage() {
    let api = Api::new(linked);
    for words in [
        &["items", "--paginate", "-C", "-", "-o", "x"][..],
        &["items", "--paginate", "-T", "x"],
        &["items", "--paginate", "-O"],
        &["items", "--paginate", "-I"],
        &["items", "--paginate", "--slurp", "--jq", "."],
        &["items", "--paginate", "--slurp", "-i"],
        &["items", "--paginate", "--max-items", "0"],
        &["items", "--max-items", "3"],
        &["items", "--slurp"],
        &["items", "--paginate", "--page-style", "cursor"],
        &["items", "--paginate", "--page-param", "p"],
        &["items", "--paginate", "--page-next", "."],
        &["items", "--paginate", "--page-from", "c3"],
    ] {
        let _ = api.call(words).fails(2);
        assert!(api.targets().is_empty(), "{words:?}");
    }
}
