//! Every way in which the tool reaches a server: transports, TLS, servers that run already, plain ones.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{number, report};
use crate::{Place, SECRET};

/// A server that ends with the test.
struct Running {
    child: Child,
    port: u16,
}

impl Running {
    /// The smallest plain server. It says its port itself.
    fn plain() -> Self {
        let mut child = command(
            Path::new("."),
            &["bench", "floor", "--serve", "127.0.0.1:0"],
        )
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
        let mut line = String::new();
        let said = child.stdout.take().unwrap();
        BufReader::new(said).read_line(&mut line).unwrap();
        let port = line.trim().strip_prefix("listening ").unwrap();
        let port = port.parse().unwrap();
        Self { child, port }
    }

    fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(place: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_otomo"));
    command.args(args).current_dir(place).env_clear();
    command
}

/// Each scenario, briefly, and a figure that is above zero if anything came of it.
const SCENARIOS: [(&str, &str); 13] = [
    ("connect --connections 10", "connectsPerSecond"),
    ("idle --connections 10 --settle 10ms", "residentAfterKib"),
    (
        "fanout --connections 5 --in-flight 2 --seconds 1",
        "updates",
    ),
    ("echo --connections 3 --seconds 1", "answers"),
    ("direct --connections 4 --seconds 1", "messages"),
    ("calls --pairs 2 --seconds 1", "calls"),
    ("chat --senders 2 --online --seconds 1", "sends"),
    (
        "presence --otomo 6 --watchers 2 --rate 4 --seconds 3",
        "changes",
    ),
    (
        "presence --otomo 3 --watchers 2 --updates 50 --seconds 2",
        "heard",
    ),
    (
        "events --rooms 1 --members 2 --kind durable --rate 40 --seconds 1",
        "deliveries",
    ),
    (
        "events --rooms 1 --members 2 --kind state --rate 40 --seconds 1",
        "deliveries",
    ),
    ("replay --users 2 --events 20", "events"),
    ("mixed --people 30 --rate 30 --duration 2s", "acts"),
];

/// Scenarios that run at the same time: they mostly wait.
const TOGETHER: usize = 4;

fn carries_every_scenario(transport: &str) {
    let play = |(scenario, counted): (&str, &str)| {
        let run = |scenario: &str| {
            let place = Place::new();
            let report = report(&place, &format!("{scenario} --transport {transport}"));
            let level = report.get("levels").map_or(&report, |levels| &levels[0]);
            (number(level, counted), report)
        };
        let (count, _) = run(scenario);
        if count > 0.0 {
            return;
        }
        // On a machine that is busy with something else a call may take longer than the time that it is measured for.
        let (count, report) = run(&scenario.replace("--seconds 1", "--seconds 15"));
        assert!(count > 0.0, "{report}");
    };
    for some in SCENARIOS.chunks(TOGETHER) {
        thread::scope(|scope| {
            for scenario in some {
                scope.spawn(|| play(*scenario));
            }
        });
    }
}

#[test]
fn a_websocket_carries_every_scenario() {
    carries_every_scenario("ws");
}

#[test]
fn an_event_stream_carries_every_scenario() {
    carries_every_scenario("sse");
}

#[test]
fn socketio_carries_every_scenario() {
    carries_every_scenario("socketio");
}

#[test]
fn over_tls_too_and_a_certificate_that_nobody_vouches_for_is_refused() {
    let place = Place::new();
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    fs::write(place.path().join("cert.pem"), made.cert.pem()).unwrap();
    fs::write(
        place.path().join("key.pem"),
        made.signing_key.serialize_pem(),
    )
    .unwrap();
    let environment = [
        ("OTOMO_AUTH__HS256_SECRET", SECRET),
        ("OTOMO_SERVER__TLS_CERT", "cert.pem"),
        ("OTOMO_SERVER__TLS_KEY", "key.pem"),
    ];
    // A server of the tool's own speaks TLS where it is configured to.
    for transport in ["ws", "sse", "socketio"] {
        let args = format!("bench echo --connections 2 --seconds 1 --json --transport {transport}");
        let args: Vec<_> = args.split(' ').collect();
        let printed = place.otomo_with(&environment, &args).printed();
        let report: serde_json::Value = serde_json::from_str(&printed).unwrap();
        assert!(number(&report, "answers") > 0.0, "{report}");
    }
    let server = serve(&place, &environment);
    let url = format!("wss://127.0.0.1:{}", server.port);
    let mut args = vec!["bench", "connect", "--connections", "3", "--url", &url];
    let complaint = place.otomo_with(&environment, &args).failed(1);
    assert!(
        complaint.contains("TLS with the server failed"),
        "{complaint}"
    );
    args.extend(["--ca", "cert.pem"]);
    place.otomo_with(&environment, &args).printed();
    args.truncate(6);
    args.push("--insecure");
    place.otomo_with(&environment, &args).printed();
}

/// A server of this place, once it serves.
fn serve(place: &Place, environment: &[(&str, &str)]) -> Running {
    let args = ["serve", "--listen", "127.0.0.1:0", "--port-file", "port"];
    let mut child = command(place.path(), &args)
        .envs(environment.iter().copied())
        .env("RUST_LOG", "info")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(child.stderr.take().unwrap());
    // It has written the port when it says that it serves. What it says later has room in the pipe.
    let mut lines = said.lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("otomo serves ")));
    thread::spawn(move || lines.for_each(drop));
    let port = fs::read_to_string(place.path().join("port")).unwrap();
    let port = port.parse().unwrap();
    Running { child, port }
}

