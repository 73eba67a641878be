//! A message to the largest group: one transaction, and everybody gets it.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use otomo::kernel::identity::Role;
use serde_json::json;

use super::to_conversation;
use crate::{
    api::{Api, WITH_KEY},
    support::{Client, Dial, TestServer, Transport, field},
};

/// Members of the largest group.
const MEMBERS: usize = 256;

/// One message after another, each a transaction of its own.
const MESSAGES: usize = 10;

/// Commits of the server itself meanwhile, its signs of life: at most one a second, and those at the ends.
fn by_itself(meanwhile: Duration) -> u64 {
    2 + meanwhile.as_secs()
}

async fn commits(server: &TestServer) -> u64 {
    let page = server.metrics().await;
    let count = page
        .lines()
        .find_map(|line| line.strip_prefix("otomo_commit_seconds_count "));
    count.expect("a count").parse().expect("a number")
}

/// The first is the writer; the others listen, half of them to streams.
async fn group(server: &TestServer) -> String {
    let backend = Api::backend(server);
    let members: Vec<String> = (0..MEMBERS).map(|n| format!("member-{n}")).collect();
    for member in &members {
        let known = json!({"role": "user", "name": member});
        backend
            .put(&format!("/api/server/users/{member}"), known)
            .await
            .ok();
    }
    let group = json!({"kind": "group", "members": members[1..]});
    let creator = Api::of(server, &members[0], Role::User);
    let begun = creator.post("/api/conversations", group).await.ok();
    field(&begun, "conversationId").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_to_256_members_is_one_transaction_and_reaches_each_of_them() {
    let server = TestServer::start_with(&[WITH_KEY]).await;
    let group = group(&server).await;
    let dials = (1..MEMBERS).map(|n| {
        let name = format!("member-{n}");
        Dial::new(server.way_in(), &name, Role::User, Transport::ALL[n % 2])
    });
    let dials: Vec<Dial> = dials.collect();
    let listening = dials.iter().map(|dial| async {
        let mut line = dial.connect(dial.connecting()).await;
        line.expect("ready").await;
        line
    });
    let mut listening = join_all(listening).await;
    let mut writer: Client = server.user("member-0").await;
    let (before, began) = (commits(&server).await, Instant::now());
    let mut acks = Vec::new();
    for n in 0..MESSAGES {
        let ack = writer
            .ask(to_conversation(&group, &format!("m-{n}"), "みなさん"))
            .await;
        assert_eq!(ack["type"], "message_send_ack", "{ack}");
        acks.push(ack);
    }
    let took = commits(&server).await - before;
    let alone = MESSAGES as u64;
    assert!(
        (alone..=alone + by_itself(began.elapsed())).contains(&took),
        "{took} commits"
    );
    for line in &mut listening {
        for ack in &acks {
            let message = line.expect("new-message").await;
            assert_eq!(message["messageId"], ack["messageId"], "{}", line.user);
            assert_eq!(message["body"], "みなさん");
        }
    }
}
