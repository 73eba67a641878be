//! The rows of friends, and who knows whom.

use std::sync::Arc;

use futures_util::future::join_all;
use otomo::{
    backplane::Backplane,
    delivery::dispatch::{self, Dispatch},
    friends::{
        Friends,
        records::{self, Place},
        rules::Standing,
    },
    kernel::{
        config::{Sources, load},
        identity::Role,
        ids::{NodeId, UserId},
        time::Clock,
    },
    people::{
        self, Person,
        circle::{self, Scope},
    },
    store::{Handle, StoreError, Tx},
};
use tokio::task::LocalSet;

use super::{Database, chat::talking, inbox::user};

async fn friends(store: &Handle) -> Friends {
    let config = load(&Sources::default().with("limits.friend_requests_per_minute", "none"));
    let config = config.unwrap();
    let node: NodeId = "n1".parse().unwrap();
    let backplane = Backplane::alone(node.clone());
    let dispatch = Dispatch::new(dispatch::Settings::default(), backplane, Arc::default());
    let friends = Friends::start(store.clone(), dispatch, &config, &node);
    friends.await.unwrap()
}

async fn put(store: &Handle, one: &'static str, other: &'static str, standing: Standing) {
    let put = move |tx: &mut Tx<'_>| records::put(tx, &user(one), &user(other), standing);
    store.write::<_, StoreError, _>(put).await.unwrap();
}

/// Two servers, and people who ask each other at once, each on another one.
pub(super) async fn people_who_ask_each_other_at_once_are_friends(database: &impl Database) {
    let stores = [
        database.open_with(Clock::system()),
        database.open_with(Clock::system()),
    ];
    let pairs: Vec<(UserId, UserId)> = (0..20)
        .map(|n| (user_of(n, "a"), user_of(n, "b")))
        .collect();
    let known = pairs.clone();
    let know = stores[0].write(move |tx| {
        for user in known.iter().flat_map(|(one, other)| [one, other]) {
            let person = Person {
                user: user.clone(),
                role: Role::User,
                name: user.to_string(),
                avatar: None,
                price_per_minute: None,
                disabled: false,
            };
            people::records::put(tx, &person)?;
        }
        Ok::<_, StoreError>(())
    });
    know.await.unwrap();
    let (one, other) = (friends(&stores[0]).await, friends(&stores[1]).await);
    let asking = pairs.iter().map(async |(a, b)| {
        let (first, second) = tokio::join!(one.ask(a, b), other.ask(b, a));
        let standings = [first.unwrap().standing, second.unwrap().standing];
        assert!(standings.contains(&Standing::Friend), "{a}: {standings:?}");
    });
    LocalSet::new().run_until(join_all(asking)).await;
    for (a, b) in pairs.iter().flat_map(|(a, b)| [(a, b), (b, a)]) {
        let (a, b) = (a.clone(), b.clone());
        let found = stores[0].read(move |conn| records::find(conn, &a, &b));
        assert_eq!(found.await.unwrap().unwrap().standing, Standing::Friend);
    }
}

fn user_of(pair: usize, side: &str) -> UserId {
    format!("{side}-{pair}").parse().unwrap()
}

/// Ann and Ben talk with each other; Ann is a friend of Ben and Cat, and has asked Dan.
pub(super) async fn a_circle_has_friends_and_partners_once(database: &impl Database) {
    let store = database.open();
    talking(&store).await;
    put(&store, "ann", "ben", Standing::Friend).await;
    put(&store, "cat", "ann", Standing::Friend).await;
    put(&store, "ann", "dan", Standing::Outgoing).await;
    let read = store.read(|conn| {
        let circle = circle::of(conn, &user("ann"))?;
        let known: Vec<UserId> = circle.everybody().cloned().collect();
        assert_eq!(circle.partners, [user("ben")]);
        assert_eq!(known, [user("ben"), user("cat")]);
        let seen = |conn: &mut _, scope| circle::with_last_seen(conn, &user("ann"), scope);
        assert_eq!(seen(conn, Scope::Everybody)?.len(), 2);
        assert_eq!(seen(conn, Scope::Partners)?.len(), 1);
        let knows = |conn: &mut _, other| circle::know_each_other(conn, &user("ann"), &user(other));
        assert!(knows(conn, "ben")? && knows(conn, "cat")? && !knows(conn, "dan")?);
        let count = records::count(conn, &user("ann"))?;
        assert_eq!((count.friends, count.outgoing, count.incoming), (2, 1, 0));
        Ok::<_, StoreError>(())
    });
    read.await.unwrap();
    let remove = |tx: &mut Tx<'_>| records::remove(tx, &user("ann"), &user("cat"));
    store.write::<_, StoreError, _>(remove).await.unwrap();
    let read = store.read(|conn| circle::friends(conn, &user("cat")));
    assert_eq!(read.await.unwrap(), []);
}

/// The list is read to its end one by one, whichever part of it is wanted.
pub(super) async fn a_list_of_friends_is_read_in_pages(database: &impl Database) {
    let store = database.open();
    talking(&store).await;
    put(&store, "ann", "ben", Standing::Friend).await;
    put(&store, "ann", "cat", Standing::Outgoing).await;
    put(&store, "dan", "ann", Standing::Outgoing).await;
    for (which, expected) in [
        (None, 3),
        (Some(Standing::Friend), 1),
        (Some(Standing::Incoming), 1),
    ] {
        let (mut found, mut after) = (Vec::new(), None::<Place>);
        loop {
            let from = after.clone();
            let page =
                store.read(move |conn| records::page(conn, &user("ann"), which, from.as_ref(), 1));
            let page: Result<_, StoreError> = page.await;
            let Some(next) = page.unwrap().into_iter().next() else {
                break;
            };
            after = Some(Place {
                since: next.since,
                other: next.other.clone(),
            });
            found.push(next);
        }
        assert_eq!(found.len(), expected, "{which:?}: {found:?}");
        let newest_first = found.is_sorted_by(|one, next| one.since >= next.since);
        assert!(newest_first, "{found:?}");
    }
}
