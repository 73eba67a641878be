//! Otomo presence (source document 000): who can be called right now.
//!
//! ```text
//!   session, calls, rest ---> Presence ---> PresenceHub ---> store: facts change, settle (one transaction)
//!                                               |               |
//!                                               |<-- committed -+
//!                                               +---> Board (snapshots, REST) ---> dispatch (updates to this node's clients)
//!                                               |       ^
//!                                     other hubs <---> hints
//! ```
//! - [`rules`]: what a status follows from, and what changes it. Pure.
//! - [`records`]: where the facts are kept, and [`records::settle`], which calls use in their own transactions too.
//!   [`repair`]: what may not be stored. `transactions`: what the hub has done in one piece.
//! - `hub`: the actor that has changes stored, and told in the order in which they were. `messages`: what it is told.
//! - `hints`: what other nodes are told, and tell.
//! - [`board`]: what people have been told. `wire`: the same in the words of the protocol.
//! - [`settings`]: what is configured. [`fault`]: why something was not done.
//!
//! Nobody waits for a client here, and the hub waits for nobody: it hands on to the store's queue and takes the results
//! back in order.

pub mod board;
pub mod fault;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod hints;
mod hub;
mod messages;
pub mod records;
pub mod repair;
pub mod rules;
pub mod settings;
mod transactions;
mod wire;

use std::sync::Arc;

use actix::{Actor, Addr, Handler, Message, dev::ToEnvelope};

use self::{
    board::Board,
    hub::PresenceHub,
    messages::{Arrive, Changed, Choose, Depart, ForceOffline, Free, Introduce, Stop},
    records::listing,
    rules::{Chooser, Chosen, Explanation, Forced, Policy, Status, StatusChange},
    settings::Settings,
};
use crate::{
    delivery::{dispatch::Dispatch, leave::Leave, line::Client},
    kernel::{ids::UserId, metrics::Metrics, time::Timestamp},
    store::{Handle, StoreError},
};

pub use fault::PresenceFault;

/// What an otomo has chosen, and what people see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// What is chosen now.
    pub chosen: Chosen,
    /// When a break ends by itself.
    pub until: Option<Timestamp>,
    /// The status that people see. During a call, or without a connection, another one.
    pub shown: Status,
}

/// What an admin has set an otomo free of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freed {
    /// A break that missed calls had put them on is over.
    pub break_ended: bool,
    /// The wrap-up of their last call is over.
    pub wrap_up_ended: bool,
}

/// Otomo presence, for the rooms above. Clones share everything.
#[derive(Clone)]
pub struct Presence(Arc<Shared>);

struct Shared {
    /// One address for all senders: each clone of an actix address brings a place of its own beyond the mailbox's bound.
    hub: Addr<PresenceHub>,
    board: Arc<Board>,
    store: Handle,
    policy: Policy,
}

impl Presence {
    /// Starts presence on the calling thread's arbiter. When it returns the board shows what was stored, and who was
    /// connected to this node when it stopped is held for `presence.restart_grace`.
    ///
    /// # Errors
    /// Those of the store; nothing is started then.
    pub async fn start(
        store: Handle,
        dispatch: Dispatch,
        metrics: Arc<Metrics>,
        settings: Settings,
    ) -> Result<Self, StoreError> {
        let policy = settings.policy;
        let (node, until) = (settings.node.clone(), policy.restart_grace);
        let held = store.write(move |tx| records::leases::hold(tx, &node, tx.now() + until));
        let held: usize = held.await?;
        if held > 0 {
            log::info!(
                "statuses held connections={held} for_ms={}",
                until.as_millis()
            );
        }
        let loaded_at = store.now();
        let board = Arc::new(Board::new(metrics));
        board.put(store.read(listing::all).await?, 0);
        let hub = PresenceHub::new(
            store.clone(),
            dispatch,
            settings,
            Arc::clone(&board),
            loaded_at,
        );
        let shared = Shared {
            hub: hub.start(),
            board,
            store,
            policy,
        };
        Ok(Self(Arc::new(shared)))
    }

    /// A session of an otomo is connected. Resolves once that is stored and the update, if there is one, was handed to
    /// dispatch. Whoever called it calls [`Presence::leave`] when the session is over, however this ended.
    ///
    /// # Errors
    /// [`PresenceFault::UnknownOtomo`] if they are not among the people; those of the store.
    pub async fn arrive(&self, client: &Client) -> Result<(), PresenceFault> {
        self.ask(Arrive(client.clone())).await
    }

