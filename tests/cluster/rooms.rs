//! Rooms whose members are on three nodes, and backends that publish on all of them: one order for everybody.

use std::time::Duration;

use serde_json::json;

use crate::{
    api::Api,
    harness::{Cluster, Node},
    support::{Client, Flow, Json, silence},
};

/// Events that each backend publishes.
const EVENTS: usize = 100;

/// How often somebody joins a room that changes.
const ROUNDS: usize = 50;

async fn player(node: &Node, user: &str) -> Client {
    let path = format!("/api/server/rooms/game_7/members/{user}");
    Api::backend(node).put(&path, json!({})).await.ok();
    let mut client = node.user(user).await;
    let join = json!({"type": "join_game", "game_session_id": "7"});
    assert_eq!(client.ask(join).await["type"], "joined_game");
    client.expect("room_snapshot").await;
    client
}

async fn publish(node: &Node, more: Json) -> Json {
    let mut event = json!({"target": {"room": "game_7"}, "type": "quest", "data": {}});
    let more = more.as_object().expect("fields").clone();
    event.as_object_mut().expect("an event").extend(more);
    let published = Api::backend(node).post("/api/server/events", event).await;
    published.ok()
}

/// What the next event says.
async fn quest(client: &mut Client) -> Json {
    let event = client.expect("room_event").await;
    assert_eq!(event["event"], "quest", "{event}");
    event["data"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_a_room_come_to_all_its_members_in_one_order() {
    let cluster = Cluster::start(3).await;
    let mut members = Vec::new();
    for node in cluster.nodes() {
        members.push(player(node, &format!("player-{}", node.name())).await);
    }
    let publishing = cluster.nodes().iter().map(|node| async move {
        for number in 0..EVENTS {
            let data = json!({"from": node.name(), "number": number});
            let published = publish(node, json!({"data": data, "priority": "high"})).await;
            assert_eq!(published["delivered"], 3, "{published}");
        }
    });
    futures_util::future::join_all(publishing).await;
    let mut orders = Vec::new();
    for member in &mut members {
        let mut order = Vec::new();
        for _ in 0..3 * EVENTS {
            let data = quest(member).await;
            order.push((data["from"].clone(), data["number"].clone()));
        }
        member.expect_none("room_event").await;
        orders.push(order);
    }
    for order in &orders {
        assert_eq!(*order, orders[0], "everybody sees one order");
        for node in cluster.nodes() {
            let own = order.iter().filter(|(from, _)| from == node.name());
            let own: Vec<u64> = own.map(|(_, number)| number.as_u64().unwrap()).collect();
            let expected: Vec<u64> = (0..EVENTS as u64).collect();
            assert_eq!(own, expected, "as one backend has published them");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rooms_states_are_there_on_every_node() {
    let cluster = Cluster::start(3).await;
    let mut taro = player(cluster.node(0), "taro").await;
    for (node, value) in [(1, "a"), (2, "b")] {
        let state = json!({"kind": "state", "key": "door", "data": {"value": value}});
        publish(cluster.node(node), state).await;
        assert_eq!(quest(&mut taro).await["value"], value);
    }
    let path = "/api/server/rooms/game_7/members/hana";
    Api::backend(cluster.node(0))
        .put(path, json!({}))
        .await
        .ok();
    let mut hana = cluster.node(2).user("hana").await;
    let join = json!({"type": "join_game", "game_session_id": "7"});
    hana.ask(join).await;
    let snapshot = hana.expect("room_snapshot").await;
    let events = snapshot["events"].as_array().unwrap();
    assert_eq!(events.len(), 1, "{snapshot}");
    assert_eq!(events[0]["data"]["value"], "b", "{snapshot}");
}

/// From reading: the states were read for somebody who joined, a newer one came while they were not in the room yet, and they were
/// told the older.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_joins_while_another_node_changes_a_state_learns_of_the_newer_one() {
    let cluster = Cluster::start_behind_ways(2, &[]).await;
    let (one, other) = (cluster.node(0), cluster.node(1));
    let path = "/api/server/rooms/game_7/members/hana";
    Api::backend(one).put(path, json!({})).await.ok();
    let mut hana = other.user("hana").await;
    // What her node has read is old once it is there.
    let late = Flow::Late(Duration::from_millis(10), Duration::from_millis(30));
    other.ways().postgres.set(Flow::Open, late);
    for value in 0..ROUNDS {
        // One that was never there, or is another by now.
        let key = ["door".to_owned(), format!("window-{value}")][value % 2].clone();
        let state = json!({"kind": "state", "key": key, "data": {"value": value}});
        let join = json!({"type": "room_join", "room": "game_7"});
        // At another moment of the joining each time.
        let moment = Duration::from_millis(3 * value as u64);
        let changes = async {
            silence(moment).await;
            publish(one, state).await
        };
        let (joined, _) = tokio::join!(hana.ask(join), changes);
        assert_eq!(joined["type"], "room_join_ack", "{joined}");
        let told = |event: &Json| {
            let states = match event["type"].as_str() {
                Some("room_snapshot") => event["events"].as_array().cloned().unwrap_or_default(),
                _ => vec![event.clone()],
            };
            states.iter().any(|state| state["data"]["value"] == value)
        };
        hana.until(format!("the door is {value}"), told).await;
        hana.ask(json!({"type": "room_leave", "room": "game_7"}))
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_that_is_taken_back_on_one_node_ends_the_events_on_another() {
    let cluster = Cluster::start(2).await;
    let mut taro = player(cluster.node(0), "taro").await;
    let mut hana = player(cluster.node(1), "hana").await;
    let backend = Api::backend(cluster.node(1));
    let taken = backend.delete("/api/server/rooms/game_7/members/taro");
    assert_eq!(taken.await.status, 204);
    let left = taro.expect("room_left").await;
    assert_eq!(left["reason"], "revoked");
    publish(cluster.node(0), json!({})).await;
    quest(&mut hana).await;
    taro.expect_none("room_event").await;
}
