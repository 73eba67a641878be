//! The states that hold, as they are told to somebody who comes, or who may have missed one.

use actix::prelude::*;
use serde_json::value::RawValue;
use tokio::sync::oneshot;

use super::Announcer;
use crate::{
    delivery::{dispatch::Dispatch, lines::To, nodes::Notes},
    kernel::{
        ids::{RoomId, UserId},
        logging::chain,
    },
    protocol::{
        event::{Event, RoomSnapshot},
        frame::Frame,
        spec::{self, Key},
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

/// A state that holds.
#[derive(Debug, PartialEq, Eq)]
struct Held {
    key: Key,
    revision: i64,
    /// The whole message.
    body: String,
}

impl Announcer {
    /// `room_snapshot` of states that were read, and of those that were told since: of each key the newest. `None` only if what is
    /// stored is no JSON. From now on no older state than these is told.
    pub(super) fn snapshot(
        &self,
        room: &RoomId,
        read: Vec<State>,
        told: Vec<Frame>,
    ) -> Option<Event> {
        let (owner, scope) = (owner(room), scope(room));
        let held = newest(scope, read, told).into_iter();
        let bodies = held.map(
            |Held {
                 key,
                 revision,
                 body,
             }| {
                // It is told whether it is new or not: nothing newer was told that is not among these.
                let _ = self.dispatch.admit_state(owner.as_ref(), key, revision);
                RawValue::from_string(body)
            },
        );
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

    /// Tells the people of this node who are in a room the states that hold there, if there are any.
    fn refresh(&self, room: &RoomId, read: Vec<State>, told: Vec<Frame>) {
        if read.is_empty() && told.is_empty() {
            return;
        }
        let to = match owner(room) {
            Some(owner) => To::User(owner),
            None if room.as_str() == EVERYONE => To::Everyone,
            None => To::Room(room.clone()),
        };
        if let Some(event) = self.snapshot(room, read, told) {
            self.dispatch.tell_here(to, Frame::new(&event));
        }
    }
}

/// Notes the states of a room that are told from now on.
pub(super) fn notes(dispatch: &Dispatch, room: &RoomId) -> Notes {
    dispatch.note_states(owner(room), scope(room))
}

/// The newest of each key: those that were read, in their order, and those that were told meanwhile.
fn newest(scope: &str, read: Vec<State>, told: Vec<Frame>) -> Vec<Held> {
    let read = read.into_iter().map(|state| Held {
        key: state_key(scope, &state.key),
        revision: state.revision,
        body: state.body,
    });
    let mut held: Vec<Held> = read.collect();
    for newer in told.iter().filter_map(as_told) {
        match held.iter_mut().find(|it| it.key == newer.key) {
            Some(read) if read.revision >= newer.revision => {}
            Some(read) => *read = newer,
            None => held.push(newer),
        }
    }
    held
}

/// What a frame says, if it is a state that holds still.
fn as_told(frame: &Frame) -> Option<Held> {
    if frame.tracking().is_some_and(|it| it.is_expired()) {
        return None;
    }
    Some(Held {
        key: frame.key()?.clone(),
        revision: frame.revision()?,
        body: str::from_utf8(frame.json()).ok()?.to_owned(),
    })
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
                    // They hear what is told by now, which is sent behind this.
                    for (room, states) in standing {
                        if let Some(event) = announcer.snapshot(&room, states, Vec::new()) {
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
        let (done, told) = oneshot::channel();
        let (notes, of) = (notes(&self.dispatch, &room), room.clone());
        let held = self.store.write(move |tx: &mut Tx<'_>| {
            let now = tx.now();
            states::of(tx, of.as_str(), now)
        });
        self.results
            .push(held, move |held: Result<_, StoreError>, announcer, _| {
                match held {
                    Ok(held) => announcer.refresh(&room, held, notes.told()),
                    Err(fault) => {
                        log::warn!(
                            "states were not told anew room={room} cause={}",
                            chain(&fault)
                        );
                    }
                }
                let _ = done.send(());
            });
        Box::pin(async { told.await.unwrap_or_default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        kernel::time::Timestamp,
        protocol::{
            frame::Published,
            spec::{Priority, Topic},
        },
    };

    fn read(key: &str, revision: i64) -> State {
        State {
            key: key.to_owned(),
            body: format!("\"read {key} {revision}\""),
            revision,
            expires_at: Timestamp::default(),
        }
    }

    fn told(key: &str, revision: i64) -> Frame {
        let state = Published {
            name: "room_event",
            topic: Topic::Rooms,
            kind: spec::Kind::State,
            priority: Priority::Normal,
            key: Some(state_key("game_7", key)),
        };
        Frame::published(&state, format!("\"told {key} {revision}\"")).revised(revision)
    }

    #[test]
    fn of_what_was_read_and_what_was_told_meanwhile_the_newest_of_each_key_holds() {
        let read = vec![read("door", 5), read("roof", 5), read("wall", 5)];
        let told = vec![told("roof", 6), told("wall", 4), told("floor", 7)];
        let held = newest("game_7", read, told);
        let bodies: Vec<&str> = held.iter().map(|it| it.body.as_str()).collect();
        assert_eq!(
            bodies,
            [
                "\"read door 5\"",
                "\"told roof 6\"",
                "\"read wall 5\"",
                "\"told floor 7\""
            ]
        );
    }
}
