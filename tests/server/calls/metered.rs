//! Metered calls over real connections, with minutes of half a second: what both hear, how the points run out, and what a
//! sudden death of the server leaves in the ledger.

use std::time::{Duration, Instant};

use diesel::{QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query, sql_types::BigInt};
use otomo::kernel::identity::Role;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::{
    api::{Api, WITH_KEY, send},
    support::{Client, Endpoint, Json, Process, TestServer, TimeOfDay, eventually, field, silence},
};

/// A minute of these tests.
const MINUTE: Duration = Duration::from_millis(500);

const SETTINGS: [(&str, &str); 2] = [WITH_KEY, ("calls.charge_interval", "500ms")];

/// Hana costs 100 a minute, Taro has so many points.
async fn prepare(server: &Endpoint, points: i64) {
    let backend = Api::backend(server);
    let hana = json!({"role": "otomo", "name": "はな", "pricePerMinute": 100});
    backend.put("/api/server/users/hana", hana).await.ok();
    grant(server, points).await;
}

async fn grant(server: &Endpoint, points: i64) {
    let backend = Api::backend(server);
    let path = "/api/server/points/taro/grant";
    let request = backend
        .request(Method::POST, path)
        .header("Idempotency-Key", Uuid::new_v4().to_string())
        .json(&json!({"amount": points, "transaction_type": "gift"}));
    send(request).await.ok();
}

async fn connect(server: &Endpoint) -> (Client, Client) {
    let device = |name: &str, role| server.connecting(name, role).on_device("phone");
    let hana = device("hana", Role::Otomo).ready().await;
    (device("taro", Role::User).ready().await, hana)
}

/// Taro talks with Hana.
async fn talking(server: &Endpoint) -> (Client, Client, Uuid) {
    let (mut taro, mut hana) = connect(server).await;
    let call = taro.request("hana").await;
    hana.rings(call).await;
    hana.accept(call).await;
    for client in [&mut taro, &mut hana] {
        client.expect("signaling_start").await;
        client.report_media(call).await;
    }
    for client in [&mut taro, &mut hana] {
        client.expect("call_connected").await;
    }
    (taro, hana, call)
}

/// A call as its caller finds it.
async fn entry(server: &Endpoint, call: Uuid) -> Json {
    let taro = Api::of(server, "taro", Role::User);
    taro.get(&format!("/api/calls/{call}")).await.ok()
}

/// The charges of a call in the ledger, in order; each one minute, each once.
async fn charges(server: &Endpoint, call: Uuid) -> Vec<i64> {
    let taro = Api::of(server, "taro", Role::User);
    let list = taro.whole_list("/api/points/transactions", 100).await;
    let of_call = |it: &&Json| it["metadata"]["callId"] == call.to_string();
    let number = |it: &Json| {
        assert_eq!(it["amount"], -100, "{it}");
        it["metadata"]["tickNumber"].as_i64().expect("a number")
    };
    let numbers: Vec<i64> = list.iter().rev().filter(of_call).map(number).collect();
    let expected: Vec<i64> = (1..).take(numbers.len()).collect();
    assert_eq!(numbers, expected, "each once, in order");
    numbers
}

async fn balance(server: &Endpoint) -> i64 {
    let taro = Api::of(server, "taro", Role::User);
    let points = taro.get("/api/points").await.ok();
    points["balance"].as_i64().expect("a number")
}

#[tokio::test]
async fn both_hear_each_minute_and_the_caller_what_is_left() {
    let server = TestServer::start_with(&SETTINGS).await;
    prepare(&server, 1_000).await;
    let (mut taro, mut hana, call) = talking(&server).await;
    let mut tablet = server
        .connecting("taro", Role::User)
        .on_device("tablet")
        .ready()
        .await;
    for number in 1..=2_i64 {
        let tick = taro.expect("call_tick").await;
        assert_eq!(
            (&tick["tickNumber"], &tick["userBalance"], &tick["status"]),
            (&json!(number), &json!(1_000 - 100 * number), &json!("ok"))
        );
        let update = taro.expect("sp_update").await;
        assert_eq!(update["current_sp"], 1_000 - 100 * number);
        let told = hana.expect("call_tick").await;
        assert_eq!(told["totalChargedPoints"], 100 * number);
        assert!(told.get("userBalance").is_none(), "{told}");
        // The other device follows the balance, and hears nothing of the talk.
        let same = tablet.expect("sp_update").await;
        assert_eq!((&same["seq"], &same), (&update["seq"], &update));
    }
    tablet.expect_none("call_tick").await;

    let live = entry(&server, call).await;
    assert_eq!(live["pricePerMinute"], 100);
    hana.hang_up(call).await;
    let end = taro.expect("call_end").await;
    let total = end["totalChargedPoints"].as_i64().expect("a number");
    assert_eq!(total, 100 * charges(&server, call).await.len() as i64);
    assert_eq!(entry(&server, call).await["totalChargedPoints"], total);
    assert_eq!(balance(&server).await, 1_000 - total);
    let metrics = Api::stranger(&server).get("/metrics").await.text;
    let made = format!(
        r#"otomo_call_charges_total{{outcome="made"}} {}"#,
        total / 100
    );
    assert!(metrics.contains(&made), "{metrics}");

    let admin = Api::of(&server, "ada", Role::Admin);
    let path = format!("/admin/api/calls/{call}/timeline");
    let timeline = admin.get(&path).await.ok();
    let events = timeline["events"].as_array().expect("a list");
    let charged = events.iter().filter(|it| field(it, "event") == "charged");
    assert_eq!(charged.count() as i64 * 100, total);
}

