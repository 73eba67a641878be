//! What the tool says of servers that are slow, or that stop answering: a plain one that does so on purpose.

use std::{
    collections::HashMap,
    fs,
    io::Write as _,
    net::{TcpListener, TcpStream},
    process::{ChildStdin, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use tokio_tungstenite::tungstenite::{Message, accept};

use super::{figure, number, report};
use crate::Place;

/// How a server answers.
#[derive(Clone, Copy)]
enum Manner {
    /// Each client one message at a time, each so late.
    Late(Duration),
    /// The first so many messages of all clients at once, and none after them.
    Until(u64),
}

/// A plain server that lives as long as the test's process.
struct Server {
    port: u16,
}

/// What its connections share.
struct Shared {
    manner: Manner,
    taken: AtomicU64,
    /// Told of each client, before the client is answered.
    told: Mutex<Option<ChildStdin>>,
    /// By the numbers that the clients say they have.
    clients: Mutex<HashMap<usize, TcpStream>>,
}

impl Server {
    fn that_answers(manner: Manner) -> Self {
        Self::that_tells(manner, None)
    }

    fn that_tells(manner: Manner, told: Option<ChildStdin>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            manner,
            taken: AtomicU64::new(0),
            told: Mutex::new(told),
            clients: Mutex::default(),
        });
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&shared);
                thread::spawn(move || shared.serve(client));
            }
        });
        Self { port }
    }

    /// The arguments that have the tool measure it for a second.
    fn args(&self, scenario: &str) -> String {
        format!("{scenario} --seconds 1 {}", self.place())
    }

    fn place(&self) -> String {
        format!("--speaks plain --url ws://127.0.0.1:{}", self.port)
    }

    #[track_caller]
    fn measured(&self, scenario: &str) -> serde_json::Value {
        report(&Place::new(), &self.args(scenario))
    }
}

impl Shared {
    /// Serves one client until it leaves.
    fn serve(&self, client: TcpStream) {
        client.set_nodelay(true).unwrap();
        let out = client.try_clone().unwrap();
        let mut client = accept(client).unwrap();
        while let Ok(Message::Text(text)) = client.read() {
            let number = |text: &str| text.split_whitespace().next()?.parse().ok();
            match text.split_at(1) {
                ("i", own) => {
                    let own = number(own).unwrap();
                    if let Some(told) = &mut *self.told.lock().unwrap() {
                        let _ = told.write_all(b"\n");
                    }
                    let mut clients = self.clients.lock().unwrap();
                    clients.insert(own, out.try_clone().unwrap());
                    send(&clients[&own], &text);
                }
                _ if !self.answers() => {}
                ("e", _) => send(&out, &text),
                ("d", peer) => {
                    let clients = self.clients.lock().unwrap();
                    send(&clients[&number(peer).unwrap()], &text);
                }
                ("b", _) => {
                    let clients = self.clients.lock().unwrap();
                    clients.values().for_each(|client| send(client, &text));
                }
                _ => panic!("not a letter of plain servers: {text}"),
            }
        }
    }

    /// Whether the next message is answered, once it is time.
    fn answers(&self) -> bool {
        let taken = self.taken.fetch_add(1, Ordering::Relaxed);
        match self.manner {
            Manner::Late(late) => {
                thread::sleep(late);
                true
            }
            Manner::Until(last) => taken < last,
        }
    }
}

/// Writes a short text in one piece, so that those of several threads do not mix. A client that has left does not mind.
fn send(mut client: &TcpStream, text: &str) {
    let length = u8::try_from(text.len()).unwrap();
    assert!(length < 126, "a longer frame needs another head");
    let frame = [&[0x81, length], text.as_bytes()].concat();
    let _ = client.write_all(&frame);
}

/// How late the server of these tests is.
const LATE: Duration = Duration::from_millis(200);

/// How long the tool waits for the last answers, in milliseconds.
const LAST_ANSWERS: f64 = 5_000.0;

#[test]
fn a_late_server_is_as_late_as_it_is_and_what_is_expected_of_it_fails() {
    let server = Server::that_answers(Manner::Late(LATE));
    for scenario in ["echo --connections 2", "direct --connections 4"] {
        let late = server.measured(scenario);
        let latency = &late["latencyMs"];
        assert!(number(latency, "p50") >= 199.0, "{late}");
        assert_eq!(number(&late, "unanswered"), 0.0, "the last are waited for");
        // Somebody who waits for answers uses no core.
        assert!(number(&late, "toolSharePercent") < 80.0, "{late}");
        assert_eq!(late["toolIsTheLimit"], false);
    }
    let args = "bench ".to_owned() + &server.args("echo --connections 2");
    let expecting = |condition| {
        let words = args.split(' ').chain(["--expect", condition]);
        Place::new().otomo(&words.collect::<Vec<_>>())
    };
    expecting("p50>=199ms").printed();
    let run = expecting("p50<150ms");
    assert_eq!(run.0.status.code(), Some(1));
    let complaint = run.complaint();
    assert!(complaint.contains("p50<150ms, but p50 is 2"), "{complaint}");
}

