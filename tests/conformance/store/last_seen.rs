//! When people were last there.

use std::{collections::BTreeMap, time::Duration};

use otomo::{
    cluster::alive,
    kernel::{
        ids::NodeId,
        time::{Clock, Timestamp},
    },
    people::last_seen,
    store::{Handle, StoreError, Tx},
};

use super::{Database, chat::talking, inbox::user};

async fn write<T: Send + 'static>(
    store: &Handle,
    job: impl FnMut(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
) -> T {
    store.write(job).await.unwrap()
}

async fn seen(store: &Handle, name: &'static str) -> Option<i64> {
    let found = store.read(move |conn| last_seen::find(conn, &user(name)));
    found.await.unwrap().map(Timestamp::millis)
}

/// Somebody comes to a node now.
async fn came(store: &Handle, who: &'static str, node: NodeId) {
    let came = [(user(who), store.now())].into();
    let job = move |tx: &mut Tx<'_>| last_seen::store(tx, &came, &BTreeMap::new(), &node);
    write(store, job).await;
}

/// Somebody leaves a node now.
async fn went(store: &Handle, who: &'static str, node: NodeId) {
    let went = [(user(who), store.now())].into();
    let job = move |tx: &mut Tx<'_>| last_seen::store(tx, &BTreeMap::new(), &went, &node);
    write(store, job).await;
}

/// Ann comes, ben comes and goes, cat is on another server, dan comes after the last sign of life; then it is killed.
pub(super) async fn who_was_there_at_a_kill_has_gone_at_its_last_sign_of_life(
    database: &impl Database,
) {
    let clock = Clock::manual(Timestamp::from_millis(1_000));
    let store = database.open_with(clock.clone());
    talking(&store).await;
    let (here, there): (NodeId, NodeId) = ("here".parse().unwrap(), "there".parse().unwrap());
    came(&store, "ann", here.clone()).await;
    came(&store, "ben", here.clone()).await;
    came(&store, "cat", there).await;
    clock.advance(Duration::from_millis(1));
    went(&store, "ben", here.clone()).await;
    clock.advance(Duration::from_millis(1));
    let node = here.clone();
    write(&store, move |tx| alive::record(tx, &node)).await;
    clock.advance(Duration::from_millis(1));
    came(&store, "dan", here.clone()).await;

    clock.advance(Duration::from_mins(1));
    let node = here.clone();
    let left_behind = write(&store, move |tx| last_seen::settle(tx, &node)).await;
    assert_eq!(left_behind, 2);
    let expected = [
        ("ann", 1_002),
        ("ben", 1_001),
        ("cat", 1_000),
        ("dan", 1_003),
    ];
    for (name, at) in expected {
        assert_eq!(seen(&store, name).await, Some(at), "{name}");
    }
    assert_eq!(seen(&store, "eva").await, None);
    let again = write(&store, move |tx| last_seen::settle(tx, &here)).await;
    assert_eq!(again, 0, "once");
}

/// Ann is on two servers and leaves one of them; then the other is killed.
pub(super) async fn who_leaves_one_server_is_still_on_the_other(database: &impl Database) {
    let clock = Clock::manual(Timestamp::from_millis(1_000));
    let store = database.open_with(clock.clone());
    talking(&store).await;
    let (one, other): (NodeId, NodeId) = ("one".parse().unwrap(), "other".parse().unwrap());
    for node in [other.clone(), one.clone()] {
        came(&store, "ann", node).await;
    }
    clock.advance(Duration::from_millis(1));
    went(&store, "ann", one.clone()).await;
    clock.advance(Duration::from_millis(1));
    let node = other.clone();
    write(&store, move |tx| alive::record(tx, &node)).await;
    clock.advance(Duration::from_mins(1));
    let left_behind = write(&store, move |tx| last_seen::settle(tx, &one)).await;
    assert_eq!((left_behind, seen(&store, "ann").await), (0, Some(1_001)));
    let node = other.clone();
    write(&store, move |tx| {
        last_seen::settle_some(tx, &[user("ann")].into(), &node)
    })
    .await;
    assert_eq!(seen(&store, "ann").await, Some(1_002));
    let left_behind = write(&store, move |tx| last_seen::settle(tx, &other)).await;
    assert_eq!(left_behind, 0, "once");
}

/// A write that comes late, because the store was away, must not undo what a later one has said; and each has its own time.
pub(super) async fn a_late_write_makes_nobody_seen_earlier(database: &impl Database) {
    let clock = Clock::manual(Timestamp::from_millis(5_000));
    let store = database.open_with(clock.clone());
    talking(&store).await;
    let node: NodeId = "here".parse().unwrap();
    went(&store, "ann", node.clone()).await;
    let late = [("ann", 4_000), ("ben", 4_001)];
    let late = late.map(|(name, at)| (user(name), Timestamp::from_millis(at)));
    let late = late.into();
    let job = move |tx: &mut Tx<'_>| last_seen::store(tx, &BTreeMap::new(), &late, &node);
    write(&store, job).await;
    let times = (seen(&store, "ann").await, seen(&store, "ben").await);
    assert_eq!(times, (Some(5_000), Some(4_001)));
}
