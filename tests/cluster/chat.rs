//! The chat between people on different nodes: nothing lost, doubled or out of order, wherever they come back.

use otomo::kernel::identity::Role;
use serde_json::json;

use crate::{
    api::Api,
    harness::Cluster,
    support::{Client, Json, field},
};

/// Sends to a person; returns the acknowledgement.
pub async fn writes(client: &mut Client, user: &str, body: &str) -> Json {
    let message = json!({
        "type": "message_send", "toUserId": user, "clientMessageId": body, "body": body,
    });
    let ack = client.ask(message).await;
    assert_eq!(ack["type"], "message_send_ack", "{ack}");
    ack
}

/// The bodies of the messages that come, in order, and that there is nothing missing between the events that bring them.
async fn bodies(client: &mut Client, count: usize) -> Vec<String> {
    let mut bodies = Vec::new();
    let mut last = None;
    for _ in 0..count {
        let message = client.expect("new-message").await;
        if let Some(last) = last {
            assert_eq!(message["prev"], last, "the chain holds: {message}");
        }
        last = message["seq"].as_u64();
        bodies.push(field(&message, "body").to_owned());
    }
    bodies
}

fn numbers(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_on_one_node_comes_in_order_on_all_devices_elsewhere() {
    let cluster = Cluster::start(3).await;
    let mut taro = cluster.node(0).device("taro", Role::User, "phone").await;
    let mut tablet = cluster.node(2).device("taro", Role::User, "tablet").await;
    let mut hana = cluster.node(1).device("hana", Role::User, "phone").await;
    let mut desk = cluster.node(2).device("hana", Role::User, "desk").await;
    let mut jiro = cluster.node(1).user("jiro").await;
    for number in 0..50 {
        writes(&mut taro, "hana", &number.to_string()).await;
    }
    for client in [&mut hana, &mut desk, &mut tablet] {
        assert_eq!(bodies(client, 50).await, numbers(0..50), "{}", client.user);
    }
    let ack = writes(&mut hana, "taro", "50").await;
    let conversation = field(&ack, "conversationId");
    for client in [&mut taro, &mut tablet] {
        client.until("the answer", |it| it["body"] == "50").await;
    }
    let seq = &ack["messageSeq"];
    let read = json!({"type": "message-read", "conversationId": conversation, "messageSeq": seq});
    taro.ask(read).await;
    for client in [&mut hana, &mut desk, &mut tablet] {
        let read = client.until("a read of 51", |it| {
            it["type"] == "message-read" && it["userId"] == "taro"
        });
        assert_eq!(read.await["messageSeq"], *seq);
    }
    let typing = json!({"type": "typing-start", "conversationId": conversation});
    taro.send(typing).await;
    assert_eq!(hana.expect("typing-start").await["userId"], "taro");
    for told in ["new-message", "message-read", "typing-start"] {
        jiro.expect_none(told).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_back_on_another_node_gets_what_they_missed_once_and_in_order() {
    let cluster = Cluster::start(3).await;
    let mut taro = cluster.node(0).user("taro").await;
    let mut hana = cluster.node(1).device("hana", Role::User, "phone").await;
    for number in 0..10 {
        writes(&mut taro, "hana", &number.to_string()).await;
    }
    let mut last = 0;
    for number in 0..10 {
        let message = hana.expect("new-message").await;
        assert_eq!(message["body"], number.to_string());
        last = message["seq"].as_u64().unwrap();
    }
    hana.vanish().await;
    for number in 10..20 {
        writes(&mut taro, "hana", &number.to_string()).await;
    }
    let resuming = cluster.node(2).connecting("hana", Role::User);
    let resuming = resuming.on_device("phone").with_last_seq(last);
    let mut hana = resuming.open().await;
    assert_eq!(hana.expect("connected").await["resumed"], true);
    for number in 20..30 {
        writes(&mut taro, "hana", &number.to_string()).await;
    }
    assert_eq!(bodies(&mut hana, 20).await, numbers(10..30));
    hana.expect_none("new-message").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_on_three_nodes_sees_one_order() {
    let cluster = Cluster::start(3).await;
    let names = ["taro", "hana", "jiro"];
    let mut people = Vec::new();
    for (node, name) in cluster.nodes().iter().zip(names) {
        people.push(node.user(name).await);
    }
    let creator = Api::of(cluster.node(0), "taro", Role::User);
    let group = json!({"kind": "group", "members": ["hana", "jiro"]});
    let begun = creator.post("/api/conversations", group).await.ok();
    let conversation = field(&begun, "conversationId").to_owned();
    let mut writing = tokio::task::JoinSet::new();
    for mut person in people {
        let conversation = conversation.clone();
        writing.spawn(async move {
            for number in 0..20 {
                let id = format!("{}-{number}", person.user);
                let message = json!({
                    "type": "message_send", "conversationId": conversation,
                    "clientMessageId": id, "body": id,
                });
                let ack = person.ask(message).await;
                assert_eq!(ack["type"], "message_send_ack", "{ack}");
            }
            person
        });
    }
    let mut orders = Vec::new();
    for mut person in writing.join_all().await {
        let mut order = Vec::new();
        for place in 1..=60 {
            let message = person.expect("new-message").await;
            assert_eq!(message["messageSeq"], place, "{}: {message}", person.user);
            order.push(field(&message, "body").to_owned());
        }
        person.expect_none("new-message").await;
        orders.push(order);
    }
    assert!(orders.iter().all(|order| *order == orders[0]));
}
