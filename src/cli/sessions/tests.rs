//! Sessions in tables, lines and JSON.

use super::*;

const NOW: UnixTime = 1_800_000_000;

fn session(expires_in: Option<i64>, renewable: bool) -> Session {
    Session {
        facts: Facts {
            service: "work".into(),
            account: "ada@example.com".into(),
            issuer: Some("https://as.example".into()),
            scope: vec!["read".into(), "wri\u{1b}[2Jte".into()],
            expires_at: expires_in.map(|seconds| NOW + seconds),
            refresh_token_expires_at: None,
            renewable,
            signed_in_at: NOW - 3 * 86_400,
            last_refresh_at: Some(NOW - 900),
            store: "OS keyring (Secret Service)".into(),
        },
        is_default: true,
        from_environment: false,
        in_use_instead: None,
        checked: None,
    }
}

fn checked(verdict: Verdict, by: Option<By>) -> Option<Checked> {
    Some(Checked {
        verdict,
        by,
        why: "because \u{1b}[2J".into(),
        code: None,
    })
}

#[test]
fn the_list_shows_store_and_last_renewal_and_what_the_server_said() {
    let mut sessions = [session(Some(2700), true), session(None, false)];
    sessions[0].facts.store = "encrypted file store in /home/ada/x".into();
    let text = list(&sessions, NOW, None);
    assert!(
        text.contains("15 min ago  encrypted file  read wri"),
        "{text}"
    );
    assert!(text.contains("OS keyring  ") && !text.contains("Service)"));
    sessions[0].checked = checked(Verdict::Works, Some(By::UserInfo));
    sessions[1].checked = checked(Verdict::Unknown, None);
    let text = list(&sessions, NOW, None);
    assert!(text.contains("ok (userinfo)\n"), "{text}");
    assert!(text.contains("cannot tell: because"), "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
    assert!(detail(&sessions[0], NOW, false).contains("check         ok (userinfo)"));
    let json = as_json(&sessions[0], NOW);
    assert_eq!(json["check"]["result"], "ok");
    assert_eq!(json["check"]["by"], "userinfo");
    assert!(as_json(&session(None, true), NOW).get("check").is_none());
}

#[test]
fn a_token_from_the_environment_is_shown_as_what_it_is() {
    let mut facts = session(None, false).facts;
    facts.account = "environment".into();
    let session = Session::of_environment(facts);
    let text = list(&[session], NOW, None);
    assert!(text.contains("work *  "), "{text}");
    assert!(text.contains("  environment  "), "{text}");
}

#[test]
fn a_session_is_valid_then_renewable_then_ended() {
    assert_eq!(session(Some(60), false).state(NOW), State::Valid);
    assert_eq!(session(Some(0), true).state(NOW), State::Renewable);
    assert_eq!(session(Some(0), false).state(NOW), State::Ended);
    assert_eq!(session(None, false).state(NOW), State::Valid);
    let mut session = session(Some(0), true);
    session.facts.refresh_token_expires_at = Some(NOW);
    assert_eq!(session.state(NOW), State::Ended);
}

#[test]
fn the_list_says_what_is_left_and_hides_what_could_move_the_cursor() {
    let text = list(&[session(Some(2700), true)], NOW, Some(120));
    assert!(text.contains("work@ada@example.com *"), "{text}");
    assert!(text.contains("▰▰▰▰▰▰▱▱ 45 min left"), "{text}");
    assert!(text.contains("15 min ago"), "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
    let plain = list(&[session(Some(2700), true)], NOW, None);
    assert!(!plain.contains('▰'));
    assert!(!plain.contains("sign in again"));
    let last = list(&[session(Some(2700), false)], NOW, None);
    assert!(last.contains("45 min left, then sign in again"), "{last}");
    assert!(!list(&[session(None, false)], NOW, None).contains("sign in again"));
}

#[test]
fn a_refresh_token_that_ends_soon_is_told_ahead_of_time() {
    let mut session = session(Some(60), true);
    session.facts.refresh_token_expires_at = Some(NOW + 2 * 86_400);
    let text = detail(&session, NOW, false);
    assert!(text.contains("sign in again within 2 days"), "{text}");
    session.facts.refresh_token_expires_at = Some(NOW + 20 * 86_400);
    assert!(detail(&session, NOW, false).contains("by itself"));
}

#[test]
fn machines_get_seconds_and_a_state() {
    let json = as_json(&session(Some(60), true), NOW);
    assert_eq!(json["state"], "valid");
    assert_eq!(json["expires_in"], 60);
    assert_eq!(json["expires_at"], "2027-01-15T08:01:00Z");
    let ended = as_json(&session(Some(-60), false), NOW);
    assert_eq!(
        (&ended["state"], &ended["expires_in"]),
        (&json!("ended"), &Value::Null)
    );
}
