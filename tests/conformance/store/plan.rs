//! How the database finds what it is asked for: readers of the inbox page by its key, so the last page of a long stream
//! costs what the first one does.

use std::sync::Mutex;

use diesel::{
    QueryableByName,
    connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation},
    prelude::*,
    sql_query,
    sql_types::Text,
};
use otomo::store::{Conn, run};

use super::{
    Database, Sqlite,
    inbox::{append, page},
};

/// What was asked of any database of this process since [`note`] was set.
static ASKED: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn note() -> Option<Box<dyn Instrumentation>> {
    Some(Box::new(|event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            ASKED.lock().unwrap().push(query.to_string());
        }
    }))
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[tokio::test]
async fn a_page_of_the_inbox_is_found_by_its_key() {
    set_default_instrumentation(note).unwrap();
    let database = Sqlite::empty();
    let store = database.open();
    for body in ["1", "2", "3"] {
        append(&store, body, &["ann", "ben"]).await;
    }
    assert_eq!(page(&store, "ann", 1, 2).await.0.len(), 2);
    let asked = ASKED.lock().unwrap().clone();
    let mut pages = asked
        .iter()
        .filter(|sql| sql.contains("`inbox`") && sql.contains("LIMIT"));
    let asked = pages.next().expect("a page was read");
    assert!(!asked.contains("OFFSET"), "{asked}");
    // What stands behind it are the values, which a plan does not look at.
    let sql = asked.split(" -- ").next().unwrap();
    let explain = sql_query(format!("EXPLAIN QUERY PLAN {sql}"));
    let steps = store.read(|conn: &mut Conn| run!(conn, |c| explain.load::<Step>(c)));
    let steps: Vec<String> = steps
        .await
        .unwrap()
        .into_iter()
        .map(|it| it.detail)
        .collect();
    let by_key =
        |step: &String| step.starts_with("SEARCH inbox") && step.contains("(user_id=? AND seq>?");
    assert!(steps.iter().any(by_key), "{steps:?}");
    let slow = |step: &String| step.starts_with("SCAN") || step.contains("TEMP B-TREE");
    assert!(!steps.iter().any(slow), "{steps:?}");
}
