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
