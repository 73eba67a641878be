//! One person: connects, listens, writes, reads, loses the connection, and comes back.

use std::{sync::Arc, time::Duration};

use otomo::kernel::identity::Role;
use serde_json::json;
use tokio::time::{Instant, sleep, timeout_at};

use super::{cut::Cut, outgoing::Outgoing, progress::Progress, received::Received};
use crate::support::{Dial, Dice, Json, Line, Silent, field};

/// How long a connection lasts, in milliseconds.
const CONNECTED_MS: std::ops::Range<u64> = 100..5_000;

/// How long somebody stays away after it, in milliseconds; the pause between two attempts, too.
const AWAY_MS: std::ops::Range<u64> = 1..100;

/// One person.
pub struct Person {
    pub progress: Arc<Progress>,
    pub dial: Dial,
    pub outgoing: Outgoing,
    pub dice: Dice,
    /// Says now and then how far they have read.
    pub reads: bool,
}

/// What came of one person's run.
pub struct Run {
    pub received: Received,
    pub outgoing: Outgoing,
    pub connections: usize,
}

impl Person {
    /// Writes and reads until everybody is done and everything has arrived.
    pub async fn run(mut self) -> Run {
        let mut received = Received::of(&self.dial.user);
        let mut connections = 0;
        // The server takes a connection in a dead spot for a live one until the next one replaces it.
        let mut silent: Option<Silent> = None;
        loop {
            let last = self.last(&received);
            let Some(mut line) = self.connect(last).await else {
                self.pause().await;
                continue;
            };
            connections += 1;
            received.begin(last);
            let calm = *self.progress.calm.borrow();
            let ended = if calm {
                if self.settle(&mut line, &mut received).await {
                    break;
                }
                true
            } else {
                let until = Instant::now() + Duration::from_millis(self.dice.within(CONNECTED_MS));
                let listening = timeout_at(until, self.take_part(&mut line, &mut received));
                listening.await.is_ok()
            };
            if !ended {
                let how = *self.dice.pick(&Cut::ALL);
                let read = json!({"type": "message-read"});
                let command = self.outgoing.peek().unwrap_or(read);
                silent = how.cut(line, &self.dial, &command).await.or(silent);
            }
            self.outgoing.requeue_all();
            self.pause().await;
        }
        drop(silent);
        let outgoing = self.outgoing;
        Run {
            received,
            outgoing,
            connections,
        }
    }

    /// From where to resume: sometimes earlier than necessary, like a client that has not stored the latest events.
    fn last(&mut self, received: &Received) -> u64 {
        let forgotten = if self.dice.one_in(4) {
            self.dice.within(0..6)
        } else {
            0
        };
        received.last.saturating_sub(forgotten)
    }

    async fn connect(&self, last: u64) -> Option<Line> {
        let resuming = self.dial.resuming(last).asking("topics=chat");
        self.dial.connect_if_up(resuming).await
    }

    async fn pause(&mut self) {
        sleep(Duration::from_millis(self.dice.within(AWAY_MS))).await;
    }

    /// Listens and speaks until the connection ends.
    async fn take_part(&mut self, line: &mut Line, received: &mut Received) {
        while let Ok(event) = line.next().await {
            self.hear(&event, line, received).await;
        }
    }

    async fn hear(&mut self, event: &Json, line: &mut Line, received: &mut Received) {
        received.hear(event);
        match field(event, "type") {
            "message_send_ack" => {
                if self.outgoing.acknowledged(event) {
                    self.progress.acknowledged.send_modify(|count| *count += 1);
                }
            }
            "unanswered" => self.outgoing.requeue(field(event, "requestId")),
            // The stream is over already, or the server has too much to do.
            "error" if matches!(event["status"].as_u64(), Some(404 | 429 | 503)) => {
                self.outgoing.requeue(field(event, "requestId"));
            }
            "error" => panic!("{}: {event}", self.dial.user),
            "new-message" if self.reads && self.dice.one_in(8) => {
                let read = json!({
                    "type": "message-read", "requestId": "read",
                    "conversationId": event["conversationId"], "messageSeq": event["messageSeq"],
                });
                line.say(read).await;
            }
            "ready" | "new-message" => {}
            _ => return,
        }
        while let Some(command) = self.outgoing.next() {
            line.say(command).await;
        }
    }

    /// Listens until it agrees with a fresh connection; `false` if the connection ended first.
    async fn settle(&mut self, line: &mut Line, received: &mut Received) -> bool {
        loop {
            let Some(snapshot) = self.fresh().await else {
                self.pause().await;
                continue;
            };
            let agreed = received.agreed;
            received.compare(&snapshot);
            while !received.is_caught_up() {
                let Ok(event) = line.next().await else {
                    return false;
                };
                self.hear(&event, line, received).await;
            }
            if received.agreed > agreed {
                return true;
            }
        }
    }

    /// The `unread_snapshot` of a fresh connection; `None` if the server is too busy for one at the moment.
    async fn fresh(&self) -> Option<Json> {
        let fresh = self.dial.server.connecting(&self.dial.user, Role::User);
        let mut fresh = fresh.open_if_up().await?;
        loop {
            let event = fresh.next().await.ok()?;
            if event["type"] == "unread_snapshot" {
                return Some(event);
            }
        }
    }
}
