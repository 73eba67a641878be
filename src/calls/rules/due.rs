//! What time alone does to a call: each way in which waiting ends it, the charges that fall due meanwhile, and the first of
//! them all.
//!
//! The sweeper needs one column (`due_at`), not one for each kind of deadline.

use super::{
    call::{Call, Phase, Ring, Talk},
    ending::{By, Cancellation, End, Ended, Hangup, Rejection},
};
use crate::kernel::time::Timestamp;

/// What happens to a call next if nothing comes to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// A charge of a metered call.
    Charge {
        /// When it falls due.
        at: Timestamp,
    },
    /// The call ends so.
    End(Ended),
}

impl Due {
    /// When.
    pub const fn at(&self) -> Timestamp {
        match self {
            Self::Charge { at } => *at,
            Self::End(ended) => ended.at,
        }
    }
}

impl Call {
    /// When something happens to the call if nothing comes to it; `None` for one that nothing threatens, and for one that
    /// is over.
    pub fn due_at(&self) -> Option<Timestamp> {
        self.due().map(|due| due.at())
    }

    /// What happens to the call if nothing comes to it.
    pub fn due(&self) -> Option<Due> {
        let charge = self.charge_due_at().map(|at| Due::Charge { at });
        let end = self.foreseen().map(Due::End);
        // Of two at the same moment the charge: its minute has passed.
        charge.into_iter().chain(end).min_by_key(Due::at)
    }

    /// How the call ends if nothing comes to it.
    fn foreseen(&self) -> Option<Ended> {
        match &self.phase {
            Phase::Requesting(ring) | Phase::Ringing(ring) => foreseen_of_ring(ring),
            Phase::Connecting { talk, .. } | Phase::Connected { talk, .. } => {
                self.foreseen_of_talk(talk)
            }
            Phase::Ended(_) => None,
        }
    }

    fn foreseen_of_talk(&self, talk: &Talk) -> Option<Ended> {
        let hangups = [
            (talk.lost.caller, By::Caller, Hangup::Disconnect),
            (talk.lost.otomo, By::Otomo, Hangup::Disconnect),
            (talk.media_lost_until, By::MediaServer, Hangup::RtpStopped),
            (self.phase.deadline(), By::System, Hangup::Timeout),
        ];
        first(hangups.map(|(at, by, reason)| {
            let end = End::HungUp {
                accepted: talk.accepted.clone(),
                connection: self.connection(),
                reason,
            };
            (at, by, end)
        }))
    }
}

fn foreseen_of_ring(ring: &Ring) -> Option<Ended> {
    let lost = End::Cancelled(Cancellation::CallerLost);
    first([
        (ring.lost.caller, By::Caller, lost),
        (
            ring.lost.otomo,
            By::Otomo,
            End::Rejected(Rejection::Offline),
        ),
        (Some(ring.deadline), By::System, End::Missed),
    ])
}

/// The earliest. Of two at the same moment the first in the list: that somebody is gone says more than a
/// timeout.
fn first<const N: usize>(ends: [(Option<Timestamp>, By, End); N]) -> Option<Ended> {
    ends.into_iter()
        .filter_map(|(at, by, end)| at.map(|at| Ended { at, by, end }))
        .min_by_key(|ended| ended.at)
}
