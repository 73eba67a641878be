//! Conversations over HTTP: who talks with whom, what was written, how far it was read.

use std::collections::BTreeSet;

use otomo::kernel::identity::Role;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::{
    api::{Api, send},
    support::{Json, TestServer, field},
};

/// Somebody who is known.
async fn person(server: &TestServer, name: &str) -> Api {
    let api = Api::of(server, name, Role::User);
    api.get("/api/me").await.ok();
    api
}

fn direct(user: &str) -> Json {
    json!({"kind": "direct", "userId": user})
}

fn path(conversation: &Json, rest: &str) -> String {
    format!(
        "/api/conversations/{}{rest}",
        field(conversation, "conversationId")
    )
}

async fn write(api: &Api, conversation: &Json, id: &str) -> Json {
    let message = json!({"clientMessageId": id, "body": id});
    api.post(&path(conversation, "/messages"), message)
        .await
        .ok()
}

#[tokio::test]
async fn two_people_have_one_conversation_whoever_begins() {
    let server = TestServer::start().await;
    let (taro, hana) = (person(&server, "taro").await, person(&server, "hana").await);
    let begun = taro.post("/api/conversations", direct("hana")).await.ok();
    let again = hana.post("/api/conversations", direct("taro")).await.ok();
    assert_eq!(begun["conversationId"], again["conversationId"]);
    assert_eq!(
        (&begun["kind"], &begun["lastMessage"]),
        (&"direct".into(), &Json::Null)
    );
    let api = "/api/conversations";
    taro.post(api, direct("nobody"))
        .await
        .refused(404, "NOT_FOUND");
    taro.post(api, direct("taro"))
        .await
        .refused(400, "BAD_REQUEST");
    for bad in [
        json!({}),
        json!({"kind": "direct"}),
        json!({"kind": "crowd", "members": []}),
    ] {
        taro.post(api, bad).await.refused(400, "BAD_REQUEST");
    }
    let members = path(&begun, "/members/hana");
    taro.delete(&members).await.refused(409, "CONFLICT");
}

#[tokio::test]
async fn what_is_written_over_http_arrives_on_sockets() {
    let server = TestServer::start().await;
    let taro = person(&server, "taro").await;
    let mut hana = server.user("hana").await;
    let begun = taro.post("/api/conversations", direct("hana")).await.ok();
    let sent = write(&taro, &begun, "m-1").await;
    let message = hana.expect("new-message").await;
    for same in [
        "messageId",
        "conversationId",
        "messageSeq",
        "body",
        "clientMessageId",
    ] {
        assert_eq!(message[same], sent[same], "{same}");
    }
    assert_eq!(
        write(&taro, &begun, "m-1").await,
        sent,
        "sent again, there once"
    );
    let messages = path(&begun, "/messages");
    let other = json!({"clientMessageId": "m-1", "body": "b"});
    taro.post(&messages, other).await.refused(409, "CONFLICT");
    let empty = json!({"clientMessageId": "m-2", "body": ""});
    taro.post(&messages, empty)
        .await
        .refused(400, "MESSAGE_EMPTY");
    let huge = json!({"clientMessageId": "m-2", "body": "a".repeat(8_193)});
    taro.post(&messages, huge)
        .await
        .refused(413, "MESSAGE_TOO_LARGE");
    let no_text: [&[u8]; 3] = [
        b"{\"clientMessageId\":\"m-2\",\"body\":\"\xe3\x81\"}",
        b"{\"clientMessageId\":\"m-2\",\"body\":\"\\ud83d\"}",
        b"{\"clientMessageId\":\"\xff\",\"body\":\"a\"}",
    ];
    for bytes in no_text {
        let request = taro.request(Method::POST, &messages).body(bytes);
        let request = request.header("Content-Type", "application/json");
        send(request).await.refused(400, "BAD_REQUEST");
    }

    let api = Api::of(&server, "hana", Role::User);
    let read = path(&begun, "/read");
    let cursor = api.post(&read, json!({"messageSeq": 1})).await.ok();
    assert_eq!(cursor["messageSeq"], 1);
    assert_eq!(hana.expect("message-read").await["userId"], "hana");
    api.post(&read, json!({"messageSeq": 2}))
        .await
        .refused(400, "BAD_REQUEST");
    let seen = taro.get(&path(&begun, "")).await.ok();
    let hana = &seen["members"][0];
    assert_eq!(
        (&hana["userId"], &hana["readSeq"]),
        (&"hana".into(), &1.into())
    );
    assert!(hana["readAt"].is_string(), "{seen}");
}

