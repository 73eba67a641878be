//! What backends tell the server.

use std::{io::Write as _, net::TcpStream};

use diesel::{RunQueryDsl as _, connection::SimpleConnection as _, dsl::sql, sql_types::Text};
use otomo::kernel::identity::Role;
use serde_json::json;

use crate::{
    api::{API_KEY, Api, WITH_KEY},
    support::{End, Process, TestServer, eventually},
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

/// Goal: nobody goes on as who they were, whatever else fails.
/// Method: the database refuses what a change of somebody has for a consequence. A repeat would find nothing changed.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_somebody_else_now_is_closed_though_the_rest_of_it_fails() {
    let server = Process::start_with(&[WITH_KEY]).await;
    let backend = Api::backend(&server);
    let mut database = server.database();
    let mut meddle = |how: &str| {
        let how = format!("PRAGMA busy_timeout = 5000; {how}");
        database.batch_execute(&how).expect("it is done");
    };
    for (user, now, code) in [
        ("hana", json!({"role": "user", "name": "はな"}), 4202),
        (
            "ume",
            json!({"role": "otomo", "name": "うめ", "disabled": true}),
            4003,
        ),
    ] {
        let mut otomo = server.otomo(user).await;
        meddle(
            "CREATE TRIGGER refused BEFORE UPDATE ON otomo BEGIN SELECT RAISE(ABORT, 'refused by a test'); END",
        );
        let path = format!("/api/server/users/{user}");
        let refused = backend.put(&path, now).await;
        refused.refused(500, "INTERNAL_ERROR");
        assert_eq!(otomo.ended().await, End::Closed(code));
        meddle("DROP TRIGGER refused");
    }
}

/// The same for a backend that does not wait for the answer.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_somebody_else_now_is_closed_though_the_backend_hangs_up() {
    let server = Process::start_with(&[WITH_KEY]).await;
    let mut taro = server.user("taro").await;
    let mut database = server.database();
    database
        .batch_execute("PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE")
        .expect("it is locked");
    let body = r#"{"role": "otomo", "name": "Taro"}"#;
    let request = format!(
        "PUT /api/server/users/taro HTTP/1.1\r\nHost: x\r\nX-API-Key: {API_KEY}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut backend = TcpStream::connect(server.address()).expect("a server");
    backend.write_all(request.as_bytes()).expect("room");
    drop(backend);
    // Others are served meanwhile: so it has seen that.
    let others = Api::of(&server, "taro", Role::User);
    for _ in 0..20 {
        others.get("/api/me").await.ok();
    }
    database.batch_execute("COMMIT").expect("it is open");
    eventually("taro is an otomo", async || {
        let role = sql::<Text>("SELECT role FROM users WHERE id = 'taro'");
        role.get_result::<String>(&mut database).expect("a row") == "otomo"
    })
    .await;
    assert_eq!(taro.ended().await, End::Closed(4202));
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
