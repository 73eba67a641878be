//! What the hub does without being asked: at the time when something runs out, and every so often.

use std::{sync::Arc, time::Duration};

use actix::prelude::*;

use super::PresenceHub;
use crate::{
    kernel::{ids::UserId, logging::chain, time::Timestamp},
    presence::{
        messages::Depart,
        records::{leases::Neighbours, listing},
        transactions,
    },
    store::StoreError,
};

/// How far before the last look the next one begins: a change carries the time at which its transaction began, and is seen
/// when it is committed, which under load, or when the disk stalls, is seconds later.
const LOOK_BACK: Duration = Duration::from_secs(10);

/// The timer for what runs out next.
pub(super) struct Alarm {
    due: Timestamp,
    timer: SpawnHandle,
}

impl PresenceHub {
    /// Has a goodbye stored. One that could not be is tried again with each sweep until it is: a lease that nobody ends
    /// would be renewed forever.
    pub(super) fn depart(&mut self, departure: Depart) {
        let policy = self.settings.policy;
        let Depart { session, leave, .. } = departure;
        self.store_choices(&departure.otomo);
        let stored = self
            .store
            .write(move |tx| transactions::leave(tx, session, leave, &policy));
        self.results
            .push(stored, move |stored, hub, ctx| match stored {
                Ok(outcome) => hub.conclude(outcome, ctx),
                Err(fault) => {
                    let cause = chain(&fault);
                    log::warn!("goodbye not stored session={session} cause={cause}");
                    hub.unstored.push(departure);
                }
            });
    }

    /// Sets the timer to `due`, if it is to ring before that or not at all.
    pub(super) fn arm(&mut self, due: Option<Timestamp>, ctx: &mut Context<Self>) {
        let Some(due) = due else { return };
        if self.alarm.as_ref().is_some_and(|alarm| alarm.due <= due) {
            return;
        }
        // A millisecond is the grain of the store's clock: not before it is over.
        let wait = self.store.now().until(due) + Duration::from_millis(1);
        let timer = ctx.run_later(wait, |hub, ctx| {
            hub.alarm = None;
            hub.sweep(ctx);
        });
        if let Some(later) = self.alarm.replace(Alarm { due, timer }) {
            ctx.cancel_future(later.timer);
        }
    }

    /// Renews the node's leases, ends what has run out, and sets the timer to what runs out next.
    pub(super) fn sweep(&mut self, _: &mut Context<Self>) {
        if self.sweeping {
            return;
        }
        self.sweeping = true;
        for departure in std::mem::take(&mut self.unstored) {
            self.depart(departure);
        }
        let settings = Arc::clone(&self.settings);
        let neighbours = match &self.hints {
            None => Neighbours::None,
            Some(_) => Neighbours::Some,
        };
        let stored = self
            .store
            .write(move |tx| transactions::sweep(tx, &settings, neighbours));
        self.results
            .push(stored, |stored: Result<_, StoreError>, hub, ctx| {
                hub.sweeping = false;
                match stored {
                    Ok(outcome) => hub.conclude(outcome, ctx),
                    Err(fault) => log::warn!("presence not swept cause={}", chain(&fault)),
                }
            });
    }

    /// Reads what changed in the database lately. Nothing is new, but for what another node has changed, or somebody
    /// here who failed to say so.
    pub(super) fn look(&mut self, ctx: &mut Context<Self>) {
        let now = self.store.now();
        let since = self.looked_at - LOOK_BACK;
        let read = self
            .store
            .read(move |conn| listing::changed_since(conn, since));
        let looked = read.into_actor(self).map(move |found, hub, _| match found {
            Ok(entries) => {
                hub.looked_at = now;
                hub.take_in(entries);
            }
            Err(fault) => log_unread(&fault),
        });
        ctx.spawn(looked);
    }

    /// Reads everybody: other nodes have stored things, and what they said of it was not heard.
    pub(super) fn look_at_all(&mut self, ctx: &mut Context<Self>) {
        let read = self.store.read(listing::all);
        let looked = read.into_actor(self).map(|found, hub, _| match found {
            Ok(entries) => hub.take_in(entries),
            Err(fault) => log_unread(&fault),
        });
        ctx.spawn(looked);
    }

    /// Reads one otomo who has changed and is not on the board.
    pub(super) fn look_up(&mut self, otomo: UserId, ctx: &mut Context<Self>) {
        let read = self.store.read(move |conn| listing::find(conn, &otomo));
        let looked = read.into_actor(self).map(|found, hub, _| match found {
            Ok(entry) => hub.publish(entry.into_iter().collect()),
            Err(fault) => log_unread(&fault),
        });
        ctx.spawn(looked);
    }
}

fn log_unread(fault: &StoreError) {
    log::warn!("statuses not read cause={}", chain(fault));
}
