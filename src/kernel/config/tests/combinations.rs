//! What settings need of each other.

use super::*;

#[test]
fn what_does_not_go_together_is_refused_by_both_names() {
    let cases: [(&[(&str, &str)], &str); 6] = [
        (
            &[("outbox.soft_limit", "1MiB")],
            "outbox.soft_limit and outbox.hard_limit: ",
        ),
        (
            &[("presence.pong_timeout", "26s")],
            "presence.pong_timeout and presence.ping_interval: ",
        ),
        (
            &[("limits.message_size", "1MiB")],
            "limits.message_size and outbox.hard_limit: ",
        ),
        (
            &[("actions.answer_size", "1MiB")],
            "actions.answer_size and outbox.hard_limit: ",
        ),
        (
            &[("actions.webhook_url", "http://127.0.0.1:9000/actions")],
            "actions.webhook_url and actions.secret: ",
        ),
        (
            &[("auth.hs256_previous_secret", "old")],
            "auth.hs256_previous_secret (command line): must be set only beside",
        ),
    ];
    for (flags, start) in cases {
        let fault = fault(from_flags(flags));
        assert!(fault.starts_with(start), "{fault}");
    }
}

#[test]
fn without_credentials_only_loopback_is_served() {
    for listen in ["127.0.0.1:0", "127.0.0.2:8080", "[::1]:8080"] {
        assert!(
            from_flags(&[("server.listen", listen)])
                .unwrap()
                .development()
        );
    }
    for listen in ["0.0.0.0:8080", "[::]:8080", "192.168.1.1:8080"] {
        let fault = fault(from_flags(&[("server.listen", listen)]));
        assert!(
            fault.starts_with("server.listen and auth.hs256_secret: ") && fault.contains(listen),
            "{fault}"
        );
    }
    let public = ("server.listen", "0.0.0.0:8080");
    let long = "a secret of thirty-two bytes ...";
    for credential in [
        ("auth.hs256_secret", long),
        ("auth.public_key", "key.pem"),
        ("auth.jwks_file", "jwks.json"),
    ] {
        assert!(!from_flags(&[public, credential]).unwrap().development());
    }
}

#[test]
fn a_short_secret_guards_loopback_only() {
    let (long, short) = ("a secret of thirty-two bytes ...", "a short secret");
    from_flags(&[("auth.hs256_secret", short), ("auth.api_keys", short)]).unwrap();
    let public = ("server.listen", "0.0.0.0:8080");
    let key = ("auth.hs256_secret", long);
    for flags in [
        vec![public, ("auth.hs256_secret", short)],
        vec![public, key, ("auth.hs256_previous_secret", short)],
        vec![public, key, ("auth.api_keys", short)],
        vec![
            public,
            key,
            ("actions.webhook_url", "https://app.example.com/hook"),
            ("actions.secret", short),
        ],
        vec![public, key, ("cluster.secret", short)],
    ] {
        let (weak, _) = flags.last().unwrap();
        let fault = fault(from_flags(&flags));
        let start = format!("server.listen and {weak}: ");
        assert!(
            fault.starts_with(&start) && fault.contains("32 bytes") && !fault.contains(short),
            "{fault}"
        );
    }
}

#[test]
fn turn_servers_come_with_their_secret() {
    let config = from_flags(&[
        (
            "calls.ice_servers",
            "stun:stun.example.com:3478,turn:turn.example.com?transport=udp",
        ),
        ("calls.turn_secret", "shared"),
    ])
    .unwrap();
    assert_eq!(config.calls.stun, ["stun:stun.example.com:3478"]);
    let turn = config.calls.turn.unwrap();
    assert_eq!(turn.urls, ["turn:turn.example.com?transport=udp"]);
    assert_eq!(turn.secret.reveal(), "shared");
}

#[test]
fn a_public_key_is_text_or_a_file_and_never_the_private_one() {
    let key = |value: &str| from_flags(&[("auth.public_key", value)]);
    assert_eq!(
        key("/etc/otomo/key.pem").unwrap().auth.now().public_key,
        Some(PublicKey::File("/etc/otomo/key.pem".into()))
    );
    let pem = "-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----\n";
    assert_eq!(
        key(pem).unwrap().auth.now().public_key,
        Some(PublicKey::Pem(pem.to_owned()))
    );
    let fault = fault(key(
        "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n",
    ));
    assert!(
        fault.contains("private one") && !fault.contains("hunter2"),
        "{fault}"
    );
}

#[test]
fn a_webhook_is_an_address_with_a_secret_and_without_a_password() {
    let with =
        |url: &str| from_flags(&[("actions.secret", "shared"), ("actions.webhook_url", url)]);
    for url in [
        "http://127.0.0.1:9000/actions",
        "https://app.example.com/hook?v=1",
        "http://[::1]:9000",
        "http://backend/",
    ] {
        let webhook = with(url).unwrap().actions.webhook.unwrap();
        assert!(webhook.url.to_string().starts_with(url), "{url}");
        assert_eq!(webhook.secret.reveal(), "shared");
    }
    for url in [
        "backend",
        "backend:9000",
        "/hook",
        "ftp://app.example.com/hook",
        "https://otomo:hunter2@app.example.com/hook",
        "https://",
        "http:///hook",
        "https://app example",
    ] {
        let fault = fault(with(url));
        assert!(
            fault.starts_with("actions.webhook_url") && !fault.contains("hunter2"),
            "{url}: {fault}"
        );
    }
}
