//! Who may do what, as tables that are visited whole: a row for each endpoint of the OpenAPI document and for each command of
//! the protocol, a column for each of those who may come. An endpoint or a command without a row fails the test.
//!
//! A row is: what it is about, what is sent or `-`, and the status for
//! - nobody: who does not say who they are;
//! - the user whom it is about (taro), and another user, who has no part in it (jiro);
//! - the otomo, who has her part (hana);
//! - a backend with a token of the role `service`, and one with an API key;
//! - an admin.
//!
//! What can be read can be asked for without its body (`HEAD`), by the same.
//! 401: say who you are. 403: not with your role, or not you. 404: it is not said whether it exists.

mod commands;
mod disguised;
mod rest;

use std::collections::BTreeSet;

/// The columns of all tables.
const WHO: [&str; 7] = [
    "nobody", "user", "other", "otomo", "service", "key", "admin",
];

/// One row.
struct Row {
    words: Vec<&'static str>,
    /// A status for each of [`WHO`].
    expected: [u16; WHO.len()],
}

impl Row {
    /// The rows of a table. `heads` is how many words stand before the statuses.
    fn all(table: &'static str, heads: usize) -> Vec<Self> {
        let rows = table.lines().filter(|line| !line.trim().is_empty());
        let row = |line: &'static str| {
            let words: Vec<&str> = line.split_whitespace().collect();
            assert_eq!(words.len(), heads + WHO.len(), "a whole row: {line}");
            let (words, statuses) = words.split_at(heads);
            let statuses = statuses.iter().map(|it| it.parse().expect("a status"));
            let expected: Vec<u16> = statuses.collect();
            Self {
                words: words.to_vec(),
                expected: expected.try_into().expect("a status for each"),
            }
        };
        rows.map(row).collect()
    }
}

/// Fails unless rows are about exactly what there is.
#[track_caller]
fn assert_whole(rows: &BTreeSet<String>, there: &BTreeSet<String>) {
    let missing: Vec<_> = there.difference(rows).collect();
    let idle: Vec<_> = rows.difference(there).collect();
    assert!(
        missing.is_empty() && idle.is_empty(),
        "without a row: {missing:?}; with a row, but not there: {idle:?}"
    );
}

/// Fails with every cell that is not as its table says.
#[track_caller]
fn assert_as_written(faults: Vec<String>) {
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}
