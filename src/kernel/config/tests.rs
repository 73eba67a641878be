use std::{collections::BTreeSet, num::NonZeroU32, time::Duration};

use super::*;

const DEFAULTS: &str = include_str!("../../../config/default.toml");

fn from_flags(flags: &[(&str, &str)]) -> Result<Config, ConfigFault> {
    let sources = flags
        .iter()
        .fold(Sources::default(), |sources, (key, value)| {
            sources.with(key, *value)
        });
    load(&sources)
}

fn from_environment(variables: &[(&str, &str)]) -> Result<Config, ConfigFault> {
    load(&Sources {
        environment: variables
            .iter()
            .map(|(variable, value)| ((*variable).to_owned(), (*value).to_owned()))
            .collect(),
        ..Sources::default()
    })
}

fn from_file(toml: &str) -> Result<Config, ConfigFault> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("otomo.toml");
    std::fs::write(&path, toml).unwrap();
    load(&Sources {
        file: Some(path),
        ..Sources::default()
    })
}

#[track_caller]
fn fault(loaded: Result<Config, ConfigFault>) -> String {
    match loaded {
        Err(fault) => fault.to_string(),
        Ok(_) => panic!("the configuration was taken"),
    }
}

/// Section and key of every line of `config/default.toml` that sets one, with the line before it.
fn documented() -> Vec<(String, &'static str)> {
    let mut section = "";
    let mut before = "";
    let mut keys = Vec::new();
    for line in DEFAULTS.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']');
        } else if let Some((key, _)) = line.split_once(" = ")
            && !line.starts_with('#')
        {
            keys.push((format!("{section}.{key}"), before));
        }
        before = line;
    }
    keys
}

#[test]
fn the_code_reads_every_documented_key_and_no_other() {
    let config = load(&Sources::default()).unwrap();
    let read: BTreeSet<String> = config.settings().keys().collect();
    let documented: BTreeSet<String> = documented().into_iter().map(|(key, _)| key).collect();
    assert_eq!(read, documented);
}

#[test]
fn every_key_has_its_sentence() {
    for (key, before) in documented() {
        // Two keys may share one (a certificate and its key).
        assert!(
            before.starts_with("# ") || before.contains(" = "),
            "{key} has no comment above it"
        );
    }
}

#[test]
fn defaults_are_those_of_the_rules() {
    let config = load(&Sources::default()).unwrap();
    assert!(config.development());
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert!(config.server.workers >= 1);
    assert_eq!(
        config.database.url,
        DatabaseUrl::Sqlite("./data/otomo.db".into())
    );
    assert_eq!(config.presence.leave_grace, Duration::from_secs(15));
    assert_eq!(config.presence.reload_grace, Duration::from_secs(3));
    assert_eq!(config.presence.restart_grace, Duration::from_secs(15));
    assert_eq!(config.presence.ping_interval, Duration::from_secs(25));
    assert_eq!(config.presence.pong_timeout, Duration::from_secs(10));
    assert_eq!(config.calls.ring_timeout, Duration::from_secs(30));
    assert_eq!(config.calls.connect_timeout, Duration::from_secs(20));
    assert_eq!(config.calls.loss_grace, Duration::from_secs(10));
    assert_eq!(config.calls.ring_loss_grace, Duration::from_secs(5));
    assert_eq!(config.calls.missed_limit, NonZeroU32::new(3));
    assert_eq!(config.calls.wrap_up, Duration::ZERO);
    assert_eq!(config.calls.connected_by, ConnectedBy::Both);
    assert_eq!(config.inbox.retention, Some(Duration::from_hours(7 * 24)));
    assert_eq!(config.inbox.max_events, NonZeroU32::new(10_000));
    assert_eq!(config.outbox.join_delay, Duration::from_millis(10));
    assert_eq!(config.limits.message_size, 65_536);
    assert_eq!(config.limits.protocol_errors, NonZeroU32::new(20));
    assert_eq!(config.limits.idle_timeout, None);
    assert_eq!(config.auth.expiry_grace, Duration::from_secs(25));
    assert!(config.users.auto_provision);
}

