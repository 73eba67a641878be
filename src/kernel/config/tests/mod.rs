//! Settings as people write them, rightly and wrongly.

mod combinations;
mod sources;
mod values;

use std::{collections::BTreeSet, num::NonZeroU32, time::Duration};

use super::*;

const DEFAULTS: &str = include_str!("../../../../config/default.toml");

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
        files: vec![path],
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
    assert_eq!(config.calls.partial_minute, PartialMinute::None);
    assert_eq!(config.calls.charge_interval, Duration::from_secs(60));
    assert_eq!(config.inbox.retention, Some(Duration::from_hours(7 * 24)));
    assert_eq!(config.inbox.max_events, NonZeroU32::new(10_000));
    assert_eq!(config.outbox.join_delay, Duration::from_millis(10));
    assert!(config.actions.webhook.is_none());
    assert_eq!(config.actions.types, ["game_action"]);
    assert_eq!(config.actions.timeout, Duration::from_secs(5));
    assert_eq!(config.limits.now().message_size, 65_536);
    assert_eq!(config.limits.now().protocol_errors, NonZeroU32::new(20));
    assert_eq!(config.limits.now().idle_timeout, None);
    assert_eq!(config.auth.now().expiry_grace, Duration::from_secs(25));
    assert!(config.users.auto_provision);
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
        files: vec!["nowhere/otomo.toml".into()],
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
        ("OTOMO_ACTIONS__SECRET", secret),
        ("OTOMO_ACTIONS__WEBHOOK_URL", "https://app.example.com/hook"),
        ("DATABASE_URL", "postgres://otomo:hunter2@db/otomo"),
    ];
    let config = from_environment(&variables).unwrap();
    let report = config.settings().to_string();
    assert!(!report.contains("hunter2"));
    assert!(
        report.contains("url = \"postgres://otomo@db/otomo\""),
        "{report}"
    );
    assert!(report.contains(
        "# hs256_secret is set and not shown  # environment variable OTOMO_AUTH__HS256_SECRET\n"
    ));
    let Config {
        auth,
        calls,
        actions,
        database,
        ..
    } = &config;
    let printed = format!("{auth:?} {calls:?} {actions:?} {database:?}");
    assert!(!printed.contains("hunter2"));
    for toml in [
        "[auth]\nhs256_secret = [\"hunter2\"]",
        "[auth.api_keys]\na = \"hunter2\"",
        "[calls]\nturn_secret = \"hunter2\"",
        "[actions]\nsecret = \"hunter2\"",
        "[actions]\nsecret = \"x\"\nwebhook_url = \"https://otomo:hunter2@app.example.com/hook\"",
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
    assert_eq!(again.auth.now().issuer, config.auth.now().issuer);
}
