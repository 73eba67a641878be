//! SIGHUP: another configuration for a server that runs, and nobody's connection ends for it.

use std::path::{Path, PathBuf};

use otomo::kernel::identity::Role;
use tempfile::TempDir;

use crate::{
    api::Api,
    support::{Certificate, End, Endpoint, Process, encrypt, found},
};

/// The secret of all test servers, and another.
const FIRST: &str = "a secret of tests, long enough for HS256";
const SECOND: &str = "another secret of tests, as long as the first";

/// A configuration file that is written again and again.
struct File {
    folder: TempDir,
}

impl File {
    fn new(settings: &[(&str, &str)]) -> Self {
        let file = Self {
            folder: tempfile::tempdir().expect("a folder"),
        };
        file.write(settings);
        file
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("otomo.toml")
    }

    fn write(&self, settings: &[(&str, &str)]) {
        let line = |(key, value): &(&str, &str)| format!("{key} = \"{value}\"\n");
        let text: String = settings.iter().map(line).collect();
        std::fs::write(self.path(), text).expect("a file");
    }
}

/// A server with that file, and its log.
async fn start(file: &File) -> (Process, PathBuf) {
    let path = file.path();
    let path = path.to_str().expect("a path");
    Process::start_logging(&[("--config", path)], "info").await
}

/// Sends SIGHUP and waits for what the server says of it.
async fn hang_up(server: &Process, log: &Path, says: &str) -> String {
    server.signal("HUP");
    let (line, log) = found(says, async || {
        let log = std::fs::read_to_string(log).expect("a log");
        let line = log.lines().rev().find(|line| line.contains(says))?;
        Some((line.to_owned(), log))
    })
    .await;
    assert!(!log.contains(SECOND) && !log.contains(FIRST), "{log}");
    line
}

/// A token that another secret has signed.
fn token_by(secret: &str, user: &str) -> String {
    Endpoint::signing_with(secret).token(user, Role::User)
}

#[tokio::test]
async fn keys_and_limits_change_for_whoever_comes_and_nobody_is_cut_off() {
    let file = File::new(&[("auth.hs256_secret", FIRST), ("auth.api_keys", "first-key")]);
    let (server, log) = start(&file).await;
    let mut taro = server.user("taro").await;
    let backend = |key| Api::with_key(&server, key);
    assert_eq!(
        backend("first-key").get("/api/server/rooms/r").await.status,
        200
    );
    file.write(&[
        ("auth.hs256_secret", SECOND),
        ("auth.api_keys", "second-key"),
        ("limits.connections", "2"),
        ("server.drain_limit", "20s"),
        ("limits.message_size", "32KiB"),
    ]);
    let line = hang_up(&server, &log, "configuration read again").await;
    for setting in ["auth.hs256_secret", "auth.api_keys", "limits.connections"] {
        assert!(line.contains(setting), "{line}");
    }
    let said = std::fs::read_to_string(&log).expect("a log");
    for setting in ["server.drain_limit", "limits.message_size"] {
        let kept = format!("{setting} changes only with a restart");
        assert!(said.contains(&kept), "{said}");
        assert!(!line.contains(setting), "{line}");
    }
    taro.settled().await;
    let mut old = server.connecting("jiro", Role::User).open().await;
    assert_eq!(old.ended().await, End::Closed(4001));
    let new = server.stranger().with_token(&token_by(SECOND, "jiro"));
    let mut jiro = new.ready().await;
    let third = server.stranger().with_token(&token_by(SECOND, "mika"));
    assert_eq!(third.try_open().await.err().expect("no room").status(), 503);
    assert_eq!(
        backend("first-key").get("/api/server/rooms/r").await.status,
        401
    );
    assert_eq!(
        backend("second-key")
            .get("/api/server/rooms/r")
            .await
            .status,
        200
    );
    taro.settled().await;
    jiro.settled().await;
}

#[tokio::test]
async fn a_faulty_file_leaves_all_as_it_was_and_is_told() {
    let right = [("auth.hs256_secret", FIRST)];
    let file = File::new(&right);
    let (server, log) = start(&file).await;
    let faults: [(&[(&str, &str)], &str); 5] = [
        (
            &[
                ("auth.hs256_secret", SECOND),
                ("limits.connections", "many"),
            ],
            "limits.connections",
        ),
        (
            &[
                ("auth.hs256_secret", SECOND),
                ("auth.jwks_file", "/none.json"),
            ],
            "auth.jwks_file: cannot read /none.json",
        ),
        // No TLS is spoken yet; the next start would be refused all the same.
        (
            &[
                ("auth.hs256_secret", SECOND),
                ("server.tls_cert", "/none.pem"),
                ("server.tls_key", "/none.pem"),
            ],
            "/none.pem",
        ),
        (
            &[("limits.connections", "1")],
            "changes only with a restart",
        ),
        (
            &[("auth.hs256_secret", SECOND), ("auth.nothing", "1")],
            "unknown setting auth.nothing",
        ),
    ];
    for (settings, says) in faults {
        file.write(settings);
        let line = hang_up(&server, &log, says).await;
        assert!(line.contains("ERROR"), "{line}");
        assert!(line.contains("all stays as it was"), "{line}");
        let mut one = server.user("taro").await;
        let mut another = server.user("taro").await;
        one.settled().await;
        another.settled().await;
    }
    file.write(&[("auth.hs256_secret", SECOND)]);
    hang_up(&server, &log, "configuration read again").await;
    let mut old = server.connecting("jiro", Role::User).open().await;
    assert_eq!(old.ended().await, End::Closed(4001));
}

