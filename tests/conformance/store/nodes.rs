//! Several nodes write to one database at once. On SQLite they are several stores on one file.

use std::time::Duration;

use futures_util::future::join_all;
use otomo::{
    delivery::{inbox::records as inbox, leave::Graces},
    kernel::{
        identity::{Identity, Role},
        ids::{IdempotencyKey, SessionId, UserId},
        time::Timestamp,
    },
    people,
    points::{records as accounts, transactions::Outcome},
    presence::{
        records::{self as presence, leases},
        rules::{Lease, Policy},
    },
    rooms::records::{
        publications,
        states::{self, State},
    },
    store::{Handle, StoreError, Tx},
};
use uuid::Uuid;

use super::{
    Database,
    chat::{send, talking},
    inbox::{event, user},
    points::{carry_out, history, order},
};

/// Jobs on each node.
const JOBS: usize = 60;

fn nodes(database: &impl Database) -> [Handle; 3] {
    [database.open(), database.open(), database.open()]
}

/// Each of three nodes has the same people write, in other orders.
pub(super) async fn streams_have_no_gap_over_nodes(database: &impl Database) {
    let nodes = nodes(database);
    let names = ["ann", "ben", "cat"];
    let jobs = nodes.iter().enumerate().flat_map(|(node, store)| {
        (0..JOBS).map(move |n| {
            let first = (node + n) % names.len();
            let pair = [names[first], names[(first + 1) % names.len()]].map(user);
            store.write(move |tx| {
                // One after the other, so that the order is the job's and not that of one append.
                for one in &pair {
                    inbox::append(tx, &event("{}", None), std::slice::from_ref(one))?;
                }
                Ok::<_, StoreError>(())
            })
        })
    });
    for stored in join_all(jobs).await {
        stored.unwrap();
    }
    for name in names {
        let name = user(name);
        let extent = nodes[0].read(move |conn| inbox::extent(conn, &name));
        assert_eq!(extent.await.unwrap().head.get(), 2 * JOBS as u64);
    }
}

/// More is asked for than there is, on every node, also before there is an account.
pub(super) async fn points_are_consumed_once_over_nodes(database: &impl Database) {
    let nodes = nodes(database);
    let grants = nodes
        .iter()
        .map(|store| carry_out(store, order("ann", "first", 100)));
    for granted in join_all(grants).await {
        granted.unwrap();
    }
    let orders = nodes.iter().flat_map(|store| {
        // The same keys on each node: each has one effect.
        (0..JOBS).map(move |n| carry_out(store, order("ann", &format!("k-{n}"), -3)))
    });
    let (mut applied, mut repeated, mut refused) = (0, 0, 0);
    for outcome in join_all(orders).await {
        match outcome.unwrap() {
            Outcome::Applied { .. } => applied += 1,
            Outcome::Repeated(_) => repeated += 1,
            Outcome::Insufficient { .. } => refused += 1,
        }
    }
    assert_eq!((applied, applied + repeated + refused), (33, 3 * JOBS));
    let account = nodes[0].read(|conn| accounts::account(conn, &user("ann")));
    assert_eq!(account.await.unwrap().balance, 1);
    let chain = history(&nodes[1], "ann").await;
    assert_eq!(chain.len(), 34);
    let mut balance = 0;
    for (amount, after) in chain {
        balance += amount;
        assert_eq!(after, balance);
    }
}

pub(super) async fn messages_have_no_gap_over_nodes(database: &impl Database) {
    let nodes = nodes(database);
    let id = talking(&nodes[0]).await;
    let jobs = nodes.iter().enumerate().flat_map(|(node, store)| {
        (0..JOBS).map(move |n| store.write(move |tx| send(tx, id, &format!("m-{node}-{n}"))))
    });
    let mut seqs = Vec::new();
    for sent in join_all(jobs).await {
        seqs.push(sent.unwrap().0);
    }
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=3 * JOBS as u64).collect::<Vec<_>>());
}

fn enter(tx: &mut Tx<'_>, name: &str) -> Result<(), StoreError> {
    let identity = Identity {
        user: user(name),
        role: Role::Otomo,
        name: None,
        avatar: None,
        rooms: Vec::new(),
        expires_at: Timestamp::default(),
    };
    people::records::enter(tx, &identity, true)
        .map(drop)
        .map_err(|fault| StoreError::corrupt(fault.to_string()))
}

