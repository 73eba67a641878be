//! The retention: beginnings of streams go, in steps, and nothing else.

use std::{num::NonZeroU32, time::Duration};

use otomo::{
    delivery::inbox::{
        Extent, Seq,
        prune::prune,
        records::{self, Page},
    },
    kernel::{
        config::InboxConfig,
        time::{Clock, Timestamp},
    },
};

use super::{
    Database,
    inbox::{append, bodies, event, extent, page, read_page, user},
    note,
};
use crate::waiting::PATIENCE;

const DAY: Duration = Duration::from_hours(24);

/// A clock at hand, well after 1970.
fn clock() -> Clock {
    Clock::manual(Timestamp::from_millis(1_000_000_000_000))
}

fn older_than(age: Duration) -> InboxConfig {
    InboxConfig {
        retention: Some(age),
        max_events: None,
    }
}

fn more_than(events: u32) -> InboxConfig {
    InboxConfig {
        retention: None,
        max_events: NonZeroU32::new(events),
    }
}

pub(super) async fn what_is_too_old_goes(database: &impl Database) {
    let clock = clock();
    let store = database.open_with(clock.clone());
    append(&store, "old", &["ann", "ben"]).await;
    append(&store, "old", &["ann"]).await;
    clock.advance(7 * DAY);
    append(&store, "new", &["ann"]).await;
    assert_eq!(prune(&store, &older_than(7 * DAY)).await.unwrap(), 0);

    clock.advance(Duration::from_millis(1));
    assert_eq!(prune(&store, &older_than(7 * DAY)).await.unwrap(), 3);
    assert_eq!(extent(&store, "ann").await, (3, 3));
    assert_eq!(extent(&store, "ben").await, (2, 1));
    assert_eq!(
        page(&store, "ann", 2, 10).await,
        (vec![(3, "new".to_owned())], 3)
    );
    assert_eq!(bodies(&store).await, 1);
    let places = append(&store, "next", &["ben"]).await;
    assert_eq!(
        places,
        [(user("ben"), Seq::new(2))],
        "a seq is never given twice"
    );
}

/// Several steps for one user, none for the other.
pub(super) async fn what_is_too_much_goes(database: &impl Database) {
    let store = database.open_with(clock());
    for _ in 0..450 {
        append(&store, "{}", &["ann"]).await;
    }
    append(&store, "{}", &["ben"]).await;
    assert_eq!(prune(&store, &more_than(10)).await.unwrap(), 440);
    assert_eq!(extent(&store, "ann").await, (441, 450));
    assert_eq!(extent(&store, "ben").await, (1, 1));
    assert_eq!(bodies(&store).await, 11);
    assert_eq!(prune(&store, &more_than(10)).await.unwrap(), 0);
}

pub(super) async fn a_body_stays_while_somebody_has_it(database: &impl Database) {
    let store = database.open_with(clock());
    append(&store, "shared", &["ann", "ben"]).await;
    append(&store, "ann's", &["ann"]).await;
    assert_eq!(prune(&store, &more_than(1)).await.unwrap(), 1);
    assert_eq!(
        page(&store, "ben", 0, 10).await.0,
        [(1, "shared".to_owned())]
    );
    append(&store, "ben's", &["ben"]).await;
    assert_eq!(prune(&store, &more_than(1)).await.unwrap(), 1);
    assert_eq!(bodies(&store).await, 2);
}

/// Three events, the first of which was stored by a clock that was fast: it goes with the second.
pub(super) async fn a_clock_set_back_leaves_no_gap(database: &impl Database) {
    let fast = Clock::manual(clock().now() + DAY);
    append(&database.open_with(fast), "from tomorrow", &["ann"]).await;
    let clock = clock();
    let store = database.open_with(clock.clone());
    append(&store, "old", &["ann"]).await;
    clock.advance(8 * DAY - Duration::from_hours(1));
    append(&store, "new", &["ann"]).await;
    assert_eq!(prune(&store, &older_than(7 * DAY)).await.unwrap(), 2);
    assert_eq!(extent(&store, "ann").await, (3, 3));
    assert_eq!(bodies(&store).await, 1);
}

/// A connection that was so slow that its place is gone.
pub(super) async fn a_page_before_the_floor_says_so(database: &impl Database) {
    let store = database.open_with(clock());
    for body in ["1", "2", "3"] {
        append(&store, body, &["ann"]).await;
    }
    prune(&store, &more_than(1)).await.unwrap();
    let gone = Extent {
        first: Seq::new(3),
        head: Seq::new(3),
    };
    assert_eq!(read_page(&store, "ann", 1, 10).await, Page::Dropped(gone));
    assert_eq!(page(&store, "ann", 2, 10).await.0, [(3, "3".to_owned())]);
}

/// While 8,000 rows go, a writer who always waits for the answer gets one between any two steps.
pub(super) async fn writers_take_turns_with_it(database: &impl Database) {
    let clock = clock();
    let store = database.open_with(clock.clone());
    for _ in 0..8 {
        let fill = store.write(|tx| {
            for n in 0..1_000 {
                records::append(tx, &event("{}", None), &[user(&format!("user-{}", n % 10))])?;
            }
            Ok::<_, otomo::store::StoreError>(())
        });
        fill.await.unwrap();
    }
    clock.advance(8 * DAY);
    let week = older_than(7 * DAY);
    let pruning = tokio::time::timeout(PATIENCE, prune(&store, &week));
    tokio::pin!(pruning);
    let mut answers = 0;
    let dropped = loop {
        let write = store.write(move |tx| note(tx, &answers.to_string()));
        tokio::select! {
            dropped = &mut pruning => break dropped.expect("it ends").unwrap(),
            answer = write => answer.unwrap(),
        }
        answers += 1;
    };
    assert_eq!(dropped, 8_000);
    assert!(answers >= 40, "{answers} answers in 80 steps");
}