#[tokio::test]
async fn the_history_is_read_in_both_directions() {
    let server = TestServer::start().await;
    let (taro, _hana) = (person(&server, "taro").await, person(&server, "hana").await);
    let begun = taro.post("/api/conversations", direct("hana")).await.ok();
    for n in 1..=7 {
        write(&taro, &begun, &format!("m-{n}")).await;
    }
    let pages = [
        ("", vec![1, 2, 3, 4, 5, 6, 7]),
        ("?limit=2", vec![6, 7]),
        ("?limit=2&before=6", vec![4, 5]),
        ("?before=1", vec![]),
        ("?limit=3&after=0", vec![1, 2, 3]),
        ("?limit=3&after=5", vec![6, 7]),
        ("?after=7", vec![]),
        ("?after=18446744073709551615", vec![]),
    ];
    for (query, seqs) in pages {
        let reply = taro.get(&path(&begun, &format!("/messages{query}"))).await;
        let page = reply.ok();
        let items = page["items"].as_array().unwrap();
        let told: Vec<u64> = items
            .iter()
            .map(|it| it["messageSeq"].as_u64().unwrap())
            .collect();
        assert_eq!(told, seqs, "{query}");
        assert_eq!(
            (&page["firstSeq"], &page["lastSeq"]),
            (&1.into(), &7.into())
        );
    }
    for bad in [
        "?after=1&before=3",
        "?after=-1",
        "?before=x",
        "?after=99999999999999999999",
    ] {
        let reply = taro.get(&path(&begun, &format!("/messages{bad}"))).await;
        reply.refused(400, "BAD_REQUEST");
    }
}

#[tokio::test]
async fn the_list_has_the_latest_first_in_pages() {
    let server = TestServer::start().await;
    let taro = person(&server, "taro").await;
    for n in 1..=5 {
        let name = format!("hana-{n}");
        let hana = person(&server, &name).await;
        let begun = hana.post("/api/conversations", direct("taro")).await.ok();
        write(&hana, &begun, "m-1").await;
    }
    let list = taro.whole_list("/api/conversations", 2).await;
    for item in &list {
        assert_eq!((&item["unread"], &item["lastSeq"]), (&1.into(), &1.into()));
    }
    let times: Vec<&str> = list.iter().map(|it| field(it, "lastAt")).collect();
    assert!(
        times.is_sorted_by(|before, after| before >= after),
        "{times:?}"
    );
    let writers = list.iter().map(|it| field(&it["lastMessage"], "senderId"));
    let writers: BTreeSet<&str> = writers.collect();
    let all = ["hana-1", "hana-2", "hana-3", "hana-4", "hana-5"];
    assert_eq!((list.len(), writers), (5, BTreeSet::from(all)));
}

