//! The announcer: stores what is published, and says it in the order in which it was stored.
//!
//! ```text
//!   publish, join, revoke ──> announcer ──> store, in the order of arrival
//!                                 ^             |
//!                                 └── results ──┘ in the order of the commits ──> dispatch
//! ```
//! Why an actor, where the chat has none: the events of a room reach each of its members in one order, and somebody who joins
//! is told the states that hold before the events that change them. So all that concerns order passes through one place, and
//! is said as its results come back ([`Ordered`]). A request that needs no store is said at once: nothing can refuse it any more.
//!
//! - `members`: who is let in and taken out. `holding`: the states that hold, for those who come and for those who may have
//!   missed one.

mod holding;
mod members;

use std::{collections::HashMap, future::Future, pin::Pin, sync::Arc, time::Instant};

use actix::prelude::*;
use tokio::sync::oneshot;

use super::{
    event_log,
    fault::RoomsFault,
    messages::{Publish, Report, Stop},
    publication::Publication,
    records::states::State,
    rules::{DURABLE_MEMBERS_MAX, Kind},
    transactions::{self, Entry, Outcome, StateLimits},
};
use crate::{
    delivery::{dispatch::Dispatch, lines::To},
    kernel::{
        config::{Changeable, LimitsConfig},
        draw,
        ids::{RoomId, UserId},
    },
    protocol::frame::Frame,
    store::{
        Handle,
        ordered::{Ordered, TakeResults, TakesInOrder},
    },
};

/// Messages that may wait. Joins beyond them are refused; how many of these, and of requests of backends, there may be at a time is
/// bounded before they come here.
const MAILBOX: usize = 256;

/// A number that delivery will know in a moment.
type Count = Pin<Box<dyn Future<Output = usize>>>;

/// The actor.
pub(super) struct Announcer {
    store: Handle,
    dispatch: Dispatch,
    states: StateLimits,
    limits: Changeable<LimitsConfig>,
    results: Ordered<Self>,
    /// Whether a sweep of grants is on its way.
    sweeping: bool,
}

impl Announcer {
    pub(super) fn new(
        store: Handle,
        dispatch: Dispatch,
        states: StateLimits,
        limits: Changeable<LimitsConfig>,
    ) -> Self {
        Self {
            store,
            dispatch,
            states,
            limits,
            results: Ordered::default(),
            sweeping: false,
        }
    }

    /// Says an event to whom it is for, and counts the outboxes that it enters.
    fn say(&self, publication: &Publication, outcome: &Outcome, accepted: Instant) -> Vec<Count> {
        let frame = || publication.frame(&self.dispatch, accepted);
        let targets = publication.target.clients();
        let frames = match outcome {
            Outcome::Repeated(_) => return Vec::new(),
            Outcome::HeldBefore { held, .. } => return self.say_again(publication, held, accepted),
            Outcome::Stored(places) => {
                let frame = frame();
                let durable = |(user, seq): &(_, _)| -> Count {
                    Box::pin(self.dispatch.durable_counted(user, *seq, &frame))
                };
                return places.iter().map(durable).collect();
            }
            Outcome::Holds(revisions) => revised(revisions, frame),
            Outcome::NotStored => vec![frame(); targets.len()],
        };
        let tell = |(to, frame)| -> Count { Box::pin(self.dispatch.tell_counted(to, frame)) };
        targets.into_iter().zip(frames).map(tell).collect()
    }

    /// Says the state that holds in the room of each target: it is worth telling until it ends.
    fn say_again(
        &self,
        publication: &Publication,
        held: &[Option<State>],
        accepted: Instant,
    ) -> Vec<Count> {
        let targets = publication.target.clients().into_iter().zip(held);
        let now = self.store.now();
        let tell = |(to, state): (To, &Option<State>)| -> Option<Count> {
            let State {
                body,
                revision,
                expires_at,
                ..
            } = state.as_ref()?;
            let left = Some(now.until(*expires_at));
            let frame = publication.frame_of(body.clone(), &self.dispatch, accepted, left);
            let frame = frame.revised(*revision);
            Some(Box::pin(self.dispatch.tell_counted(to, frame)))
        };
        targets.filter_map(tell).collect()
    }

