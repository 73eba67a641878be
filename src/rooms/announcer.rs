//! The announcer: stores what is published, and says it in the order in which it was stored.
//!
//! ```text
//!   publish, join, revoke ──> announcer ──> store, in the order of arrival
//!                                 ^             |
//!                                 └── results ──┘ in the order of the commits ──> dispatch
//! ```
//! Why an actor, where the chat has none: the events of a room reach each of its members in one order, and somebody who joins
//! is told the states that hold before the events that change them. So all that concerns order passes through one place, and
//! is said as its results come back ([`Ordered`]). What needs no store is said at once: nothing can refuse it any more.

use std::{future::Future, pin::Pin, sync::Arc, time::Instant};

use actix::prelude::*;
use serde_json::value::RawValue;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::{
    fault::RoomsFault,
    messages::{Expire, Join, Joiner, Publish, Report, Revoke, Stop, Welcome},
    publication::{Publication, Target},
    records::members,
    rules::Kind,
    transactions::{self, Entrance, Entry, Outcome, StateLimits},
    watch,
};
use crate::{
    delivery::{dispatch::Dispatch, line::SessionRef, lines::To, reply::Reply, rooms::JoinOutcome},
    kernel::{
        ids::{RoomId, UserId},
        logging::chain,
    },
    protocol::{
        event::{Error, Event, RoomLeft, RoomLeftReason, RoomSnapshot},
        fault::Fault,
        frame::Frame,
        spec,
    },
    store::{
        Handle, StoreError,
        ordered::{Ordered, TakeResults, TakesInOrder},
        steps::STEP_ROWS,
    },
};

/// Requests that may wait. Each brings up to a thousand events; who finds it full is told to come back.
const MAILBOX: usize = 256;

/// A number that delivery will know in a moment.
type Count = Pin<Box<dyn Future<Output = usize>>>;

/// The actor.
pub(super) struct Announcer {
    store: Handle,
    dispatch: Dispatch,
    states: StateLimits,
    /// Rooms that one connection may be in.
    rooms_max: usize,
    results: Ordered<Self>,
    /// Whether a sweep of grants is on its way.
    sweeping: bool,
}

impl Announcer {
    pub(super) fn new(
        store: Handle,
        dispatch: Dispatch,
        states: StateLimits,
        rooms_max: usize,
    ) -> Self {
        Self {
            store,
            dispatch,
            states,
            rooms_max,
            results: Ordered::default(),
            sweeping: false,
        }
    }

    /// Says an event to whom it is for, and counts the outboxes that it enters.
    fn say(&self, publication: &Publication, outcome: &Outcome, accepted: Instant) -> Vec<Count> {
        if let Outcome::Repeated(_) = outcome {
            return Vec::new();
        }
        let frame = publication.frame(&self.dispatch, accepted);
        if let Outcome::Stored(places) = outcome {
            let durable = |(user, seq): &(_, _)| -> Count {
                Box::pin(self.dispatch.durable_counted(user, *seq, &frame))
            };
            return places.iter().map(durable).collect();
        }
        let tell = |to: To| -> Count { Box::pin(self.dispatch.tell_counted(to, frame.clone())) };
        match &publication.target {
            Target::User(user) => vec![tell(To::User(user.clone()))],
            Target::Users(users) => users.iter().cloned().map(To::User).map(tell).collect(),
            Target::Room(room) => vec![tell(To::Room(room.clone()))],
            Target::Everyone => vec![tell(To::Everyone)],
        }
    }

