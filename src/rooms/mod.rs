//! Floor 4: rooms, and the events that backends publish (source document 003).
//!
//! ```text
//!   rest (backends) ── publish, grant ──> Rooms ──> Announcer ──> store, then dispatch
//!   session ── join, say ─────────────────^
//! ```
//! - [`rules`]: who may be in a room, how an event behaves. Pure.
//! - [`publication`]: an event as it is asked, checked, stored and said.
//! - `announcer`: the actor that puts all of it into one order. `messages`: what it is told. `passage`: who comes and goes.
//! - [`records`]: the queries. [`repair`]: what may not be stored. `transactions`: what is stored in one piece.
//!   [`fault`]: why something was refused.
//! - `event_log`: what the log says. `nodes`: what other nodes are asked, and what is done when they were not heard.
//!
//! Who is in a room is delivery's affair ([`delivery::rooms`](crate::delivery::rooms)) and ends with the connection; who may
//! be in it is stored here, or said by a token. `user_{id}` is no room of its own: an event for it goes to all connections of
//! that user.
//!
//! The states of a room are stored, so that they hold for whoever joins later, on any node and after a restart. They expire by
//! themselves (`rooms.state_retention`, or the event's own `ttlSeconds`).

mod announcer;
mod event_log;
pub mod fault;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod messages;
mod nodes;
mod passage;
pub mod publication;
pub mod records;
pub mod repair;
pub mod rules;
mod transactions;

use std::{
    convert::Infallible,
    sync::Arc,
    time::{Duration, Instant},
};

use actix::{Actor, Addr};
use actix_rt::{task::yield_now, time::sleep};
use tokio::sync::Semaphore;

use self::{
    announcer::Announcer,
    messages::{Admit, ClaimLost, Expire, Publish, Revoke, Stop, Welcome},
    passage::Joins,
    publication::{Draft, Publication},
    records::{members, publications, states},
    rules::{Grant, PLACES_MAX},
    transactions::StateLimits,
};
pub use self::{
    fault::RoomsFault,
    messages::{Joiner, Leaver, Report},
    records::members::{Granted, Member},
};
use crate::{
    delivery::{dispatch::Dispatch, line::SessionRef, lines::To},
    kernel::{
        config::Config,
        ids::{RoomId, UserId},
        iso::Iso,
        keyed_rate::KeyedRate,
        logging::chain,
    },
    protocol::{event::ChatMessage, frame::Frame},
    store::{
        Handle, StoreError, Tx,
        steps::{STEP_ROWS, in_steps},
    },
};

/// Requests to publish that there may be at a time; further ones are refused. Each brings up to 8 MiB.
const REQUESTS_MAX: usize = 64;

/// Events that are checked before a worker's sockets get their turn: a fraction of a millisecond.
const CHECKED_AT_ONCE: usize = 32;

/// The people of a room on each other node who are listed. A page has far fewer; beyond this the list has gaps.
const LISTED_MAX: usize = 20_000;

/// Between two looks at grants whose time is over. Their events end at the moment itself: delivery looks at the time.
const EXPIRE_EVERY: Duration = Duration::from_secs(1);

/// Rooms, for the floors above. Clones share everything.
#[derive(Clone)]
pub struct Rooms(Arc<Shared>);

struct Shared {
    /// One address for all senders: each clone of an actix address brings a place of its own beyond the mailbox's bound.
    announcer: Addr<Announcer>,
    store: Handle,
    dispatch: Dispatch,
    joins: Joins,
    /// For requests to publish.
    turns: Semaphore,
    rate: KeyedRate<UserId>,
    config: Arc<Config>,
}

/// A member of a room, and whether they are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence {
    /// Who.
    pub user: UserId,
    /// Their grant; `None` for those who are in the room by a claim of their token.
    pub grant: Option<Member>,
    /// How many of their connections are in the room.
    pub connections: usize,
}

