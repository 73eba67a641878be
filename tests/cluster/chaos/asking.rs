//! What is asked over REST: by people who look at their points and conversations, and by the app's backend, which orders.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use otomo::kernel::identity::Role;
use reqwest::Method;
use serde_json::json;
use tokio::time::sleep;

use super::{Progress, scribe::Scribe, world::World};
use crate::{
    api::Api,
    harness::Cluster,
    support::{Dice, Endpoint, Tunnel},
};

/// Between two orders, in milliseconds.
const PAUSE_MS: std::ops::Range<u64> = 20..200;

/// More than anybody has.
const TOO_MUCH: i64 = 1_000_000_000;

/// Somebody looks how many points they have.
pub async fn points(scribe: Scribe, door: Arc<Endpoint>, user: String, role: Role) {
    let api = Api::of(&door, &user, role);
    let request = api.request(Method::GET, "/api/points");
    scribe
        .asks(&user, json!({"type": "GET /api/points"}), request)
        .await;
}

/// Somebody looks at the newest messages of a conversation.
pub async fn messages(scribe: Scribe, door: Arc<Endpoint>, user: String, role: Role, id: String) {
    let api = Api::of(&door, &user, role);
    let request = api.request(Method::GET, &format!("/api/conversations/{id}/messages"));
    let said = json!({"type": "GET /api/conversations/{id}/messages", "conversationId": id});
    scribe.asks(&user, said, request).await;
}

/// Grants and takes points, an order after the other, on any node.
pub struct Backend {
    cluster: Arc<Cluster>,
    doors: Vec<Api>,
    scribe: Scribe,
    callers: Vec<String>,
    dice: Dice,
    orders: usize,
}

impl Backend {
    pub fn new(cluster: &Arc<Cluster>, world: &World, scribe: &Scribe, dice: Dice) -> Self {
        let doors = cluster
            .nodes()
            .iter()
            .map(|node| Api::backend(&node.door()));
        Self {
            cluster: Arc::clone(cluster),
            doors: doors.collect(),
            scribe: scribe.clone(),
            callers: world.callers(),
            dice,
            orders: 0,
        }
    }

    /// Orders until it is calm; then everybody has a last word from it.
    pub async fn run(mut self, progress: &Progress) {
        while !*progress.calm.borrow() {
            let what = *self.dice.pick(&["grant", "consume"]);
            let amount = match what == "consume" && self.dice.one_in(4) {
                true => TOO_MUCH,
                false => self.dice.within(1..50) as i64,
            };
            let user = self.dice.pick(&self.callers).clone();
            let key = self.order(what, &user, amount).await;
            // What is answered is there, whichever node is asked.
            if self.dice.one_in(3) {
                let door = self.cluster.node(self.dice.below(3)).door();
                points(self.scribe.clone(), door, user.clone(), Role::User).await;
            }
            // It may be that the answer was lost on the way to the backend's own database.
            if self.dice.one_in(5) {
                self.is_answered(what, &user, amount, &key).await;
            }
            self.pause().await;
        }
        while progress.talking.load(Ordering::SeqCst) > 1 {
            self.pause().await;
        }
        self.has_the_last_word().await;
        progress.talking.fetch_sub(1, Ordering::SeqCst);
    }

    /// Orders that no other node is told of, and nothing is said after them from which a client could see that it has missed
    /// something: nodes have to find out by themselves, from how far the streams reach.
    async fn has_the_last_word(&mut self) {
        let cluster = Arc::clone(&self.cluster);
        let ways = || cluster.nodes().iter().map(|node| &node.ways().redis);
        ways().for_each(Tunnel::cut);
        for user in self.callers.clone() {
            self.order("grant", &user, 1).await;
        }
        ways().for_each(Tunnel::heal);
    }

    /// Orders once, until there is an answer. Returns the order's key.
    async fn order(&mut self, what: &str, user: &str, amount: i64) -> String {
        self.orders += 1;
        let key = format!("{user}.{}", self.orders);
        while !self.is_answered(what, user, amount, &key).await {
            self.pause().await;
        }
        key
    }

    /// Sends an order, whose description is its key.
    async fn is_answered(&mut self, what: &str, user: &str, amount: i64, key: &str) -> bool {
        let path = format!("/api/server/points/{user}/{what}");
        let request = self.dice.pick(&self.doors).request(Method::POST, &path);
        let order = json!({"amount": amount, "transaction_type": "chaos", "description": key});
        let request = request.header("Idempotency-Key", key).json(&order);
        let said = json!({
            "type": format!("POST /api/server/points/{{user}}/{what}"), "user": user, "amount": amount, "key": key,
        });
        let answer = self.scribe.asks("backend", said, request).await;
        let status = answer.map(|(status, body)| match status {
            200 | 409 | 500.. => status,
            _ => panic!("{key}: {status} {body}"),
        });
        status.is_some_and(|status| status < 500)
    }

    async fn pause(&mut self) {
        sleep(Duration::from_millis(self.dice.within(PAUSE_MS))).await;
    }
}
