//! The inbox's rows: gap-free streams, bodies once.

use std::{collections::BTreeMap, time::Duration};

use diesel::prelude::*;
use futures_util::future::join_all;
use otomo::{
    delivery::inbox::{
        Extent, Seq,
        records::{self, NewEvent, Page},
    },
    kernel::{
        ids::{EventId, UserId},
        time::{Clock, Timestamp},
    },
    protocol::spec::Topic,
    store::{Conn, Handle, StoreError, run, sql::schema::events},
};
use serde_json::{Value, json};

use super::Database;

/// A user of that name.
pub(super) fn user(name: &str) -> UserId {
    name.parse().unwrap()
}

/// An event with this body, good until `expires_at`.
pub(super) fn event(body: &str, expires_at: Option<Timestamp>) -> NewEvent<'_> {
    NewEvent {
        id: EventId::new(),
        topic: Topic::Calls,
        type_name: "call_missed",
        body,
        expires_at,
    }
}

/// Appends an event that says this word to the streams of all of `users`.
pub(super) async fn append(store: &Handle, word: &str, users: &[&str]) -> Vec<(UserId, Seq)> {
    append_until(store, word, None, users).await
}

async fn append_until(
    store: &Handle,
    word: &str,
    expires_at: Option<Timestamp>,
    users: &[&str],
) -> Vec<(UserId, Seq)> {
    let body = json!({"type": "call_missed", "word": word}).to_string();
    let users: Vec<UserId> = users.iter().map(|name| user(name)).collect();
    let job = store.write(move |tx| records::append(tx, &event(&body, expires_at), &users));
    job.await.unwrap()
}

/// What one page says: the words with their seqs, and how far it looked.
pub(super) async fn page(
    store: &Handle,
    name: &str,
    after: u64,
    limit: u32,
) -> (Vec<(u64, String)>, u64) {
    match read_page(store, name, after, limit).await {
        Page::Events {
            events,
            unreadable: None,
            through,
        } => {
            let events = events
                .into_iter()
                .map(|event| (event.seq.get(), word_of(&event.body)));
            (events.collect(), through.get())
        }
        other => panic!("{other:?}"),
    }
}

/// What an event says.
fn word_of(body: &str) -> String {
    let event: Value = serde_json::from_str(body).unwrap();
    event["word"].as_str().unwrap().to_owned()
}

/// One page.
pub(super) async fn read_page(store: &Handle, name: &str, after: u64, limit: u32) -> Page {
    let (id, now) = (user(name), store.now());
    let read = store.read(move |conn| records::page(conn, &id, Seq::new(after), limit, now));
    read.await.unwrap()
}

/// The first seq that is still there, and the head.
pub(super) async fn extent(store: &Handle, name: &str) -> (u64, u64) {
    let id = user(name);
    let Extent { first, head } = store
        .read(move |conn| records::extent(conn, &id))
        .await
        .unwrap();
    (first.get(), head.get())
}

/// How many bodies are stored.
pub(super) async fn bodies(store: &Handle) -> i64 {
    let count = |conn: &mut Conn| run!(conn, |c| events::table.count().get_result(c));
    store.read(count).await.unwrap()
}

/// 60 writers, each appending to groups of few and of many out of twelve users.
pub(super) async fn seqs_have_no_gap_whoever_writes(database: &impl Database) {
    let store = database.open();
    let names: Vec<String> = (0..12).map(|n| format!("user-{n:02}")).collect();
    let writers = (0..60_usize).map(|writer| {
        let (store, names) = (&store, &names);
        async move {
            let mut given = Vec::new();
            for round in 0..12 {
                let group: Vec<&str> = (0..=round)
                    .map(|n| names[(writer + n) % 12].as_str())
                    .collect();
                given.extend(append(store, "{}", &group).await);
            }
            given
        }
    });
    let mut streams: BTreeMap<UserId, Vec<u64>> = BTreeMap::new();
    for (user, seq) in join_all(writers).await.into_iter().flatten() {
        streams.entry(user).or_default().push(seq.get());
    }
    for (user, mut seqs) in streams {
        seqs.sort_unstable();
        let gapless: Vec<u64> = (1..=390).collect();
        assert_eq!(seqs, gapless, "{user}");
        assert_eq!(extent(&store, user.as_str()).await, (1, 390));
    }
}

