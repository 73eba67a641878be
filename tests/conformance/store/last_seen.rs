//! When people were last there.

use std::time::Duration;

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

/// Ann comes, ben comes and goes, cat is on another server, dan comes after the last sign of life; then it is killed.
pub(super) async fn who_was_there_at_a_kill_has_gone_at_its_last_sign_of_life(
    database: &impl Database,
) {
    let clock = Clock::manual(Timestamp::from_millis(1_000));
    let store = database.open_with(clock.clone());
    talking(&store).await;
    let (here, there): (NodeId, NodeId) = ("here".parse().unwrap(), "there".parse().unwrap());
    let node = here.clone();
    write(&store, move |tx| {
        last_seen::store(tx, &[&user("ann")], &[], &node)
    })
    .await;
    let node = here.clone();
    write(&store, move |tx| {
        last_seen::store(tx, &[&user("ben")], &[], &node)
    })
    .await;
    write(&store, move |tx| {
        last_seen::store(tx, &[&user("cat")], &[], &there)
    })
    .await;
    clock.advance(Duration::from_millis(1));
    let node = here.clone();
    write(&store, move |tx| {
        last_seen::store(tx, &[], &[&user("ben")], &node)
    })
    .await;
    clock.advance(Duration::from_millis(1));
    let node = here.clone();
    write(&store, move |tx| alive::record(tx, &node)).await;
    clock.advance(Duration::from_millis(1));
    let node = here.clone();
    write(&store, move |tx| {
        last_seen::store(tx, &[&user("dan")], &[], &node)
    })
    .await;

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
        write(&store, move |tx| {
            last_seen::store(tx, &[&user("ann")], &[], &node)
        })
        .await;
    }
    clock.advance(Duration::from_millis(1));
    let node = one.clone();
    write(&store, move |tx| {
        last_seen::store(tx, &[], &[&user("ann")], &node)
    })
    .await;
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
