//! One who listens to what becomes of their account, and checks it as it comes.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use otomo::kernel::identity::Role;
use tokio::sync::watch;

use crate::support::{Client, Dice, End, Endpoint, Json};

/// How many changes each account had, once that is known.
pub type Expected = watch::Receiver<Option<Arc<BTreeMap<String, usize>>>>;

/// One who listens.
pub struct Owner {
    pub account: String,
    /// What they were told last.
    pub balance: i64,
    /// Changes that they were told of.
    pub changes: usize,
    /// Times that they were told that there is not enough.
    pub refusals: usize,
    pub connections: usize,
    last_seq: u64,
    server: Arc<Endpoint>,
    dice: Dice,
}

impl Owner {
    pub fn new(server: Arc<Endpoint>, account: String, dice: Dice) -> Self {
        Self {
            account,
            balance: 0,
            changes: 0,
            refusals: 0,
            connections: 0,
            last_seq: 0,
            server,
            dice,
        }
    }

    /// Listens until every change was told.
    pub async fn listen(mut self, mut expected: Expected) -> Self {
        loop {
            let mut client = self.connect().await;
            loop {
                if self.has_all(&expected) {
                    return self;
                }
                let event = tokio::select! {
                    event = client.next() => event,
                    Ok(()) = expected.changed() => continue,
                };
                match event {
                    Ok(event) => self.hears(&event),
                    Err(End::Cut | End::Closed(_) | End::Whole) => break,
                }
                // A dead spot.
                if self.dice.one_in(300) {
                    client.vanish().await;
                    break;
                }
            }
        }
    }

    fn has_all(&self, expected: &Expected) -> bool {
        let expected = expected.borrow();
        let Some(expected) = &*expected else {
            return false;
        };
        let count = expected.get(&self.account).copied().unwrap_or_default();
        assert!(self.changes <= count, "{} was told too much", self.account);
        self.changes == count
    }

    async fn connect(&mut self) -> Client {
        loop {
            let connecting = self.server.connecting(&self.account, Role::User);
            if let Some(client) = connecting.with_last_seq(self.last_seq).open_if_up().await {
                self.connections += 1;
                return client;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn hears(&mut self, event: &Json) {
        let Some(seq) = event["seq"].as_u64().filter(|_| event["prev"].is_u64()) else {
            assert_ne!(event["type"], "resync", "{event}");
            return;
        };
        let number = |name: &str| event[name].as_i64().expect("a number");
        assert_eq!(
            (event["prev"].as_u64(), seq),
            (Some(self.last_seq), self.last_seq + 1),
            "{event}"
        );
        self.last_seq = seq;
        match event["type"].as_str() {
            Some("sp_update") => {
                assert_eq!(number("balance_before"), self.balance, "goes on: {event}");
                assert_eq!(
                    self.balance + number("amount_changed"),
                    number("balance_after")
                );
                assert_eq!(number("current_sp"), number("balance_after"));
                self.balance = number("balance_after");
                assert!(self.balance >= 0, "{event}");
                self.changes += 1;
            }
            Some("sp_insufficient") => {
                assert_eq!(number("current_sp"), self.balance, "{event}");
                assert!(number("required_amount") > self.balance, "{event}");
                self.refusals += 1;
            }
            _ => panic!("{event}"),
        }
    }
}
