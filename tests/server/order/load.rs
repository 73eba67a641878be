//! Everything in motion: messages, statuses, comings and goings.

use std::sync::Arc;

use otomo::kernel::identity::Role;
use serde_json::json;
use tokio::{sync::watch, task::JoinSet};

use crate::{
    api::Api,
    chat::to_conversation,
    support::{Client, Endpoint, TestServer, field},
};

/// Users who connect and listen, all of them in one group.
pub const VISITORS: usize = 16;

/// Otomo who change their status.
const OTOMO: usize = 4;

/// Messages that [`Load::progress`] waits for.
const STEP: u64 = 8;

/// The name of a visitor.
pub fn visitor(number: usize) -> String {
    format!("visitor-{number}")
}

/// Traffic that goes on until it is ended.
pub struct Load {
    stop: watch::Sender<bool>,
    /// The last message of the group, which is the last event of every visitor too.
    head: watch::Receiver<u64>,
    work: JoinSet<()>,
}

impl Load {
    pub async fn begin(server: &TestServer) -> Self {
        let group = group(server).await;
        let (stop, stopped) = watch::channel(false);
        let (said, head) = watch::channel(0);
        let mut work = JoinSet::new();
        let writer = server.user("writer").await;
        work.spawn(write(writer, group, said, stopped.clone()));
        for number in 0..OTOMO {
            let otomo = server.otomo(&format!("otomo-{number}")).await;
            work.spawn(change(otomo, stopped.clone()));
        }
        work.spawn(come_and_go(server.way_in(), stopped));
        Self { stop, head, work }
    }

    /// Waits for the next few messages; returns the `seq` of every visitor's last event then.
    pub async fn progress(&self) -> u64 {
        let mut head = self.head.clone();
        let before = *head.borrow();
        let more = head.wait_for(|seq| *seq >= before + STEP);
        *more.await.expect("the load goes on")
    }

    /// Ends it. Everything that was sent is stored by then.
    pub async fn end(mut self) {
        self.stop.send_replace(true);
        while let Some(done) = self.work.join_next().await {
            done.expect("no panic");
        }
    }
}

/// A group of all visitors, the writer, and one who comes and goes.
async fn group(server: &Endpoint) -> String {
    let backend = Api::backend(server);
    let mut members: Vec<String> = (0..VISITORS).map(visitor).collect();
    members.push("comer".to_owned());
    for member in &members {
        let known = json!({"role": "user", "name": member});
        backend
            .put(&format!("/api/server/users/{member}"), known)
            .await
            .ok();
    }
    let group = json!({"kind": "group", "members": members});
    let writer = Api::of(server, "writer", Role::User);
    let begun = writer.post("/api/conversations", group).await.ok();
    field(&begun, "conversationId").to_owned()
}

async fn write(
    mut writer: Client,
    group: String,
    said: watch::Sender<u64>,
    stopped: watch::Receiver<bool>,
) {
    for n in 0.. {
        if *stopped.borrow() {
            return;
        }
        let ack = writer
            .ask(to_conversation(&group, &format!("m-{n}"), "a"))
            .await;
        said.send_replace(ack["messageSeq"].as_u64().expect("a message"));
        writer.everything();
    }
}

async fn change(mut otomo: Client, stopped: watch::Receiver<bool>) {
    for status in ["break", "online"].into_iter().cycle() {
        if *stopped.borrow() {
            return otomo.log_out().await;
        }
        let set = json!({"type": "otomo_status_set", "status": status});
        otomo.ask(set).await;
        otomo.everything();
    }
}

async fn come_and_go(server: Arc<Endpoint>, stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        server.user("comer").await.log_out().await;
    }
}
