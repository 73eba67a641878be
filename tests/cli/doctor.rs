//! `otomo doctor`: each thing that can be wrong is found, and what is right is told.

use std::net::TcpListener;

use serde_json::Value;

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
    let text = format!("{} {}", worst["found"], worst["todo"]);
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
    for about in [
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
    place.otomo_with(&[SECRET_SET], &["migrate"]).printed();
    let (verdict, text, _) = said(&place, &[], "database");
    assert!(verdict == "ok" && text.contains("a write took"), "{text}");
    // The row that it wrote is not there: a server would take it for a change that it does not know.
    let again = place.otomo_with(&[SECRET_SET], &["migrate"]).printed();
    assert_eq!(again, "the database is up to date\n");
}

/// Settings, what is found about what, and a word of it. GONE is an address where nobody listens.
const FAILING: &str = "
OTOMO_DATABASE__URL=sqlite://folder.db                                            database    folder.db
OTOMO_DATABASE__URL=sqlite://text.db                                              database    database
DATABASE_URL=postgres://u:hunter2@GONE/d                                          database    refused
OTOMO_REDIS__URL=redis://:hunter2@GONE                                            redis       refused
OTOMO_AUTH__JWKS_FILE=none.json                                                   tokens      none.json
OTOMO_SERVER__TLS_CERT=none.pem,OTOMO_SERVER__TLS_KEY=none.pem                    certificate none.pem
OTOMO_SERVER__LISTEN=192.0.2.1:1                                                  address     192.0.2.1:1
OTOMO_ACTIONS__WEBHOOK_URL=http://GONE/hook,OTOMO_ACTIONS__SECRET=hunter2hunter2  webhook     refused
";

const WARNED: &str = "
OTOMO_AUTH__HS256_SECRET=            tokens      development
OTOMO_LIMITS__CONNECTIONS=9000000    descriptors few
OTOMO_AUTH__API_KEYS=                backends    empty
";

/// Holds what is said against such a table.
fn hold(place: &Place, table: &str, verdict: &str, code: i32) {
    for row in table.lines().filter(|row| !row.is_empty()) {
        let [settings, about, says] = row.split_whitespace().collect::<Vec<_>>()[..] else {
            panic!("{row}");
        };
        let environment: Vec<_> = settings
            .split(',')
            .filter_map(|it| it.split_once('='))
            .collect();
        let (found, text, exit) = said(place, &environment, about);
        assert_eq!((&*found, exit), (verdict, code), "{row}: {text}");
        assert!(
            text.contains(says) && !text.contains("null"),
            "{row}: {text}"
        );
        assert!(!text.contains("hunter2"), "{row}: {text}");
    }
}

#[test]
fn what_is_wrong_is_found_and_said_with_what_to_do() {
    let place = Place::new();
    let gone = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    fs::create_dir(place.path().join("folder.db")).unwrap();
    let text = "this is no database at all".repeat(99);
    fs::write(place.path().join("text.db"), text).unwrap();
    hold(
        &place,
        &FAILING.replace("GONE", &gone.to_string()),
        "failed",
        1,
    );
    hold(&place, WARNED, "warning", 0);
}

#[test]
fn who_has_the_address_is_no_otomo() {
    let place = Place::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let silent = std::thread::spawn(move || drop(taken.accept().unwrap()));
    let (verdict, text, code) = said(&place, &[("OTOMO_SERVER__LISTEN", &address)], "address");
    assert_eq!((verdict.as_str(), code), ("failed", 1), "{text}");
    silent.join().unwrap();
}

#[test]
fn a_certificate_that_ends_soon_or_has_ended_is_found() {
    let place = Place::new();
    let now = rcgen::date_time_ymd(2026, 1, 1);
    for (year, verdict) in [(2020, "failed"), (2099, "ok")] {
        let mut params = rcgen::CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        params.not_before = now.replace_year(2019).unwrap();
        params.not_after = now.replace_year(year).unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        fs::write(place.path().join("cert.pem"), pem).unwrap();
        fs::write(place.path().join("key.pem"), key.serialize_pem()).unwrap();
        let files = [
            ("OTOMO_SERVER__TLS_CERT", "cert.pem"),
            ("OTOMO_SERVER__TLS_KEY", "key.pem"),
        ];
        let (found, text, _) = said(&place, &files, "certificate");
        assert_eq!(found, verdict, "{text}");
    }
}
