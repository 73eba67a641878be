//! What a single setting may be.

use super::*;

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
        ("points.recovery_at", "4:00"),
        ("points.recovery_at", "24:00"),
        ("points.recovery_at", "04:00:00"),
        ("points.recovery_at", "+4:00"),
        ("points.recovery_amount", "-1"),
        ("points.recovery_amount", "9007199254740992"),
        ("points.recovery_cap", "many"),
        ("points.time_zone", "Mars/Olympus"),
        ("points.time_zone", "Etc/Unknown"),
        ("points.time_zone", ""),
        ("actions.webhook_url", "app.example.com/hook"),
        ("actions.secret", "a secret without a webhook"),
        ("actions.types", "two words"),
        ("actions.types", "game_action,a/b"),
        ("actions.timeout", "0"),
        ("actions.concurrency", "0"),
        ("actions.concurrency_per_user", "0"),
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
        assert_eq!(config.limits.now().commands_per_second, None);
        assert_eq!(config.limits.now().connections, None);
        assert_eq!(config.limits.now().idle_timeout, None);
        assert_eq!(config.inbox.retention, None);
        assert_eq!(config.calls.missed_limit, None);
    }
    assert_eq!(
        from_file("[limits]\nconnections = 0")
            .unwrap()
            .limits
            .now()
            .connections,
        None
    );
    let idle = from_flags(&[("limits.idle_timeout", "5m")])
        .unwrap()
        .limits
        .now()
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
        assert!(config.unwrap().server.origins.now().admit(page, None));
    }
    assert!(
        !load(&Sources::default())
            .unwrap()
            .server
            .origins
            .now()
            .admit(page, None)
    );
}

#[test]
fn what_can_change_while_the_server_runs_is_said_where_it_is_read() {
    let before = from_flags(&[]).unwrap();
    let after = from_flags(&[
        ("server.workers", "7"),
        ("server.origins", "https://a.example"),
        ("inbox.retention", "9d"),
        ("auth.issuer", "a"),
        ("limits.message_size", "32KiB"),
        ("limits.fragments", "7"),
        ("limits.burst", "7"),
    ])
    .unwrap();
    let differing = after.settings().differing(before.settings());
    let (reloadable, restart_only): (Vec<_>, Vec<_>) = differing.partition(|it| it.is_reloadable());
    let names = |settings: &[&Setting]| settings.iter().map(|it| it.name()).collect::<Vec<_>>();
    assert_eq!(
        names(&reloadable),
        ["server.origins", "auth.issuer", "limits.burst"]
    );
    assert_eq!(
        names(&restart_only),
        [
            "server.workers",
            "inbox.retention",
            "limits.message_size",
            "limits.fragments"
        ]
    );
    // The values go the same way.
    let (before, after) = (before.limits.now(), after.limits.now());
    let changed = before.changed(&after);
    assert_eq!(
        (changed.message_size, changed.fragments, changed.burst),
        (before.message_size, before.fragments, after.burst)
    );
}
