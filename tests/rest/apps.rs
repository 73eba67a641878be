//! What apps ask for their people: who they are, who can be called, what waits for them.

use std::time::{Duration, Instant};

use otomo::kernel::identity::Role;
use serde_json::json;

use crate::{
    api::{Api, WITH_KEY},
    support::{End, TestServer, eventually, field},
};

fn users(list: &[serde_json::Value]) -> Vec<&str> {
    list.iter().map(|entry| field(entry, "userId")).collect()
}

#[tokio::test]
async fn somebody_learns_how_others_see_them() {
    let server = TestServer::start().await;
    let me = Api::of(&server, "taro", Role::User)
        .get("/api/me")
        .await
        .ok();
    let expected = json!({
        "userId": "taro", "role": "user", "name": "taroさん", "avatar": "/avatars/taro.jpg",
    });
    assert_eq!(me, expected);
}

#[tokio::test]
async fn who_is_disabled_or_unknown_gets_nothing() {
    let server = TestServer::start_with(&[WITH_KEY, ("users.auto_provision", "false")]).await;
    let taro = Api::of(&server, "taro", Role::User);
    taro.get("/api/me").await.refused(403, "FORBIDDEN");
    let backend = Api::backend(&server);
    let path = "/api/server/users/taro";
    backend
        .put(path, json!({"role": "user", "name": "Taro"}))
        .await
        .ok();
    assert_eq!(taro.get("/api/me").await.ok()["name"], "Taro");
    let disabled = json!({"role": "user", "name": "Taro", "disabled": true});
    backend.put(path, disabled).await.ok();
    taro.get("/api/me").await.refused(403, "FORBIDDEN");
}

#[tokio::test]
async fn the_list_is_in_order_in_pages_and_by_status() {
    let server = TestServer::start_with(&[WITH_KEY]).await;
    let backend = Api::backend(&server);
    for name in ["ai", "bara", "cho", "dango", "emi"] {
        let path = format!("/api/server/users/{name}");
        backend
            .put(&path, json!({"role": "otomo", "name": name}))
            .await
            .ok();
    }
    let _cho = server.otomo("cho").await;
    let mut emi = server.otomo("emi").await;
    emi.ask(json!({"type": "otomo_status_set", "status": "break"}))
        .await;
    let taro = Api::of(&server, "taro", Role::User);
    let list = taro.whole_list("/api/otomo", 2).await;
    assert_eq!(users(&list)[..2], ["cho", "emi"]);
    let mut all = users(&list);
    all.sort_unstable();
    assert_eq!(all, ["ai", "bara", "cho", "dango", "emi"]);
    let emi = &list[1];
    assert_eq!(
        (field(emi, "status"), field(emi, "name")),
        ("break", "emiさん")
    );
    assert!(field(emi, "changedAt").ends_with('Z'), "{emi}");
    assert_eq!(emi["version"], 2);
    assert_eq!(taro.get("/api/otomo/emi").await.ok(), *emi);

    let of = async |status: &str| {
        taro.whole_list(&format!("/api/otomo?status={status}"), 2)
            .await
    };
    assert_eq!(users(&of("online").await), ["cho"]);
    assert_eq!(of("offline").await.len(), 3);
    assert_eq!(of("busy").await.len(), 0);
    taro.get("/api/otomo/nobody")
        .await
        .refused(404, "OTOMO_NOT_FOUND");
}

#[tokio::test]
async fn an_otomo_takes_a_break_over_rest_and_everybody_sees_it() {
    let server = TestServer::start().await;
    let _hana = server.otomo("hana").await;
    let mut taro = server.user("taro").await;
    let hana = Api::of(&server, "hana", Role::Otomo);
    let until = "2100-01-01T09:00:00+09:00";
    let chosen = hana
        .put(
            "/api/otomo/status",
            json!({"status": "break", "until": until}),
        )
        .await;
    let expected = json!({
        "userId": "hana", "status": "break", "shown": "break", "until": "2100-01-01T00:00:00.000Z",
    });
    assert_eq!(chosen.ok(), expected);
    assert_eq!(taro.expect("otomo_status_update").await["status"], "break");
    let past = json!({"status": "break", "until": "2001-01-01T00:00:00Z"});
    hana.put("/api/otomo/status", past)
        .await
        .refused(400, "BAD_REQUEST");
    let unclear = json!({"status": "break", "until": "tomorrow"});
    hana.put("/api/otomo/status", unclear)
        .await
        .refused(400, "BAD_REQUEST");
    let wrong = json!({"status": "busy"});
    hana.put("/api/otomo/status", wrong)
        .await
        .refused(400, "BAD_REQUEST");
}

#[tokio::test]
async fn logging_out_is_a_clean_leave() {
    let server = TestServer::start().await;
    let mut taro = server.user("taro").await;
    let mut phone = server
        .connecting("hana", Role::Otomo)
        .on_device("phone")
        .ready()
        .await;
    let mut desk = server
        .connecting("hana", Role::Otomo)
        .on_device("desk")
        .ready()
        .await;
    taro.expect("otomo_status_update").await;
    let hana = Api::of(&server, "hana", Role::Otomo);
    let closed = hana.post("/api/logout?device=phone", json!({})).await.ok();
    assert_eq!(closed, json!({"closed": 1}));
    assert_eq!(phone.ended().await, End::Closed(1000));
    desk.settled().await;
    taro.expect_none("otomo_status_update").await;
    // Without the 15 s of a link that broke.
    assert_eq!(
        hana.post("/api/logout", json!({})).await.ok(),
        json!({"closed": 1})
    );
    assert_eq!(desk.ended().await, End::Closed(1000));
    assert_eq!(
        taro.expect("otomo_status_update").await["status"],
        "offline"
    );
}

#[tokio::test]
async fn logging_out_takes_effect_at_once_also_if_the_client_answers_no_goodbye() {
    let server = TestServer::start().await;
    let mut taro = server.user("taro").await;
    let phone = server.connecting("hana", Role::Otomo);
    let _mute = phone.reading_on_request().await;
    taro.sees("hana", "online").await;
    let hana = Api::of(&server, "hana", Role::Otomo);
    let asked = Instant::now();
    let closed = hana.post("/api/logout", json!({})).await.ok();
    assert_eq!(closed, json!({"closed": 1}));
    taro.sees("hana", "offline").await;
    // Its socket has two seconds for the goodbye.
    assert!(
        asked.elapsed() < Duration::from_secs(2),
        "the socket was waited for"
    );
}

#[tokio::test]
async fn logging_out_ends_the_grace_of_a_connection_that_broke() {
    let server = TestServer::start().await;
    let mut taro = server.user("taro").await;
    let lost = server
        .connecting("hana", Role::Otomo)
        .on_device("phone")
        .ready()
        .await;
    taro.expect("otomo_status_update").await;
    lost.vanish().await;
    let root = Api::of(&server, "root", Role::Admin);
    eventually("her connection is in its grace", async || {
        let why = root.get("/admin/api/otomo/hana/why").await.ok();
        why["connections"][0]["state"] == "in_grace"
    })
    .await;
    let hana = Api::of(&server, "hana", Role::Otomo);
    let closed = hana.post("/api/logout?device=phone", json!({})).await.ok();
    assert_eq!(closed, json!({"closed": 0}));
    assert_eq!(
        taro.expect("otomo_status_update").await["status"],
        "offline"
    );
}
