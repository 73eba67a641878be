//! What somebody who joins a room is told of it while it changes.

use std::{
    sync::{Arc, mpsc},
    time::Duration,
};

use actix_rt::task::yield_now;
use otomo::{
    delivery::{dispatch::Dispatch, lines::To, reply::Reply},
    kernel::config::{Sources, load},
    protocol::{
        event::RoomJoinAck,
        frame::{Frame, Published},
        spec::{Key, Kind, Priority, Topic},
    },
    rooms::{
        Joiner, Report, Rooms, RoomsFault,
        publication::{Draft, Target},
        records::states,
        rules,
    },
    store::{Handle, StoreError, Tx},
};
use serde_json::{Value, value::RawValue};
use tokio::sync::oneshot;

use crate::{
    fixture::{Person, Server, room, store},
    nodes::{Nodes, enter},
};

/// The room of all that follows.
const GAME: &str = "game_7";

/// A store that writes nothing more until this is dropped.
struct Busy {
    _until: mpsc::Sender<()>,
}

impl Busy {
    async fn keep(store: &Handle) -> Self {
        let (_until, dropped) = mpsc::channel();
        let (begins, began) = oneshot::channel();
        let mut begins = Some(begins);
        let wait = move |_: &mut Tx<'_>| {
            let _ = begins.take().map(|begins| begins.send(()));
            let _ = dropped.recv();
            Ok::<_, StoreError>(())
        };
        actix_rt::spawn(store.write(wait));
        began.await.unwrap();
        Self { _until }
    }
}

fn rooms(server: &Server, store: &Handle) -> Rooms {
    let secret = "a secret that is long enough to be one";
    let settings = Sources::default().with("auth.hs256_secret", secret);
    let config = Arc::new(load(&settings).unwrap());
    Rooms::start(store.clone(), server.dispatch.clone(), &config)
}

fn joins(person: &Person, user: &str, rooms: &Rooms) {
    let joined = rooms.join(Joiner {
        user: user.parse().unwrap(),
        at: person.at,
        room: room(GAME),
        claims: vec![room(GAME)],
        acknowledgement: RoomJoinAck { room: room(GAME) }.into(),
        reply: Reply::default(),
    });
    assert!(joined.is_ok());
}

/// How something is, as it is told and stored.
fn state(of: &str, is: &str) -> String {
    format!(r#"{{"type":"cell","of":"{of}","is":"{is}"}}"#)
}

/// What another node says of it.
fn news(of: &str, is: &str, revision: i64) -> Frame {
    let id = format!("{GAME}\ncell\n{of}").into();
    let published = Published {
        name: "cell",
        topic: Topic::Rooms,
        kind: Kind::State,
        priority: Priority::Normal,
        key: Some(Key {
            state: "published",
            id,
        }),
    };
    Frame::published(&published, state(of, is)).revised(revision)
}

/// What is said in what somebody hears, up to something.
async fn up_to(person: &mut Person, last: &str) -> Vec<String> {
    let mut heard: Vec<String> = Vec::new();
    while heard.last().is_none_or(|it| it != last) {
        heard.extend(person.write().await.messages.iter().map(words));
    }
    heard
}

/// A type, how something is, or how all is that a snapshot tells.
fn words(message: &Value) -> String {
    match message["events"].as_array() {
        Some(events) => format!("{:?}", events.iter().filter_map(how).collect::<Vec<_>>()),
        None => how(message).unwrap_or_else(|| message["type"].as_str().unwrap().to_owned()),
    }
}

/// How something is, if a message says that.
fn how(message: &Value) -> Option<String> {
    let said = message.get("data").unwrap_or(message);
    let (of, is) = (said["of"].as_str()?, said["is"].as_str()?);
    Some(format!("{of} {is}"))
}

/// What was read is old by then: whoever joins would not hear of what was told before they were in.
#[actix_rt::test]
async fn whoever_joins_is_told_what_another_node_said_while_it_was_read_and_nobody_hears_it_again()
{
    let nodes = Nodes::start().await;
    let rooms = rooms(&nodes.one, &nodes.store);
    let held = nodes.store.write(|tx| {
        let expires_at = tx.now() + Duration::from_hours(1);
        let open = |tx: &mut Tx<'_>, of| {
            let key = states::key("cell", of);
            states::put(tx, GAME, &key, &state(of, "open"), expires_at)
        };
        open(tx, "door").and_then(|_| open(tx, "gate"))
    });
    let revision = held.await.unwrap();
    let mut jiro = nodes.one.client(0, "jiro").await;
    enter(&nodes.one, &jiro, GAME).await;
    let mut taro = nodes.one.client(1, "taro").await;

    let busy = Busy::keep(&nodes.store).await;
    joins(&taro, "taro", &rooms);
    let others: &Dispatch = &nodes.two.dispatch;
    // Each is on its way to and fro before the next: what is told last is told while the store is asked.
    for number in 1..=20 {
        for of in ["gate", "roof"] {
            let is = number.to_string();
            others.tell(To::Room(room(GAME)), news(of, &is, revision + number));
            assert_eq!(up_to(&mut jiro, &format!("{of} {is}")).await.len(), 1);
        }
    }
    assert_eq!(taro.heard_types(), [""; 0]);
    drop(busy);
    let told = up_to(&mut taro, r#"["door open", "gate 20", "roof 20"]"#).await;
    assert_eq!(told[0], "room_join_ack");
    assert_eq!(told.len(), 2, "{told:?}");
    // What is older is told to nobody from now on.
    others.tell(To::Room(room(GAME)), news("roof", "old", revision));
    others.tell(To::Room(room(GAME)), news("gate", "last", revision + 21));
    for person in [&mut jiro, &mut taro] {
        assert_eq!(up_to(person, "gate last").await.len(), 1);
    }
}

/// Else its snapshot would tell what comes behind it, and an older state would come behind a newer one.
#[actix_rt::test]
async fn what_is_published_behind_a_join_is_said_behind_what_held_before_it() {
    let (server, (store, _folder)) = (Server::prompt(), store());
    let rooms = rooms(&server, &store);
    let mut taro = server.client(0, "taro").await;
    let busy = Busy::keep(&store).await;
    publishes(&rooms, "gate", "before").await;
    joins(&taro, "taro", &rooms);
    let first = publishes(&rooms, "door", "ajar").await;
    let second = publishes(&rooms, "door", "open").await;
    drop(busy);
    for published in [first, second] {
        published.await.unwrap().unwrap();
    }
    // Of two states that wait for the same write the older may be left out.
    let told = up_to(&mut taro, "door open").await;
    assert_eq!(
        told[..2],
        ["room_join_ack", r#"["gate before"]"#],
        "{told:?}"
    );
}

type Publishing = actix_rt::task::JoinHandle<Result<Vec<Report>, RoomsFault>>;

/// A backend says how something is. Returns once that is on its way to the store.
async fn publishes(rooms: &Rooms, of: &str, is: &str) -> Publishing {
    let draft = Draft {
        target: Target::Room(room(GAME)),
        name: "cell".to_owned(),
        data: RawValue::from_string(format!(r#"{{"of":"{of}","is":"{is}"}}"#)).unwrap(),
        kind: Some(rules::Kind::State),
        priority: Priority::Normal,
        key: Some(of.to_owned()),
        ttl: None,
        repeat: None,
    };
    let rooms = rooms.clone();
    let published = actix_rt::spawn(async move { rooms.publish(vec![draft]).await });
    // The task, and then the announcer, have had their turn.
    for _ in 0..8 {
        yield_now().await;
    }
    published
}
