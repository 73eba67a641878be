use std::sync::mpsc;

use super::*;
use crate::{
    backplane::Backplane,
    delivery::dispatch::{self, Dispatch},
    kernel::{
        config::{DatabaseConfig, DatabaseUrl},
        identity::{Identity, Role},
        time::Clock,
        waiting::{PATIENCE, eventually},
    },
    people::People,
    store::{Writer, migrations::migrate},
};

/// Writes that wait at most.
const QUEUE: usize = 2;

/// A store in which hana is known.
struct Scene {
    store: Handle,
    last_seen: LastSeen,
    clock: Clock,
    _folder: tempfile::TempDir,
}

impl Scene {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = DatabaseConfig {
            url: DatabaseUrl::Sqlite(folder.path().join("otomo.db")),
            pool_size: 1,
            queue: QUEUE,
            statement_timeout: Duration::from_secs(5),
        };
        migrate(&config.url).unwrap();
        let clock = Clock::manual(Timestamp::from_millis(1_000));
        let store = Handle::open(&config, clock.clone(), Arc::default()).unwrap();
        let hana = Identity {
            user: user("hana"),
            role: Role::User,
            name: None,
            avatar: None,
            rooms: Vec::new(),
            expires_at: Timestamp::from_millis(i64::MAX),
        };
        let people = People::new(store.clone(), true);
        people.enter(hana).await.unwrap();
        let node: NodeId = "n1".parse().unwrap();
        let backplane = Backplane::alone(node.clone());
        let dispatch = Dispatch::new(dispatch::Settings::default(), backplane, Arc::default());
        let roster = dispatch.roster().clone();
        Self {
            last_seen: LastSeen::start(store.clone(), roster, node).await.unwrap(),
            store,
            clock,
            _folder: folder,
        }
    }

    /// When hana was last seen, as far as that is stored.
    async fn seen(&self) -> Option<i64> {
        let find = |conn: &mut _| last_seen::find(conn, &user("hana"));
        let found = self.store.read(find).await.unwrap();
        found.map(Timestamp::millis)
    }

    async fn retried(&self) {
        let is_retried = async || self.last_seen.unstored.is_retried();
        eventually("it is tried again", is_retried).await;
    }
}

fn user(name: &str) -> UserId {
    name.parse().unwrap()
}

/// Goal: one who left while nothing could be stored was last seen when they left, not when the store came back.
#[actix_rt::test]
async fn who_has_moved_while_nothing_could_be_stored_is_stored_later_with_the_time_of_then() {
    let scene = Scene::new().await;
    scene.store.write_as(Writer::Nobody);
    scene.last_seen.note(&user("hana"));
    scene.retried().await;
    assert_eq!(scene.seen().await, None);
    scene.clock.advance(Duration::from_mins(10));
    scene.store.write_as(Writer::Anybody);
    eventually("it is stored", async || scene.seen().await.is_some()).await;
    assert_eq!(scene.seen().await, Some(1_000));
}

/// Method: one write stands still, and others fill the queue behind it.
#[actix_rt::test]
async fn who_has_moved_while_the_queue_was_full_is_stored_when_it_is_not() {
    let scene = Scene::new().await;
    let (go_on, stands_still) = mpsc::channel::<()>();
    let (says, begun) = tokio::sync::oneshot::channel();
    let mut says = Some(says);
    let first = scene.store.write::<_, StoreError, _>(move |_| {
        says.take().map(|says| says.send(()));
        // It runs again if the test ends before.
        let _ = stands_still.recv();
        Ok(())
    });
    begun.await.unwrap();
    let write = || scene.store.write::<_, StoreError, _>(|_| Ok(()));
    let behind: [_; QUEUE] = std::array::from_fn(|_| write());
    assert!(matches!(write().await, Err(StoreError::Overloaded(_))));
    scene.last_seen.note(&user("hana"));
    scene.retried().await;
    go_on.send(()).unwrap();
    first.await.unwrap();
    for write in behind {
        write.await.unwrap();
    }
    eventually("it is stored", async || scene.seen().await.is_some()).await;
}

/// Goal: nobody is told the last seen of before for one who has just left. Method: the write is refused because of somebody
/// whom the store does not know.
#[actix_rt::test]
async fn a_departure_that_could_not_be_stored_is_a_fault_and_not_the_one_before() {
    let scene = Scene::new().await;
    scene.last_seen.note(&user("hana"));
    eventually("it is stored", async || scene.seen().await.is_some()).await;
    scene.clock.advance(Duration::from_mins(10));
    let unstored = &scene.last_seen.unstored;
    for name in ["hana", "nobody"] {
        let _ = unstored.add(&user(name), scene.store.now(), Instant::now());
    }
    let now = Some(scene.store.now());
    match scene.last_seen.of(vec![user("hana")]).await {
        Ok(seen) => assert_eq!(seen, [now]),
        Err(fault) => assert!(!fault.is_outage(), "{fault:?}"),
    }
    // The one who is at fault is given up, and the others are stored.
    eventually("all are stored or given up", async || {
        !unstored.is_retried()
    })
    .await;
    let seen = scene.last_seen.of(vec![user("hana")]).await.unwrap();
    assert_eq!(seen, [now]);
}

#[actix_rt::test]
async fn nobody_is_tried_again_for_once_the_store_is_closed() {
    let scene = Scene::new().await;
    scene.store.close().await;
    let _ = (scene.last_seen.unstored).add(&user("hana"), scene.store.now(), Instant::now());
    let tries = scene.last_seen.try_again();
    actix_rt::time::timeout(PATIENCE, tries).await.unwrap();
}
