//! Metered calls: what a call costs, when a charge falls due, and what becomes of it.
//!
//! ```text
//! media up     1 min       2 min       3 min
//!    |-----------|-----------|-----------|
//!             charge 1    charge 2    charge 3: not enough points. Nothing is taken, the call ends here.
//! ```
//! A charge falls due when its minute has passed. The call counts its charges, and the count is stored by the transaction
//! that takes the points: so each is made once, whoever makes it and however late.
//!
//! - How many points the caller has is a fact, read in that transaction. The rules take them only where they reach.
//! - While somebody is lost the call goes on, and so do its charges, until the deadline ends both.
//! - A start of the server knows nothing of the time that it was down. What fell due then waits until one of the two is
//!   back, who was in the call all the time. If nobody comes, the call ended at the last sign of life, and what fell due
//!   after that is never charged.
//! - The minute that has begun when the call ends costs what `calls.partial_minute` says; nothing, where the points do not
//!   reach.

use std::{num::NonZeroU32, time::Duration};

use super::{
    call::{Call, Connection, Phase, Talk},
    effect::{Durable, Spoken, Step, TimelineEvent},
    ending::{By, End, Ended, Hangup},
    policy::Policy,
    speech, talk,
};
use crate::kernel::{config::PartialMinute, names::named, time::Timestamp};

/// What a call costs. Fixed at the request: neither a new price nor a new setting changes a call that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tariff {
    /// Points for each minute.
    pub price: NonZeroU32,
    /// How long a minute is, never zero; 60 s unless `calls.charge_interval` says otherwise.
    pub minute: Duration,
}

/// When something comes to a call, and how many points its caller has by then. In a free call the points do not matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The time, on the store's clock.
    pub now: Timestamp,
    /// The caller's points.
    pub balance: i64,
}

/// One charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charge {
    /// Which of the call's; the first is 1.
    pub number: u32,
    /// What is taken.
    pub points: i64,
}

/// What both hear when a charge has fallen due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tick {
    /// Which charge.
    pub number: u32,
    /// When it fell due, however late it was made; for the last one of a call that ends within a minute, the end.
    pub at: Timestamp,
    /// What was taken; 0 if the points did not reach.
    pub points: i64,
    /// What the caller has left.
    pub balance: i64,
    /// What follows.
    pub standing: Standing,
}

named! {
    /// How a call stands after a charge.
    pub enum Standing {
        /// The points reach for the next charge too.
        Ok = "ok",
        /// They do not: the call ends when the next charge falls due, unless there are more by then.
        LowBalance = "low_balance",
        /// It ends with this.
        Ended = "ended",
    }
}

impl Tariff {
    /// Points for each minute.
    pub const fn price(self) -> i64 {
        self.price.get() as i64
    }

    /// When charge `number` of this connection falls due.
    pub fn due_at(self, connection: Connection, number: u32) -> Timestamp {
        connection.at + self.minute.saturating_mul(number)
    }

    const fn charge(self, number: u32) -> Charge {
        Charge {
            number,
            points: self.price(),
        }
    }

    const fn standing(self, balance: i64) -> Standing {
        if balance < self.price() {
            Standing::LowBalance
        } else {
            Standing::Ok
        }
    }
}

impl Tick {
    /// The charge that was made, if one was.
    pub(super) fn charge(self) -> Option<Charge> {
        (self.points > 0).then_some(Charge {
            number: self.number,
            points: self.points,
        })
    }
}

impl Call {
    /// How many charges were made.
    pub fn charges(&self) -> u32 {
        self.connection().map_or(0, |connection| connection.charges)
    }

    /// What was taken from the caller.
    pub fn charged_points(&self) -> i64 {
        let price = self.tariff.map_or(0, Tariff::price);
        price.saturating_mul(self.charges().into())
    }

    /// Until when the call has certainly gone on: media came up, and the last charge was for the minute before this. `None`
    /// before media was up.
    pub(super) fn paid_until(&self) -> Option<Timestamp> {
        let connection = self.connection()?;
        let charged_at = |tariff: Tariff| tariff.due_at(connection, connection.charges);
        Some(self.tariff.map_or(connection.at, charged_at))
    }

