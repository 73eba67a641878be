//! Calls as people look back on them, as the media server sees them, as admins end them.

use otomo::kernel::identity::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    api::{Api, WITH_KEY},
    support::{Client, End, Json, TestServer, field},
};

/// Two people in a call that is accepted.
async fn accepted(server: &TestServer) -> (Client, Client, Uuid) {
    let (mut hana, mut taro) = (server.otomo("hana").await, server.user("taro").await);
    let call = taro.request("hana").await;
    hana.rings(call).await;
    hana.accept(call).await;
    taro.expect("call_accepted").await;
    (taro, hana, call)
}

#[tokio::test]
async fn people_look_back_on_their_own_calls_and_on_no_others() {
    let server = TestServer::start().await;
    let (mut taro, mut hana, talked) = accepted(&server).await;
    taro.of_call("call_end_request", talked).await;
    hana.expect("call_end").await;
    let declined = taro.request("hana").await;
    hana.rings(declined).await;
    hana.reject(declined).await;
    taro.expect("call_rejected").await;

    let api = Api::of(&server, "taro", Role::User);
    let history = api.whole_list("/api/calls", 1).await;
    let ids: Vec<&str> = history.iter().map(|call| field(call, "callId")).collect();
    assert_eq!(ids, [declined.to_string(), talked.to_string()]);
    let (last, first) = (&history[0], &history[1]);
    assert_eq!(
        (field(last, "outcome"), field(last, "reason")),
        ("rejected", "manual_decline")
    );
    assert_eq!(
        (&last["acceptedAt"], &last["connectedAt"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(
        (field(first, "outcome"), field(first, "reason")),
        ("failed", "user_end")
    );
    let hana = json!({"userId": "hana", "name": "hanaさん", "avatar": "/avatars/hana.jpg"});
    assert_eq!(first["otomo"], hana);
    assert_eq!(
        (field(&first["caller"], "userId"), field(first, "phase")),
        ("taro", "ended")
    );
    for time in ["requestedAt", "acceptedAt", "endedAt"] {
        assert!(field(first, time).ends_with('Z'), "{first}");
    }
    let path = format!("/api/calls/{talked}");
    assert_eq!(api.get(&path).await.ok(), *first);
    assert_eq!(
        Api::of(&server, "hana", Role::Otomo).get(&path).await.ok(),
        *first
    );
    let stranger = Api::of(&server, "jiro", Role::User);
    stranger.get(&path).await.refused(404, "NOT_FOUND");
    assert_eq!(stranger.whole_list("/api/calls", 10).await.len(), 0);
    api.get("/api/calls/no-uuid")
        .await
        .refused(404, "NOT_FOUND");
}

#[tokio::test]
async fn a_device_that_was_woken_up_asks_for_the_ring() {
    let server = TestServer::start().await;
    let (mut hana, mut taro) = (server.otomo("hana").await, server.user("taro").await);
    let call = taro.request("hana").await;
    let rung = hana.rings(call).await;
    let path = format!("/api/calls/{call}/ring");
    let otomo = Api::of(&server, "hana", Role::Otomo);
    let mut ring = otomo.get(&path).await.ok();
    assert!(ring["remainingMs"].as_u64() <= rung["remainingMs"].as_u64());
    ring["remainingMs"] = rung["remainingMs"].clone();
    assert_eq!(ring, rung);
    let caller = Api::of(&server, "taro", Role::User).get(&path).await;
    caller.refused(409, "INVALID_CALL_STATE");
    Api::of(&server, "jiro", Role::User)
        .get(&path)
        .await
        .refused(404, "NOT_FOUND");
    hana.reject(call).await;
    let over = otomo.get(&path).await.refused(409, "INVALID_CALL_STATE");
    assert_eq!(over["context"]["phase"], "ended");
}

#[tokio::test]
async fn a_missed_call_waits_in_the_inbox() {
    let server = TestServer::start_with(&[("calls.ring_timeout", "1s")]).await;
    let (mut hana, mut taro) = (server.otomo("hana").await, server.user("taro").await);
    let api = Api::of(&server, "hana", Role::Otomo);
    let nothing = api.get("/api/inbox").await.ok();
    assert_eq!(nothing, json!({"items": [], "seq": 0, "head": 0}));
    let mut missed = Vec::new();
    for _ in 0..2 {
        missed.push(taro.request("hana").await.to_string());
        hana.expect("call_missed").await;
    }
    let calls = |stream: &Value| -> Vec<String> {
        let items = stream["items"].as_array().unwrap().iter();
        items
            .map(|item| field(&item["event"], "callId").to_owned())
            .collect()
    };
    let all = api.get("/api/inbox").await.ok();
    assert_eq!(
        (calls(&all), &all["seq"], &all["head"]),
        (missed.clone(), &json!(2), &json!(2))
    );
    let item = &all["items"][0];
    assert_eq!(
        (&item["seq"], &item["event"]["type"]),
        (&json!(1), &json!("call_missed"))
    );
    assert_eq!(item["event"]["fromUserName"], "taroさん");
    let first = api.get("/api/inbox?after=0&limit=1").await.ok();
    assert_eq!(
        (calls(&first), &first["seq"], &first["head"]),
        (missed[..1].to_vec(), &json!(1), &json!(2))
    );
    assert_eq!(
        calls(&api.get("/api/inbox?after=1").await.ok()),
        missed[1..]
    );
    assert_eq!(api.get("/api/inbox?after=2").await.ok()["items"], json!([]));
    let unknown = api.get("/api/inbox?after=9").await.ok();
    assert_eq!(
        (&unknown["resync"], calls(&unknown)),
        (&json!("unknown_seq"), missed)
    );
}

#[tokio::test]
async fn the_media_server_says_when_media_is_up_and_when_it_is_gone() {
    let settings = [
        WITH_KEY,
        ("calls.connected_by", "server"),
        ("calls.loss_grace", "100ms"),
    ];
    let server = TestServer::start_with(&settings).await;
    let (mut taro, _hana, call) = accepted(&server).await;
    let backend = Api::backend(&server);
    let path = format!("/api/server/calls/{call}/media");
    let seen = backend.post(&path, json!({"alive": true})).await.ok();
    assert_eq!(seen, json!({"callId": call, "alive": true}));
    assert_eq!(
        taro.expect("call_connected").await["method"],
        "sfu_rtp_detected"
    );
    backend.post(&path, json!({"alive": true})).await.ok();
    backend.post(&path, json!({"alive": false})).await.ok();
    assert_eq!(taro.expect("call_end").await["reason"], "rtp_stopped");
    backend
        .post(&path, json!({"alive": true}))
        .await
        .refused(409, "CALL_ALREADY_ENDED");
    let unknown = format!("/api/server/calls/{}/media", Uuid::new_v4());
    backend
        .post(&unknown, json!({"alive": true}))
        .await
        .refused(404, "NOT_FOUND");
}

#[tokio::test]
async fn an_admin_follows_a_call_and_ends_it() {
    let server = TestServer::start().await;
    let (mut taro, mut hana, call) = accepted(&server).await;
    let root = Api::of(&server, "root", Role::Admin);
    let live = root.whole_list("/admin/api/calls?live=true", 1).await;
    assert_eq!((live.len(), field(&live[0], "phase")), (1, "connecting"));
    let why = root.get("/admin/api/otomo/hana/why").await.ok();
    assert_eq!(why["call"], json!({"callId": call, "phase": "connecting"}));
    assert_eq!(
        (field(&why, "status"), field(&why["decision"], "cause")),
        ("busy", "call")
    );

    let end = format!("/admin/api/calls/{call}/end");
    assert_eq!(
        root.post(&end, json!({})).await.ok(),
        json!({"callId": call})
    );
    for person in [&mut taro, &mut hana] {
        assert_eq!(person.expect("call_end").await["reason"], "admin_end");
    }
    root.post(&end, json!({})).await.ok();
    assert_eq!(
        root.whole_list("/admin/api/calls?live=true", 10)
            .await
            .len(),
        0
    );
    let all = root.whole_list("/admin/api/calls", 10).await;
    assert_eq!((all.len(), field(&all[0], "reason")), (1, "admin_end"));
    let timeline = root
        .get(&format!("/admin/api/calls/{call}/timeline"))
        .await
        .ok();
    let told = |line: &Value| format!("{} by {}", field(line, "event"), field(line, "by"));
    let lines: Vec<String> = timeline["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(told)
        .collect();
    assert_eq!(
        lines.first().map(String::as_str),
        Some("requested by caller")
    );
    assert_eq!(lines.last().map(String::as_str), Some("ended by admin"));
}

#[tokio::test]
async fn an_admin_frees_an_otomo_and_puts_one_out() {
    let server = TestServer::start().await;
    let (mut taro, mut hana, call) = accepted(&server).await;
    let root = Api::of(&server, "root", Role::Admin);
    let free = "/admin/api/otomo/hana/free";
    let freed = root.post(free, json!({})).await.ok();
    let expected = json!({
        "userId": "hana", "callId": call, "breakEnded": false, "wrapUpEnded": false,
    });
    assert_eq!(freed, expected);
    taro.expect("call_end").await;
    assert_eq!(root.post(free, json!({})).await.ok()["callId"], Value::Null);
    root.post("/admin/api/otomo/nobody/free", json!({}))
        .await
        .refused(404, "OTOMO_NOT_FOUND");

    let status = "/admin/api/otomo/hana/status";
    root.post(status, json!({"status": "busy"}))
        .await
        .refused(400, "BAD_REQUEST");
    root.post(status, json!({"status": "asleep"}))
        .await
        .refused(400, "BAD_REQUEST");
    let rested = root.post(status, json!({"status": "break"})).await.ok();
    assert_eq!(rested, json!({"userId": "hana", "status": "break"}));
    root.post(status, json!({"status": "online"})).await.ok();

    let again = taro.request("hana").await;
    hana.rings(again).await;
    hana.accept(again).await;
    let put_out = root.post(status, json!({"status": "offline"})).await.ok();
    assert_eq!(put_out["status"], "offline");
    assert_eq!(taro.expect("call_end").await["reason"], "admin_end");
    assert_eq!(hana.ended().await, End::Closed(4003));
}

/// The statuses of hana that somebody is told up to `offline`.
async fn statuses_to_offline(watcher: &mut Client) -> Vec<String> {
    let offline = |event: &Json| event["status"] == "offline";
    let heard = watcher.up_to("offline", offline).await;
    let updates = heard
        .iter()
        .filter(|event| event["type"] == "otomo_status_update");
    updates
        .map(|event| field(event, "status").to_owned())
        .collect()
}

#[tokio::test]
async fn an_otomo_who_is_set_offline_or_disabled_in_a_call_is_seen_online_by_nobody() {
    let server = TestServer::start_with(&[WITH_KEY]).await;
    let mut watcher = server.user("watcher").await;
    let root = Api::of(&server, "root", Role::Admin);
    let backend = Api::backend(&server);
    let disabled = json!({"role": "otomo", "name": "はな", "disabled": true});
    let offline = json!({"status": "offline"});
    for disable in [false, true] {
        let (mut taro, mut hana, _) = accepted(&server).await;
        watcher.sees("hana", "busy").await;
        watcher.everything();
        match disable {
            false => root
                .post("/admin/api/otomo/hana/status", offline.clone())
                .await
                .ok(),
            true => backend
                .put("/api/server/users/hana", disabled.clone())
                .await
                .ok(),
        };
        assert_eq!(statuses_to_offline(&mut watcher).await, ["offline"]);
        assert_eq!(hana.expect("call_end").await["reason"], "admin_end");
        assert_eq!(taro.expect("call_end").await["reason"], "admin_end");
        taro.expect_none("call_peer_reconnecting").await;
        assert_eq!(hana.ended().await, End::Closed(4003));
        taro.log_out().await;
    }
}

#[tokio::test]
async fn a_user_gets_ice_servers_with_credentials_of_their_own() {
    let settings = [
        (
            "calls.ice_servers",
            "stun:stun.example:3478,turn:turn.example:3478",
        ),
        ("calls.turn_secret", "shared with the turn server"),
    ];
    let server = TestServer::start_with(&settings).await;
    let taro = Api::of(&server, "taro", Role::User);
    let servers = taro.get("/api/ice-servers").await.ok();
    let servers = servers["iceServers"].as_array().unwrap();
    assert_eq!(servers[0], json!({"urls": ["stun:stun.example:3478"]}));
    let username = field(&servers[1], "username");
    assert!(username.ends_with(":taro"), "{username}");
}