#[tokio::test]
async fn a_secret_too_short_for_the_address_that_is_served_is_not_taken() {
    let file = File::new(&[("auth.hs256_secret", FIRST), ("server.listen", "0.0.0.0:0")]);
    let (server, log) = start(&file).await;
    // It would do for the address that is written, which is in force after a restart alone.
    file.write(&[
        ("auth.hs256_secret", "short"),
        ("server.listen", "127.0.0.1:0"),
    ]);
    let line = hang_up(&server, &log, "all stays as it was").await;
    assert!(line.contains("auth.hs256_secret"), "{line}");
    server.user("taro").await.settled().await;
}

#[tokio::test]
async fn a_new_certificate_is_shown_to_whoever_comes() {
    let (first, second) = (Certificate::new(), Certificate::new());
    let settings = |certificate: &'static Certificate| {
        let [cert, key] = certificate.settings();
        [("auth.hs256_secret", FIRST), cert, key]
    };
    let (first, second): (&'static Certificate, &'static Certificate) =
        (Box::leak(Box::new(first)), Box::leak(Box::new(second)));
    let file = File::new(&settings(first));
    let (server, log) = start(&file).await;
    let connecting = |user| server.connecting(user, Role::User);
    let is_let_in = async || {
        let mut mika = connecting("mika").over_tls(first).ready().await;
        mika.settled().await;
    };
    let mut taro = connecting("taro").over_tls(first).ready().await;
    file.write(&settings(second));
    let line = hang_up(&server, &log, "configuration read again").await;
    assert!(line.contains("server.tls_cert,server.tls_key"), "{line}");
    let mut jiro = connecting("jiro").over_tls(second).ready().await;
    taro.settled().await;
    jiro.settled().await;
    let tcp = tokio::net::TcpStream::connect(server.address())
        .await
        .expect("a server");
    let refused = tokio::spawn(async move { encrypt(&first.connector(), tcp).await });
    assert!(refused.await.is_err(), "the old one is not shown any more");
    // The same files with other content are read again, too.
    let [cert, key] = first.settings();
    let [new_cert, new_key] = second.settings();
    for (from, to) in [(cert.1, new_cert.1), (key.1, new_key.1)] {
        std::fs::copy(from, to).expect("files");
    }
    std::fs::write(&log, "").expect("a log");
    let line = hang_up(&server, &log, "configuration read again").await;
    assert!(line.ends_with("changed=server.tls_cert"), "{line}");
    is_let_in().await;
    // Read once more, it is the same.
    std::fs::write(&log, "").expect("a log");
    let line = hang_up(&server, &log, "configuration read again").await;
    assert!(line.ends_with("changed="), "{line}");
    // One that does not go with its key is not.
    std::fs::write(new_key.1, "no key").expect("a file");
    hang_up(&server, &log, "all stays as it was").await;
    is_let_in().await;
}

#[tokio::test]
async fn a_reload_warns_as_a_start_does() {
    let file = File::new(&[("auth.hs256_secret", FIRST)]);
    let (server, log) = start(&file).await;
    file.write(&[("auth.hs256_secret", FIRST), ("server.drain_limit", "1m")]);
    let warning = "configuration: server.drain_limit is 1m";
    let said = std::fs::read_to_string(&log).expect("a log");
    assert!(!said.contains(warning), "{said}");
    hang_up(&server, &log, warning).await;
}

#[tokio::test]
async fn an_expired_certificate_is_warned_of_at_the_start_and_at_each_reload() {
    let certificate = Certificate::expired();
    let [cert, key] = certificate.settings();
    let file = File::new(&[("auth.hs256_secret", FIRST), cert, key]);
    let (server, log) = start(&file).await;
    let warning = "cert.pem: it has expired";
    let said = std::fs::read_to_string(&log).expect("a log");
    assert_eq!(said.matches(warning).count(), 1, "{said}");
    std::fs::write(&log, "").expect("a log");
    let line = hang_up(&server, &log, warning).await;
    assert!(
        line.contains("WARN") && line.contains("server.tls_cert"),
        "{line}"
    );
}
