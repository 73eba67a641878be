//! What backends tell the server.

use otomo::kernel::identity::Role;
use serde_json::json;

use crate::{
    api::{Api, WITH_KEY},
    support::{End, TestServer},
};

#[tokio::test]
async fn a_backend_sets_people_up_whole() {
    let server = TestServer::start_with(&[WITH_KEY]).await;
    let backend = Api::backend(&server);
    let path = "/api/server/users/hana";
    let hana = json!({
        "role": "otomo", "name": "はな", "avatar": "/hana.jpg", "pricePerMinute": 120, "disabled": false,
    });
    let created = backend.put(path, hana.clone()).await;
    assert_eq!(created.status, 201);
    let mut stored = hana.clone();
    stored["userId"] = "hana".into();
    assert_eq!(created.ok(), stored);
    assert_eq!(backend.put(path, hana).await.status, 200);
    let renamed = json!({"role": "otomo", "name": "華"});
    let renamed = backend.put(path, renamed).await.ok();
    assert_eq!(
        (&renamed["avatar"], &renamed["pricePerMinute"]),
        (&json!(null), &json!(null))
    );
    let taro = Api::of(&server, "taro", Role::User);
    let shown = taro.get("/api/otomo/hana").await.ok();
    assert_eq!(
        (&shown["name"], &shown["status"]),
        (&json!("華"), &json!("offline"))
    );
}

#[tokio::test]
async fn who_is_disabled_is_put_out_and_stays_out() {
    let server = TestServer::start_with(&[WITH_KEY]).await;
    let backend = Api::backend(&server);
    let mut taro = server.user("taro").await;
    let mut hana = server.otomo("hana").await;
    taro.expect("otomo_status_update").await;
    let disabled = json!({"role": "otomo", "name": "はな", "disabled": true});
    backend.put("/api/server/users/hana", disabled).await.ok();
    assert_eq!(hana.ended().await, End::Closed(4003));
    assert_eq!(
        taro.expect("otomo_status_update").await["status"],
        "offline"
    );
    let mut again = server.connecting("hana", Role::Otomo).open().await;
    assert_eq!(again.expect("closing").await["reconnect"], false);
    assert_eq!(again.ended().await, End::Closed(4003));
}

/// Goal: nobody slips in while they are locked out.
/// Method: they connect at the same moment, again and again, so that the one meets the other at all stages.
#[tokio::test]
async fn who_is_disabled_while_connecting_is_put_out_too() {
    let server = TestServer::start_with(&[WITH_KEY]).await;
    let backend = Api::backend(&server);
    for round in 0..30 {
        let path = format!("/api/server/users/taro-{round}");
        let connecting = server.connecting(&format!("taro-{round}"), Role::User);
        let disabled = json!({"role": "user", "name": "Taro", "disabled": true});
        let (mut taro, put) = tokio::join!(connecting.open(), backend.put(&path, disabled));
        put.ok();
        assert_eq!(taro.ended().await, End::Closed(4003));
    }
}

#[tokio::test]
async fn who_has_another_role_now_comes_back_with_a_new_token() {
    let settings = [WITH_KEY, ("users.auto_provision", "false")];
    let server = TestServer::start_with(&settings).await;
    let backend = Api::backend(&server);
    let put = async |user: &str, role: &str| {
        let path = format!("/api/server/users/{user}");
        backend
            .put(&path, json!({"role": role, "name": user}))
            .await
            .ok();
    };
    put("taro", "user").await;
    put("hana", "otomo").await;
    let mut taro = server.user("taro").await;
    let phone = |role| server.connecting("hana", role).on_device("phone");
    let mut hana = phone(Role::Otomo).ready().await;
    taro.sees("hana", "online").await;
    // Another name is no reason to disturb anybody.
    let renamed = json!({"role": "otomo", "name": "華"});
    backend.put("/api/server/users/hana", renamed).await.ok();
    hana.settled().await;
    let call = taro.request("hana").await;
    hana.rings(call).await;
    hana.accept(call).await;

    put("hana", "user").await;
    let closing = hana.expect("closing").await;
    assert_eq!(
        (&closing["code"], &closing["reconnect"]),
        (&json!(4202), &json!(true))
    );
    assert_eq!(hana.ended().await, End::Closed(4202));
    let mut stale = phone(Role::Otomo).open().await;
    assert_eq!(stale.ended().await, End::Closed(4001));
    let mut hana = phone(Role::User).ready().await;
    let snapshot = hana.expect("call_snapshot").await;
    assert_eq!(snapshot["call"]["callId"], json!(call));
    hana.hang_up(call).await;
    taro.sees("hana", "offline").await;

    put("taro", "otomo").await;
    assert_eq!(taro.ended().await, End::Closed(4202));
    server.otomo("taro").await;
}

#[tokio::test]
async fn a_backend_disconnects_all_devices_of_somebody() {
    let server = TestServer::start_with(&[WITH_KEY]).await;
    let (mut phone, mut desk) = (server.user("taro").await, server.user("taro").await);
    let mut jiro = server.user("jiro").await;
    let path = "/api/server/users/taro/disconnect";
    let closed = Api::backend(&server).post(path, json!({})).await.ok();
    assert_eq!(closed, json!({"closed": 2}));
    assert_eq!(phone.ended().await, End::Closed(4003));
    assert_eq!(desk.ended().await, End::Closed(4003));
    jiro.settled().await;
    server.user("taro").await;
}
