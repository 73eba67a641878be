//! The ledger of points.

use diesel::connection::SimpleConnection as _;
use futures_util::future::join_all;
use otomo::{
    delivery::inbox::{
        Seq,
        records::{self as inbox, Page},
    },
    points::{
        PointsFault,
        order::{Key, Order, Purpose},
        records,
        rules::{Amount, Change, POINTS_MAX},
        transactions::{Outcome, apply},
    },
    store::{Conn, Handle, run},
};
use serde_json::Value;

use super::{Database, inbox::user};

pub(super) fn order(name: &str, key: &str, points: i64) -> Order {
    let amount = Amount::try_from(points.abs()).unwrap();
    let change = if points < 0 {
        Change::Consume(amount)
    } else {
        Change::Grant(amount)
    };
    let purpose = Purpose {
        transaction_type: "test".to_owned(),
        ..Purpose::default()
    };
    let key = Key::request(&key.parse().unwrap());
    Order::new(user(name), key, change, purpose).unwrap()
}

pub(super) async fn carry_out(store: &Handle, order: Order) -> Result<Outcome, PointsFault> {
    store.write(move |tx| apply(tx, &order)).await
}

async fn balance(store: &Handle, name: &str) -> i64 {
    let name = user(name);
    let account = store.read(move |conn| records::account(conn, &name));
    account.await.unwrap().balance
}

/// The amounts and the balances after them, the oldest first.
pub(super) async fn history(store: &Handle, name: &str) -> Vec<(i64, i64)> {
    let name = user(name);
    let list = store.read(move |conn| records::list(conn, &name, None, 10_000));
    let list = list.await.unwrap();
    let pairs = list.iter().map(|it| (it.amount, it.balance_after));
    let mut pairs: Vec<_> = pairs.collect();
    pairs.reverse();
    pairs
}

/// The events in the inbox, oldest first.
async fn told(store: &Handle, name: &str) -> Vec<Value> {
    let (name, now) = (user(name), store.now());
    let page = store.read(move |conn| inbox::page(conn, &name, Seq::new(0), 10_000, now));
    let Page::Events { events, .. } = page.await.unwrap() else {
        panic!("nothing was dropped");
    };
    let bodies = events.iter().map(|it| serde_json::from_str(&it.body));
    bodies.map(Result::unwrap).collect()
}

/// Many orders at once, for more points than there are: the balance is their sum, and every change is told in its order.
pub(super) async fn a_balance_is_the_sum_of_what_was_done(database: &impl Database) {
    let store = database.open();
    let orders = (0..400).map(|n| {
        let name = if n % 2 == 0 { "ann" } else { "ben" };
        let points = if n % 5 == 0 { 7 } else { -(n % 4) - 1 };
        carry_out(&store, order(name, &format!("k{n}"), points))
    });
    let outcomes = join_all(orders).await;
    let refused = outcomes
        .iter()
        .filter(|it| matches!(it, Ok(Outcome::Insufficient { .. })));
    assert!(refused.count() > 10, "somebody had not enough");
    for name in ["ann", "ben"] {
        let history = history(&store, name).await;
        let mut sum = 0;
        for (amount, after) in &history {
            sum += amount;
            assert_eq!((*after, sum >= 0), (sum, true));
        }
        assert_eq!(balance(&store, name).await, sum);
        let updates = told(&store, name).await;
        let updates = updates.iter().filter(|it| it["type"] == "sp_update");
        let updates = updates.map(|it| (&it["amount_changed"], &it["balance_after"]));
        let updates: Vec<_> = updates
            .map(|(amount, after)| (amount.as_i64().unwrap(), after.as_i64().unwrap()))
            .collect();
        assert_eq!(updates, history, "{name} was told each change in its order");
    }
}