#[test]
fn later_sources_win() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("otomo.toml");
    std::fs::write(
        &path,
        "[calls]\nring_timeout = \"20s\"\nwrap_up = \"20s\"\nloss_grace = \"20s\"\n",
    )
    .unwrap();
    let config = load(
        &Sources {
            file: Some(path),
            environment: vec![
                ("OTOMO_CALLS__WRAP_UP".to_owned(), "30s".to_owned()),
                ("OTOMO_CALLS__LOSS_GRACE".to_owned(), "30s".to_owned()),
            ],
            flags: Vec::new(),
        }
        .with("calls.loss_grace", "40s"),
    )
    .unwrap();
    assert_eq!(
        config.calls.connect_timeout,
        Duration::from_secs(20),
        "default"
    );
    assert_eq!(config.calls.ring_timeout, Duration::from_secs(20), "file");
    assert_eq!(config.calls.wrap_up, Duration::from_secs(30), "environment");
    assert_eq!(config.calls.loss_grace, Duration::from_secs(40), "flag");
}

#[test]
fn our_own_database_variable_wins_over_the_common_one() {
    let url = |variables: &[(&str, &str)]| from_environment(variables).unwrap().database.url;
    let (common, own) = (
        ("DATABASE_URL", "sqlite://common.db"),
        ("OTOMO_DATABASE__URL", "sqlite://own.db"),
    );
    assert_eq!(url(&[common]), DatabaseUrl::Sqlite("common.db".into()));
    assert_eq!(url(&[common, own]), DatabaseUrl::Sqlite("own.db".into()));
    assert_eq!(url(&[own, common]), DatabaseUrl::Sqlite("own.db".into()));
    assert_eq!(
        url(&[("DATABASE_URL", "")]),
        DatabaseUrl::Sqlite("./data/otomo.db".into())
    );
    assert_eq!(
        fault(from_environment(&[(
            "DATABASE_URL",
            "postgres://otomo:hunter2@db/otomo"
        )])),
        "database.url (environment variable DATABASE_URL): must be sqlite://<path>; this binary was built without PostgreSQL"
    );
}

#[test]
fn an_unknown_key_is_named_with_those_that_exist() {
    assert_eq!(
        fault(from_flags(&[("users.auto", "true")])),
        "unknown setting users.auto (command line): [users] has auto_provision"
    );
    assert_eq!(
        fault(from_environment(&[("OTOMO_INBOX__SIZE", "3")])),
        "unknown setting inbox.size (environment variable OTOMO_INBOX__SIZE): [inbox] has max_events, retention"
    );
    let sections =
        "the sections are auth, calls, database, inbox, limits, outbox, presence, server, users";
    for toml in [
        "[chat]\nmax_body = 3",
        "chat = 3",
        "listen = \"127.0.0.1:1\"",
    ] {
        let fault = fault(from_file(toml));
        assert!(
            fault.starts_with("unknown setting ") && fault.ends_with(sections),
            "{fault}"
        );
    }
    for variable in [
        "OTOMO_NOWHERE__KEY",
        "OTOMO___LISTEN",
        "OTOMO_SERVER__LISTEN__PORT",
        "OTOMO_SERVER__LISTEN[0]",
    ] {
        assert!(fault(from_environment(&[(variable, "1")])).contains(variable));
    }
}

#[test]
fn a_variable_with_one_underscore_too_few_is_put_right_and_strangers_are_left_alone() {
    assert_eq!(
        fault(from_environment(&[("OTOMO_AUTH_HS256_SECRET", "s")])),
        "unknown setting OTOMO_AUTH_HS256_SECRET (environment): write OTOMO_AUTH__HS256_SECRET"
    );
    // What Kubernetes sets beside a service named otomo, and what has nothing to do with us.
    from_environment(&[
        ("OTOMO_PORT", "tcp://10.0.0.1:80"),
        ("OTOMO_SERVICE_HOST", "10.0.0.1"),
        ("HOME", "/"),
    ])
    .unwrap();
}