    /// Says what was stored, and answers once it is known whom it reached.
    fn conclude(
        &self,
        entries: &[Entry],
        outcomes: &[Outcome],
        accepted: Instant,
        mut said: Vec<Vec<Count>>,
        answer: oneshot::Sender<Result<Vec<Report>, RoomsFault>>,
    ) {
        let mut reports = Vec::with_capacity(entries.len());
        for ((entry, outcome), counts) in entries.iter().zip(outcomes).zip(&mut said) {
            if counts.is_empty() {
                *counts = self.say(&entry.publication, outcome, accepted);
            }
            reports.push(Report {
                stored: outcome.stored(),
                delivered: 0,
            });
        }
        let watched: Vec<watch::Said> = entries
            .iter()
            .map(|entry| watch::Said::of(&entry.publication))
            .collect();
        let dispatch = self.dispatch.clone();
        actix_rt::spawn(async move {
            for ((report, counts), said) in reports.iter_mut().zip(said).zip(watched) {
                for count in counts {
                    report.delivered += count.await as u64;
                }
                said.log(*report, dispatch.roster());
            }
            // A backend that no longer waits has gone; what was said was said.
            let _ = answer.send(Ok(reports));
        });
    }

    fn entry(&self, publication: Publication) -> Entry {
        let present = match (&publication.target, publication.kind) {
            (Target::Room(room), Kind::Durable) => {
                let there = self.dispatch.roster().room_members(room);
                there.into_iter().map(|(user, _)| user).collect()
            }
            _ => Vec::new(),
        };
        Entry {
            publication,
            present,
        }
    }

    /// Lets a session in, or tells it why not.
    fn admit(&self, joiner: Joiner, entered: Result<Entrance, RoomsFault>) {
        let Joiner {
            at,
            room,
            acknowledgement,
            reply,
            ..
        } = joiner;
        let entrance = match entered {
            Ok(entrance) => entrance,
            Err(fault) => return self.refuse(at, &reply, fault),
        };
        let (until, most) = (entrance.right.until(), self.rooms_max);
        let refusal = error(RoomsFault::TooManyRooms(most), &self.store);
        // A request is answered when it is known how it came out; a session in one piece with what follows.
        let (acknowledged, refused) = reply.either(&acknowledgement, &refusal).unzip();
        let snapshot = snapshot(&room, entrance.states).map(|event| Frame::new(&event));
        let first = acknowledged.into_iter().chain(snapshot).collect();
        let joined = self.dispatch.join(at, &room, until, most, first, refused);
        actix_rt::spawn(async move {
            let answer = match joined.await {
                JoinOutcome::Joined | JoinOutcome::Already => acknowledgement,
                JoinOutcome::TooMany => refusal,
                JoinOutcome::Gone => return,
            };
            // A session has been told.
            reply.send(&answer, drop);
        });
    }

    fn refuse(&self, at: SessionRef, reply: &Reply, fault: RoomsFault) {
        if let RoomsFault::Store(cause) = &fault {
            log::error!(
                "room not joined session={} cause={}",
                at.session,
                chain(cause)
            );
        }
        let tell = |frame| self.dispatch.tell(To::Session(at), frame);
        reply.send(&error(fault, &self.store), tell);
    }

    /// Takes a user out of a room, and tells those of their connections that were in it.
    fn take_out(&self, room: &RoomId, user: &UserId, reason: RoomLeftReason) {
        let left = RoomLeft {
            room: room.clone(),
            reason,
        };
        let (to, last) = (To::User(user.clone()), Some(Frame::new(&left.into())));
        drop(self.dispatch.leave(&to, room, last));
    }
}

impl Handler<Publish> for Announcer {
    type Result = ResponseFuture<Result<Vec<Report>, RoomsFault>>;

    fn handle(&mut self, publish: Publish, _: &mut Context<Self>) -> Self::Result {
        let Publish {
            publications,
            accepted,
        } = publish;
        let (answer, answered) = oneshot::channel();
        let entries = publications.into_iter().map(|it| self.entry(it)).collect();
        let entries: Arc<[Entry]> = Vec::into(entries);
        let at_once = |entry: &Entry| {
            entry.publication.kind == Kind::Ephemeral && entry.publication.repeat.is_none()
        };
        let said = entries.iter().map(|entry| match at_once(entry) {
            true => self.say(&entry.publication, &Outcome::NotStored, accepted),
            false => Vec::new(),
        });
        let said: Vec<Vec<Count>> = said.collect();
        if entries.iter().all(at_once) {
            let outcomes = vec![Outcome::NotStored; entries.len()];
            self.conclude(&entries, &outcomes, accepted, said, answer);
        } else {
            let (request, limits, stored) = (Uuid::new_v4(), self.states, Arc::clone(&entries));
            let stored = self
                .store
                .write(move |tx| transactions::publish(tx, &stored, request, limits));
            self.results.push(stored, move |stored, announcer, _| {
                match stored {
                    Ok(outcomes) => announcer.conclude(&entries, &outcomes, accepted, said, answer),
                    // A backend that no longer waits has gone.
                    Err(fault) => drop(answer.send(Err(fault))),
                }
            });
        }
        Box::pin(async { answered.await.unwrap_or(Err(RoomsFault::Stopped)) })
    }
}

