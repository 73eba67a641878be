//! Friends over HTTP.

use otomo::kernel::identity::Role;
use serde_json::json;

use crate::{
    api::Api,
    support::{Json, TestServer, field},
};

/// The API as somebody who is known.
async fn known(server: &TestServer, name: &str) -> Api {
    let api = Api::of(server, name, Role::User);
    api.get("/api/me").await.ok();
    api
}

async fn asks(api: &Api, whom: &str) -> Json {
    api.put(&format!("/api/friends/{whom}"), json!({}))
        .await
        .ok()
}

/// What somebody's list says of each.
async fn list(api: &Api, query: &str) -> Vec<(String, String)> {
    let list = api.get(&format!("/api/friends{query}")).await.ok();
    standings(list["items"].as_array().unwrap())
}

fn standings(entries: &[Json]) -> Vec<(String, String)> {
    let of = |it: &Json| {
        (
            field(it, "userId").to_owned(),
            field(it, "standing").to_owned(),
        )
    };
    entries.iter().map(of).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(user, standing): &(&str, &str)| ((*user).to_owned(), (*standing).to_owned());
    expected.iter().map(owned).collect()
}

#[tokio::test]
async fn a_request_is_taken_back_refused_or_accepted() {
    let server = TestServer::start().await;
    let (taro, hana) = (known(&server, "taro").await, known(&server, "hana").await);
    asks(&taro, "hana").await;
    assert_eq!(list(&taro, "").await, pairs(&[("hana", "outgoing")]));
    assert_eq!(list(&hana, "").await, pairs(&[("taro", "incoming")]));
    taro.delete("/api/friends/hana").await.ok();
    assert_eq!(list(&hana, "").await, []);
    asks(&taro, "hana").await;
    hana.delete("/api/friends/taro").await.ok();
    assert_eq!(list(&taro, "").await, []);
    asks(&taro, "hana").await;
    let accepted = asks(&hana, "taro").await;
    assert_eq!(accepted["standing"], "friend");
    assert!(field(&accepted, "since").ends_with('Z'));
    assert_eq!(asks(&hana, "taro").await, accepted, "again");
    assert_eq!(list(&taro, "").await, pairs(&[("hana", "friend")]));
    taro.delete("/api/friends/hana").await.ok();
    let nothing = taro.delete("/api/friends/hana").await;
    assert_eq!(nothing.status, 204, "{nothing:?}");
    assert_eq!(list(&hana, "").await, []);
}

#[tokio::test]
async fn strange_requests_are_refused() {
    let server = TestServer::start_with(&[
        ("friends.max_friends", "1"),
        ("friends.max_requests", "2"),
        ("limits.friend_requests_per_minute", "10"),
    ])
    .await;
    let taro = known(&server, "taro").await;
    for name in ["a", "b", "c"] {
        known(&server, name).await;
    }
    let ask = async |whom: &str| taro.put(&format!("/api/friends/{whom}"), json!({})).await;
    ask("taro").await.refused(400, "BAD_REQUEST");
    let unknown = ask("nobody").await.refused(404, "NOT_FOUND");
    assert_eq!(unknown["context"]["userId"], "nobody");
    asks(&taro, "a").await;
    asks(&taro, "b").await;
    let full = ask("c").await.refused(409, "CONFLICT");
    assert_eq!(full["context"]["max"], 2);
    for name in ["a", "b"] {
        let api = Api::of(&server, name, Role::User);
        let answer = api.put("/api/friends/taro", json!({})).await;
        match name {
            "a" => drop(answer.ok()),
            _ => drop(answer.refused(409, "CONFLICT")),
        }
    }
    let bad = taro.get("/api/friends?standing=foe").await;
    bad.refused(400, "BAD_REQUEST");
    let stranger = Api::stranger(&server);
    stranger
        .get("/api/friends")
        .await
        .refused(401, "UNAUTHORIZED");
    let mut answers = 0;
    while ask("a").await.status == 200 {
        answers += 1;
        assert!(answers <= 10, "there is a limit");
    }
    let late = ask("a").await;
    assert!(late.headers.contains_key("retry-after"), "{late:?}");
    late.refused(429, "RATE_LIMITED");
}

#[tokio::test]
async fn a_long_list_comes_in_pages() {
    let server = TestServer::start().await;
    let taro = known(&server, "taro").await;
    let mut expected = Vec::new();
    for n in 0..7 {
        let name = format!("user-{n}");
        let api = known(&server, &name).await;
        asks(&taro, &name).await;
        let standing = if n % 2 == 0 {
            asks(&api, "taro").await;
            "friend"
        } else {
            "outgoing"
        };
        expected.push((name, standing.to_owned()));
    }
    let entries = taro.whole_list("/api/friends", 3).await;
    let mut found = standings(&entries);
    found.sort();
    assert_eq!(found, expected);
    let friends = list(&taro, "?standing=friend").await;
    assert_eq!(friends.len(), 4, "{friends:?}");
}

#[tokio::test]
async fn the_status_of_friends_is_one_map_and_of_nobody_else() {
    let server = TestServer::start().await;
    let taro = known(&server, "taro").await;
    let path = "/api/friends/online-status";
    let nobody = taro.get(path).await.ok();
    assert_eq!(nobody, json!({"data": {"statuses": {}}}));
    for name in ["hana", "mika", "jiro"] {
        let api = known(&server, name).await;
        asks(&taro, name).await;
        if name != "jiro" {
            asks(&api, "taro").await;
        }
    }
    let mut watching = server.user("taro").await;
    let hana = server.user("hana").await;
    let jiro = server.user("jiro").await;
    watching.expect("friend_status_changed").await;
    let statuses = taro.get(path).await.ok();
    assert_eq!(
        statuses,
        json!({"data": {"statuses": {"hana": true, "mika": false}}})
    );
    let status = taro.get("/api/users/hana/status").await.ok();
    assert_eq!(status["isOnline"], true);
    taro.get("/api/users/jiro/status")
        .await
        .refused(404, "NOT_FOUND");
    drop((hana, jiro));
}