/// An otomo comes and goes with a device on each node. Each status has a version of its own, and none is told twice.
pub(super) async fn a_status_has_one_version_over_nodes(database: &impl Database) {
    let nodes = nodes(database);
    let policy = Policy {
        busy_while_ringing: false,
        missed_limit: 3,
        graces: Graces {
            reload: Duration::ZERO,
            leave: Duration::ZERO,
        },
        restart_grace: Duration::ZERO,
    };
    let jobs = nodes.iter().enumerate().flat_map(|(node, store)| {
        (0..JOBS).map(move |n| {
            let name = format!("otomo-{}", n % 3);
            let session = SessionId::new();
            store.write(move |tx| {
                enter(tx, &name)?;
                let otomo = user(&name);
                let standing = presence::find_or_new(tx, &otomo)?.arrived();
                presence::save(tx, &standing)?;
                let lease = Lease {
                    session,
                    device: format!("device-{node}").parse().unwrap(),
                    node: format!("node-{node}").parse().unwrap(),
                    expires_at: Timestamp::from_millis(i64::MAX),
                    leaving: false,
                };
                leases::insert(tx, &otomo, &lease)?;
                let came = presence::settle(tx, &otomo, &policy)?;
                leases::end(tx, session)?;
                let went = presence::settle(tx, &otomo, &policy)?;
                Ok::<_, StoreError>([came, went])
            })
        })
    });
    let mut versions: Vec<(UserId, u64)> = Vec::new();
    for changes in join_all(jobs).await {
        let changes = changes.unwrap().into_iter().flatten();
        versions.extend(changes.map(|change| (change.otomo, change.version)));
    }
    versions.sort_unstable();
    let told = versions.len();
    versions.dedup();
    assert_eq!(versions.len(), told, "a version was told twice");
    assert_eq!(told, 2 * nodes.len() * JOBS, "each came and went");
}

/// A backend's key is used on three nodes at the same moment.
pub(super) async fn a_publication_has_one_effect_over_nodes(database: &impl Database) {
    let nodes = nodes(database);
    for round in 0..10 {
        let publishing = nodes.iter().map(|store| {
            let (key, request) = (format!("key-{round}"), Uuid::new_v4());
            store.write(move |tx| {
                let key: IdempotencyKey = key.parse().unwrap();
                if publications::find(tx, &key, request)?.is_some() {
                    return Ok::<_, StoreError>(0);
                }
                inbox::append(tx, &event("{}", None), &[user("ann")])?;
                publications::insert(tx, &key, request, "digest", 1)?;
                Ok(1)
            })
        });
        let effects: Vec<u32> = join_all(publishing)
            .await
            .into_iter()
            .map(Result::unwrap)
            .collect();
        assert_eq!(effects.iter().sum::<u32>(), 1, "{effects:?}");
    }
    let extent = nodes[0].read(|conn| inbox::extent(conn, &user("ann")));
    assert_eq!(extent.await.unwrap().head.get(), 10);
}

/// Three nodes store states of one key at the same moment: no two have the same revision, and what holds has the highest.
pub(super) async fn what_holds_is_the_newest_revision_over_nodes(database: &impl Database) {
    let nodes = nodes(database);
    let jobs = nodes.iter().enumerate().flat_map(|(node, store)| {
        (0..JOBS).map(move |n| {
            let body = format!("{{\"type\":\"cell\",\"by\":\"{node}-{n}\"}}");
            store.write(move |tx| {
                let until = tx.now() + Duration::from_mins(1);
                let revision = states::put(tx, "game_1", "cell\n1", &body, until)?;
                Ok::<_, StoreError>((revision, body.clone(), until))
            })
        })
    });
    let mut stored = Vec::new();
    for put in join_all(jobs).await {
        stored.push(put.unwrap());
    }
    stored.sort_unstable();
    let (revision, body, expires_at) = stored.last().cloned().unwrap();
    stored.dedup_by_key(|(revision, ..)| *revision);
    assert_eq!(stored.len(), 3 * JOBS, "a revision was given twice");
    let now = nodes[0].now();
    let held = nodes[0].read(move |conn| states::of(conn, "game_1", now));
    let newest = State {
        key: "cell\n1".to_owned(),
        body,
        revision,
        expires_at,
    };
    assert_eq!(held.await.unwrap(), [newest]);
}

/// Old events are dropped on each node at once; what is left is a stream without a gap, and no body is left behind.
pub(super) async fn nodes_prune_beside_each_other(database: &impl Database) {
    let nodes = nodes(database);
    for _ in 0..JOBS {
        let both = [user("ann"), user("ben")];
        let stored = nodes[0].write(move |tx| inbox::append(tx, &event("{}", None), &both));
        stored.await.unwrap();
    }
    let pruning = nodes.iter().enumerate().flat_map(|(node, store)| {
        (0..JOBS).map(move |_| {
            let whose = user(["ann", "ben"][node % 2]);
            store.write(move |tx| inbox::drop_overfull(tx, &whose, 5, 7))
        })
    });
    for pruned in join_all(pruning).await {
        pruned.unwrap();
    }
    for name in ["ann", "ben"] {
        let whose = user(name);
        let extent = nodes[0].read(move |conn| inbox::extent(conn, &whose)).await;
        assert_eq!(extent.unwrap().first.get(), JOBS as u64 - 4, "{name}");
    }
    assert_eq!(super::inbox::bodies(&nodes[0]).await, 5);
}
