//! `kill -9` while people write: what was acknowledged is there, once, in order, and a retry of the rest finds out.

use std::collections::BTreeMap;

use super::to_user;
use crate::support::{Json, Process, field};
use otomo::kernel::identity::Role;

const WRITERS: usize = 8;
const MESSAGES: usize = 400;

fn writer(number: usize) -> String {
    format!("taro-{number}")
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    let mut server = Process::start_with(&[
        ("limits.commands_per_second", "none"),
        ("limits.burst", "1000"),
    ])
    .await;
    let mut hana = server.connecting("hana", Role::User).ready().await;
    let mut writers = Vec::new();
    for number in 0..WRITERS {
        writers.push(server.connecting(&writer(number), Role::User).ready().await);
    }
    let writing = async {
        for n in 0..MESSAGES {
            for client in &mut writers {
                let message = to_user("hana", &format!("m-{n}"), &n.to_string());
                client.send(message).await;
            }
        }
        std::future::pending().await
    };
    // In the middle of it.
    tokio::select! {
        () = writing => {}
        _ = hana.until("the hundredth message", |event| event["seq"] == 100) => {}
    }
    server.kill();
    let mut acknowledged: BTreeMap<(String, String), Json> = BTreeMap::new();
    for client in &mut writers {
        client.ended().await;
        let acks = client
            .everything()
            .into_iter()
            .filter(|it| it["type"] == "message_send_ack");
        for ack in acks {
            let key = (
                client.user.clone(),
                field(&ack, "clientMessageId").to_owned(),
            );
            assert!(acknowledged.insert(key, ack).is_none(), "answered twice");
        }
    }
    let (count, all) = (acknowledged.len(), WRITERS * MESSAGES);
    assert!(0 < count && count < all, "{count} of {all} acknowledged");
    drop(hana);
    let server = server.kill_and_restart().await;

    // Everything is sent again, as clients do that had no answer; what was stored is known.
    for number in 0..WRITERS {
        let mut client = server.connecting(&writer(number), Role::User).ready().await;
        for n in 0..MESSAGES {
            let id = format!("m-{n}");
            let ack = client.ask(to_user("hana", &id, &n.to_string())).await;
            if let Some(before) = acknowledged.get(&(client.user.clone(), id)) {
                for same in ["messageId", "conversationId", "messageSeq", "createdAt"] {
                    assert_eq!(ack[same], before[same], "{same} of {before}");
                }
            }
            assert_eq!(
                ack["messageSeq"],
                n + 1,
                "in the order of sending, without a gap: {ack}"
            );
        }
    }
    everything_came_once_and_in_order(&server).await;
}

async fn everything_came_once_and_in_order(server: &Process) {
    let mut hana = server
        .connecting("hana", Role::User)
        .with_last_seq(0)
        .open()
        .await;
    let told = hana.up_to("ready", |event| event["type"] == "ready").await;
    let mut seen: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for message in told.iter().filter(|it| it["type"] == "new-message") {
        let seq = message["messageSeq"].as_u64().unwrap();
        seen.entry(field(message, "senderId"))
            .or_default()
            .push(seq);
    }
    let all: Vec<u64> = (1..=MESSAGES as u64).collect();
    assert_eq!(seen.len(), WRITERS);
    assert!(seen.values().all(|seqs| *seqs == all));
}
