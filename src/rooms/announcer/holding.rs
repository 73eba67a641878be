//! The states that hold, as they are told to somebody who comes, or who may have missed one.

use actix::prelude::*;
use serde_json::value::RawValue;
use tokio::sync::oneshot;

use super::Announcer;
use crate::{
    delivery::{dispatch::Dispatch, lines::To},
    kernel::{
        ids::{RoomId, UserId},
        logging::chain,
    },
    protocol::{
        event::{Event, RoomSnapshot},
        frame::Frame,
        spec,
    },
    rooms::{
        fault::RoomsFault,
        messages::{Refresh, Welcome},
        publication::state_key,
        records::states::{self, State},
        rules::{self, EVERYONE},
        transactions,
    },
    store::{StoreError, Tx},
};

/// How often the states of a room are read at most. In one that other nodes change without a pause the next change comes before
/// anybody notices.
const READINGS_MAX: u32 = 8;

impl Announcer {
    /// `room_snapshot`; `None` only if what is stored is no JSON. From now on no older state than these is told.
    pub(super) fn snapshot(&self, room: &RoomId, states: Vec<State>) -> Option<Event> {
        let owner = owner(room);
        let scope = scope(room);
        let mut bodies = Vec::with_capacity(states.len());
        for State {
            key,
            body,
            revision,
            ..
        } in states
        {
            let key = state_key(scope, &key);
            self.dispatch.has_told(owner.as_ref(), key, revision);
            bodies.push(RawValue::from_string(body));
        }
        match bodies.into_iter().collect::<Result<Vec<_>, _>>() {
            Ok(events) => Some(
                RoomSnapshot {
                    room: room.clone(),
                    events,
                }
                .into(),
            ),
            Err(fault) => {
                log::error!("room_states.body is no JSON room={room} cause={fault}");
                None
            }
        }
    }

    fn snapshot_of(&self, room: &str, states: Vec<State>) -> Option<Event> {
        self.snapshot(&room.parse().ok()?, states)
    }

    /// Tells the people of this node who are in a room the states that hold there, if there are any.
    fn refresh(&self, room: &RoomId, states: Vec<State>) {
        if states.is_empty() {
            return;
        }
        let to = match owner(room) {
            Some(owner) => To::User(owner),
            None if room.as_str() == EVERYONE => To::Everyone,
            None => To::Room(room.clone()),
        };
        if let Some(event) = self.snapshot(room, states) {
            self.dispatch.tell_here(to, Frame::new(&event));
        }
    }
}

/// Reads what holds in a room, again while this node is told something newer: it would be told before what was read, to people of
/// whom some are not there yet. To be polled where nothing is told between the last look and what is done with it.
pub(super) async fn newest<T, E, R>(
    dispatch: &Dispatch,
    room: &RoomId,
    read: impl Fn() -> R,
) -> Result<T, E>
where
    R: Future<Output = Result<T, E>>,
{
    let (owner, scope) = (owner(room), scope(room));
    let told = || dispatch.states_told(owner.as_ref(), scope);
    for _ in 1..READINGS_MAX {
        let before = told();
        let found = read().await;
        if found.is_err() || told() == before {
            return found;
        }
    }
    read().await
}

/// In what the keys of its states are told apart from those of other rooms.
fn scope(room: &RoomId) -> &str {
    match rules::owner(room) {
        Some(_) => "",
        None => room.as_str(),
    }
}

/// Whose own room it is, if it is one.
fn owner(room: &RoomId) -> Option<UserId> {
    rules::owner(room)?.parse().ok()
}

impl Handler<Welcome> for Announcer {
    type Result = ResponseFuture<Result<(), RoomsFault>>;

    fn handle(&mut self, Welcome { user, at }: Welcome, _: &mut Context<Self>) -> Self::Result {
        let (answer, answered) = oneshot::channel();
        let standing = self
            .store
            .write(move |tx| transactions::standing(tx, &user));
        self.results.push(
            standing,
            move |standing: Result<_, StoreError>, announcer, _| {
                let told = standing.map(|standing| {
                    for (room, states) in standing {
                        if let Some(event) = announcer.snapshot_of(&room, states) {
                            let frame = Frame::of_kind(&event, spec::Kind::Preamble);
                            announcer.dispatch.tell(To::Session(at), frame);
                        }
                    }
                });
                let _ = answer.send(told.map_err(RoomsFault::from));
            },
        );
        Box::pin(async { answered.await.unwrap_or(Err(RoomsFault::Stopped)) })
    }
}

impl Handler<Refresh> for Announcer {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, Refresh { room }: Refresh, _: &mut Context<Self>) -> Self::Result {
        let (done, refreshed) = oneshot::channel();
        let (store, dispatch, of) = (self.store.clone(), self.dispatch.clone(), room.clone());
        let held = async move {
            let read = || {
                let of = of.clone();
                // In the order of the writes, like all that is said of rooms.
                store.write(move |tx: &mut Tx<'_>| {
                    let now = tx.now();
                    states::of(tx, of.as_str(), now)
                })
            };
            newest(&dispatch, &of, read).await
        };
        self.results
            .push(held, move |held: Result<_, StoreError>, announcer, _| {
                match held {
                    Ok(states) => announcer.refresh(&room, states),
                    Err(fault) => {
                        log::warn!(
                            "states were not told anew room={room} cause={}",
                            chain(&fault)
                        );
                    }
                }
                let _ = done.send(());
            });
        Box::pin(async { refreshed.await.unwrap_or_default() })
    }
}