impl Rooms {
    /// Starts on the calling thread's arbiter.
    pub fn start(store: Handle, dispatch: Dispatch, config: &Arc<Config>) -> Self {
        let states = StateLimits {
            most: config.rooms.max_states,
            most_bytes: config.rooms.max_state_bytes,
            retention: config.rooms.state_retention,
        };
        let announcer = Announcer::new(
            store.clone(),
            dispatch.clone(),
            states,
            config.limits.clone(),
        );
        Self(Arc::new(Shared {
            announcer: announcer.start(),
            store,
            dispatch,
            joins: Joins::default(),
            turns: Semaphore::new(REQUESTS_MAX),
            rate: KeyedRate::per_minute(&config.limits, |limits| limits.messages_per_minute),
            config: Arc::clone(config),
        }))
    }

    /// Checks, stores and says events, all or none of them. Whether they reach anybody does not matter: that is in the reports.
    ///
    /// # Errors
    /// The refusals of [`RoomsFault`], and those of the store. Nothing is stored or said then.
    pub async fn publish(&self, drafts: Vec<Draft>) -> Result<Vec<Report>, RoomsFault> {
        let accepted = Instant::now();
        if self.0.dispatch.congested() {
            return Err(RoomsFault::Busy);
        }
        // Held until the answer is there. The gate is never closed.
        let _turn = self
            .0
            .turns
            .try_acquire()
            .map_err(|_full| RoomsFault::Busy)?;
        if drafts
            .iter()
            .map(|draft| draft.target.recipients())
            .sum::<usize>()
            > PLACES_MAX
        {
            return Err(RoomsFault::TooManyPlaces);
        }
        let (now, max) = (self.0.store.now(), self.0.config.limits.now().message_size);
        let mut publications = Vec::with_capacity(drafts.len());
        for (index, draft) in drafts.into_iter().enumerate() {
            let checked = Publication::check(draft, now, max);
            publications.push(checked.map_err(|invalid| RoomsFault::Invalid(index, invalid))?);
            if index % CHECKED_AT_ONCE == CHECKED_AT_ONCE - 1 {
                yield_now().await;
            }
        }
        let publish = Publish {
            elsewhere: self.present_elsewhere(&publications).await,
            publications,
            accepted,
        };
        let published = self.0.announcer.send(publish).await;
        published.unwrap_or(Err(RoomsFault::Stopped))
    }

