//! People on a real database.

use std::{sync::Arc, time::Duration};

use diesel::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::{
    kernel::{
        config::{DatabaseConfig, DatabaseUrl},
        time::{Clock, Timestamp},
    },
    store::{migrations::migrate, run, sql::schema::users},
};

struct Fixture {
    people: People,
    store: Handle,
    clock: Clock,
    _folder: TempDir,
}

fn fixture(auto_provision: bool) -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::Sqlite(folder.path().join("otomo.db"));
    migrate(&url).unwrap();
    let clock = Clock::manual(Timestamp::from_millis(1_000));
    let config = DatabaseConfig {
        url,
        pool_size: 1,
        queue: 16,
        statement_timeout: Duration::from_secs(5),
    };
    let store = Handle::open(&config, clock.clone(), Arc::default()).unwrap();
    Fixture {
        people: People::new(store.clone(), auto_provision),
        store,
        clock,
        _folder: folder,
    }
}

impl Fixture {
    /// When a row was last written.
    async fn written_at(&self, user: &'static str) -> i64 {
        let read = self.store.read(move |conn| {
            run!(conn, |c| users::table
                .find(user)
                .select(users::updated_at)
                .first(c))
        });
        let written_at: Result<i64, StoreError> = read.await;
        written_at.unwrap()
    }
}

fn token(user: &str, name: &str) -> Identity {
    Identity {
        user: user.parse().unwrap(),
        role: Role::Otomo,
        name: Some(name.to_owned()),
        avatar: None,
        rooms: Vec::new(),
        expires_at: Timestamp::default(),
    }
}

fn person(user: &str) -> Person {
    Person {
        user: user.parse().unwrap(),
        role: Role::Otomo,
        name: "Aiko".to_owned(),
        avatar: Some("a.png".to_owned()),
        price_per_minute: Some(120),
        disabled: false,
    }
}

#[actix_rt::test]
async fn a_return_with_the_same_token_writes_nothing() {
    let fixture = fixture(true);
    let first = fixture.people.enter(token("aiko", "Aiko")).await.unwrap();
    fixture.clock.advance(Duration::from_secs(1));
    let second = fixture.people.enter(token("aiko", "Aiko")).await.unwrap();
    assert_eq!(first, second);
    assert_eq!(fixture.written_at("aiko").await, 1_000);

    let renamed = fixture.people.enter(token("aiko", "Ai")).await.unwrap();
    assert_eq!(renamed.name, "Ai");
    assert_eq!(fixture.written_at("aiko").await, 2_000);
}

#[actix_rt::test]
async fn a_refusal_stores_nothing() {
    let fixture = fixture(false);
    let refused = fixture.people.enter(token("aiko", "Aiko")).await;
    assert!(matches!(refused, Err(EntryFault::Unknown)), "{refused:?}");
    let aiko = "aiko".parse().unwrap();
    assert_eq!(fixture.people.find(aiko).await.unwrap(), None);
}

#[actix_rt::test]
async fn a_backend_describes_a_person_whole() {
    let fixture = fixture(false);
    assert_eq!(
        fixture.people.put(person("aiko")).await.unwrap(),
        Put::Created
    );
    fixture.clock.advance(Duration::from_secs(1));
    assert_eq!(
        fixture.people.put(person("aiko")).await.unwrap(),
        Put::Unchanged
    );
    assert_eq!(fixture.written_at("aiko").await, 1_000);

    let bare = Person {
        avatar: None,
        price_per_minute: None,
        disabled: true,
        ..person("aiko")
    };
    let role_was = person("aiko").role;
    assert_eq!(
        fixture.people.put(bare.clone()).await.unwrap(),
        Put::Changed { role_was }
    );
    let stored = fixture.people.find(bare.user.clone()).await.unwrap();
    assert_eq!(stored, Some(bare));
    let refused = fixture.people.enter(token("aiko", "Aiko")).await;
    assert!(matches!(refused, Err(EntryFault::Disabled)), "{refused:?}");
}

#[actix_rt::test]
async fn a_page_of_people_is_found_at_once() {
    let fixture = fixture(false);
    for user in ["aiko", "ben", "chie"] {
        fixture.people.put(person(user)).await.unwrap();
    }
    let wanted: Vec<UserId> = ["chie", "aiko", "nobody"]
        .iter()
        .map(|it| it.parse().unwrap())
        .collect();
    let found = fixture
        .store
        .read(move |conn| records::find_many(conn, &wanted))
        .await
        .unwrap();
    let mut names: Vec<_> = found.keys().map(UserId::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["aiko", "chie"]);
}