#[test]
fn a_bad_value_is_named_with_its_origin_and_what_is_allowed() {
    assert_eq!(
        fault(from_environment(&[("OTOMO_CALLS__RING_TIMEOUT", "5min")])),
        "calls.ring_timeout (environment variable OTOMO_CALLS__RING_TIMEOUT): must be a duration from 10ms to 3m \
         (like 250ms, 15s, 7d), not \"5min\""
    );
    assert_eq!(
        fault(from_flags(&[("limits.connection_policy", "maybe")])),
        "limits.connection_policy (command line): must be one of allow, takeover, reject, not \"maybe\""
    );
    let fault = fault(from_file("[server]\nlisten = [\"127.0.0.1:1\"]"));
    assert!(fault.starts_with("server.listen (file ") && fault.ends_with("otomo.toml): must be an address with a port, like 127.0.0.1:8080 or [::]:8080, not \"a list\""), "{fault}");
}

#[test]
fn values_out_of_range_are_refused() {
    let refused = [
        ("server.listen", "localhost"),
        ("server.listen", "127.0.0.1"),
        ("server.workers", "-1"),
        ("server.workers", "2000"),
        ("server.workers", "two"),
        ("server.origins", "app.example.com"),
        ("server.origins", "https://app.example.com/"),
        ("server.handshake_timeout", "0"),
        ("server.tls_cert", "cert.pem"),
        ("server.tls_key", "key.pem"),
        ("database.pool_size", "0"),
        ("database.url", "mysql://db/otomo"),
        ("users.auto_provision", "yes"),
        ("presence.leave_grace", "15"),
        ("presence.ping_interval", "none"),
        ("calls.ring_timeout", "181s"),
        ("calls.ring_timeout", "0"),
        ("calls.ice_servers", "http://stun.example.com"),
        ("calls.ice_servers", "turn:turn.example.com"),
        ("calls.turn_secret", "a secret without a server"),
        ("outbox.soft_limit", "64KB"),
        ("limits.message_size", "0"),
        ("limits.burst", "0"),
        ("limits.connections", "-1"),
    ];
    for (key, value) in refused {
        let fault = fault(from_flags(&[(key, value)]));
        assert!(
            fault.contains(key.split('.').next().unwrap()),
            "{key} = {value}: {fault}"
        );
    }
}

#[test]
fn a_limit_is_switched_off_by_zero_and_by_none() {
    for off in ["0", "none"] {
        let config = from_flags(&[
            ("limits.commands_per_second", off),
            ("limits.connections", off),
            ("limits.idle_timeout", off),
            ("inbox.retention", off),
            ("calls.missed_limit", off),
        ])
        .unwrap();
        assert_eq!(config.limits.commands_per_second, None);
        assert_eq!(config.limits.connections, None);
        assert_eq!(config.limits.idle_timeout, None);
        assert_eq!(config.inbox.retention, None);
        assert_eq!(config.calls.missed_limit, None);
    }
    assert_eq!(
        from_file("[limits]\nconnections = 0")
            .unwrap()
            .limits
            .connections,
        None
    );
    let idle = from_flags(&[("limits.idle_timeout", "5m")])
        .unwrap()
        .limits
        .idle_timeout;
    assert_eq!(idle, Some(Duration::from_mins(5)));
}

#[test]
fn times_may_be_shrunk_to_milliseconds() {
    from_flags(&[
        ("server.handshake_timeout", "50ms"),
        ("presence.leave_grace", "50ms"),
        ("presence.reload_grace", "0"),
        ("presence.restart_grace", "10ms"),
        ("presence.ping_interval", "50ms"),
        ("presence.pong_timeout", "20ms"),
        ("presence.lease", "100ms"),
        ("calls.ring_timeout", "200ms"),
        ("calls.connect_timeout", "100ms"),
        ("calls.loss_grace", "50ms"),
        ("calls.ring_loss_grace", "50ms"),
        ("inbox.retention", "100ms"),
        ("outbox.write_timeout", "50ms"),
        ("auth.expiry_grace", "10ms"),
    ])
    .unwrap();
}

