//! `otomo doctor`: each thing that can be wrong is found, and what is right is told.

mod address;
mod certificates;
mod databases;

use std::{io::Write as _, net::TcpListener};

use serde_json::Value;
use tokio::net::TcpSocket;

use super::*;

const FREE: (&str, &str) = ("OTOMO_SERVER__LISTEN", "127.0.0.1:0");
const SECRET_SET: (&str, &str) = ("OTOMO_AUTH__HS256_SECRET", SECRET);

/// What it says of one thing, and its exit code.
fn said(place: &Place, environment: &[(&str, &str)], about: &str) -> (String, String, i32) {
    let environment = [&[FREE, SECRET_SET], environment].concat();
    let run = place.otomo_with(&environment, &["doctor", "--json"]).0;
    let report: Value = serde_json::from_slice(&run.stdout).unwrap();
    let code = run.status.code().unwrap();
    assert_eq!(report["ok"], code == 0, "{report}");
    let findings = report["findings"].as_array().unwrap();
    let of = findings.iter().filter(|it| it["about"] == about);
    // The worst of them.
    let worst = of.max_by_key(|it| {
        ["ok", "warning", "failed"]
            .iter()
            .position(|v| it["verdict"] == *v)
    });
    let worst = worst.unwrap_or_else(|| panic!("nothing about {about}: {report}"));
    let text = |key| worst[key].as_str().unwrap_or_default();
    let text = format!("{}: {}", text("found"), text("todo"));
    (worst["verdict"].as_str().unwrap().to_owned(), text, code)
}

#[test]
fn on_a_sound_machine_all_is_well_and_no_trace_is_left() {
    let place = Place::new();
    let lines = place.otomo_with(
        &[
            FREE,
            SECRET_SET,
            ("OTOMO_AUTH__API_KEYS", "k"),
            ("OTOMO_LIMITS__CONNECTIONS", "100"),
        ],
        &["doctor"],
    );
    let lines = lines.printed();
    assert!(lines.lines().all(|line| line.starts_with("ok ")), "{lines}");
    assert!(lines.contains("one key for backends"), "{lines}");
    for about in [
        "settings",
        "database",
        "redis",
        "tokens",
        "backends",
        "certificate",
        "descriptors",
        "address",
        "disk",
        "webhook",
    ] {
        assert!(
            lines.contains(&format!("ok       {about}")),
            "{about}: {lines}"
        );
    }
    assert!(
        lines.contains("HS256; one was made and believed"),
        "{lines}"
    );
    assert!(place.is_empty());
}

/// Settings, what is found about what, and words of it. GONE is an address where nobody listens.
const FAILING: &str = "
OTOMO_DATABASE__URL=sqlite://folder.db                                            database    unable to open database file
OTOMO_DATABASE__URL=sqlite://text.db                                              database    no sound database
OTOMO_DATABASE__URL=sqlite:///proc/none/new.db                                    database    nothing can be made in /proc: No such file
OTOMO_DATABASE__URL=sqlite://text.db/new.db                                       database    Not a directory (os error 20): let the user of the server
DATABASE_URL=postgres://u:hunter2@GONE/d                                          database    refused
OTOMO_REDIS__URL=redis://:hunter2@GONE                                            redis       GONE: Connection refused (os error 111): look at redis.url
OTOMO_AUTH__JWKS_FILE=none.json                                                   tokens      none.json
OTOMO_SERVER__TLS_CERT=none.pem,OTOMO_SERVER__TLS_KEY=none.pem                    certificate none.pem
OTOMO_SERVER__LISTEN=192.0.2.1:1                                                  address     192.0.2.1:1
OTOMO_ACTIONS__WEBHOOK_URL=http://GONE/hook,OTOMO_ACTIONS__SECRET=hunter2hunter2  webhook     refused
";

const WARNED: &str = "
OTOMO_AUTH__HS256_SECRET=            tokens      development
OTOMO_LIMITS__CONNECTIONS=9000000    descriptors few
OTOMO_AUTH__API_KEYS=                backends    empty
OTOMO_SERVER__DRAIN_LIMIT=1m         settings    server.drain_limit is 1m
OTOMO_SERVER__LISTEN=0.0.0.0:0       settings    without TLS
";

/// Holds what is said against such a table.
fn hold(place: &Place, table: &str, verdict: &str, code: i32) {
    for row in table.lines().filter(|row| !row.is_empty()) {
        let (settings, rest) = row.split_once(' ').unwrap();
        let (about, says) = rest.trim_start().split_once(' ').unwrap();
        let environment: Vec<_> = settings
            .split(',')
            .filter_map(|it| it.split_once('='))
            .collect();
        let (found, text, exit) = said(place, &environment, about);
        assert_eq!((&*found, exit), (verdict, code), "{row}: {text}");
        assert!(text.contains(says.trim_start()), "{row}: {text}");
        assert!(!text.contains("hunter2"), "{row}: {text}");
        // A setting says itself what to do, everything else apart.
        assert_eq!(text.ends_with(": "), about == "settings", "{row}: {text}");
    }
}

#[test]
fn what_is_wrong_is_found_and_said_with_what_to_do() {
    let place = Place::new();
    // Held, so that nobody else gets it, and not listened on.
    let gone = TcpSocket::new_v4().unwrap();
    gone.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let gone = gone.local_addr().map(|it| (gone, it.to_string()));
    let (_held, gone) = gone.unwrap();
    fs::create_dir(place.path().join("folder.db")).unwrap();
    let text = "this is no database at all".repeat(99);
    fs::write(place.path().join("text.db"), text).unwrap();
    hold(&place, &FAILING.replace("GONE", &gone), "failed", 1);
    hold(&place, WARNED, "warning", 0);
}

#[test]
fn warnings_are_those_of_check_config_and_each_is_told_once() {
    let place = Place::new();
    let environment = [
        SECRET_SET,
        ("OTOMO_SERVER__LISTEN", "0.0.0.0:0"),
        ("OTOMO_SERVER__DRAIN_LIMIT", "1m"),
    ];
    let checked = place.otomo_with(&environment, &["check-config"]).printed();
    let warnings = checked
        .lines()
        .filter_map(|line| line.strip_prefix("# Warning: "));
    let warnings: Vec<_> = warnings.collect();
    assert_eq!(warnings.len(), 2, "{checked}");
    let told = place.otomo_with(&environment, &["doctor"]).printed();
    for warning in warnings {
        let lines = told.lines().filter(|line| line.ends_with(warning)).count();
        assert_eq!(lines, 1, "{told}");
    }
    let words = told.matches("the network in the clear").count();
    assert_eq!(words, 1, "{told}");
}

#[test]
fn what_is_no_redis_is_told_in_one_line() {
    let place = Place::new();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in other.incoming() {
            let _ = write!(stream.unwrap(), "HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let url = format!("redis://:hunter2@{address}");
    let (verdict, text, _) = said(&place, &[("OTOMO_REDIS__URL", &url)], "redis");
    assert_eq!(verdict, "failed", "{text}");
    assert!(text.starts_with(&address), "{text}");
    assert!(
        !text.contains(char::is_control) && !text.contains("hunter2"),
        "{text}"
    );
}
