//! What admins see and correct, and the book that is kept of it.

use std::time::{Duration, Instant};

use otomo::kernel::identity::Role;
use serde_json::{Value, json};

use crate::{
    api::Api,
    support::{End, PATIENCE, TestServer, field},
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
    while root.get("/admin/api/overview").await.ok()["connections"] != 0 {}
    let mut seen = online().await;
    assert!(seen == 1 || vanished.elapsed() > Duration::from_secs(1));
    while seen != 0 {
        assert!(vanished.elapsed() < PATIENCE, "{seen} are online");
        seen = online().await;
    }
    assert!(vanished.elapsed() >= Duration::from_secs(1));
    let again = server.user("taro").await;
    again.log_out().await;
    let left = Instant::now();
    while online().await != 0 {
        assert!(left.elapsed() < PATIENCE, "a goodbye has no grace");
    }
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
    let gone = loop {
        let reply = root.post(&path, json!({})).await;
        // The session lingers until its client has taken the goodbye.
        if reply.status != 200 {
            break reply;
        }
    };
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