#[tokio::test]
async fn a_group_has_members_who_come_and_go() {
    let server = TestServer::start().await;
    let (taro, hana) = (person(&server, "taro").await, person(&server, "hana").await);
    let (jiro, _yuki) = (person(&server, "jiro").await, person(&server, "yuki").await);
    let group = json!({"kind": "group", "members": ["hana"], "title": "旅行"});
    let group = taro.post("/api/conversations", group).await.ok();
    assert_eq!(
        (&group["title"], &group["createdBy"]),
        (&"旅行".into(), &"taro".into())
    );
    write(&taro, &group, "m-1").await;
    jiro.get(&path(&group, ""))
        .await
        .refused(404, "CONVERSATION_NOT_FOUND");

    let joined = hana
        .put(&path(&group, "/members/jiro"), json!({}))
        .await
        .ok();
    assert_eq!(joined["members"].as_array().unwrap().len(), 3);
    hana.put(&path(&group, "/members/jiro"), json!({}))
        .await
        .ok();
    let seen = jiro.get(&path(&group, "")).await.ok();
    assert_eq!(seen["unread"], 0, "what was there counts as read");
    assert_eq!(
        jiro.get(&path(&group, "/messages")).await.ok()["lastSeq"],
        1
    );
    write(&jiro, &group, "m-1").await;

    let nobody = path(&group, "/members/nobody");
    hana.put(&nobody, json!({})).await.refused(404, "NOT_FOUND");
    hana.delete(&path(&group, "/members/jiro"))
        .await
        .refused(403, "FORBIDDEN");
    assert_eq!(
        taro.delete(&path(&group, "/members/jiro")).await.status,
        204
    );
    assert_eq!(
        hana.delete(&path(&group, "/members/hana")).await.status,
        204
    );
    for gone in [&jiro, &hana] {
        let reply = gone.get(&path(&group, "/messages")).await;
        reply.refused(404, "CONVERSATION_NOT_FOUND");
    }
}

#[tokio::test]
async fn too_many_members_are_refused() {
    let server = TestServer::start().await;
    let taro = person(&server, "taro").await;
    let members: Vec<String> = (0..300).map(|n| format!("user-{n}")).collect();
    let crowd = json!({"kind": "group", "members": members});
    taro.post("/api/conversations", crowd)
        .await
        .refused(400, "BAD_REQUEST");
    let list = taro.get("/api/conversations").await.ok();
    assert_eq!(list["items"], json!([]));
}

#[tokio::test]
async fn a_stranger_cannot_tell_a_conversation_from_none() {
    let server = TestServer::start().await;
    let (taro, _hana) = (person(&server, "taro").await, person(&server, "hana").await);
    let mallory = person(&server, "mallory").await;
    let begun = taro.post("/api/conversations", direct("hana")).await.ok();
    let made_up = json!({"conversationId": Uuid::new_v4()});
    let message = json!({"clientMessageId": "x", "body": "a"});
    let mut said = Vec::new();
    for it in [&begun, &made_up] {
        let replies = [
            mallory.get(&path(it, "")).await,
            mallory.get(&path(it, "/messages")).await,
            mallory.post(&path(it, "/messages"), message.clone()).await,
            mallory
                .post(&path(it, "/read"), json!({"messageSeq": 0}))
                .await,
            mallory
                .post(&path(it, "/typing"), json!({"typing": true}))
                .await,
            mallory.put(&path(it, "/members/mallory"), json!({})).await,
            mallory.delete(&path(it, "/members/taro")).await,
        ];
        said.push(replies.map(|reply| (reply.status, reply.text)));
    }
    assert_eq!(said[0], said[1]);
    assert!(said[0].iter().all(|(status, _)| *status == 404), "{said:?}");
}

#[tokio::test]
async fn typing_over_http_is_told_like_any_other() {
    let server = TestServer::start().await;
    let taro = person(&server, "taro").await;
    let mut hana = server.user("hana").await;
    let begun = taro.post("/api/conversations", direct("hana")).await.ok();
    for (typing, told) in [(true, "typing-start"), (false, "typing-stop")] {
        let reply = taro
            .post(&path(&begun, "/typing"), json!({"typing": typing}))
            .await;
        assert_eq!(reply.status, 204);
        assert_eq!(hana.expect(told).await["userId"], "taro");
    }
    let made_up = path(&json!({"conversationId": Uuid::new_v4()}), "/typing");
    let reply = taro.post(&made_up, json!({"typing": true})).await;
    reply.refused(404, "CONVERSATION_NOT_FOUND");
}
