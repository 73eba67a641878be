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
