//! Any orders, in any order and at once, against a ledger that is a map and a sum.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use otomo::points::{PointsFault, rules::POINTS_MAX};
use proptest::prelude::*;

use crate::fixture::{Server, order, time};

const USERS: [&str; 3] = ["ann", "ben", "cat"];

/// An order: whose, its key, and the points.
type Asked = (&'static str, u8, i64);

/// What there should be.
#[derive(Default)]
struct Ledger {
    done: BTreeMap<(&'static str, u8), (i64, i64)>,
    balances: BTreeMap<&'static str, i64>,
}

/// What should be answered.
#[derive(Debug, PartialEq)]
enum Answer {
    Balance(i64),
    KeyReused,
    Insufficient,
    Overflow,
}

impl Ledger {
    fn order(&mut self, (name, key, points): Asked) -> Answer {
        if let Some((asked, balance)) = self.done.get(&(name, key)) {
            return if *asked == points {
                Answer::Balance(*balance)
            } else {
                Answer::KeyReused
            };
        }
        let balance = self.balances.entry(name).or_default();
        let after = i128::from(*balance) + i128::from(points);
        if after < 0 {
            return Answer::Insufficient;
        }
        if after > i128::from(POINTS_MAX) {
            return Answer::Overflow;
        }
        *balance += points;
        self.done.insert((name, key), (points, *balance));
        Answer::Balance(*balance)
    }
}

fn orders() -> impl Strategy<Value = Vec<Vec<Asked>>> {
    let points = prop_oneof![8 => -20..=20_i64, 1 => Just(POINTS_MAX), 1 => Just(-POINTS_MAX)];
    let points = points.prop_filter("an order has points", |points| *points != 0);
    let one = (prop::sample::select(&USERS[..]), 0..40_u8, points);
    prop::collection::vec(prop::collection::vec(one, 1..12), 1..12)
}

async fn story(batches: &[Vec<Asked>]) {
    let settings = [("points.recovery_amount", "1")];
    let mut server = Server::start(time("2026-11-25T12:00Z"), &settings);
    let mut ledger = Ledger::default();
    for batch in batches {
        // They are stored in the order of the calls, however many of them at once.
        let asked = batch
            .iter()
            .map(|(name, key, points)| server.order(order(name, &key.to_string(), *points)));
        for (asked, outcome) in batch.iter().zip(join_all(asked).await) {
            let answer = match outcome {
                Ok(transaction) => Answer::Balance(transaction.balance_after),
                Err(PointsFault::KeyReused) => Answer::KeyReused,
                Err(PointsFault::Insufficient { .. }) => Answer::Insufficient,
                Err(PointsFault::Overflow { .. }) => Answer::Overflow,
                Err(fault) => panic!("{fault}"),
            };
            assert_eq!(answer, ledger.order(*asked), "{asked:?}");
        }
        server = server.restarts().await;
    }
    for name in USERS {
        let expected = ledger.balances.get(name).copied().unwrap_or_default();
        assert_eq!(server.balance(name).await, expected);
        let history = server.history(name).await;
        assert_eq!(history.iter().map(|it| it.amount).sum::<i64>(), expected);
        let done = ledger.done.keys().filter(|(of, _)| *of == name);
        assert_eq!(history.len(), done.count());
        let told = server.told(name).await;
        let updates = told.iter().filter(|it| it["type"] == "sp_update");
        let told: Vec<i64> = updates
            .map(|it| it["current_sp"].as_i64().unwrap())
            .collect();
        let stored: Vec<i64> = history.iter().map(|it| it.balance_after).collect();
        assert_eq!(told, stored, "{name} was told each change in its order");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_ledger_is_as_its_model_says(batches in orders()) {
        actix_rt::System::new().block_on(story(&batches));
    }
}