    /// Says what was stored, and answers once it is known whom it reached.
    fn conclude(
        &self,
        entries: &[Entry],
        outcomes: &[Outcome],
        accepted: Instant,
        answer: oneshot::Sender<Result<Vec<Report>, RoomsFault>>,
    ) {
        let mut said = Vec::with_capacity(entries.len());
        for (Entry { publication, .. }, outcome) in entries.iter().zip(outcomes) {
            let counts = self.say(publication, outcome, accepted);
            // What was published before has been logged then.
            let line = outcome.is_first().then(|| event_log::Said::of(publication));
            said.push((outcome.stored(), counts, line));
        }
        let dispatch = self.dispatch.clone();
        actix_rt::spawn(async move {
            let mut reports = Vec::with_capacity(said.len());
            for (stored, counts, line) in said {
                let mut delivered = 0;
                for count in counts {
                    delivered += count.await as u64;
                }
                let report = Report { stored, delivered };
                line.iter()
                    .for_each(|line| line.log(report, dispatch.roster()));
                reports.push(report);
            }
            // A backend that no longer waits has gone; what was said was said.
            let _ = answer.send(Ok(reports));
        });
    }

    /// The events with those who are in their rooms: read once for each room, and no more than matter.
    fn entries(
        &self,
        publications: Vec<Publication>,
        mut elsewhere: HashMap<RoomId, Vec<UserId>>,
    ) -> Arc<[Entry]> {
        let mut rooms: HashMap<RoomId, Arc<[UserId]>> = HashMap::new();
        let roster = self.dispatch.roster();
        let mut present = |publication: &Publication| -> Arc<[UserId]> {
            let Some(room) = publication.durable_room() else {
                return Arc::default();
            };
            let read = || {
                let mut users = roster.room_users(room, DURABLE_MEMBERS_MAX + 1);
                users.extend(elsewhere.remove(room).unwrap_or_default());
                users.into()
            };
            Arc::clone(rooms.entry(room.clone()).or_insert_with(read))
        };
        let entry = |publication: Publication| Entry {
            present: present(&publication),
            publication,
        };
        publications.into_iter().map(entry).collect()
    }
}

/// A frame for each revision; those that follow each other and are the same share one, and nearly all are.
fn revised(revisions: &[i64], frame: impl Fn() -> Frame) -> Vec<Frame> {
    let mut frames: Vec<Frame> = Vec::with_capacity(revisions.len());
    for revision in revisions {
        let same = frames
            .last()
            .filter(|last| last.revision() == Some(*revision));
        let next = same.cloned().unwrap_or_else(|| frame().revised(*revision));
        frames.push(next);
    }
    frames
}

impl Handler<Publish> for Announcer {
    type Result = ResponseFuture<Result<Vec<Report>, RoomsFault>>;

    fn handle(&mut self, publish: Publish, _: &mut Context<Self>) -> Self::Result {
        let Publish {
            publications,
            accepted,
            elsewhere,
        } = publish;
        let (answer, answered) = oneshot::channel();
        let entries = self.entries(publications, elsewhere);
        let needs_store = |entry: &Entry| {
            entry.publication.kind != Kind::Ephemeral || entry.publication.repeat.is_some()
        };
        if entries.iter().any(needs_store) {
            let (request, limits, stored) = (draw::random(), self.states, Arc::clone(&entries));
            let stored = self
                .store
                .write(move |tx| transactions::publish(tx, &stored, request, limits));
            self.results
                .push(stored, move |stored, announcer, _| match stored {
                    Ok(outcomes) => announcer.conclude(&entries, &outcomes, accepted, answer),
                    // A backend that no longer waits has gone.
                    Err(fault) => drop(answer.send(Err(fault))),
                });
        } else {
            let outcomes = vec![Outcome::NotStored; entries.len()];
            self.conclude(&entries, &outcomes, accepted, answer);
        }
        Box::pin(async { answered.await.unwrap_or(Err(RoomsFault::Stopped)) })
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