/// Sixteen at once with one key, then another order with it.
pub(super) async fn a_key_has_one_effect(database: &impl Database) {
    let store = database.open();
    let outcomes = join_all((0..16).map(|_| carry_out(&store, order("ann", "k", 5)))).await;
    let mut applied = 0;
    for outcome in outcomes {
        let transaction = match outcome.unwrap() {
            Outcome::Applied { transaction, .. } => {
                applied += 1;
                transaction
            }
            Outcome::Repeated(transaction) => transaction,
            Outcome::Insufficient { .. } => panic!("a grant needs no points"),
        };
        assert_eq!((transaction.ordinal, transaction.balance_after), (1, 5));
    }
    assert_eq!(applied, 1);
    let other = carry_out(&store, order("ann", "k", 6)).await;
    assert!(matches!(other, Err(PointsFault::KeyReused)), "{other:?}");
    // A key is the user's own.
    carry_out(&store, order("ben", "k", 6)).await.unwrap();
    assert_eq!(told(&store, "ann").await.len(), 1);
    assert_eq!(
        (balance(&store, "ann").await, balance(&store, "ben").await),
        (5, 6)
    );
}

/// Who has not enough is told once for each key, and the same order may succeed when there are points.
pub(super) async fn a_refusal_is_told_once_and_keeps_no_key(database: &impl Database) {
    let store = database.open();
    for told_now in [true, false] {
        let outcome = carry_out(&store, order("ann", "k", -5)).await.unwrap();
        let Outcome::Insufficient {
            required,
            balance,
            told,
        } = outcome
        else {
            panic!("{outcome:?}");
        };
        assert_eq!((required, balance, told.is_some()), (5, 0, told_now));
    }
    assert_eq!(history(&store, "ann").await, []);
    carry_out(&store, order("ann", "gift", 8)).await.unwrap();
    carry_out(&store, order("ann", "k", -5)).await.unwrap();
    assert_eq!(balance(&store, "ann").await, 3);
    let types: Vec<Value> = told(&store, "ann")
        .await
        .iter()
        .map(|it| it["type"].clone())
        .collect();
    assert_eq!(types, ["sp_insufficient", "sp_update", "sp_update"]);
}

/// An account that would hold too much is left as it is, and nobody is told.
pub(super) async fn an_account_holds_what_every_client_can_read(database: &impl Database) {
    let store = database.open();
    carry_out(&store, order("ann", "all", POINTS_MAX))
        .await
        .unwrap();
    let more = carry_out(&store, order("ann", "more", 1)).await;
    let full = PointsFault::Overflow {
        balance: POINTS_MAX,
    };
    assert_eq!(more.unwrap_err().to_string(), full.to_string());
    assert_eq!(balance(&store, "ann").await, POINTS_MAX);
    assert_eq!(told(&store, "ann").await.len(), 1);
}

/// What no code of ours does, and another hand might: the database refuses it.
pub(super) async fn the_database_keeps_the_ledger(database: &impl Database) {
    let store = database.open();
    carry_out(&store, order("ann", "k", 5)).await.unwrap();
    for statement in [
        "UPDATE point_transactions SET amount = 6",
        "DELETE FROM point_transactions",
        "UPDATE point_accounts SET balance = -1",
        // A sum that is wrong, a place that is left out, and a negative balance.
        "INSERT INTO point_transactions SELECT user_id, 2, 'x', 'x', '', -1, 5, type, '', '', '{}', 0 FROM point_transactions",
        "INSERT INTO point_transactions SELECT user_id, 3, 'x', 'x', '', -1, 4, type, '', '', '{}', 0 FROM point_transactions",
        "INSERT INTO point_transactions SELECT user_id, 2, 'x', 'x', '', -6, -1, type, '', '', '{}', 0 FROM point_transactions",
        "INSERT INTO point_transactions SELECT user_id, 2, 'x', 'x', '', 0, 5, type, '', '', '{}', 0 FROM point_transactions",
    ] {
        let refused = store.write(move |tx| {
            let conn: &mut Conn = tx;
            run!(conn, |c| c.batch_execute(statement))
        });
        refused.await.expect_err(statement);
    }
    assert_eq!(history(&store, "ann").await, [(5, 5)]);
}
