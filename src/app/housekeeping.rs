//! What a server does by itself while it serves: it stays a node among others, hears them, ends grace periods and typing,
//! announces who is online, prunes inboxes, messages and rooms, brings the points of each day, and checks that every vital
//! part is still alive.
//!
//! # When something panics
//! A panic is a fault of ours, and stays with whoever had it: a job of the store is rolled back, a session ends
//! its own connection ([`crate::session`]), an HTTP request its own. Not so a [`Vital`] part, which everybody waits
//! for: a server without it would look alive and answer nobody.
//!
//! Such a part is not started again in its place. What it knew is in doubt then, and so is what others have from it: the
//! numbers of broadcasts, who is in which call, whose goodbye is still to be stored. What was promised to
//! anybody is in the database. So the process says what died and ends with a failure, within [`LOOK_EVERY`] and
//! a moment, and whoever runs it starts it again (`Restart=on-failure`, a restart policy). Then all is as after
//! `kill -9`: statuses are held for `presence.restart_grace`, live calls for `calls.loss_grace`, and what was stored
//! but not said is said.

use std::{convert::Infallible, fmt, time::Duration};

use actix_rt::time::{interval, sleep};

use crate::{delivery::inbox::prune::prune, kernel::logging::chain, rest::Shared};

/// Between two times at which inbox and messages are pruned. What is kept a minute too long harms nobody, and a minute's
/// surplus is dropped in a moment.
const PRUNE_EVERY: Duration = Duration::from_secs(60);

/// Between two looks at what is vital: four loads of an atomic.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What a server cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vital {
    /// The thread that writes to the database.
    Store,
    /// The delivery of a worker thread, or the thread itself.
    Delivery,
    /// The hub of the otomo's statuses.
    Presence,
    /// The coordinator of the calls.
    Calls,
    /// The announcer of what backends publish.
    Rooms,
    /// What nodes tell each other.
    Backplane,
}

impl fmt::Display for Vital {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Vital::Store => "the writer of the store",
            Vital::Delivery => "the delivery of a worker",
            Vital::Presence => "the presence hub",
            Vital::Calls => "the call coordinator",
            Vital::Rooms => "the announcer of events",
            Vital::Backplane => "the backplane",
        })
    }
}

/// Keeps the server in order until something vital has died.
pub(super) async fn keep(shared: &Shared) -> Vital {
    let connectedness = shared.dispatch.roster().connectedness();
    tokio::select! {
        biased;
        dead = died(shared) => dead,
        never = connectedness.end_graces() => match never {},
        never = shared.dispatch.hear_nodes(&shared.store) => match never {},
        never = shared.chat.expire_typing() => match never {},
        never = shared.membership.keep(&shared.dispatch) => match never {},
        never = shared.friends.announce_online() => match never {},
        never = look_after_deaths(shared) => match never {},
        never = shared.rooms.expire() => match never {},
        never = shared.rooms.refresh_after_gaps() => match never {},
        never = shared.rooms.look_again() => match never {},
        never = shared.points.recover_daily(&shared.config.points) => match never {},
        never = prune_regularly(shared, PRUNE_EVERY) => match never {},
    }
}

async fn died(shared: &Shared) -> Vital {
    let mut looks = interval(LOOK_EVERY);
    loop {
        looks.tick().await;
        let alive = [
            (Vital::Store, shared.store.is_alive()),
            (Vital::Delivery, shared.dispatch.is_alive()),
            (Vital::Presence, shared.presence.is_alive()),
            (Vital::Calls, shared.calls.is_alive()),
            (Vital::Rooms, shared.rooms.is_alive()),
            (Vital::Backplane, shared.dispatch.backplane().is_alive()),
        ];
        if !shared.gate.drain().is_ending()
            && let Some((dead, _)) = alive.into_iter().find(|(_, alive)| !alive)
        {
            return dead;
        }
    }
}

/// When a node has died the calls of its people are looked at at once.
async fn look_after_deaths(shared: &Shared) -> Infallible {
    let mut settled = shared.membership.settled();
    while settled.changed().await.is_ok() {
        shared.calls.look().await;
    }
    std::future::pending().await
}

/// At once, because a server may have been away for long, and then every so often.
pub(super) async fn prune_regularly(shared: &Shared, every: Duration) -> Infallible {
    loop {
        match prune(&shared.store, &shared.config.inbox).await {
            Ok(0) => {}
            Ok(events) => log::info!("inbox pruned events={events}"),
            Err(fault) => log::warn!("inbox not pruned cause={}", chain(&fault)),
        }
        match shared.chat.prune().await {
            Ok(0) => {}
            Ok(messages) => log::info!("chat pruned messages={messages}"),
            Err(fault) => log::warn!("chat not pruned cause={}", chain(&fault)),
        }
        shared.chat.tidy();
        shared.friends.tidy();
        shared.rooms.prune().await;
        sleep(every).await;
    }
}
