//! The states that hold, as they are told to somebody who comes, or who may have missed one.

use actix::prelude::*;
use serde_json::value::RawValue;
use tokio::sync::oneshot;

use super::{Announcer, READINGS_MAX};
use crate::{
    delivery::lines::To,
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
    store::StoreError,
};

impl Announcer {
    /// Whether these are the newest states of a room that this node has heard of: another node may have said a newer one since
    /// they were read. From now on no older one than these is told.
    pub(super) fn are_newest(&self, room: &RoomId, states: &[State]) -> bool {
        let owner = owner(room);
        let scope = match &owner {
            Some(_) => "",
            None => room.as_str(),
        };
        let mut newest = true;
        for State { key, revision, .. } in states {
            let key = state_key(scope, key);
            newest &= self.dispatch.tells(owner.as_ref(), key, *revision);
        }
        newest
    }

    /// `room_snapshot`; `None` only if what is stored is no JSON.
    pub(super) fn snapshot(&self, room: &RoomId, states: Vec<State>) -> Option<Event> {
        let bodies = states.into_iter().map(|it| RawValue::from_string(it.body));
        match bodies.collect::<Result<Vec<_>, _>>() {
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
        let room = room.parse().ok()?;
        // A session that begins hears what is newer after this.
        self.are_newest(&room, &states);
        self.snapshot(&room, states)
    }

    /// Reads what holds in a room, and tells its people.
    fn tell_anew(&mut self, room: RoomId, readings: u32, done: oneshot::Sender<()>) {
        let of = room.clone();
        // In the order of the writes, like all that is said of rooms.
        let held = self.store.write(move |tx| {
            let now = tx.now();
            states::of(tx, of.as_str(), now)
        });
        let tell = move |held: Result<Vec<State>, StoreError>, announcer: &mut Self, _: &mut _| {
            match held {
                // The people there have heard what is newer.
                Ok(states) if !announcer.are_newest(&room, &states) && readings > 1 => {
                    return announcer.tell_anew(room, readings - 1, done);
                }
                Ok(states) => announcer.refresh(&room, states),
                Err(fault) => log::warn!(
                    "states were not told anew room={room} cause={}",
                    chain(&fault)
                ),
            }
            let _ = done.send(());
        };
        self.results.push(held, tell);
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
        self.tell_anew(room, READINGS_MAX, done);
        Box::pin(async { refreshed.await.unwrap_or_default() })
    }
}
