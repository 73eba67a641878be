//! The states that hold, as they are told to somebody who comes, or who may have missed one.

use std::time::Duration;

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

/// How often the states of a room are read in a row. Where other nodes change them each time, others wait for the store, too.
const READINGS_MAX: u32 = 3;

/// How long such a room is left alone.
const LEFT_ALONE: Duration = Duration::from_secs(1);

/// What holds in a room, as far as it could be read.
pub(super) struct Reading<T> {
    pub(super) found: T,
    /// Whether nothing newer was told meanwhile.
    pub(super) is_newest: bool,
}

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
            // It is told in any case: whoever has read it has looked whether anything newer was told.
            let _ = self.dispatch.admit_state(owner.as_ref(), key, revision);
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

    /// Reads what holds in a room and tells its people. Done once they are told, or the room is left alone for a while.
    fn tell_anew(&mut self, room: RoomId) -> oneshot::Receiver<()> {
        let (done, told) = oneshot::channel();
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
            newest(told_in(&dispatch, &of), read).await
        };
        self.results
            .push(held, move |held: Result<_, StoreError>, announcer, ctx| {
                match held {
                    Ok(Reading {
                        found,
                        is_newest: true,
                    }) => announcer.refresh(&room, found),
                    // They have heard what is newer.
                    Ok(_) => announcer.tell_later(room, ctx),
                    Err(fault) => {
                        log::warn!(
                            "states were not told anew room={room} cause={}",
                            chain(&fault)
                        );
                    }
                }
                let _ = done.send(());
            });
        told
    }

    /// Has the people of a room told what holds there once it has been left alone for a while.
    pub(super) fn tell_later(&mut self, room: RoomId, ctx: &mut Context<Self>) {
        if !self.overtaken.insert(room.clone()) {
            return;
        }
        log::warn!("states change faster than they are read room={room} readings={READINGS_MAX}");
        ctx.run_later(LEFT_ALONE, |announcer, _| {
            announcer.overtaken.remove(&room);
            // Nobody waits for it.
            drop(announcer.tell_anew(room));
        });
    }
}

/// Reads what holds in a room, again while this node is told something newer: it would be told before what was read, to people of
/// whom some are not there yet. `told` counts what was told there. To be polled where nothing is told between the last look and
/// what is done with it.
pub(super) async fn newest<T, E, R>(
    told: impl Fn() -> u64,
    read: impl Fn() -> R,
) -> Result<Reading<T>, E>
where
    R: Future<Output = Result<T, E>>,
{
    let mut readings = 1;
    loop {
        let before = told();
        let found = read().await?;
        let is_newest = told() == before;
        if is_newest || readings == READINGS_MAX {
            return Ok(Reading { found, is_newest });
        }
        readings += 1;
    }
}

/// How often something newer was told of the states of a room.
pub(super) fn told_in(dispatch: &Dispatch, room: &RoomId) -> impl Fn() -> u64 {
    let owner = owner(room);
    move || dispatch.states_told(owner.as_ref(), scope(room))
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
                        if let Some(event) = announcer.snapshot(&room, states) {
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
        let told = self.tell_anew(room);
        Box::pin(async { told.await.unwrap_or_default() })
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, convert::Infallible, future::ready};

    use super::*;

    /// Reads states that are told anew during so many readings; returns which reading was taken, and whether it is the newest.
    async fn read(overtaken: u64) -> (u64, bool) {
        let (told, readings) = (Cell::new(0), Cell::new(0));
        let read = || {
            readings.set(readings.get() + 1);
            told.set(readings.get().min(overtaken));
            ready(Ok::<_, Infallible>(readings.get()))
        };
        let Ok(reading) = newest(|| told.get(), read).await;
        (reading.found, reading.is_newest)
    }

    #[actix_rt::test]
    async fn states_are_read_until_nothing_newer_is_told_meanwhile_and_else_are_known_to_be_old() {
        assert_eq!(read(0).await, (1, true));
        assert_eq!(read(1).await, (2, true));
        let most = u64::from(READINGS_MAX);
        assert_eq!(read(most - 1).await, (most, true));
        assert_eq!(read(most).await, (most, false));
        assert_eq!(read(u64::MAX).await, (most, false));
    }
}
