//! The friends of a server without sockets, on a database that goes away with it.

use std::{sync::Arc, time::Duration};

use otomo::{
    backplane::Backplane,
    delivery::{
        dispatch::{self, Dispatch},
        inbox::{
            Seq,
            records::{self as inbox, Page},
        },
    },
    friends::{Friends, FriendsFault, records::Friendship, rules::Standing},
    kernel::{
        config::{DatabaseConfig, DatabaseUrl, Sources, load},
        identity::{Identity, Role},
        ids::UserId,
        time::{Clock, Timestamp},
    },
    people::People,
    store::{Handle, migrations::migrate},
};
use serde_json::Value;
use tempfile::TempDir;

pub(crate) fn user(name: &str) -> UserId {
    name.parse().unwrap()
}

/// A database with people in it, which goes away with the value.
pub(crate) struct Stored {
    pub(crate) store: Handle,
    _folder: TempDir,
}

impl Stored {
    /// With these people.
    pub(crate) async fn of(names: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = DatabaseConfig {
            url: DatabaseUrl::Sqlite(folder.path().join("otomo.db")),
            pool_size: 2,
            queue: 1_024,
            statement_timeout: Duration::from_secs(5),
        };
        migrate(&database.url).unwrap();
        let store = Handle::open(&database, Clock::system(), Arc::default()).unwrap();
        let people = People::new(store.clone(), true);
        for name in names {
            let identity = Identity {
                user: user(name),
                role: Role::User,
                name: None,
                avatar: None,
                rooms: Vec::new(),
                expires_at: Timestamp::from_millis(i64::MAX),
            };
            people.enter(identity).await.unwrap();
        }
        Self {
            store,
            _folder: folder,
        }
    }
}

/// One run of a server that is alone.
pub(crate) struct Server {
    pub(crate) friends: Friends,
    stored: Stored,
}

impl Server {
    /// With these people.
    pub(crate) async fn of(names: &[&str], settings: &[(&str, &str)]) -> Self {
        let mut sources = Sources::default().with("limits.friend_requests_per_minute", "none");
        for (key, value) in settings {
            sources = sources.with(key, *value);
        }
        let config = load(&sources).unwrap();
        let stored = Stored::of(names).await;
        let backplane = Backplane::alone("n1".parse().unwrap());
        let node = backplane.node().clone();
        let dispatch = Dispatch::new(dispatch::Settings::default(), backplane, Arc::default());
        let friends = Friends::start(stored.store.clone(), dispatch, &config, &node);
        Self {
            friends: friends.await.unwrap(),
            stored,
        }
    }

    /// Somebody asks somebody, or accepts.
    pub(crate) async fn ask(&self, asker: &str, other: &str) -> Result<Friendship, FriendsFault> {
        self.friends.ask(&user(asker), &user(other)).await
    }

    /// Somebody takes back, refuses or ends.
    pub(crate) async fn remove(&self, by: &str, other: &str) {
        self.friends.remove(&user(by), &user(other)).await.unwrap();
    }

    /// What somebody is to somebody.
    pub(crate) async fn standing(&self, of: &str, other: &str) -> Option<Standing> {
        let list = self.friends.list(&user(of), None, None, 1_000).await;
        let found = list.unwrap().into_iter();
        let other = user(other);
        let mut found = found.map(|(it, _)| it).filter(|it| it.other == other);
        found.next().map(|it| it.standing)
    }

    /// The categories of what somebody was told for good, with whom it is about.
    pub(crate) async fn told(&self, name: &str) -> Vec<(String, String)> {
        let of = user(name);
        let page = self.stored.store.read(move |conn| {
            inbox::page(conn, &of, Seq::default(), 1_000, Timestamp::from_millis(0))
        });
        let Page::Events { events, .. } = page.await.unwrap() else {
            panic!("nothing was dropped")
        };
        let of = |body: &str| {
            let told: Value = serde_json::from_str(body).unwrap();
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            (text(&told["category"]), text(&told["data"]["userId"]))
        };
        events.iter().map(|event| of(&event.body)).collect()
    }
}
