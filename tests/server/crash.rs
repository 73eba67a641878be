//! `kill -9` while calls are in all phases: afterwards every call has exactly one end, every request that
//! was answered is known, and statuses are right.

use std::collections::HashMap;

use diesel::{
    QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query,
    sql_types::{BigInt, Text},
};
use otomo::kernel::identity::Role;
use serde_json::json;
use uuid::Uuid;

use crate::support::{Client, Json, Process, eventually};

/// Calls at the moment of the crash.
const CALLS: usize = 200;

const SETTINGS: [(&str, &str); 8] = [
    ("limits.commands_per_second", "none"),
    ("calls.ring_timeout", "8s"),
    ("calls.connect_timeout", "6s"),
    ("calls.loss_grace", "3s"),
    ("calls.ring_loss_grace", "3s"),
    ("presence.leave_grace", "3s"),
    ("presence.restart_grace", "3s"),
    ("presence.lease", "3s"),
];

/// How far a call has come when the server dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Phase {
    Requesting,
    Ringing,
    Connecting,
    Connected,
    Ended,
}

const PHASES: [Phase; 5] = [
    Phase::Requesting,
    Phase::Ringing,
    Phase::Connecting,
    Phase::Connected,
    Phase::Ended,
];

/// Two people and their call.
struct Pair {
    number: usize,
    call: Uuid,
    phase: Phase,
    /// Kept connected until the server dies.
    _taro: Client,
    hana: Option<Client>,
}

impl Pair {
    fn names(number: usize) -> (String, String) {
        (format!("taro-{number}"), format!("hana-{number}"))
    }

    async fn connect(server: &Process, number: usize) -> (Client, Client) {
        let (taro, hana) = Self::names(number);
        let hana = server
            .connecting(&hana, Role::Otomo)
            .on_device("phone-h")
            .asking("topics=calls");
        let taro = server
            .connecting(&taro, Role::User)
            .on_device("phone-t")
            .asking("topics=calls");
        tokio::join!(taro.ready(), hana.ready())
    }

    async fn bring_to(server: &Process, number: usize, phase: Phase) -> Self {
        let (mut taro, mut hana) = Self::connect(server, number).await;
        let name = hana.user.clone();
        if phase == Phase::Requesting {
            hana.vanish().await;
            let call = taro.request(&name).await;
            return Self {
                number,
                call,
                phase,
                _taro: taro,
                hana: None,
            };
        }
        let call = taro.request(&name).await;
        hana.rings(call).await;
        if matches!(phase, Phase::Connecting | Phase::Connected) {
            hana.accept(call).await;
            taro.expect("signaling_start").await;
        }
        if phase == Phase::Connected {
            taro.report_media(call).await;
            hana.report_media(call).await;
            taro.expect("call_connected").await;
        }
        if phase == Phase::Ended {
            taro.cancel(call).await;
        }
        Self {
            number,
            call,
            phase,
            _taro: taro,
            hana: Some(hana),
        }
    }

    /// Something that is on its way when the server dies: it may count or not, but never half.
    async fn last_word(&mut self) {
        let name = match (self.phase, self.number % 3) {
            (Phase::Ringing, 0) => "call_accept",
            (Phase::Ringing, 1) => "call_reject",
            (Phase::Connecting, 0) => "call_connected",
            (Phase::Connected, 0) => "call_end_request",
            _ => return,
        };
        if let Some(hana) = &mut self.hana {
            hana.send(json!({"type": name, "callId": self.call})).await;
        }
    }
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = Text)]
    call: String,
    #[diesel(sql_type = BigInt)]
    ends: i64,
}

#[derive(QueryableByName)]
struct Live {
    #[diesel(sql_type = BigInt)]
    people: i64,
}

