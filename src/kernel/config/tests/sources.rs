//! Where settings come from, and which of them wins.

use super::*;

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
            files: vec![path],
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
fn a_file_is_laid_over_those_before_it() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, toml: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, toml).unwrap();
        path
    };
    let files = vec![
        write(
            "otomo.toml",
            "[calls]\nring_timeout = \"20s\"\nwrap_up = \"20s\"\n",
        ),
        write("secrets.toml", "[calls]\nwrap_up = \"30s\"\n"),
    ];
    let config = load(&Sources {
        files,
        ..Sources::default()
    })
    .unwrap();
    assert_eq!(config.calls.ring_timeout, Duration::from_secs(20));
    assert_eq!(config.calls.wrap_up, Duration::from_secs(30));
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
            "postgres://otomo:hunter2@db"
        )])),
        "database.url (environment variable DATABASE_URL): must be sqlite://<path> or postgres://<user>@<host>/<database>; it names no database, or has a character that must be escaped (%20, %3F)"
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
    let sections = "the sections are actions, auth, calls, chat, cluster, database, friends, inbox, limits, outbox, points, presence, redis, rooms, server, socketio, sse, users";
    for toml in [
        "[talk]\nmax_body = 3",
        "talk = 3",
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
fn a_variable_that_begins_like_ours_and_sets_nothing_is_refused() {
    assert_eq!(
        fault(from_environment(&[("OTOMO_AUTH_HS256_SECRET", "s")])),
        "unknown setting OTOMO_AUTH_HS256_SECRET (environment): write OTOMO_AUTH__HS256_SECRET"
    );
    for variable in ["OTOMO_BOGUS", "OTOMO_PORT", "OTOMO_"] {
        assert_eq!(
            fault(from_environment(&[(variable, "8080")])),
            format!(
                "unknown setting {variable} (environment): a setting is OTOMO_<SECTION>__<KEY>"
            )
        );
    }
}

#[test]
fn what_kubernetes_sets_beside_a_service_and_what_is_not_ours_is_left_alone() {
    from_environment(&[
        ("OTOMO_SERVICE_HOST", "10.0.0.1"),
        ("OTOMO_SERVICE_PORT", "80"),
        ("OTOMO_SERVICE_PORT_HTTP", "80"),
        ("OTOMO_PORT", "tcp://10.0.0.1:80"),
        ("OTOMO_PORT_80_TCP", "tcp://10.0.0.1:80"),
        ("OTOMO_PORT_80_TCP_PORT", "80"),
        ("OTOMO_WEB_SERVICE_HOST", "10.0.0.2"),
        ("OTOMO_WEB_PORT_443_TCP_ADDR", "10.0.0.2"),
        ("HOME", "/"),
    ])
    .unwrap();
}
