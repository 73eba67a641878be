//! The hub: has what happens to otomo stored, and tells of it in the order in which it was.
//!
//! A message becomes one transaction; the hub goes on to the next message at once. When the transaction is committed the
//! board is updated, then the update is handed to dispatch, then the asker is answered. What runs out by itself (a grace, a
//! break) has one timer, set to the first of them; a sweep every third of a lease renews the node's own leases, finds those
//! of a node that died, and catches what a timer missed.
//!
//! - `handlers`: what it does with each message. `choices`: those of otomo, joined while others are being stored. `sweeper`: what it does by itself. `others`: how it hears other nodes.

mod choices;
mod handlers;
mod others;
mod sweeper;

use std::{future::Future, sync::Arc};

use actix::prelude::*;
use tokio::sync::oneshot;

use self::{choices::Choices, sweeper::Alarm};
use super::{
    board::{Board, Entry, News},
    fault::PresenceFault,
    hints::Hints,
    messages::Depart,
    rules::{Published, StatusChange},
    settings::Settings,
    transactions::Outcome,
};
use crate::{
    backplane::Link,
    delivery::{broadcast::Numbering, dispatch::Dispatch},
    kernel::{ids::UserId, logging::chain, time::Timestamp},
    protocol::{
        event::{Event, OtomoStatusUpdate},
        frame::Frame,
    },
    store::{
        Handle,
        ordered::{Ordered, TakeResults, TakesInOrder},
    },
};

/// Room in the mailbox. A sender waits for the answer (a session's goodbye does not, and comes once), so this bounds
/// a burst and never refuses: a message takes microseconds, and what waits for the disk waits in the store's own queue, which
/// refuses when it is full.
const MAILBOX: usize = 1_024;

/// The actor. The only one that writes to the [`Board`] and numbers broadcasts.
pub(super) struct PresenceHub {
    store: Handle,
    dispatch: Dispatch,
    board: Arc<Board>,
    settings: Arc<Settings>,
    numbering: Numbering,
    /// For other nodes; `None` if there are none.
    hints: Option<Hints>,
    results: Ordered<Self>,
    choices: Choices,
    alarm: Option<Alarm>,
    /// Whether a sweep is on its way. It looks at all that is due when it runs, so a second one has nothing to do.
    sweeping: bool,
    /// Goodbyes that the store refused.
    unstored: Vec<Depart>,
    /// When the last look at changed rows began.
    looked_at: Timestamp,
}

impl PresenceHub {
    /// A hub over a board that shows what was stored at `loaded_at`.
    pub(super) fn new(
        store: Handle,
        dispatch: Dispatch,
        settings: Settings,
        board: Arc<Board>,
        loaded_at: Timestamp,
    ) -> Self {
        let alone = dispatch.backplane().link() == Link::Alone;
        Self {
            store,
            dispatch,
            hints: (!alone).then(Hints::default),
            board,
            settings: Arc::new(settings),
            numbering: Numbering::default(),
            results: Ordered::default(),
            choices: Choices::default(),
            alarm: None,
            sweeping: false,
            unstored: Vec::new(),
            looked_at: loaded_at,
        }
    }

    /// Answers a message once what it asks is stored, and `then` is done.
    fn answer<T: 'static, A: 'static>(
        &mut self,
        about: UserId,
        stored: impl Future<Output = Result<T, PresenceFault>> + 'static,
        then: impl FnOnce(&mut Self, T, &mut Context<Self>) -> A + 'static,
    ) -> ResponseFuture<Result<A, PresenceFault>> {
        let (answer, answered) = oneshot::channel();
        self.results.push(stored, move |stored, hub, ctx| {
            if let Err(fault) = &stored {
                log_fault(&about, fault);
            }
            // An asker who no longer waits has gone; what is stored is stored, and told.
            let _ = answer.send(stored.map(|stored| then(hub, stored, ctx)));
        });
        Box::pin(async { answered.await.unwrap_or(Err(PresenceFault::Stopped)) })
    }

    /// Tells of what a transaction changed, and remembers what it will come to.
    fn conclude<T>(&mut self, outcome: Outcome<T>, ctx: &mut Context<Self>) -> T {
        self.tell(&outcome.changes, ctx);
        self.arm(outcome.due, ctx);
        outcome.answer
    }

    /// Tells of statuses that are stored.
    fn tell(&mut self, changes: &[StatusChange], ctx: &mut Context<Self>) {
        let mut entries = Vec::with_capacity(changes.len());
        for change in changes {
            match self.board.get(&change.otomo) {
                Some(entry) => entries.push(entry.after(change)),
                None => self.look_up(change.otomo.clone(), ctx),
            }
        }
        self.publish(entries);
    }

    /// Tells everybody of what this node has stored.
    fn publish(&mut self, entries: Vec<Entry>) {
        if let Some(hints) = &self.hints {
            hints.leave(&entries);
        }
        self.take_in(entries);
    }

    /// Tells the people of this node of what is stored. First the board, then the broadcast: whoever gets a snapshot is not
    /// told again what is in it, and misses nothing.
    fn take_in(&mut self, mut entries: Vec<Entry>) {
        entries.retain(|entry| self.board.news(entry) != News::None);
        if entries.is_empty() {
            return;
        }
        let mut updates = Vec::with_capacity(entries.len());
        for entry in &entries {
            if self.board.news(entry) == News::Status {
                let (otomo, published) = (&entry.otomo, &entry.published);
                let Published {
                    status, version, ..
                } = published;
                log::debug!("status changed user={otomo} status={status} version={version}");
                let update = Event::from(OtomoStatusUpdate::from(entry));
                updates.push(self.numbering.number(Frame::new(&update)));
            }
        }
        self.board.put(entries, self.numbering.latest());
        if !updates.is_empty() {
            self.dispatch.broadcast(&updates);
        }
    }
}

/// What the asker is at fault for is told to them alone.
fn log_fault(about: &UserId, fault: &PresenceFault) {
    if let PresenceFault::Store(_) = fault {
        log::warn!("presence not changed user={about} cause={}", chain(fault));
    }
}

impl TakesInOrder for PresenceHub {
    fn results(&mut self) -> &mut Ordered<Self> {
        &mut self.results
    }
}

impl Actor for PresenceHub {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.set_mailbox_capacity(MAILBOX);
        ctx.spawn(TakeResults);
        ctx.run_interval(self.settings.lease / 3, Self::sweep);
        ctx.run_interval(self.settings.look_every, Self::look);
        self.join_others(ctx);
        // Sets the timer for what was left behind.
        self.sweep(ctx);
    }
}
