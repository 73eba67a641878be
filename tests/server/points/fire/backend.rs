//! One who orders.

use std::{sync::Arc, time::Duration};

use reqwest::Method;
use serde_json::json;
use tokio::sync::watch;

use super::{ACCOUNTS, account};
use crate::{
    api::Api,
    support::{Dice, Endpoint, Json},
};

/// An order that was answered.
#[derive(Debug)]
pub struct Answer {
    pub account: String,
    pub key: String,
    /// Negative if it was to consume.
    pub amount: i64,
    /// The transaction and the balance with it; `None` if there were not enough points.
    pub done: Option<(String, i64)>,
    /// How often it was sent.
    pub attempts: usize,
}

/// One who orders, one order after the other.
pub struct Backend {
    api: Api,
    number: usize,
    dice: Dice,
}

impl Backend {
    pub fn new(server: Arc<Endpoint>, number: usize, dice: Dice) -> Self {
        let api = Api::backend(&server);
        Self { api, number, dice }
    }

    pub async fn run(mut self, orders: usize, answered: Arc<watch::Sender<usize>>) -> Vec<Answer> {
        let mut answers = Vec::with_capacity(orders);
        for n in 0..orders {
            let key = format!("{}-{n}", self.number);
            let account = account(self.dice.below(ACCOUNTS));
            // Those who consume want a little more than there is.
            let amount = if self.number.is_multiple_of(2) {
                self.dice.within(1..8) as i64
            } else {
                -(self.dice.within(1..10) as i64)
            };
            answers.push(self.order(account, key, amount).await);
            answered.send_modify(|count| *count += 1);
            if self.dice.one_in(10) {
                let before = &answers[self.dice.below(answers.len())];
                if before.done.is_some() {
                    let (again, _) = self
                        .insist(&before.account, &before.key, before.amount)
                        .await;
                    assert_eq!(again, before.done, "the first answer of {before:?}");
                }
            }
        }
        answers
    }

    async fn order(&mut self, account: String, key: String, amount: i64) -> Answer {
        let doubled = self.dice.one_in(20);
        let once = self.insist(&account, &key, amount);
        let (done, attempts) = if doubled {
            let twice = tokio::join!(once, self.insist(&account, &key, amount));
            let ((one, attempts), (other, more)) = twice;
            // Between two that were sent at once there may have come points.
            if one.is_some() && other.is_some() {
                assert_eq!(one, other, "one order has one effect");
            }
            (one.or(other), attempts + more)
        } else {
            once.await
        };
        Answer {
            account,
            key,
            amount,
            done,
            attempts,
        }
    }

    /// Sends an order until it has an answer.
    async fn insist(
        &self,
        account: &str,
        key: &str,
        amount: i64,
    ) -> (Option<(String, i64)>, usize) {
        for attempt in 1.. {
            match self.try_order(account, key, amount).await {
                Some((200, body)) => {
                    let number = |name: &str| body[name].as_i64().expect("a number");
                    let (before, after) = (number("balance_before"), number("balance_after"));
                    assert_eq!(before + amount, after, "{body}");
                    assert!(before >= 0 && after >= 0, "{body}");
                    let id = body["transactionId"].as_str().expect("an id");
                    return (Some((id.to_owned(), after)), attempt);
                }
                Some((409, body)) => {
                    let error = &body["error"];
                    assert_eq!(error["code"], "INSUFFICIENT_POINTS", "{body}");
                    let balance = error["context"]["balance"].as_i64().expect("a number");
                    assert!(0 <= balance && balance < -amount, "{body}");
                    return (None, attempt);
                }
                // Stopping, or gone.
                Some((503, _)) | None => tokio::time::sleep(Duration::from_millis(20)).await,
                Some(other) => panic!("{other:?}"),
            }
        }
        unreachable!("there is no end of attempts")
    }

    async fn try_order(&self, account: &str, key: &str, amount: i64) -> Option<(u16, Json)> {
        let what = if amount > 0 { "grant" } else { "consume" };
        let path = format!("/api/server/points/{account}/{what}");
        let request = self.api.request(Method::POST, &path);
        let body = json!({"amount": amount.abs(), "transaction_type": "fire"});
        let sent = request
            .header("Idempotency-Key", key)
            .json(&body)
            .send()
            .await;
        let response = sent.ok()?;
        let status = response.status().as_u16();
        let text = response.text().await.ok()?;
        Some((status, serde_json::from_str(&text).ok()?))
    }
}
