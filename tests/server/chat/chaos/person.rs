//! One person: connects, listens, writes, reads, loses the connection, and comes back.

use std::{sync::Arc, time::Duration};

use otomo::kernel::identity::Role;
use serde_json::json;
use tokio::time::{Instant, sleep, timeout_at};

use super::{cut::Cut, desk::Desk, diary::Diary, story::Story};
use crate::support::{Dial, Dice, Json, Line, Silent, field};

/// How long a connection lasts, in milliseconds.
const LIFE: std::ops::Range<u64> = 100..5_000;

/// How long somebody stays away after it, in milliseconds; the pause between two attempts, too.
const AWAY: std::ops::Range<u64> = 1..100;

/// One person.
pub struct Person {
    pub story: Arc<Story>,
    pub dial: Dial,
    pub desk: Desk,
    pub dice: Dice,
    /// Says now and then how far they have read.
    pub reads: bool,
}

/// How it went.
pub struct Life {
    pub diary: Diary,
    pub desk: Desk,
    pub connections: usize,
}

impl Person {
    /// Lives until everybody else is done too and everything has come.
    pub async fn live(mut self) -> Life {
        let mut diary = Diary::of(&self.dial.user);
        let mut connections = 0;
        // What is in a dead spot the server takes for a live connection, until the next one is.
        let mut silent: Option<Silent> = None;
        loop {
            let last = self.last(&diary);
            let Some(mut line) = self.connect(last).await else {
                self.pause().await;
                continue;
            };
            connections += 1;
            diary.begin(last);
            let calm = *self.story.calm.borrow();
            let ended = if calm {
                if self.settle(&mut line, &mut diary).await {
                    break;
                }
                true
            } else {
                let until = Instant::now() + Duration::from_millis(self.dice.within(LIFE));
                let listening = timeout_at(until, self.take_part(&mut line, &mut diary));
                listening.await.is_ok()
            };
            if !ended {
                let how = *self.dice.pick(&Cut::ALL);
                let read = json!({"type": "message-read"});
                let command = self.desk.half().unwrap_or(read);
                silent = how.cut(line, &self.dial, &command).await.or(silent);
            }
            self.desk.cut_off();
            self.pause().await;
        }
        drop(silent);
        let desk = self.desk;
        Life {
            diary,
            desk,
            connections,
        }
    }

    /// From where to go on: now and then from earlier than needed, as one that has not stored the last of it.
    fn last(&mut self, diary: &Diary) -> u64 {
        let forgotten = if self.dice.one_in(4) {
            self.dice.within(0..6)
        } else {
            0
        };
        diary.last.saturating_sub(forgotten)
    }

    async fn connect(&self, last: u64) -> Option<Line> {
        let resuming = self.dial.resuming(last).asking("topics=chat");
        self.dial.connect_if_up(resuming).await
    }

    async fn pause(&mut self) {
        sleep(Duration::from_millis(self.dice.within(AWAY))).await;
    }

    /// Listens and speaks until the connection ends.
    async fn take_part(&mut self, line: &mut Line, diary: &mut Diary) {
        while let Ok(event) = line.next().await {
            self.hear(&event, line, diary).await;
        }
    }

    async fn hear(&mut self, event: &Json, line: &mut Line, diary: &mut Diary) {
        diary.hear(event);
        match field(event, "type") {
            "message_send_ack" => {
                if self.desk.acknowledged(event) {
                    self.story.acknowledged.send_modify(|count| *count += 1);
                }
            }
            "unanswered" => self.desk.unanswered(field(event, "requestId")),
            // The stream is over already, or the server has too much to do.
            "error" if matches!(event["status"].as_u64(), Some(404 | 429 | 503)) => {
                self.desk.unanswered(field(event, "requestId"));
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
        while let Some(command) = self.desk.next() {
            line.say(command).await;
        }
    }

    /// Listens until all is there that a fresh connection is told of; `false` if the connection ended before.
    async fn settle(&mut self, line: &mut Line, diary: &mut Diary) -> bool {
        loop {
            let Some(snapshot) = self.fresh().await else {
                self.pause().await;
                continue;
            };
            let agreed = diary.agreed;
            diary.compare(&snapshot);
            while !diary.is_caught_up() {
                let Ok(event) = line.next().await else {
                    return false;
                };
                self.hear(&event, line, diary).await;
            }
            if diary.agreed > agreed {
                return true;
            }
        }
    }

    /// What a fresh connection is told of the unread; `None` if the server has too much to do at the moment.
    async fn fresh(&self) -> Option<Json> {
        let fresh = self.dial.server.connecting(&self.dial.user, Role::User);
        let mut fresh = fresh.open_if_up().await?;
        loop {
            let told = fresh.next().await.ok()?;
            if told["type"] == "unread_snapshot" {
                return Some(told);
            }
        }
    }
}