#[tokio::test]
async fn who_has_too_few_points_is_refused_and_the_same_request_may_come_again() {
    let server = TestServer::start_with(&SETTINGS).await;
    prepare(&server, 99).await;
    let (mut taro, mut hana) = connect(&server).await;
    let call = Uuid::new_v4();
    let refused = taro.request_as("hana", call).await;
    assert_eq!(refused["code"], "INSUFFICIENT_POINTS", "{refused}");
    assert_eq!(
        (
            &refused["context"]["required"],
            &refused["context"]["balance"]
        ),
        (&json!(100), &json!(99))
    );
    taro.expect_none("sp_insufficient").await;
    hana.expect_none("incoming_call").await;
    grant(&server, 1).await;
    let taken = taro.request_as("hana", call).await;
    assert_eq!(taken["type"], "call_request_ack", "{taken}");
    hana.rings(call).await;
}

#[tokio::test]
async fn a_call_ends_when_the_points_have_run_out() {
    let server = TestServer::start_with(&SETTINGS).await;
    prepare(&server, 250).await;
    let (mut taro, mut hana, call) = talking(&server).await;
    for client in [&mut taro, &mut hana] {
        let mut heard = Vec::new();
        while heard.last().is_none_or(|(_, status, _)| status != "ended") {
            let tick = client.expect("call_tick").await;
            heard.push((
                tick["tickNumber"].as_i64().unwrap(),
                field(&tick, "status").to_owned(),
                tick["chargedPoints"].as_i64().unwrap(),
            ));
        }
        let expected = [(1, "ok", 100), (2, "low_balance", 100), (3, "ended", 0)]
            .map(|(number, status, points)| (number, status.to_owned(), points));
        assert_eq!(heard, expected, "{}", client.user);
        let end = client.expect("call_end").await;
        assert_eq!(
            (&end["reason"], &end["totalChargedPoints"]),
            (&json!("low_balance"), &json!(200))
        );
    }
    assert_eq!(charges(&server, call).await, [1, 2]);
    assert_eq!(balance(&server).await, 50);
    hana.sees("hana", "online").await;
}

#[tokio::test]
async fn a_grant_that_races_the_end_is_in_time_or_is_kept() {
    let server = TestServer::start_with(&SETTINGS).await;
    prepare(&server, 100).await;
    for round in 0..4_u64 {
        let (mut taro, mut hana, call) = talking(&server).await;
        let tick = taro.expect("call_tick").await;
        assert_eq!(tick["status"], "low_balance");
        silence(MINUTE - Duration::from_millis(5 * (round + 1))).await;
        grant(&server, 100).await;
        let next = taro.expect("call_tick").await;
        let granted = match field(&next, "status") {
            "low_balance" => {
                taro.expect("call_end").await;
                0
            }
            status => {
                assert_eq!((status, &next["chargedPoints"]), ("ended", &json!(0)));
                100
            }
        };
        hana.expect("call_end").await;
        assert_eq!(balance(&server).await, granted, "round {round}");
        let paid = charges(&server, call).await.len();
        assert_eq!(paid, if granted == 0 { 2 } else { 1 });
        taro.log_out().await;
        hana.log_out().await;
        if granted == 0 {
            grant(&server, 100).await;
        }
    }
}