    /// When the next charge falls due; `None` for a call that costs nothing now, and while what is due waits for somebody to
    /// come back.
    pub(super) fn charge_due_at(&self) -> Option<Timestamp> {
        let (tariff, talk, connection) = metered(self)?;
        let due_at = tariff.due_at(connection, connection.charges + 1);
        let seen = |at| due_at <= at;
        talk.unseen_since.is_none_or(seen).then_some(due_at)
    }
}

/// The next charge has fallen due.
pub(super) fn fall_due(call: &Call, at: Timestamp, balance: i64, policy: &Policy) -> Step {
    let Some((tariff, talk, connection)) = metered(call) else {
        return Step::unchanged(call);
    };
    if balance < tariff.price() {
        let ended = Ended {
            at,
            by: By::System,
            end: End::HungUp {
                accepted: talk.accepted.clone(),
                connection: Some(connection),
                reason: Hangup::LowBalance,
            },
        };
        return talk::end(call, ended, balance, policy);
    }
    let charge = tariff.charge(connection.charges + 1);
    let next = call.moved_to(Phase::Connected {
        talk: talk.clone(),
        connection: Connection {
            charges: charge.number,
            ..connection
        },
    });
    let balance = balance - charge.points;
    let tick = Tick {
        number: charge.number,
        at,
        points: charge.points,
        balance,
        standing: tariff.standing(balance),
    };
    let told = speech::tick(&next, tick);
    Step::stored(next, TimelineEvent::Charged, By::System)
        .write([Durable::Charge(charge)])
        .say([Spoken::Charged])
        .say(told)
}

/// When a call has ended that is found to be over at this time.
pub(super) fn end_at(call: &Call, over_at: Timestamp) -> Timestamp {
    // Nobody has come back to it: it is not known to have gone on.
    let seen = metered(call).and_then(|(_, talk, _)| talk.unseen_since);
    let at = seen.map_or(over_at, |seen| seen.min(over_at));
    // A clock that was set back must not make an end before the beginning, nor before what is paid for.
    call.paid_until().map_or(at, |paid| paid.max(at))
}

/// The last tick of a call that ends so: of the minute that has begun, or of the charge for which the points do not reach.
/// `None` if there is nothing left to charge.
pub(super) fn last_tick(
    call: &Call,
    at: Timestamp,
    end: &End,
    balance: i64,
    policy: &Policy,
) -> Option<Tick> {
    let (tariff, _, connection) = metered(call)?;
    let charge = tariff.charge(connection.charges + 1);
    let begun = tariff.due_at(connection, connection.charges) < at;
    let points = match policy.partial_minute {
        _ if end.hangup() == Some(Hangup::LowBalance) => 0,
        PartialMinute::Full if begun && charge.points <= balance => charge.points,
        PartialMinute::Full | PartialMinute::None => return None,
    };
    Some(Tick {
        number: charge.number,
        at,
        points,
        balance: balance - points,
        standing: Standing::Ended,
    })
}

/// The tick of the last charge that was made, for those who may not have heard it.
pub(super) fn tick_again(call: &Call, balance: i64) -> Option<Tick> {
    let (tariff, _, connection) = metered(call)?;
    (connection.charges > 0).then(|| Tick {
        number: connection.charges,
        at: tariff.due_at(connection, connection.charges),
        points: tariff.price(),
        balance,
        standing: tariff.standing(balance),
    })
}

/// The call as a start of the server finds it: known to have gone on until the server's last sign of life, or until the last
/// charge, which is one too.
pub(super) fn unseen(call: &Call, alive_at: Option<Timestamp>) -> Call {
    let mut unseen = call.clone();
    let paid_until = call.paid_until().filter(|_| metered(call).is_some());
    if let (Some(paid_until), Some(talk)) = (paid_until, unseen.phase.talk_mut()) {
        let seen = alive_at.map_or(paid_until, |alive_at| alive_at.max(paid_until));
        // Down twice, and nobody came back in between: the first time counts.
        talk.unseen_since.get_or_insert(seen);
    }
    unseen
}

/// What a call costs at present, and what of it decides.
fn metered(call: &Call) -> Option<(Tariff, &Talk, Connection)> {
    match (&call.phase, call.tariff) {
        (Phase::Connected { talk, connection }, Some(tariff)) => Some((tariff, talk, *connection)),
        (Phase::Connected { .. }, None)
        | (
            Phase::Requesting(_) | Phase::Ringing(_) | Phase::Connecting { .. } | Phase::Ended(_),
            _,
        ) => None,
    }
}
