//! The command line, as people use it: the real binary in a folder of its own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that fails, fails by panicking"
)]

mod bench;
mod deployment;
mod doctor;
#[path = "../support/postgres.rs"]
#[allow(dead_code, reason = "other suites ask for more of it")]
mod postgres;
mod starting;

use std::{
    fs,
    path::Path,
    process::{Command, Output},
    time::Duration,
};

use otomo::kernel::{
    config::{Sources, load},
    identity::Role,
    time::Clock,
    token::{TokenFault, Verifier},
};
use tempfile::TempDir;

const SECRET: &str = "the secret of these tests, 32 bytes";

/// A working directory with a clean environment.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn otomo(&self, args: &[&str]) -> Run {
        self.otomo_with(&[], args)
    }

    fn otomo_with(&self, environment: &[(&str, &str)], args: &[&str]) -> Run {
        let output = Command::new(env!("CARGO_BIN_EXE_otomo"))
            .args(args)
            .current_dir(self.path())
            .env_clear()
            .envs(environment.iter().copied())
            .output()
            .unwrap();
        Run(output)
    }

    fn is_empty(&self) -> bool {
        fs::read_dir(self.path()).unwrap().next().is_none()
    }
}

/// What a run of the binary came to.
struct Run(Output);

impl Run {
    /// What it printed, having succeeded without a complaint.
    #[track_caller]
    fn printed(&self) -> String {
        assert_eq!(self.0.status.code(), Some(0), "{}", self.complaint());
        assert_eq!(self.complaint(), "");
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    /// What it complained of, having failed with `code` and printed nothing.
    #[track_caller]
    fn failed(&self, code: i32) -> String {
        assert_eq!(self.0.status.code(), Some(code), "{}", self.complaint());
        assert!(self.0.stdout.is_empty());
        self.complaint()
    }

    fn complaint(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }
}

fn verifier(secret: &str) -> Verifier {
    let sources = Sources::default().with("auth.hs256_secret", secret);
    Verifier::new(&load(&sources).unwrap().auth.now()).unwrap()
}

#[test]
fn a_token_is_printed_alone_and_speaks_for_its_user() {
    let place = Place::new();
    let secret = [("OTOMO_AUTH__HS256_SECRET", SECRET)];
    let args = [
        "token",
        "--sub",
        "hana",
        "--role",
        "otomo",
        "--name",
        "はな",
        "--avatar",
        "/hana.jpg",
        "--ttl",
        "90s",
    ];
    let printed = place.otomo_with(&secret, &args).printed();
    let token = printed.strip_suffix('\n').unwrap();
    let now = Clock::system().now();
    let identity = verifier(SECRET).verify(token, now).unwrap();
    assert_eq!(identity.user.as_str(), "hana");
    assert_eq!(identity.role, Role::Otomo);
    assert_eq!(identity.name.as_deref(), Some("はな"));
    assert_eq!(identity.avatar.as_deref(), Some("/hana.jpg"));
    assert!(now.until(identity.expires_at) <= Duration::from_secs(90));
    assert!(now.until(identity.expires_at) > Duration::from_secs(60));
    assert_eq!(
        verifier(SECRET).verify(token, now + Duration::from_secs(90)),
        Err(TokenFault::Expired)
    );
    assert!(place.is_empty(), "with credentials nothing is kept");
}

#[test]
fn in_development_the_secret_is_made_once_and_kept() {
    let place = Place::new();
    let token = || {
        place
            .otomo(&["token", "--sub", "taro", "--role", "user"])
            .printed()
    };
    let (first, second) = (token(), token());
    let secret = fs::read_to_string(place.path().join("data/dev-secret")).unwrap();
    for token in [first, second] {
        assert!(
            verifier(secret.trim())
                .verify(token.trim(), Clock::system().now())
                .is_ok()
        );
    }
}

#[test]
fn a_token_for_nobody_is_a_wrong_command_line() {
    let place = Place::new();
    let cases: [(&[&str], &str); 6] = [
        (&["token", "--role", "user"], "--sub"),
        (&["token", "--sub", "taro"], "--role"),
        (
            &["token", "--sub", "taro", "--role", "king"],
            "\"king\" must be one of user, otomo, admin",
        ),
        (
            &["token", "--sub", "ta ro", "--role", "user"],
            "a user id must be 1 to 128 bytes",
        ),
        (
            &["token", "--sub", "taro", "--role", "user", "--ttl", "0"],
            "a second or more",
        ),
        (
            &["token", "--sub", "taro", "--role", "user", "--ttl", "1 day"],
            "like 90s, 12h, 7d",
        ),
    ];
    for (args, complaint) in cases {
        let said = place.otomo(args).failed(2);
        assert!(said.contains(complaint), "{said}");
    }
    assert!(place.is_empty());
}

#[test]
fn with_a_public_key_alone_no_token_can_be_made() {
    let key = [("OTOMO_AUTH__PUBLIC_KEY", "key.pem")];
    let said = Place::new()
        .otomo_with(&key, &["token", "--sub", "taro", "--role", "user"])
        .failed(1);
    assert!(
        said.starts_with("otomo: auth.hs256_secret: not set; a public key checks tokens"),
        "{said}"
    );
}

#[test]
fn the_settings_in_force_are_shown_without_secrets_and_without_a_trace() {
    let place = Place::new();
    let printed = place.otomo(&["check-config"]).printed();
    assert!(
        printed.starts_with("# Development mode: no credentials are configured.\n\n[server]\n"),
        "{printed}"
    );
    assert!(
        printed.contains("\nlisten = \"127.0.0.1:8080\"\n"),
        "{printed}"
    );
    assert!(place.is_empty(), "checking makes no secret");

    let printed = place
        .otomo_with(&[("OTOMO_AUTH__HS256_SECRET", SECRET)], &["check-config"])
        .printed();
    assert!(
        printed.starts_with("[server]\n") && !printed.contains(SECRET),
        "{printed}"
    );
}

#[test]
fn file_environment_and_flags_come_in_this_order() {
    let place = Place::new();
    fs::write(
        place.path().join("my.toml"),
        "[server]\nlisten = \"127.0.0.1:1\"\n[calls]\nring_timeout = \"20s\"\nwrap_up = \"1s\"\n",
    )
    .unwrap();
    let environment = [
        ("OTOMO_SERVER__LISTEN", "127.0.0.1:2"),
        ("OTOMO_CALLS__WRAP_UP", "2s"),
    ];
    // A flag may stand on either side of the command.
    let args = [
        "--config",
        "my.toml",
        "check-config",
        "--listen",
        "127.0.0.1:3",
        "--database-url",
        "sqlite://my.db",
    ];
    let printed = place.otomo_with(&environment, &args).printed();
    for line in [
        "listen = \"127.0.0.1:3\"  # command line",
        "url = \"sqlite://my.db\"  # command line",
        "ring_timeout = \"20s\"  # file my.toml",
        "wrap_up = \"2s\"  # environment variable OTOMO_CALLS__WRAP_UP",
        "connect_timeout = \"20s\"",
    ] {
        assert!(
            printed.lines().any(|printed| printed == line),
            "{line} is missing in\n{printed}"
        );
    }
}

#[test]
fn migrating_says_what_changed_and_changes_it_once() {
    let place = Place::new();
    let first = place.otomo(&["migrate"]).printed();
    assert!(first.lines().count() > 1 && first.lines().all(|line| line.starts_with("applied ")));
    assert!(place.path().join("data/otomo.db").exists());
    let second = place.otomo(&["migrate"]).printed();
    assert_eq!(second, "the database is up to date\n");
}

#[test]
fn a_database_that_cannot_be_opened_is_told_with_its_cause() {
    let place = Place::new();
    fs::write(
        place.path().join("data"),
        "a file where the folder should be",
    )
    .unwrap();
    let said = place.otomo(&["migrate"]).failed(1);
    assert!(said.starts_with("otomo: "), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn a_wrong_setting_is_one_line_that_names_it() {
    let place = Place::new();
    fs::write(
        place.path().join("my.toml"),
        "[server]\nlisten_on = \"127.0.0.1:1\"\n",
    )
    .unwrap();
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str], &'a str);
    let cases: [Case<'_>; 6] = [
        (
            &[],
            &["--config", "my.toml"],
            "otomo: unknown setting server.listen_on (file my.toml): [server] has ",
        ),
        (
            &[],
            &["--config", "none.toml"],
            "otomo: cannot read the configuration file none.toml: No such file",
        ),
        (
            &[],
            &["--listen", "8080"],
            "otomo: server.listen (command line): must be an address with a port",
        ),
        (
            &[],
            &["--listen", "0.0.0.0:8080"],
            "otomo: server.listen and auth.hs256_secret: 0.0.0.0:8080 can be reached",
        ),
        (
            &[("OTOMO_LIMITS__BURST", "many")],
            &[],
            "otomo: limits.burst (environment variable OTOMO_LIMITS__BURST): must be a whole number from 1 to 1000000, not \"many\"",
        ),
        (
            &[("OTOMO_AUTH__PUBLIC_KEY", "key.pem")],
            &[],
            "otomo: auth.public_key: cannot read key.pem: No such file",
        ),
    ];
    for (environment, flags, complaint) in cases {
        let said = place
            .otomo_with(environment, &[&["check-config"], flags].concat())
            .failed(1);
        assert!(said.starts_with(complaint), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[test]
fn a_certificate_that_cannot_be_used_is_one_line_before_anything_is_done() {
    let place = Place::new();
    let certified = |_| rcgen::generate_simple_self_signed(["otomo.example".to_owned()]).unwrap();
    let [ours, another] = [(), ()].map(certified);
    let files = [
        ("cert.pem", ours.cert.pem()),
        ("key.pem", ours.signing_key.serialize_pem()),
        ("another.pem", another.signing_key.serialize_pem()),
        ("empty.pem", String::new()),
    ];
    for (name, text) in files {
        fs::write(place.path().join(name), text).unwrap();
    }
    let cases = [
        ("none.pem", "key.pem", "none.pem cannot be read: "),
        ("empty.pem", "key.pem", "empty.pem holds no certificate"),
        ("cert.pem", "empty.pem", "empty.pem cannot be read: "),
        (
            "cert.pem",
            "another.pem",
            "another.pem is not the key of the certificate in cert.pem",
        ),
    ];
    for (cert, key, fault) in cases {
        let environment = [
            ("OTOMO_AUTH__HS256_SECRET", SECRET),
            ("OTOMO_SERVER__LISTEN", "127.0.0.1:0"),
            ("OTOMO_SERVER__TLS_CERT", cert),
            ("OTOMO_SERVER__TLS_KEY", key),
            ("RUST_LOG", "warn"),
        ];
        let expected = format!("otomo: server.tls_cert, server.tls_key: {fault}");
        for command in ["serve", "check-config"] {
            let said = place.otomo_with(&environment, &[command]).failed(1);
            assert!(said.starts_with(&expected), "{said}");
            assert_eq!(said.lines().count(), 1, "{said}");
        }
    }
    assert!(!place.path().join("data").exists());
}

#[test]
fn the_schemas_of_events_are_printed_as_they_are_in_the_sources() {
    let place = Place::new();
    let printed = place.otomo(&["schema", "events"]).printed();
    let published = concat!(env!("CARGO_MANIFEST_DIR"), "/web/schemas/events.json");
    assert_eq!(printed, fs::read_to_string(published).unwrap());
    assert!(place.is_empty());
    assert!(place.otomo(&["schema"]).failed(2).contains("<SUBJECT>"));
}

#[test]
fn an_action_cannot_have_the_name_of_a_command() {
    let types = [("OTOMO_ACTIONS__TYPES", "game_action,heartbeat")];
    let said = Place::new().otomo_with(&types, &["check-config"]).failed(1);
    let start = "otomo: actions.types: heartbeat is a name that the protocol needs for itself";
    assert!(said.starts_with(start), "{said}");
}