#[test]
fn lists_come_with_commas_or_as_lists() {
    let page = "https://app.example.com";
    for config in [
        from_environment(&[(
            "OTOMO_SERVER__ORIGINS",
            "https://a.example, https://app.example.com,",
        )]),
        from_file("[server]\norigins = [\"https://a.example\", \"https://app.example.com\"]"),
        from_file("[server]\norigins = \"https://a.example,https://app.example.com\""),
    ] {
        assert!(config.unwrap().server.origins.admit(page, None));
    }
    assert!(
        !load(&Sources::default())
            .unwrap()
            .server
            .origins
            .admit(page, None)
    );
}

#[test]
fn what_does_not_go_together_is_refused_by_both_names() {
    let cases: [(&[(&str, &str)], &str); 4] = [
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
    ] {
        let fault = fault(from_flags(&flags));
        assert!(
            fault.contains("32 bytes") && !fault.contains(short),
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
        key("/etc/otomo/key.pem").unwrap().auth.public_key,
        Some(PublicKey::File("/etc/otomo/key.pem".into()))
    );
    let pem = "-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----\n";
    assert_eq!(
        key(pem).unwrap().auth.public_key,
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
fn a_broken_file_is_named_without_its_text() {
    let fault = fault(from_file("[auth]\nhs256_secret = hunter2-hunter2\n"));
    assert!(
        fault.contains("otomo.toml is not TOML: TOML parse error at line 2"),
        "{fault}"
    );
    assert!(!fault.contains("hunter2"), "{fault}");
    let absent = load(&Sources {
        file: Some("nowhere/otomo.toml".into()),
        ..Sources::default()
    });
    assert_eq!(
        self::fault(absent),
        "cannot read the configuration file nowhere/otomo.toml"
    );
}

#[test]
fn no_fault_and_no_report_repeats_a_secret() {
    let secret = "hunter2-hunter2-hunter2-hunter2-x";
    let variables = [
        ("OTOMO_AUTH__HS256_SECRET", secret),
        ("OTOMO_AUTH__HS256_PREVIOUS_SECRET", secret),
        ("OTOMO_AUTH__API_KEYS", secret),
        ("OTOMO_CALLS__TURN_SECRET", secret),
        ("OTOMO_CALLS__ICE_SERVERS", "turn:turn.example.com"),
    ];
    let config = from_environment(&variables).unwrap();
    let report = config.settings().to_string();
    assert!(!report.contains("hunter2"));
    assert!(report.contains(
        "# hs256_secret is set and not shown  # environment variable OTOMO_AUTH__HS256_SECRET\n"
    ));
    assert!(!format!("{:?} {:?}", config.auth, config.calls).contains("hunter2"));
    for toml in [
        "[auth]\nhs256_secret = [\"hunter2\"]",
        "[auth.api_keys]\na = \"hunter2\"",
        "[calls]\nturn_secret = \"hunter2\"",
    ] {
        assert!(!fault(from_file(toml)).contains("hunter2"));
    }
}

#[test]
fn the_report_is_a_file_that_sets_the_same() {
    let config = from_flags(&[
        ("server.listen", "[::1]:0"),
        ("server.origins", "https://a.example,https://b.example"),
        ("auth.issuer", "a \"quoted\"\\ \n issuer"),
        ("limits.idle_timeout", "5m"),
        ("users.auto_provision", "false"),
    ])
    .unwrap();
    let report = config.settings().to_string();
    assert!(
        report.contains("listen = \"[::1]:0\"  # command line\n"),
        "{report}"
    );
    assert!(report.contains("\npool_size = 4\n"), "{report}");
    let again = from_file(&report).unwrap();
    let values = |report: &str| -> Vec<String> {
        report
            .lines()
            .map(|line| line.split("  # ").next().unwrap().to_owned())
            .collect()
    };
    assert_eq!(values(&again.settings().to_string()), values(&report));
    assert_eq!(again.auth.issuer, config.auth.issuer);
}
