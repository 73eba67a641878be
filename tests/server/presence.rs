//! Who can be called, right at every moment on everybody's list (source document 000).

use std::time::Duration;

use otomo::kernel::identity::Role;
use serde_json::json;

use crate::support::{Client, Json, TestServer, Tunnel, field, silence};

/// Graces short enough to wait for, and long enough to come back within.
const SHORT: [(&str, &str); 3] = [
    ("presence.leave_grace", "600ms"),
    ("presence.reload_grace", "300ms"),
    ("presence.restart_grace", "600ms"),
];

async fn set(otomo: &mut Client, status: &str) -> Json {
    otomo
        .ask(json!({"type": "otomo_status_set", "status": status}))
        .await
}

/// What a newcomer's list says of an otomo.
async fn listed(server: &TestServer, otomo: &str) -> String {
    let mut watcher = server.connecting("passer-by", Role::User).open().await;
    let snapshot = watcher.expect("otomo_status_snapshot").await;
    let entries = snapshot["otomos"].as_array().expect("a list");
    let entry = entries.iter().find(|entry| entry["userId"] == otomo);
    entry.map_or("unknown".into(), |entry| {
        entry["status"].as_str().expect("a status").to_owned()
    })
}

#[tokio::test]
async fn an_otomo_who_logs_in_is_online_for_everybody() {
    let server = TestServer::start().await;
    let mut taro = server.user("taro").await;
    let mut hana = server.otomo("hana").await;
    let update = taro.sees("hana", "online").await;
    let fields: Vec<&String> = update.as_object().unwrap().keys().collect();
    assert_eq!(
        fields,
        ["status", "timestamp", "type", "userId"],
        "the document's fields, no others"
    );
    assert_eq!(listed(&server, "hana").await, "online");
    hana.expect_none("otomo_status_update").await;
}

#[tokio::test]
async fn a_break_shows_and_ends_and_the_update_comes_before_the_answer() {
    let server = TestServer::start().await;
    let mut taro = server.user("taro").await;
    let mut hana = server.otomo("hana").await;
    taro.sees("hana", "online").await;
    hana.everything();
    hana.send(json!({"type": "otomo_status_set", "status": "break"}))
        .await;
    let is_ack = |event: &Json| event["type"] == "otomo_status_set_ack";
    let told = hana.up_to("the answer", is_ack).await;
    let [update, ack] = told.as_slice() else {
        panic!("more than the update and the answer: {told:?}");
    };
    assert_eq!(
        (field(update, "type"), field(update, "status")),
        ("otomo_status_update", "break")
    );
    assert_eq!(
        (field(ack, "status"), field(ack, "shown")),
        ("break", "break")
    );
    taro.sees("hana", "break").await;
    set(&mut hana, "online").await;
    taro.sees("hana", "online").await;
}

#[tokio::test]
async fn an_equal_choice_is_no_event() {
    let server = TestServer::start().await;
    let mut taro = server.user("taro").await;
    let mut hana = server.otomo("hana").await;
    taro.sees("hana", "online").await;
    set(&mut hana, "online").await;
    set(&mut hana, "break").await;
    set(&mut hana, "break").await;
    taro.sees("hana", "break").await;
    taro.expect_none("otomo_status_update").await;
}

#[tokio::test]
async fn a_break_with_an_end_ends_by_itself() {
    let server = TestServer::start().await;
    let mut taro = server.user("taro").await;
    let mut hana = server.otomo("hana").await;
    let soon = chrono_seconds() + 1;
    let ack = hana
        .ask(json!({"type": "otomo_status_set", "status": "break", "until": soon}))
        .await;
    assert_eq!(ack["until"], soon);
    taro.sees("hana", "break").await;
    taro.sees("hana", "online").await;
}

fn chrono_seconds() -> i64 {
    otomo::kernel::time::Clock::system().now().unix_seconds()
}

#[tokio::test]
async fn a_choice_that_nobody_may_make_is_refused() {
    let server = TestServer::start().await;
    let mut taro = server.user("taro").await;
    taro.refused(
        "FORBIDDEN",
        json!({"type": "otomo_status_set", "status": "break"}),
    )
    .await;
    let mut hana = server.otomo("hana").await;
    hana.refused(
        "BAD_REQUEST",
        json!({"type": "otomo_status_set", "status": "busy"}),
    )
    .await;
    let past = json!({"type": "otomo_status_set", "status": "break", "until": 5});
    hana.refused("BAD_REQUEST", past).await;
}

