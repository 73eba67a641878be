//! When people were last there: whoever hears that somebody goes is told what is stored.

use std::{collections::BTreeSet, time::Duration};

use futures_util::future::join_all;
use otomo::kernel::identity::Role;
use serde_json::json;
use tokio::time::timeout;

use super::writes;
use crate::{
    api::Api,
    mirror::Mirror,
    support::{Client, PATIENCE, TestServer, field, silence},
};

/// Many go who came at another moment, while their partner is told anew who is there.
#[tokio::test(flavor = "multi_thread")]
async fn the_last_seen_that_is_told_is_the_one_that_is_stored() {
    let server = TestServer::start_with(&[("limits.messages_per_minute", "none")]).await;
    let names: Vec<String> = (0..60).map(|n| format!("hana-{n}")).collect();
    let mut taro = server.connecting("taro", Role::User).open().await;
    let mut mirror = Mirror::of("taro");
    let there = join_all(names.iter().map(|name| server.user(name))).await;
    for name in &names {
        writes(&mut taro, name, name, "a").await;
    }
    // Times are told in seconds: coming and going are to differ.
    silence(Duration::from_secs(1)).await;
    let api = Api::of(&server, "taro", Role::User);
    let group = json!({"kind": "group", "members": names});
    let group = api.post("/api/conversations", group).await.ok();
    let group = field(&group, "conversationId");
    join_all(there.into_iter().map(Client::log_out)).await;
    let gone = timeout(PATIENCE, all_go(&mut taro, &mut mirror, &names, group)).await;
    assert!(gone.is_ok(), "{mirror:#?}");
    let mut desk = server.connecting("taro", Role::User).open().await;
    let mut fresh = Mirror::of("taro");
    let told = desk.up_to("ready", |event| event["type"] == "ready").await;
    told.iter().for_each(|event| fresh.hear(event));
    assert_eq!(mirror, fresh);
}

/// Hears everything until it was told of all that they have gone, and of the group.
async fn all_go(client: &mut Client, mirror: &mut Mirror, users: &[String], group: &str) {
    let mut there: BTreeSet<&str> = users.iter().map(String::as_str).collect();
    let (mut listed, mut told) = (false, false);
    while !there.is_empty() || !told {
        let event = client.next().await.expect("a live connection");
        mirror.hear(&event);
        match field(&event, "type") {
            "user-offline" => drop(there.remove(field(&event, "userId"))),
            "unread_snapshot" => listed = event.to_string().contains(group),
            // The two come one after the other.
            "friend_status_snapshot" => told = listed,
            _ => {}
        }
    }
}
