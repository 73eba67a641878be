//! What must hold at the end.

use std::collections::BTreeMap;

use diesel::{
    QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query,
    sql_types::{BigInt, Text},
};

use super::{Answer, Owner};
use crate::support::Process;

#[derive(QueryableByName)]
struct Account {
    #[diesel(sql_type = Text)]
    user_id: String,
    #[diesel(sql_type = BigInt)]
    balance: i64,
}

#[derive(QueryableByName)]
struct Stored {
    #[diesel(sql_type = Text)]
    user_id: String,
    #[diesel(sql_type = Text)]
    key: String,
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = BigInt)]
    amount: i64,
    #[diesel(sql_type = BigInt)]
    balance_after: i64,
}

/// How many changes each account had.
pub fn changes(answers: &[Answer]) -> BTreeMap<String, usize> {
    let mut changes = BTreeMap::new();
    for answer in answers.iter().filter(|it| it.done.is_some()) {
        *changes.entry(answer.account.clone()).or_default() += 1;
    }
    changes
}

/// Compares what is stored with what was answered and what was told.
pub fn balance(server: &Process, answers: &[Answer], owners: &[Owner]) {
    let mut database = server.database();
    let stored = transactions(&mut database);
    let accounts = accounts(&mut database);
    sums_are_right(&accounts, &stored);
    answers_are_right(answers, stored);
    for owner in owners {
        assert_eq!(accounts.get(&owner.account), Some(&owner.balance));
    }
    let sum = |of: fn(&Owner) -> usize| owners.iter().map(of).sum::<usize>();
    let refused = answers.iter().filter(|it| it.done.is_none()).count();
    let retried = answers.iter().filter(|it| it.attempts > 1).count();
    println!(
        "{} orders, {refused} refused, {retried} sent again; told {} changes and {} refusals over {} connections",
        answers.len(),
        sum(|it| it.changes),
        sum(|it| it.refusals),
        sum(|it| it.connections),
    );
    assert!(
        refused > 0 && retried > 0,
        "the run was too calm to show anything"
    );
}

fn sums_are_right(accounts: &BTreeMap<String, i64>, stored: &[Stored]) {
    let mut sums: BTreeMap<String, i64> = BTreeMap::new();
    for transaction in stored {
        let sum = sums.entry(transaction.user_id.clone()).or_default();
        *sum += transaction.amount;
        assert_eq!((transaction.balance_after, *sum >= 0), (*sum, true));
    }
    assert_eq!(
        &sums, accounts,
        "each balance is the sum of its transactions"
    );
}

/// What was acknowledged is stored as it was acknowledged, and nothing else is.
fn answers_are_right(answers: &[Answer], stored: Vec<Stored>) {
    let count = stored.len();
    let mut stored: BTreeMap<(String, String), Stored> = stored
        .into_iter()
        .map(|it| ((it.user_id.clone(), it.key.clone()), it))
        .collect();
    assert_eq!(stored.len(), count, "a key was carried out twice");
    for answer in answers {
        let key = (answer.account.clone(), format!("request:{}", answer.key));
        let found = stored.remove(&key);
        match &answer.done {
            None => assert!(found.is_none(), "refused and done: {answer:?}"),
            Some((id, balance)) => {
                let found = found.unwrap_or_else(|| panic!("lost: {answer:?}"));
                let kept = (found.amount, &found.id, &found.balance_after);
                assert_eq!(kept, (answer.amount, id, balance));
            }
        }
    }
    assert!(stored.is_empty(), "nobody ordered {:?}", stored.keys());
}

fn accounts(database: &mut SqliteConnection) -> BTreeMap<String, i64> {
    let rows = sql_query("SELECT user_id, balance FROM point_accounts").load::<Account>(database);
    let rows = rows.expect("the schema as it is").into_iter();
    rows.map(|it| (it.user_id, it.balance)).collect()
}

/// In the order in which they were stored, account by account.
fn transactions(database: &mut SqliteConnection) -> Vec<Stored> {
    let query = "SELECT user_id, key, id, amount, balance_after FROM point_transactions ORDER BY user_id, ordinal";
    sql_query(query)
        .load(database)
        .expect("the schema as it is")
}