/// The number that an undone job took is given again.
pub(super) async fn an_undone_job_leaves_no_gap(database: &impl Database) {
    let store = database.open();
    append(&store, "1", &["ann"]).await;
    let undone = store.write(|tx| {
        records::append(tx, &event("undone", None), &[user("ann")])?;
        Err::<(), _>(StoreError::corrupt("the job thinks better of it"))
    });
    assert!(undone.await.is_err());
    append(&store, "2", &["ann"]).await;
    let (events, through) = page(&store, "ann", 0, 10).await;
    assert_eq!(events, [(1, "1".to_owned()), (2, "2".to_owned())]);
    assert_eq!((through, bodies(&store).await), (2, 2));
}

pub(super) async fn a_body_is_stored_once(database: &impl Database) {
    let store = database.open();
    append(&store, "first", &["ben"]).await;
    let places = append(&store, "for all", &["cat", "ann", "ben", "ann"]).await;
    let expected =
        [("ann", 1), ("ben", 2), ("cat", 1)].map(|(name, seq)| (user(name), Seq::new(seq)));
    assert_eq!(places, expected, "in the order of the users, each once");
    assert!(append(&store, "for nobody", &[]).await.is_empty());
    assert_eq!(bodies(&store).await, 2);
}

/// A job that is run again after its first run was stored.
pub(super) async fn an_event_is_appended_once(database: &impl Database) {
    let store = database.open();
    let id = EventId::new();
    let job = move |tx: &mut otomo::store::Tx<'_>| {
        let again = NewEvent {
            id,
            ..event("{}", None)
        };
        records::append(tx, &again, &[user("ann"), user("ben")])
    };
    let first = store.write(job).await.unwrap();
    append(&store, "between", &["ann"]).await;
    assert_eq!(store.write(job).await.unwrap(), first);
    assert_eq!(extent(&store, "ann").await, (1, 2));
}

pub(super) async fn a_stream_is_read_in_pages(database: &impl Database) {
    let store = database.open();
    assert_eq!(extent(&store, "ann").await, (1, 0));
    assert_eq!(page(&store, "ann", 0, 2).await, (vec![], 0));
    for body in ["1", "2", "3", "4", "5"] {
        append(&store, body, &["ann"]).await;
    }
    let bodies =
        |seqs: std::ops::RangeInclusive<u64>| seqs.map(|n| (n, n.to_string())).collect::<Vec<_>>();
    assert_eq!(page(&store, "ann", 0, 2).await, (bodies(1..=2), 2));
    assert_eq!(page(&store, "ann", 2, 2).await, (bodies(3..=4), 4));
    assert_eq!(page(&store, "ann", 4, 2).await, (bodies(5..=5), 5));
    assert_eq!(page(&store, "ann", 5, 2).await, (vec![], 5));
    let Page::Events { events, .. } = read_page(&store, "ann", 0, 1).await else {
        panic!("nothing was dropped");
    };
    assert_eq!(
        (events[0].topic, events[0].type_name.as_str()),
        (Topic::Calls, "call_missed")
    );
}

/// Also where it would be the last of a page, or all of it.
pub(super) async fn what_has_expired_is_passed_over(database: &impl Database) {
    let clock = Clock::manual(Timestamp::from_millis(1_000_000));
    let store = database.open_with(clock.clone());
    let soon = Some(store.now() + Duration::from_secs(60));
    append(&store, "1", &["ann"]).await;
    append_until(&store, "2", soon, &["ann"]).await;
    append(&store, "3", &["ann"]).await;
    append_until(&store, "4", soon, &["ann"]).await;
    assert_eq!(page(&store, "ann", 0, 10).await.0.len(), 4);

    clock.advance(Duration::from_secs(60));
    let alive = vec![(1, "1".to_owned()), (3, "3".to_owned())];
    assert_eq!(page(&store, "ann", 0, 10).await, (alive.clone(), 4));
    assert_eq!(page(&store, "ann", 0, 2).await, (alive, 3));
    assert_eq!(page(&store, "ann", 3, 2).await, (vec![], 4));
    assert_eq!(extent(&store, "ann").await, (1, 4));
}
