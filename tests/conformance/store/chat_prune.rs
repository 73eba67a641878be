//! The retention of messages: beginnings of conversations go, in steps, and nothing else.

use std::{cell::RefCell, num::NonZeroU32, time::Duration};

use otomo::{
    chat::{
        records::{
            self, Position,
            messages::{self, Span},
        },
        retention::prune,
    },
    kernel::{
        config::{ChatConfig, Sources, load},
        ids::{ConversationId, UserId},
        time::{Clock, Timestamp},
    },
    store::{Handle, StoreError},
};

use super::{
    Database,
    chat::{send, talking},
    inbox::user,
};
use crate::waiting::PATIENCE;

const DAY: Duration = Duration::from_hours(24);

/// A clock at hand, well after 1970.
fn clock() -> Clock {
    Clock::manual(Timestamp::from_millis(1_000_000_000_000))
}

fn keeping(retention: Option<Duration>, max_messages: Option<u32>) -> ChatConfig {
    ChatConfig {
        retention,
        max_messages: max_messages.and_then(NonZeroU32::new),
        ..load(&Sources::default()).unwrap().chat
    }
}

async fn write(store: &Handle, to: ConversationId, names: std::ops::RangeInclusive<u32>) {
    for n in names {
        let sent = store.write(move |tx| send(tx, to, &format!("m-{n}")));
        sent.await.unwrap();
    }
}

/// Where ben stands, and the messages that he finds.
async fn found(store: &Handle, id: ConversationId) -> (Position, Vec<u64>) {
    let read = store.read(move |conn| {
        let position = records::position(conn, &user("ben"), id)?.unwrap();
        let kept = messages::history(conn, id, Span::After(0), 10_000)?;
        Ok::<_, StoreError>((position, kept.iter().map(|it| it.seq).collect()))
    });
    read.await.unwrap()
}

/// Prunes; says how many messages went, and who has fewer unread by that.
async fn prunes(store: &Handle, retention: &ChatConfig) -> (u64, Vec<UserId>) {
    let told = RefCell::new(Vec::new());
    let note = |user: &UserId| told.borrow_mut().push(user.clone());
    let pruned = prune(store, retention, note).await.unwrap();
    let mut told = told.into_inner();
    told.sort_unstable();
    told.dedup();
    (pruned, told)
}

pub(super) async fn messages_that_are_too_old_go(database: &impl Database) {
    let clock = clock();
    let store = database.open_with(clock.clone());
    let id = talking(&store).await;
    write(&store, id, 1..=3).await;
    let read = store.write(move |tx| records::put_cursor(tx, &user("ben"), id, 2));
    read.await.unwrap();
    clock.advance(7 * DAY);
    write(&store, id, 4..=5).await;
    let week = keeping(Some(7 * DAY), None);
    assert_eq!(prunes(&store, &week).await, (0, vec![]));
    clock.advance(Duration::from_millis(1));
    assert_eq!(
        prunes(&store, &week).await,
        (3, vec![user("ann"), user("ben")])
    );
    let (position, kept) = found(&store, id).await;
    assert_eq!(
        (position.floor, position.last, position.read),
        (3, 5, 3),
        "what is gone is seen"
    );
    assert_eq!((position.unread(), kept), (2, vec![4, 5]));
    // All of it: what is written next goes on counting.
    clock.advance(8 * DAY);
    assert_eq!(prunes(&store, &week).await.0, 2);
    write(&store, id, 6..=6).await;
    let (position, kept) = found(&store, id).await;
    assert_eq!((position.unread(), kept), (1, vec![6]));
}

/// Several steps for one conversation, none for the other.
pub(super) async fn messages_that_are_too_many_go(database: &impl Database) {
    let store = database.open_with(clock());
    let id = talking(&store).await;
    write(&store, id, 1..=450).await;
    let read = store.write(move |tx| records::put_cursor(tx, &user("ben"), id, 445));
    read.await.unwrap();
    let ten = keeping(None, Some(10));
    let ann = vec![user("ann")];
    assert_eq!(prunes(&store, &ten).await, (440, ann), "ben has read those");
    let (position, kept) = found(&store, id).await;
    assert_eq!(kept, (441..=450).collect::<Vec<u64>>());
    assert_eq!((position.floor, position.unread()), (440, 5));
    assert_eq!(prunes(&store, &ten).await, (0, vec![]));
}

/// While 4,000 messages go, somebody who always waits for the answer writes between any two steps, and none of theirs goes.
pub(super) async fn people_write_while_it_goes_on(database: &impl Database) {
    let clock = clock();
    let store = database.open_with(clock.clone());
    let id = talking(&store).await;
    for batch in 0..4 {
        let fill = store.write(move |tx| {
            for n in 0..1_000 {
                send(tx, id, &format!("m-{batch}-{n}"))?;
            }
            Ok::<_, StoreError>(())
        });
        fill.await.unwrap();
    }
    clock.advance(8 * DAY);
    let week = keeping(Some(7 * DAY), None);
    let pruning = tokio::time::timeout(PATIENCE, prunes(&store, &week));
    tokio::pin!(pruning);
    let mut written = 0;
    let (pruned, _) = loop {
        let write = store.write(move |tx| send(tx, id, &format!("new-{written}")));
        tokio::select! {
            pruned = &mut pruning => break pruned.expect("it ends"),
            sent = write => assert_eq!(sent.unwrap().0, 4_001 + written),
        }
        written += 1;
    };
    assert_eq!(pruned, 4_000);
    assert!(written >= 20, "{written} messages in 40 steps");
    let (position, kept) = found(&store, id).await;
    assert_eq!(position.floor, 4_000);
    assert_eq!(kept, (4_001..=position.last).collect::<Vec<u64>>());
    assert_eq!(position.unread(), position.last - 4_000);
}
