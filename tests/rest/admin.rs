//! What admins see and correct, and the book that is kept of it.

use std::time::{Duration, Instant};

use otomo::kernel::identity::Role;
use serde_json::{Value, json};

use crate::{
    api::Api,
    stalled::Stalled,
    support::{End, PATIENCE, TestServer, eventually, field, found},
};

fn root(server: &TestServer) -> Api {
    Api::of(server, "root", Role::Admin)
}

#[tokio::test]
async fn the_overview_is_the_node_in_one_look() {
    let server = TestServer::start().await;
    let (_hana, _taro) = (server.otomo("hana").await, server.user("taro").await);
    let overview = root(&server).get("/admin/api/overview").await.ok();
    let expected = json!({"online": 1, "busy": 0, "break": 0, "offline": 0});
    assert_eq!(overview["otomo"], expected);
    assert_eq!(
        (&overview["connections"], &overview["users"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(
        (&overview["draining"], &overview["liveCalls"]),
        (&json!(false), &json!(0))
    );
}

/// Goal: people are counted, not connections, and a short break of the line is not seen.
/// Method: two devices of one person reload, break and say goodbye.
#[tokio::test]
async fn the_overview_counts_people_over_devices_and_short_breaks() {
    let server = TestServer::start_with(&[("presence.leave_grace", "1s")]).await;
    let (phone, desk) = (server.user("taro").await, server.user("taro").await);
    let root = root(&server);
    let online = async || root.get("/admin/api/overview").await.ok()["usersOnline"].clone();
    assert_eq!(online().await, 1);
    phone.log_out().await;
    let vanished = Instant::now();
    desk.vanish().await;
    eventually("no connection is left", async || {
        root.get("/admin/api/overview").await.ok()["connections"] == 0
    })
    .await;
    let seen = online().await;
    assert!(seen == 1 || vanished.elapsed() > Duration::from_secs(1));
    eventually("the grace is over", async || online().await == 0).await;
    assert!(vanished.elapsed() >= Duration::from_secs(1));
    let again = server.user("taro").await;
    again.log_out().await;
    eventually("a goodbye has no grace", async || online().await == 0).await;
}

#[tokio::test]
async fn a_status_is_explained_by_its_facts() {
    let server = TestServer::start().await;
    let _phone = server
        .connecting("hana", Role::Otomo)
        .on_device("phone")
        .ready()
        .await;
    let root = root(&server);
    let why = root.get("/admin/api/otomo/hana/why").await.ok();
    assert_eq!(
        (field(&why, "status"), &why["connected"]),
        ("online", &json!(true))
    );
    assert_eq!(
        why["decision"],
        json!({"status": "online", "cause": "login"})
    );
    let choice = json!({"chosen": "online", "cause": "login", "until": null, "missed": 0});
    assert_eq!((&why["choice"], &why["call"]), (&choice, &Value::Null));
    let connection = &why["connections"][0];
    assert_eq!(
        (field(connection, "device"), field(connection, "state")),
        ("phone", "connected")
    );
    let list = root.whole_list("/admin/api/otomo", 10).await;
    assert_eq!(
        (field(&list[0], "userId"), &list[0]["connections"]),
        ("hana", &json!(1))
    );
    root.get("/admin/api/otomo/nobody/why")
        .await
        .refused(404, "OTOMO_NOT_FOUND");
}

#[tokio::test]
async fn connections_are_listed_and_closed_one_by_one() {
    let server = TestServer::start().await;
    let mut phone = server
        .connecting("taro", Role::User)
        .on_device("phone")
        .ready()
        .await;
    let mut desk = server
        .connecting("taro", Role::User)
        .on_device("desk")
        .ready()
        .await;
    let _jiro = server.user("jiro").await;
    let root = root(&server);
    assert_eq!(root.whole_list("/admin/api/sessions", 2).await.len(), 3);
    let of_taro = root.whole_list("/admin/api/sessions?userId=taro", 1).await;
    assert_eq!(of_taro.len(), 2);
    let of_phone = of_taro.iter().find(|it| it["device"] == "phone").unwrap();
    assert_eq!(
        (field(of_phone, "role"), &of_phone["stalled"]),
        ("user", &json!(false))
    );
    let path = format!(
        "/admin/api/sessions/{}/disconnect",
        field(of_phone, "sessionId")
    );
    assert_eq!(root.post(&path, json!({})).await.ok(), json!({"closed": 1}));
    assert_eq!(phone.ended().await, End::Closed(4003));
    desk.settled().await;
    // The session lingers until its client has taken the goodbye.
    let gone = found("the session is gone", async || {
        let reply = root.post(&path, json!({})).await;
        (reply.status != 200).then_some(reply)
    })
    .await;
    gone.refused(404, "NOT_FOUND");
}

#[tokio::test]
async fn a_choice_for_another_is_in_the_audit_log() {
    let server = TestServer::start().await;
    let _hana = server.otomo("hana").await;
    let root = root(&server);
    let choice = json!({"status": "break", "userId": "hana"});
    let chosen = root.put("/api/otomo/status", choice).await.ok();
    assert_eq!(chosen["shown"], "break");
    let choice = json!({"status": "break", "userId": "nobody"});
    root.put("/api/otomo/status", choice)
        .await
        .refused(404, "OTOMO_NOT_FOUND");
    let book = root.whole_list("/admin/api/audit", 1).await;
    let told = |entry: &Value| {
        let told = ["actor", "action", "target", "detail", "outcome"];
        told.map(|name| field(entry, name).to_owned()).join(" ")
    };
    let book: Vec<String> = book.iter().map(told).collect();
    let expected = [
        "root otomo.status nobody break OTOMO_NOT_FOUND",
        "root otomo.status hana break done",
    ];
    assert_eq!(book, expected);
    let why = root.get("/admin/api/otomo/hana/why").await.ok();
    assert_eq!(why["choice"]["cause"], "admin");
}

#[tokio::test]
async fn a_node_is_drained_on_request() {
    let server = TestServer::start().await;
    let mut taro = server.user("taro").await;
    let root = root(&server);
    let asked = root.post("/admin/api/drain", json!({})).await;
    assert_eq!(asked.status, 202);
    assert_eq!(taro.ended().await, End::Closed(4200));
}

#[tokio::test]
async fn what_is_counted_is_in_the_overview_and_only_grows() {
    let server = TestServer::start().await;
    let (mut taro, mut hana) = (server.user("taro").await, server.otomo("hana").await);
    let root = root(&server);
    let before = root.get("/admin/api/overview").await.ok();
    assert_eq!(before["transports"], json!({"websocket": 2}));
    assert!(before["memoryBytes"].as_u64().unwrap() > 1 << 20);
    let call = taro.request("hana").await;
    hana.rings(call).await;
    let ringing = json!({"requesting": 0, "ringing": 1, "connecting": 0, "connected": 0});
    // That it has rung is stored a moment after the otomo hears it.
    eventually("one call rings", async || {
        root.get("/admin/api/overview").await.ok()["calls"] == ringing
    })
    .await;
    taro.cancel(call).await;
    let after = root.get("/admin/api/overview").await.ok();
    assert_eq!(after["totals"]["callsEnded"], json!({"cancelled": 1}));
    let grew = |pointer: &str| {
        let figure = |look: &Value| look.pointer(pointer).and_then(Value::as_f64);
        figure(&after).expect(pointer) - figure(&before).expect(pointer)
    };
    // The request and its cancellation.
    assert_eq!(grew("/totals/messagesIn"), 2.0);
    for more in [
        "/totals/messagesOut",
        "/uptimeMs",
        "/latency/commit/count",
        "/latency/commit/sumSeconds",
    ] {
        assert!(grew(more) > 0.0, "{more} {}", grew(more));
    }
    let commit = &after["latency"]["commit"];
    let buckets = commit["buckets"].as_array().unwrap();
    let counts = buckets.iter().map(|it| it["count"].as_u64().unwrap());
    assert_eq!(json!(counts.sum::<u64>()), commit["count"]);
    assert_eq!(buckets.last().unwrap()["upToSeconds"], Value::Null);
}

/// Goal: who does not read is found, and can be disconnected.
/// Method: offers to an otomo who has stopped reading fill what the kernel keeps for her.
#[tokio::test]
async fn the_slowest_clients_are_listed_and_can_be_disconnected() {
    let server = TestServer::start_with(&[("outbox.hard_limit", "16MiB")]).await;
    let (mut taro, _hana) = (server.user("taro").await, server.otomo("hana").await);
    let root = root(&server);
    assert_eq!(root.get("/admin/api/slow").await.ok()["items"], json!([]));
    let yuki = Stalled::in_a_call_of(&mut taro, &server).await;
    let mut slow = Value::Null;
    yuki.is_flooded_until(&mut taro, "she is found", async || {
        slow = root.get("/admin/api/slow?limit=1").await.ok()["items"][0].clone();
        slow["stalled"] == true && slow["backlogBytes"] != 0
    })
    .await;
    assert_eq!(field(&slow, "userId"), "yuki");
    let stalled = slow["stalledMs"].as_u64().unwrap();
    assert!(Duration::from_millis(stalled) < PATIENCE, "{stalled} ms");
    let path = format!(
        "/admin/api/sessions/{}/disconnect",
        field(&slow, "sessionId")
    );
    assert_eq!(root.post(&path, json!({})).await.ok(), json!({"closed": 1}));
    eventually("nobody is slow", async || {
        root.get("/admin/api/slow").await.ok()["items"] == json!([])
    })
    .await;
    root.get("/admin/api/slow?limit=0")
        .await
        .refused(400, "BAD_REQUEST");
}

#[tokio::test]
async fn what_a_device_has_lost_is_sent_again() {
    let server = TestServer::start().await;
    let (mut taro, mut yuki) = (server.user("taro").await, server.user("yuki").await);
    for number in 1..=3 {
        let text = json!({
            "type": "message_send", "toUserId": "taro", "clientMessageId": number.to_string(), "body": "hello",
        });
        yuki.ask(text).await;
        assert_eq!(taro.expect("new-message").await["seq"], number);
    }
    let root = root(&server);
    let path = "/admin/api/users/taro/inbox/resend";
    let resent = root.post(path, json!({"after": 1})).await.ok();
    let expected = json!({"userId": "taro", "connections": 1, "after": 1, "head": 3});
    assert_eq!(resent, expected);
    for (seq, prev) in [(2, 1), (3, 2)] {
        let message = taro.expect("new-message").await;
        assert_eq!(
            (&message["seq"], &message["prev"]),
            (&json!(seq), &json!(prev))
        );
    }
    let fresh = |event: &Value| event["type"] == "unread_snapshot" && event["asOfSeq"] == 3;
    let unread = taro.until("a fresh snapshot", fresh).await;
    assert_eq!(unread["conversations"][0]["unread"], 3);
    root.post(path, json!({"after": 4}))
        .await
        .refused(400, "BAD_REQUEST");
    root.post("/admin/api/users/nobody/inbox/resend", json!({"after": 0}))
        .await
        .refused(404, "NOT_FOUND");
    let book = root.whole_list("/admin/api/audit", 10).await;
    let told: Vec<_> = book
        .iter()
        .map(|entry| {
            ["action", "target", "detail", "outcome"]
                .map(|name| field(entry, name))
                .join(" ")
        })
        .collect();
    let expected = [
        "inbox.resend nobody after=0 NOT_FOUND",
        "inbox.resend taro after=4 BAD_REQUEST",
        "inbox.resend taro after=1 done",
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn the_node_of_a_database_without_leases_shows_none_and_lives_while_it_answers() {
    let server = TestServer::start().await;
    let look = async || root(&server).get("/admin/api/nodes").await.ok()["nodes"][0].clone();
    let first = look().await;
    assert_eq!(first["leaseUntil"], json!(null));
    assert!(
        first["aliveAt"].as_str() > first["startedAt"].as_str(),
        "{first}"
    );
    // Nobody is online: it is not written, and goes on all the same.
    let second = look().await;
    assert!(
        second["aliveAt"].as_str() > first["aliveAt"].as_str(),
        "{second}"
    );
}

#[tokio::test]
async fn a_node_says_how_it_is() {
    let server = TestServer::start().await;
    let _taro = server.user("taro").await;
    let nodes = root(&server).get("/admin/api/nodes").await.ok();
    let node = &nodes["nodes"][0];
    assert_eq!(
        (&node["this"], &node["alive"]),
        (&json!(true), &json!(true))
    );
    let report = &node["report"];
    assert_eq!(field(report, "node"), field(node, "name"));
    assert_eq!(field(report, "version"), env!("CARGO_PKG_VERSION"));
    let figures = ["connections", "outboxBytes", "congested"].map(|name| report[name].clone());
    assert_eq!(figures, [json!(1), json!(0), json!(false)]);
}