    /// Sends a session that begins the states that hold for its user wherever they are. Resolves when they are queued.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn welcome(&self, user: &UserId, at: SessionRef) -> Result<(), RoomsFault> {
        let user = user.clone();
        let told = self.0.announcer.send(Welcome { user, at }).await;
        told.unwrap_or(Err(RoomsFault::Stopped))
    }

    /// Says what a player says to the others in a game. That they are in its room is for the asker to know.
    ///
    /// # Errors
    /// [`RoomsFault::Empty`], [`RoomsFault::TooLarge`], [`RoomsFault::RateLimited`].
    pub fn say(
        &self,
        user: &UserId,
        room: &RoomId,
        game: String,
        message: String,
    ) -> Result<(), RoomsFault> {
        let max = self.0.config.chat.max_body;
        if message.trim().is_empty() {
            return Err(RoomsFault::Empty);
        }
        if message.len() > max {
            return Err(RoomsFault::TooLarge(max));
        }
        if let Some(wait) = self.0.rate.take(user) {
            return Err(RoomsFault::RateLimited(wait));
        }
        let said = ChatMessage {
            game_session_id: game,
            user_id: user.clone(),
            message,
            timestamp: Iso(self.0.store.now()),
        };
        let frame = Frame::new(&said.into()).in_room(room.clone());
        self.0.dispatch.tell(To::Room(room.clone()), frame);
        Ok(())
    }

    /// Lets a user into a room, or changes until when. Those of their connections that are in it stay so long.
    ///
    /// # Errors
    /// [`RoomsFault::Closed`]; those of the store.
    pub async fn grant(
        &self,
        room: &RoomId,
        user: &UserId,
        grant: Grant,
    ) -> Result<Granted, RoomsFault> {
        if rules::is_closed(room) {
            return Err(RoomsFault::Closed);
        }
        let admit = Admit {
            room: room.clone(),
            user: user.clone(),
            grant,
        };
        let admitted = self.0.announcer.send(admit).await;
        admitted.unwrap_or(Err(RoomsFault::Stopped))
    }

    /// The token of a session claims a room no more: the session leaves it, unless a grant lets it stay.
    pub fn claim_lost(&self, user: &UserId, at: SessionRef, room: RoomId) {
        let lost = ClaimLost {
            room,
            user: user.clone(),
            at,
        };
        let told = self.0.announcer.send(lost);
        // Waits for room, if there is none: it must not be lost.
        actix_rt::spawn(async move {
            // Refused only if the server is stopping, which ends the session, too.
            let _ = told.await;
        });
    }

    /// Takes a grant back: the room's events end at once for all connections of the user, also for those that are in the room
    /// because their token claims it; these may come back.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn revoke(&self, room: &RoomId, user: &UserId) -> Result<(), RoomsFault> {
        let revoke = Revoke {
            room: room.clone(),
            user: user.clone(),
        };
        let revoked = self.0.announcer.send(revoke).await;
        revoked.unwrap_or(Err(RoomsFault::Stopped))
    }

    /// The members of a room in the order of their ids, after one of them, at most `limit`.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn members(
        &self,
        room: &RoomId,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<Presence>, StoreError> {
        let (of, first) = (room.clone(), after.clone());
        let read = move |conn: &mut _| members::page(conn, &of, first.as_ref(), limit);
        let granted = self.0.store.read(read).await?;
        let there = self.0.dispatch.room_members_everywhere(room, LISTED_MAX);
        let there = there.await;
        Ok(together(granted, there, after.as_ref(), limit))
    }

    /// Ends grants whose time is over, for as long as it is polled: by one task of the server.
    pub async fn expire(&self) -> Infallible {
        loop {
            // A full mailbox has no room for what can wait a second.
            let _ = self.0.announcer.try_send(Expire);
            sleep(EXPIRE_EVERY).await;
        }
    }

    /// Drops states whose time is over, and forgets old idempotency keys. To be called every so often.
    pub async fn prune(&self) {
        let before = self.0.store.now() - self.0.config.rooms.key_retention;
        let some = |rows: u32| (rows > 0).then_some(rows);
        let states = move |tx: &mut Tx<'_>| states::expire(tx, STEP_ROWS).map(some);
        let keys = move |tx: &mut Tx<'_>| publications::forget(tx, before, STEP_ROWS).map(some);
        let pruned = async {
            in_steps(&self.0.store, states, drop).await?;
            in_steps(&self.0.store, keys, drop).await
        };
        if let Err(fault) = pruned.await {
            log::warn!("rooms not pruned cause={}", chain(&fault));
        }
        self.0.rate.tidy();
    }

    /// Ends the announcer, once all that came is stored and said. For the end of the server, before the store is closed.
    pub async fn stop(&self) {
        // Refused only if it has stopped already.
        let _ = self.0.announcer.send(Stop).await;
    }

    /// Whether there is an announcer that does what it is asked.
    pub fn is_alive(&self) -> bool {
        self.0.announcer.connected()
    }
}

/// Those who are let in and those who are there, in the order of their ids.
fn together(
    granted: Vec<Member>,
    there: Vec<(UserId, usize)>,
    after: Option<&UserId>,
    limit: u32,
) -> Vec<Presence> {
    // A full page of grants says nothing of those behind its last.
    let end = granted
        .last()
        .filter(|_| granted.len() >= limit as usize)
        .map(|last| last.user.clone());
    let fits = |user: &UserId| {
        after.is_none_or(|after| user > after) && end.as_ref().is_none_or(|end| user <= end)
    };
    let mut all: Vec<Presence> = granted
        .into_iter()
        .map(|member| Presence {
            user: member.user.clone(),
            grant: Some(member),
            connections: 0,
        })
        .collect();
    for (user, connections) in there.into_iter().filter(|(user, _)| fits(user)) {
        match all.binary_search_by(|it| it.user.cmp(&user)) {
            Ok(at) => {
                if let Some(member) = all.get_mut(at) {
                    member.connections = connections;
                }
            }
            Err(at) => all.insert(
                at,
                Presence {
                    user,
                    grant: None,
                    connections,
                },
            ),
        }
    }
    all.truncate(limit as usize);
    all
}
