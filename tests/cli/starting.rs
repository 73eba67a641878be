//! What keeps a server from starting, and how it says so: one line, and nothing else.

use std::{fs, net::TcpListener, time::Instant};

use super::*;

const FREE_PORT: (&str, &str) = ("OTOMO_SERVER__LISTEN", "127.0.0.1:0");

/// Starts a server that cannot start, and gives what it says.
#[track_caller]
fn refusal(place: &Place, environment: &[(&str, &str)], args: &[&str]) -> String {
    let quiet = [("RUST_LOG", "warn"), FREE_PORT];
    let environment = [&quiet, environment].concat();
    let said = place
        .otomo_with(&environment, &[&["serve"], args].concat())
        .failed(1);
    assert_eq!(said.lines().count(), 1, "{said}");
    said
}

#[test]
fn what_keeps_a_server_from_starting_is_one_line_that_names_the_setting_and_the_file() {
    let place = Place::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str], &'a str);
    let cases: [Case<'_>; 5] = [
        (
            &[],
            &["--listen", &address],
            &format!("otomo: server.listen: {address} cannot be used: Address already in use"),
        ),
        (
            &[("OTOMO_AUTH__PUBLIC_KEY", "none.pem")],
            &[],
            "otomo: auth.public_key: cannot read none.pem: No such file",
        ),
        (
            &[("OTOMO_AUTH__JWKS_FILE", "none.json")],
            &[],
            "otomo: auth.jwks_file: cannot read none.json: No such file",
        ),
        (
            &[
                ("OTOMO_AUTH__HS256_SECRET", SECRET),
                ("OTOMO_DATABASE__URL", "sqlite:///proc/x.db"),
            ],
            &[],
            "otomo: database.url: /proc/x.db.lock cannot be made or locked (No such file or directory (os error 2)): \
             let this user write to its folder, or name a file in one where it may\n",
        ),
        (
            &[],
            &["--port-file", "/none/port"],
            "otomo: --port-file: cannot write /none/port: No such file",
        ),
    ];
    for (environment, args, complaint) in cases {
        let said = refusal(&place, environment, args);
        assert!(said.starts_with(complaint), "{said}");
    }
}

#[test]
fn a_start_warns_of_what_check_config_warns_of() {
    let place = Place::new();
    let environment = [
        ("RUST_LOG", "warn"),
        FREE_PORT,
        ("OTOMO_SERVER__DRAIN_LIMIT", "1m"),
    ];
    // One that ends by itself.
    let args = ["serve", "--port-file", "/none/port"];
    let said = place.otomo_with(&environment, &args).failed(1);
    assert!(said.contains("server.drain_limit is 1m"), "{said}");
    assert!(said.contains("--port-file: cannot write"), "{said}");
}

#[test]
fn a_development_secret_that_cannot_be_read_is_named() {
    let place = Place::new();
    fs::create_dir_all(place.path().join("data/dev-secret")).unwrap();
    let said = refusal(&place, &[], &[]);
    let complaint = "otomo: auth (development mode): cannot read ./data/dev-secret: Is a directory";
    assert!(said.starts_with(complaint), "{said}");
}

/// A running server, killed when it is dropped.
pub(super) struct Running(std::process::Child);

impl Running {
    fn start(place: &Place) -> Self {
        Self::start_with(place, &[])
    }

    pub(super) fn start_with(place: &Place, environment: &[(&str, &str)]) -> Self {
        let port_file = place.path().join("port");
        let _ = fs::remove_file(&port_file);
        let mut command = Command::new(env!("CARGO_BIN_EXE_otomo"));
        command.current_dir(place.path()).env_clear();
        command.envs([("RUST_LOG", "warn"), FREE_PORT]);
        command.envs(environment.iter().copied());
        let running = Self(command.args(["--port-file", "port"]).spawn().unwrap());
        let end = Instant::now() + Duration::from_secs(60);
        while !fs::read_to_string(&port_file).is_ok_and(|port| !port.is_empty()) {
            assert!(Instant::now() < end, "the server does not serve");
            std::thread::sleep(Duration::from_millis(10));
        }
        running
    }
}

impl Running {
    /// What the process was begun with.
    fn environment(&self) -> Vec<String> {
        let environment = fs::read(format!("/proc/{}/environ", self.0.id())).unwrap();
        let environment = String::from_utf8(environment).unwrap();
        environment.split('\0').map(str::to_owned).collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // SIGKILL: nothing of the server's own runs any more.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_second_server_on_the_same_database_is_refused_until_the_first_is_gone() {
    let place = Place::new();
    let first = Running::start(&place);
    assert_eq!(
        refusal(&place, &[], &[]),
        "otomo: database.url: another server serves ./data/otomo.db; stop that one, or give this one a file of its own\n"
    );
    // Whoever does not serve is not in the way.
    place.otomo(&["migrate"]).printed();
    place.otomo(&["check-config"]).printed();
    place
        .otomo(&["token", "--sub", "taro", "--role", "user"])
        .printed();
    drop(first);
    Running::start(&place);
}

#[test]
fn a_server_gives_memory_that_is_free_back_at_once_unless_told_otherwise() {
    let place = Place::new();
    let at_once = "MIMALLOC_PURGE_DELAY=0".to_owned();
    assert!(Running::start(&place).environment().contains(&at_once));
    let kept = [("MIMALLOC_PURGE_DELAY", "500")];
    let told = Running::start_with(&place, &kept).environment();
    assert!(told.contains(&"MIMALLOC_PURGE_DELAY=500".to_owned()));
    assert!(!told.contains(&at_once));
}