#[tokio::test]
async fn a_goodbye_takes_effect_at_once() {
    let server = TestServer::start().await;
    let mut taro = server.user("taro").await;
    let hana = server.otomo("hana").await;
    taro.sees("hana", "online").await;
    hana.log_out().await;
    // The default graces are seconds: only a goodbye that counts at once is in time.
    taro.sees("hana", "offline").await;
}

#[tokio::test]
async fn a_reload_does_not_flicker() {
    let server = TestServer::start_with(&SHORT).await;
    let mut taro = server.user("taro").await;
    let hana = server
        .connecting("hana", Role::Otomo)
        .on_device("phone")
        .ready()
        .await;
    taro.sees("hana", "online").await;
    hana.reload().await;
    let _back = server
        .connecting("hana", Role::Otomo)
        .on_device("phone")
        .ready()
        .await;
    silence(Duration::from_millis(900)).await;
    taro.expect_none("otomo_status_update").await;
}

#[tokio::test]
async fn a_page_that_does_not_come_back_is_offline_after_its_grace() {
    let server = TestServer::start_with(&SHORT).await;
    let mut taro = server.user("taro").await;
    let hana = server.otomo("hana").await;
    taro.sees("hana", "online").await;
    hana.reload().await;
    taro.expect_none("otomo_status_update").await;
    taro.sees("hana", "offline").await;
}

#[tokio::test]
async fn a_broken_link_has_the_longer_grace() {
    let server = TestServer::start_with(&SHORT).await;
    let mut taro = server.user("taro").await;
    let hana = server.otomo("hana").await;
    taro.sees("hana", "online").await;
    hana.vanish().await;
    silence(Duration::from_millis(350)).await;
    taro.expect_none("otomo_status_update").await;
    taro.sees("hana", "offline").await;
}

#[tokio::test]
async fn a_client_that_answers_no_ping_is_gone_after_the_grace() {
    let times = [
        ("presence.ping_interval", "400ms"),
        ("presence.pong_timeout", "400ms"),
        ("presence.leave_grace", "200ms"),
    ];
    let server = TestServer::start_with(&times).await;
    let mut taro = server.user("taro").await;
    let tunnel = Tunnel::to(server.address()).await;
    let hana = server.connecting("hana", Role::Otomo).through(&tunnel);
    let _hana = hana.ready().await;
    taro.sees("hana", "online").await;
    tunnel.block();
    taro.sees("hana", "offline").await;
}

#[tokio::test]
async fn several_devices_are_one_presence() {
    let server = TestServer::start().await;
    let mut taro = server.user("taro").await;
    let phone = server
        .connecting("hana", Role::Otomo)
        .on_device("phone")
        .ready()
        .await;
    taro.sees("hana", "online").await;
    let desk = server
        .connecting("hana", Role::Otomo)
        .on_device("desk")
        .ready()
        .await;
    phone.log_out().await;
    taro.expect_none("otomo_status_update").await;
    assert_eq!(listed(&server, "hana").await, "online");
    desk.log_out().await;
    taro.sees("hana", "offline").await;
}

