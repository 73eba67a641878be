//! What somebody who joins is told of a room whose states other nodes change faster than they can be read.

use std::{cell::Cell, rc::Rc, sync::Arc, thread, time::Duration};

use actix_rt::{task::yield_now, time::sleep};
use otomo::{
    delivery::{dispatch::Dispatch, reply::Reply},
    kernel::config::{Sources, load},
    protocol::{event::RoomJoinAck, spec::Key},
    rooms::{Joiner, Rooms, records::states},
    store::{Handle, StoreError, Tx},
};
use tokio::sync::oneshot;

use crate::{
    fixture::{Person, room},
    nodes::Nodes,
};

/// A node that hears of newer states of the game 7 all the time, and whose store is never idle, until this is dropped: whoever
/// reads from it has to wait, and hears of one meanwhile.
struct Changes(Rc<Cell<bool>>);

impl Changes {
    async fn begin(dispatch: &Dispatch, store: &Handle) -> Self {
        let goes_on = Rc::new(Cell::new(true));
        let (begins, began) = oneshot::channel();
        actix_rt::spawn(keep_busy(store.clone(), Rc::clone(&goes_on), Some(begins)));
        began.await.unwrap();
        // This one waits for that one, and so on.
        actix_rt::spawn(keep_busy(store.clone(), Rc::clone(&goes_on), None));
        let (changes, dispatch) = (Rc::clone(&goes_on), dispatch.clone());
        actix_rt::spawn(async move {
            let mut revision = 0;
            while changes.get() {
                revision += 1;
                let key = Key {
                    state: "published",
                    id: "game_7\nroof".into(),
                };
                assert!(dispatch.admit_state(None, key, revision));
                yield_now().await;
            }
        });
        Self(goes_on)
    }
}

/// Has the store always something to do that takes a while.
async fn keep_busy(
    store: Handle,
    goes_on: Rc<Cell<bool>>,
    mut begins: Option<oneshot::Sender<()>>,
) {
    while goes_on.get() {
        let mut begins = begins.take();
        let slow = move |_: &mut Tx<'_>| {
            let _ = begins.take().map(|begins| begins.send(()));
            thread::sleep(Duration::from_millis(10));
            Ok::<_, StoreError>(())
        };
        store.write(slow).await.unwrap();
    }
}

impl Drop for Changes {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

/// The types of all that somebody hears up to this one.
async fn up_to(person: &mut Person, last: &str) -> Vec<String> {
    let mut types: Vec<String> = Vec::new();
    while types.last().is_none_or(|it| it != last) {
        let write = person.write().await;
        types.extend(
            write
                .messages
                .iter()
                .map(|it| it["type"].as_str().unwrap().to_owned()),
        );
    }
    types
}

/// From reading: whoever joined was told what had been read last, though newer was told meanwhile, and never heard of that; so were
/// those who had heard of it.
#[actix_rt::test]
async fn whoever_was_told_older_states_is_told_what_holds_and_nobody_is_told_older_ones_again() {
    let nodes = Nodes::start().await;
    let settings = Sources::default().with(
        "auth.hs256_secret",
        "a secret that is long enough to be one",
    );
    let config = Arc::new(load(&settings).unwrap());
    let rooms = Rooms::start(nodes.store.clone(), nodes.one.dispatch.clone(), &config);
    let open = r#"{"type":"room_event","room":"game_7","event":"door","data":{}}"#;
    let held = nodes.store.write(move |tx| {
        let expires_at = tx.now() + Duration::from_hours(1);
        states::put(tx, "game_7", "door", open, expires_at)
    });
    held.await.unwrap();
    let mut taro = nodes.one.client(0, "taro").await;
    let changes = Changes::begin(&nodes.one.dispatch, &nodes.store).await;
    let joined = rooms.join(Joiner {
        user: "taro".parse().unwrap(),
        at: taro.at,
        room: room("game_7"),
        claims: vec![room("game_7")],
        acknowledgement: RoomJoinAck {
            room: room("game_7"),
        }
        .into(),
        reply: Reply::default(),
    });
    assert!(joined.is_ok());
    let told = up_to(&mut taro, "room_snapshot").await;
    assert_eq!(told, ["room_join_ack", "room_snapshot"]);
    // The room has been looked at again by then.
    sleep(Duration::from_millis(1_500)).await;
    assert_eq!(taro.heard_types(), [""; 0]);
    drop(changes);
    assert_eq!(up_to(&mut taro, "room_snapshot").await, ["room_snapshot"]);
}