/// How many ends each stored call has.
fn ends(database: &mut SqliteConnection) -> HashMap<String, i64> {
    let query = "SELECT c.id AS call, \
                 (SELECT count(*) FROM call_events e WHERE e.call_id = c.id AND e.event = 'ended') AS ends \
                 FROM calls c";
    let rows: Vec<Count> = sql_query(query)
        .load(database)
        .expect("the schema as it is");
    rows.into_iter().map(|row| (row.call, row.ends)).collect()
}

fn people_in_calls(database: &mut SqliteConnection) -> i64 {
    let query = "SELECT count(*) AS people FROM live_participants";
    sql_query(query)
        .get_result::<Live>(database)
        .expect("the schema as it is")
        .people
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_sudden_death_every_call_has_one_end_and_statuses_are_right() {
    let server = Process::start_with(&SETTINGS).await;
    let mut pairs = Vec::new();
    for number in 0..CALLS {
        pairs.push(Pair::bring_to(&server, number, PHASES[number % PHASES.len()]).await);
    }
    for pair in &mut pairs {
        pair.last_word().await;
    }
    let server = server.kill_and_restart().await;

    // Of every second pair both come back, on the same devices; the others stay away.
    let calls: Vec<(usize, Uuid)> = pairs.iter().map(|pair| (pair.number, pair.call)).collect();
    drop(pairs);
    let mut back = Vec::new();
    for (number, call) in calls.iter().filter(|(number, _)| number % 2 == 0) {
        let (taro, hana) = Pair::connect(&server, *number).await;
        back.push((*call, taro, hana));
    }
    // Whoever is connected still hangs up; everything else ends by its own deadline.
    for (call, taro, _) in &mut back {
        taro.send(json!({"type": "call_end_request", "callId": call}))
            .await;
    }
    let mut database = server.database();
    eventually("nobody is in a call", async || {
        people_in_calls(&mut database) == 0
    })
    .await;

    let ends = ends(&mut database);
    for (number, call) in &calls {
        let count = ends.get(&call.to_string());
        assert_eq!(
            count,
            Some(&1),
            "the ends of call {call} ({:?})",
            PHASES[number % PHASES.len()]
        );
    }
    // It is said after it is stored.
    for (call, taro, _) in &mut back {
        let goal = format!("{} is told how their call ended", taro.user);
        eventually(&goal, async || {
            let told = taro.everything();
            told.iter().any(|event| tells_the_end(event, *call))
        })
        .await;
    }
    statuses_are_right(&server, &calls).await;
}

/// Whether an event tells the caller how the call ended.
fn tells_the_end(event: &Json, call: Uuid) -> bool {
    let is_it = |event: &Json| event["callId"] == call.to_string();
    match event["type"].as_str() {
        Some("call_end" | "call_rejected" | "call_cancelled") => is_it(event),
        Some("call_snapshot") => event["recent"]
            .as_array()
            .is_some_and(|recent| recent.iter().any(is_it)),
        Some("call_cancel_ack" | "call_end_request_ack") => is_it(event),
        _ => false,
    }
}

async fn statuses_are_right(server: &Process, calls: &[(usize, Uuid)]) {
    let mut watcher = server.connecting("watcher", Role::User).open().await;
    let snapshot = watcher.expect("otomo_status_snapshot").await;
    let list = snapshot["otomos"].as_array().expect("a list");
    let mut seen: HashMap<String, String> = list
        .iter()
        .map(|it| {
            (
                it["userId"].as_str().unwrap().into(),
                it["status"].as_str().unwrap().into(),
            )
        })
        .collect();
    let right = |seen: &HashMap<String, String>| {
        calls.iter().all(|(number, _)| {
            let expected = if number % 2 == 0 { "online" } else { "offline" };
            seen.get(&Pair::names(*number).1)
                .is_some_and(|status| status == expected)
        })
    };
    // The grace after the restart may still run for those who stayed away.
    while !right(&seen) {
        let update = watcher.expect("otomo_status_update").await;
        seen.insert(
            update["userId"].as_str().unwrap().into(),
            update["status"].as_str().unwrap().into(),
        );
    }
}