#[tokio::test]
async fn the_last_minute_costs_as_configured() {
    for (partial, expected) in [("none", 0), ("full", 1)] {
        let settings = [
            WITH_KEY,
            ("calls.charge_interval", "10s"),
            ("calls.partial_minute", partial),
        ];
        let server = TestServer::start_with(&settings).await;
        prepare(&server, 1_000).await;
        let (mut taro, mut hana, call) = talking(&server).await;
        silence(Duration::from_millis(20)).await;
        taro.hang_up(call).await;
        let end = hana.expect("call_end").await;
        assert_eq!(end["totalChargedPoints"], 100 * expected, "{partial}");
        assert_eq!(charges(&server, call).await.len(), expected, "{partial}");
        assert_eq!(hana.heard("call_tick").is_some(), expected == 1);
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    connected_at: i64,
    #[diesel(sql_type = BigInt)]
    ended_at: i64,
    #[diesel(sql_type = BigInt)]
    charges: i64,
}

/// How many whole minutes of a call have passed, and how many charges it counts.
fn minutes(database: &mut SqliteConnection, call: Uuid) -> (i64, Row) {
    let query = format!("SELECT connected_at, ended_at, charges FROM calls WHERE id = '{call}'");
    let row: Row = sql_query(query)
        .get_result(database)
        .expect("a call that has ended");
    let minute = i64::try_from(MINUTE.as_millis()).expect("a minute");
    ((row.ended_at - row.connected_at) / minute, row)
}

/// Both come back, on the devices that they had, and hang up a while later.
#[tokio::test(flavor = "multi_thread")]
async fn over_a_sudden_death_each_minute_is_charged_once() {
    let settings = [SETTINGS[0], SETTINGS[1], ("calls.loss_grace", "5s")];
    let server = Process::start_with(&settings).await;
    prepare(&server, 100_000).await;
    let (mut taro, hana, call) = talking(&server).await;
    for _ in 0..2 {
        taro.expect("call_tick").await;
    }
    drop((taro, hana));
    let mut server = server.kill_and_restart().await;
    // Killed a second time, with the charges of the first time in the middle of it.
    let (taro, hana) = connect(&server).await;
    drop((taro, hana));
    server = server.kill_and_restart().await;
    let (mut taro, mut hana) = connect(&server).await;
    taro.expect("call_tick").await;
    let snapshot = taro.expect("call_snapshot").await;
    assert_eq!(field(&snapshot["call"], "phase"), "connected");
    for _ in 0..2 {
        hana.expect("call_tick").await;
    }
    hana.hang_up(call).await;
    let end = taro.expect("call_end").await;

    let (passed, row) = minutes(&mut server.database(), call);
    assert!(passed >= 4, "{passed}");
    assert_eq!(row.charges, passed, "one for each minute that has passed");
    let charges = charges(&server, call).await;
    assert_eq!(charges.len() as i64, passed);
    assert_eq!(end["totalChargedPoints"], 100 * passed);
    assert_eq!(balance(&server).await, 100_000 - 100 * passed);
}

/// Nobody comes back: nothing is charged for the time that nobody knows of.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_sudden_death_who_does_not_come_back_pays_nothing_more() {
    let settings = [SETTINGS[0], SETTINGS[1], ("calls.loss_grace", "1500ms")];
    let server = Process::start_with(&settings).await;
    prepare(&server, 100_000).await;
    let (mut taro, hana, call) = talking(&server).await;
    let mut paid = 0;
    for _ in 0..3 {
        paid = taro.expect("call_tick").await["tickNumber"]
            .as_i64()
            .unwrap();
    }
    let killed_at = otomo::kernel::time::Clock::system().now().millis();
    drop((taro, hana));
    let server = server.kill_and_restart().await;
    eventually("the grace runs out", async || {
        !entry(&server, call).await["endedAt"].is_null()
    })
    .await;
    let (passed, row) = minutes(&mut server.database(), call);
    assert_eq!(row.charges, passed);
    // One more may have been made between the last tick and the kill.
    assert!((paid..=paid + 1).contains(&passed), "{passed}");
    assert!(
        row.ended_at <= killed_at + 1_000,
        "the server was down by then"
    );
    assert_eq!(charges(&server, call).await.len() as i64, passed);
    assert_eq!(balance(&server).await, 100_000 - 100 * passed);
}

/// Seen: the clock of the machine was set half an hour forward, and the caller paid for each of its minutes.
#[tokio::test(flavor = "multi_thread")]
async fn minutes_over_which_the_machines_clock_jumps_cost_nothing() {
    let clock = TimeOfDay::new();
    let (server, log) = Process::start_at(&SETTINGS, &clock).await;
    prepare(&server, 100_000).await;
    let operator = Api::stranger(&server);
    let ready = async || operator.get("/health/ready").await;
    let logged = async |what: &str, times: usize| {
        let says = async || {
            let said = std::fs::read_to_string(&log).unwrap();
            said.matches(what).count() == times
        };
        eventually(what, says).await;
    };
    for (ahead, times) in [(1_800, 1), (0, 2)] {
        let began = Instant::now();
        let (mut taro, hana, call) = talking(&server).await;
        clock.is_ahead_by(Duration::from_secs(ahead));
        // The callers may come back: there is no other node for them.
        assert_eq!(ready().await.ok()["degraded"], json!(["clock"]));
        logged("jumped and is not followed", times).await;
        for _ in 0..2 {
            taro.expect("call_tick").await;
        }
        taro.hang_up(call).await;
        let end = taro.expect("call_end").await;
        let talked = began.elapsed().as_millis() / MINUTE.as_millis();
        let (passed, row) = minutes(&mut server.database(), call);
        assert_eq!(row.charges, passed);
        assert_eq!(end["totalChargedPoints"], 100 * passed);
        assert!(passed as u128 <= talked, "{passed} of {talked}");
        // Nobody pays now.
        logged("jumped and is followed", times).await;
        assert_eq!(ready().await.ok(), json!({"ready": true}));
        taro.log_out().await;
        hana.log_out().await;
    }
}