#[test]
fn a_server_that_cannot_keep_up_is_charged_for_all_that_waits() {
    let server = Server::that_answers(Manner::Late(LATE));
    // It answers 5 in a second and is asked 40: of the 80 questions of two seconds it has answered 35 when it is waited for no
    // longer, 25 of them too late to count.
    let slow = server.measured("echo --connections 1 --rate 40");
    assert!(number(&slow, "answers") <= 6.0, "{slow}");
    let unanswered = number(&slow, "unanswered");
    assert!((40.0..=55.0).contains(&unanswered), "{slow}");
    // Most wait at the end, since they were due within that second or before.
    let latency = &slow["latencyMs"];
    assert!(number(latency, "p90") >= LAST_ANSWERS, "{slow}");
    assert_eq!(number(&slow, "unsent"), 0.0);
    assert!(slow["toolLateMs"].is_number(), "it went by the clock");
}

#[test]
fn a_server_that_stops_answering_does_not_look_fast() {
    for scenario in ["echo --connections 3", "direct --connections 6"] {
        let silent = Server::that_answers(Manner::Until(90)).measured(scenario);
        assert_eq!(number(&silent, "unanswered"), 3.0, "{silent}");
        let latency = &silent["latencyMs"];
        assert!(number(latency, "max") >= LAST_ANSWERS, "{silent}");
        assert!(silent["toolLateMs"].is_null(), "nothing goes by the clock");
    }
    // By the clock: half a second of answers that are counted, and half a second without.
    let silent = Server::that_answers(Manner::Until(60)).measured("echo --connections 3 --rate 40");
    let unanswered = number(&silent, "unanswered");
    assert!((10.0..=30.0).contains(&unanswered), "{silent}");
    let latency = &silent["latencyMs"];
    assert!(number(latency, "p90") >= LAST_ANSWERS, "{silent}");
}

#[test]
fn what_could_not_even_be_sent_counts_too() {
    let server = Server::that_answers(Manner::Until(30));
    let args = "bench ".to_owned() + &server.args("fanout --connections 3 --rate 20");
    let words: Vec<_> = args.split(' ').chain(["--expect", "unsent==0"]).collect();
    let run = Place::new().otomo(&words);
    let complaint = run.complaint();
    assert!(
        complaint.contains("unsent==0, but unsent is "),
        "{complaint}"
    );
    let table = String::from_utf8(run.0.stdout.clone()).unwrap();
    // Three senders wait for three subscribers each; the next have nobody to send them.
    assert_eq!(figure(&table, "not answered at the end"), 9.0);
    let unsent = figure(&table, "due, and never sent");
    assert!((3.0..=10.0).contains(&unsent), "{table}");
    assert!(figure(&table, "latency of a delivery, max, ms") >= LAST_ANSWERS);
}

#[test]
fn a_storm_is_charged_with_what_it_leaves_to_do_and_not_with_what_was_done_before() {
    // Something to do at the start, and as much again when the first client has come.
    let work = "i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done";
    let mut process = Command::new("sh")
        .args(["-c", &format!("{work}; read first; {work}; exec sleep 60")])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let server = Server::that_tells(Manner::Until(0), process.stdin.take());
    let storm = format!(
        "connect --connections 5 {} --pid {}",
        server.place(),
        process.id()
    );
    let storm = report(&Place::new(), &storm);
    let stat = fs::read_to_string(format!("/proc/{}/stat", process.id())).unwrap();
    process.kill().unwrap();
    process.wait().unwrap();
    let ticks = stat.rsplit(')').next().unwrap().split_whitespace();
    let ticks: f64 = ticks
        .skip(11)
        .take(2)
        .map(|it| it.parse::<f64>().unwrap())
        .sum();
    let of = |whose| number(&storm, &format!("server{whose}MicrosPerConnect"));
    let charged = (of("User") + of("System")) * 5.0 / 10_000.0;
    let share = charged / ticks;
    assert!(
        (0.3..=0.7).contains(&share),
        "{charged} of {ticks}: {storm}"
    );
}