    /// A session is over. Must be called on an arbiter. Does not wait; it is stored however often that takes.
    pub fn leave(&self, client: &Client, leave: Leave) {
        let (otomo, session) = (client.user.clone(), client.session);
        let goodbye = self.0.hub.send(Depart {
            otomo,
            session,
            leave,
        });
        actix_rt::spawn(async move {
            if goodbye.await.is_err() {
                // The server is stopping: the lease is held at the next start, or runs out.
                log::debug!("goodbye not taken session={session}");
            }
        });
    }

    /// An otomo, or an admin for them, chooses to be online or on break, the latter `until` a time or without end.
    ///
    /// # Errors
    /// [`PresenceFault::UnknownOtomo`], [`PresenceFault::PastUntil`], or those of the store.
    pub async fn choose(
        &self,
        otomo: &UserId,
        chosen: Chosen,
        until: Option<Timestamp>,
        by: Chooser,
    ) -> Result<Choice, PresenceFault> {
        let otomo = otomo.clone();
        self.ask(Choose {
            otomo,
            chosen,
            until,
            by,
        })
        .await
    }

    /// An admin gives an otomo a status. For `offline` see [`Presence::force_offline`].
    ///
    /// # Errors
    /// Those of [`Presence::choose`], and [`PresenceFault::Busy`] for a status that follows from calls alone.
    pub async fn force(&self, otomo: &UserId, status: Status) -> Result<(), PresenceFault> {
        match rules::force(status)? {
            Forced::Choose(chosen) => {
                self.choose(otomo, chosen, None, Chooser::Admin).await?;
                Ok(())
            }
            Forced::Offline => self.force_offline(otomo).await,
        }
    }

    /// No session of an otomo counts any more, though it is connected. Whoever asks for this ends their live call next, if
    /// it is to end, and closes their connections last. In this order nobody ever sees them online meanwhile, or rings them:
    /// in a call they are busy until it ends and offline from then on, and they hear of its end.
    ///
    /// # Errors
    /// [`PresenceFault::UnknownOtomo`] if they are none; those of the store.
    pub async fn force_offline(&self, otomo: &UserId) -> Result<(), PresenceFault> {
        self.ask(ForceOffline(otomo.clone())).await
    }

    /// An admin sets an otomo free of what keeps calls from them: a break that missed calls caused, the wrap-up of their last
    /// call, a status that does not follow from the facts. Their call is ended before, by whoever asks for this.
    ///
    /// # Errors
    /// [`PresenceFault::UnknownOtomo`] if they are none; those of the store.
    pub async fn free(&self, otomo: &UserId) -> Result<Freed, PresenceFault> {
        self.ask(Free(otomo.clone())).await
    }

    /// A user is an otomo, or has another name or picture: lists show them from now on.
    ///
    /// # Errors
    /// [`PresenceFault::UnknownOtomo`] if they are not among the people; those of the store.
    pub async fn introduce(&self, otomo: &UserId) -> Result<(), PresenceFault> {
        self.ask(Introduce(otomo.clone())).await
    }

    /// Statuses that somebody else settled, in the order in which they were; to be called after the commit. Resolves once
    /// the updates were handed to dispatch.
    pub async fn changed(&self, changes: Vec<StatusChange>) {
        if !changes.is_empty() && self.0.hub.send(Changed(changes)).await.is_err() {
            log::debug!("status changes not told: the server is stopping");
        }
    }

    /// Every fact about an otomo and what follows from them; `None` for a user who is not one.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn why(&self, otomo: &UserId) -> Result<Option<Explanation>, StoreError> {
        let (otomo, policy, now) = (otomo.clone(), self.0.policy, self.0.store.now());
        let read = move |conn: &mut _| records::why(conn, &otomo, &policy, now);
        self.0.store.read(read).await
    }

    /// What people have been told, for snapshots and lists.
    pub fn board(&self) -> Arc<Board> {
        Arc::clone(&self.0.board)
    }

    /// The rules' settings, for transactions that settle.
    pub fn policy(&self) -> Policy {
        self.0.policy
    }

    /// Whether there is a hub that does what it is asked.
    pub fn is_alive(&self) -> bool {
        self.0.hub.connected()
    }

    /// Ends the sweeps; what was asked before is still stored. For the end of the server, before the store is closed.
    pub async fn stop(&self) {
        // Refused only if it has stopped already.
        let _ = self.0.hub.send(Stop).await;
    }

    async fn ask<M, T>(&self, message: M) -> Result<T, PresenceFault>
    where
        M: Message<Result = Result<T, PresenceFault>> + Send + 'static,
        T: Send + 'static,
        PresenceHub: Handler<M>,
        actix::Context<PresenceHub>: ToEnvelope<PresenceHub, M>,
    {
        let answer = self.0.hub.send(message).await;
        answer.unwrap_or(Err(PresenceFault::Stopped))
    }
}