impl Handler<Join> for Announcer {
    type Result = ();

    fn handle(&mut self, Join { joiner }: Join, _: &mut Context<Self>) {
        let (user, room, claims) = (
            joiner.user.clone(),
            joiner.room.clone(),
            joiner.claims.clone(),
        );
        // In the order of the writes, though it only reads: what is published after it is said after it.
        let entered = self
            .store
            .write(move |tx| transactions::enter(tx, &user, &room, &claims));
        self.results.push(entered, move |entered, announcer, _| {
            announcer.admit(joiner, entered);
        });
    }
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
                        let room = room.parse().ok();
                        let event = room.and_then(|room| snapshot(&room, states));
                        if let Some(event) = event {
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

impl Handler<Revoke> for Announcer {
    type Result = ResponseFuture<Result<(), RoomsFault>>;

    fn handle(&mut self, Revoke { room, user }: Revoke, _: &mut Context<Self>) -> Self::Result {
        let (answer, answered) = oneshot::channel();
        let (from, whose) = (room.clone(), user.clone());
        let removed = self
            .store
            .write(move |tx| members::remove(tx, &from, &whose));
        self.results.push(
            removed,
            move |removed: Result<_, StoreError>, announcer, _| {
                if removed.is_ok() {
                    announcer.take_out(&room, &user, RoomLeftReason::Revoked);
                }
                let _ = answer.send(removed.map(drop).map_err(RoomsFault::from));
            },
        );
        Box::pin(async { answered.await.unwrap_or(Err(RoomsFault::Stopped)) })
    }
}

impl Handler<Expire> for Announcer {
    type Result = ();

    fn handle(&mut self, _: Expire, _: &mut Context<Self>) {
        if std::mem::replace(&mut self.sweeping, true) {
            return;
        }
        let gone = self.store.write(|tx| members::expire(tx, STEP_ROWS));
        self.results
            .push(gone, |gone: Result<_, StoreError>, announcer, _| {
                announcer.sweeping = false;
                match gone {
                    Ok(gone) => gone.iter().for_each(|(room, user)| {
                        announcer.take_out(room, user, RoomLeftReason::Expired);
                    }),
                    Err(fault) => log::warn!("grants not dropped cause={}", chain(&fault)),
                }
            });
    }
}

impl Handler<Stop> for Announcer {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: Stop, _: &mut Context<Self>) -> ResponseFuture<()> {
        let (done, stopped) = oneshot::channel();
        self.results.push(std::future::ready(()), |(), _, ctx| {
            let _ = done.send(());
            ctx.stop();
        });
        // Dropped unsent it has stopped too.
        Box::pin(async { stopped.await.unwrap_or_default() })
    }
}

/// `room_snapshot`; `None` only if what is stored is no JSON.
fn snapshot(room: &RoomId, states: Vec<String>) -> Option<Event> {
    let events = states.into_iter().map(RawValue::from_string);
    match events.collect::<Result<Vec<_>, _>>() {
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

fn error(fault: RoomsFault, store: &Handle) -> Event {
    let fault = Fault::from(fault);
    Error {
        code: fault.code,
        message: fault.message,
        context: fault.context,
        timestamp: store.now().unix_seconds(),
    }
    .into()
}

impl TakesInOrder for Announcer {
    fn results(&mut self) -> &mut Ordered<Self> {
        &mut self.results
    }
}

impl Actor for Announcer {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.set_mailbox_capacity(MAILBOX);
        ctx.spawn(TakeResults);
    }
}