#[test]
fn a_server_that_runs_already_is_measured_and_without_its_pid_its_cost_is_unknown() {
    let place = Place::new();
    let environment = [
        ("OTOMO_AUTH__HS256_SECRET", SECRET),
        ("OTOMO_LIMITS__COMMANDS_PER_SECOND", "1000000"),
    ];
    let server = serve(&place, &environment);
    let args = format!(
        "bench echo --connections 2 --seconds 1 --json --url http://127.0.0.1:{}",
        server.port
    );
    let measured = |more: &str| -> serde_json::Value {
        let args = args.clone() + more;
        let args: Vec<_> = args.split(' ').collect();
        serde_json::from_str(&place.otomo_with(&environment, &args).printed()).unwrap()
    };
    let known = measured(&format!(" --pid {}", server.pid()));
    let cpu = ["User", "System"].map(|whose| format!("server{whose}MicrosPerAnswer"));
    let cpu: f64 = cpu.iter().map(|name| number(&known, name)).sum();
    assert!(cpu > 0.0, "a second of answers costs something: {known}");
    let unknown = measured("");
    assert!(unknown["serverUserMicrosPerAnswer"].is_null(), "{unknown}");
    assert!(number(&unknown, "toolMicrosPerAnswer") > 0.0, "{unknown}");
}

#[test]
fn a_plain_server_is_measured_like_ours() {
    let place = Place::new();
    let server = Running::plain();
    for (scenario, counted) in [
        ("connect --connections 10 --again", "connectsPerSecond"),
        ("idle --connections 10 --settle 10ms", "residentAfterKib"),
        (
            "fanout --connections 5 --in-flight 2 --seconds 1",
            "updates",
        ),
        (
            "fanout --connections 5 --rate 20 --bytes 3000 --seconds 1",
            "updates",
        ),
        ("echo --connections 3 --in-flight 2 --seconds 1", "answers"),
        ("direct --connections 4 --seconds 1", "messages"),
    ] {
        let report = report(
            &place,
            &format!(
                "{scenario} --speaks plain --url ws://127.0.0.1:{} --pid {}",
                server.port,
                server.pid()
            ),
        );
        assert!(number(&report, counted) > 0.0, "{report}");
    }
}

#[test]
fn what_does_not_go_together_is_said() {
    let place = Place::new();
    for (args, says) in [
        ("echo --speaks plain", "are about the server at --url"),
        (
            "echo --speaks plain --transport sse --url ws://127.0.0.1:1",
            "messages go both ways",
        ),
        (
            "chat --speaks plain --url ws://127.0.0.1:1",
            "plain servers are measured by ",
        ),
        (
            "echo --url ws://127.0.0.1:1 --source nowhere",
            "--source: \"nowhere\" is no address",
        ),
        ("echo --url nowhere", "must begin with ws://"),
        ("echo --pid 1", "are about the server at --url"),
        ("direct --connections 3", "must be an even number"),
        ("soak --duration 0s", "must be more than nothing"),
        (
            "echo --seconds 18446744073709551614",
            "must be a whole number of seconds",
        ),
    ] {
        let args = format!("bench {args}");
        let args: Vec<_> = args.split(' ').collect();
        let complaint = place.otomo(&args).failed(2);
        assert!(complaint.contains(says), "{complaint}");
    }
}

/// Goal: nothing that the tool starts outlives it. Method: it is told to end while its server serves.
#[test]
fn who_is_told_to_end_ends_the_server_and_removes_its_files() {
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        let place = Place::new();
        let mut tool = command(
            place.path(),
            &["bench", "idle", "--connections", "1", "--settle", "10m"],
        )
        .env("TMPDIR", place.path())
        .spawn()
        .unwrap();
        let port = port_of_child(place.path());
        let told = format!("kill -{signal} {}", tool.id());
        Command::new("sh").args(["-c", &told]).status().unwrap();
        assert_eq!(tool.wait().unwrap().code(), Some(code));
        assert!(place.is_empty(), "its files are gone");
        TcpStream::connect(("127.0.0.1", port)).unwrap_err();
    }
}

/// How long the server of the tool may take to serve. It takes a moment.
const SERVES_WITHIN: Duration = Duration::from_secs(30);

/// The port of the server that the tool has started, once it serves.
fn port_of_child(temporary: &Path) -> u16 {
    let since = Instant::now();
    loop {
        let mut folders = fs::read_dir(temporary).unwrap().map_while(Result::ok);
        let port = folders.find_map(|it| fs::read_to_string(it.path().join("port")).ok());
        if let Some(port) = port.and_then(|text| text.parse().ok()) {
            return port;
        }
        assert!(since.elapsed() < SERVES_WITHIN, "the server does not serve");
        thread::yield_now();
    }
}

#[test]
fn a_plain_server_serves_with_few_descriptors_too() {
    let mut server = Command::new("sh")
        .args([
            "-c",
            "ulimit -n 200; exec \"$0\" bench floor --serve 127.0.0.1:0",
        ])
        .arg(env!("CARGO_BIN_EXE_otomo"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let said = server.stdout.take().unwrap();
    BufReader::new(said).read_line(&mut line).unwrap();
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(line.starts_with("listening "), "{line:?}");
}