#[tokio::test]
async fn the_list_has_its_order_and_every_entry_its_version() {
    let server = TestServer::start().await;
    let mut watcher = server.user("watcher").await;
    let mut away = server.otomo("away").await;
    set(&mut away, "break").await;
    let gone = server.otomo("gone").await;
    gone.log_out().await;
    watcher.sees("gone", "offline").await;
    let _first = server.otomo("first").await;
    silence(Duration::from_millis(5)).await;
    let _second = server.otomo("second").await;
    watcher.sees("second", "online").await;
    let mut taro = server.connecting("taro", Role::User).open().await;
    let snapshot = taro.expect("otomo_status_snapshot").await;
    let list = snapshot["otomos"].as_array().unwrap();
    let names: Vec<&str> = list
        .iter()
        .map(|it| it["userId"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["second", "first", "away", "gone"]);
    assert!(
        list.iter()
            .all(|entry| entry["version"].as_u64().is_some_and(|version| version > 0))
    );
    assert_eq!(list[0]["name"], "secondさん");
}

#[tokio::test]
async fn who_asks_for_versions_gets_them_rising_by_one() {
    let server = TestServer::start().await;
    let mut taro = server
        .connecting("taro", Role::User)
        .asking("v=1")
        .ready()
        .await;
    let mut hana = server.otomo("hana").await;
    let online = taro.sees("hana", "online").await;
    set(&mut hana, "break").await;
    let away = taro.sees("hana", "break").await;
    assert_eq!(
        away["v"].as_u64().unwrap(),
        online["v"].as_u64().unwrap() + 1
    );
}

#[tokio::test]
async fn a_restart_is_no_wave_of_offline() {
    let server = TestServer::start_with(&SHORT).await;
    let back = server.otomo("back").await;
    let _lost = server.otomo("lost").await;
    drop(back);
    let server = server.restart().await;
    assert_eq!(listed(&server, "back").await, "online");
    assert_eq!(listed(&server, "lost").await, "online");
    let mut taro = server.user("taro").await;
    let _back = server.otomo("back").await;
    taro.sees("lost", "offline").await;
    taro.expect_none("otomo_status_update").await;
    assert_eq!(listed(&server, "back").await, "online");
}

#[tokio::test]
async fn who_comes_back_after_offline_is_ready_whatever_they_chose_before() {
    let server = TestServer::start().await;
    let mut taro = server.user("taro").await;
    let mut hana = server.otomo("hana").await;
    set(&mut hana, "break").await;
    hana.log_out().await;
    taro.sees("hana", "offline").await;
    let _hana = server.otomo("hana").await;
    taro.sees("hana", "online").await;
}

#[tokio::test]
async fn whoever_connects_while_statuses_change_ends_up_with_the_same_list() {
    let server = TestServer::start().await;
    let mut otomos = Vec::new();
    for number in 0..8 {
        otomos.push(server.otomo(&format!("otomo-{number}")).await);
    }
    let churn = tokio::spawn(async move {
        for round in 0..40 {
            for (number, otomo) in otomos.iter_mut().enumerate() {
                let status = if (round + number) % 2 == 0 {
                    "break"
                } else {
                    "online"
                };
                set(otomo, status).await;
            }
        }
        otomos
    });
    let mut watchers = Vec::new();
    for number in 0..40 {
        let connecting = server.connecting(&format!("watcher-{number}"), Role::User);
        watchers.push(connecting.asking("v=1").open().await);
    }
    let _otomos = churn.await.unwrap();
    let mut fresh = server.connecting("fresh", Role::User).open().await;
    let truth = state(&[fresh.expect("otomo_status_snapshot").await]);
    for watcher in &mut watchers {
        watcher.expect("ready").await;
        let mut seen = watcher.everything();
        // Updates that are joined may still be on their way; what never comes fails the wait.
        while state(&seen) != truth {
            seen.push(watcher.expect("otomo_status_update").await);
        }
        repeats_nothing(&seen, &watcher.user);
    }
}

/// What a client that follows the rules makes of what it was told.
fn state(events: &[Json]) -> std::collections::BTreeMap<String, String> {
    let mut list = std::collections::BTreeMap::new();
    let mut note = |entry: &Json| {
        let text = |name: &str| entry[name].as_str().expect("text").to_owned();
        list.insert(text("userId"), text("status"));
    };
    for event in events {
        match event["type"].as_str() {
            Some("otomo_status_snapshot") => event["otomos"]
                .as_array()
                .unwrap()
                .iter()
                .for_each(&mut note),
            Some("otomo_status_update") => note(event),
            _ => {}
        }
    }
    list
}

/// Versions of one otomo rise from the snapshot's on, and no update repeats a status.
fn repeats_nothing(events: &[Json], who: &str) {
    let mut last: std::collections::HashMap<String, (u64, String)> = Default::default();
    let entries = events
        .iter()
        .flat_map(|event| match event["type"].as_str() {
            Some("otomo_status_snapshot") => event["otomos"].as_array().unwrap().clone(),
            Some("otomo_status_update") => vec![event.clone()],
            _ => Vec::new(),
        });
    for entry in entries {
        let version = entry["v"]
            .as_u64()
            .or(entry["version"].as_u64())
            .expect("a version");
        let status = entry["status"].as_str().unwrap().to_owned();
        let otomo = entry["userId"].as_str().unwrap().to_owned();
        if let Some((before, shown)) = last.insert(otomo.clone(), (version, status.clone())) {
            assert!(
                version > before,
                "{who}: {otomo} went from version {before} to {version}"
            );
            assert!(
                status != shown || version > before + 1,
                "{who}: {otomo} repeats {status}"
            );
        }
    }
}
