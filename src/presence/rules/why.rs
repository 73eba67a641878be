//! Why an otomo has the status that they have, for an admin who wonders, and what makes them free.

use super::{
    decide::{Decision, Facts, LiveCall, decide},
    lease::{Lease, connected},
    policy::Policy,
    readiness::{Chosen, ChosenCause},
    settle::{Published, Standing},
};
use crate::kernel::{ids::CallId, names::named, time::Timestamp};

/// The whole explanation: every fact, what follows from them, and what people were told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What people were told.
    pub published: Published,
    /// What follows from the facts now. Differs from what was told only until somebody settles it.
    pub decision: Decision,
    /// The facts themselves.
    pub facts: Facts,
    /// What `connected` follows from.
    pub connections: Vec<Connection>,
    /// The call behind `call`.
    pub call_id: Option<CallId>,
    /// Until when nobody can ring them, after their last call.
    pub wrap_up_until: Option<Timestamp>,
    /// What keeps calls from them, and what an admin can do about each. Nothing makes somebody connect.
    pub remedies: Vec<Remedy>,
}

named! {
    /// What keeps calls from an otomo.
    #[schemars(rename = "OtomoObstacle")]
    pub enum Obstacle {
        /// They are in a call.
        Call = "call",
        /// They are held by a call that is over, or not there.
        Held = "held",
        /// They wrap up their last one.
        WrapUp = "wrap_up",
        /// They are on a break because too many rings went unanswered.
        MissedCalls = "missed_calls",
        /// They, or an admin, have chosen a break.
        Break = "break",
        /// Nobody is connected, but a grace runs for who may come back.
        Grace = "grace",
        /// People were told something else than what follows from the facts.
        Unsettled = "unsettled",
    }
}

named! {
    /// What an admin can do.
    #[schemars(rename = "OtomoCorrection")]
    pub enum Correction {
        /// `POST /admin/api/otomo/{id}/free`
        Free = "free",
        /// `POST /admin/api/otomo/{id}/status` with `online`
        SetOnline = "set_online",
        /// `POST /admin/api/otomo/{id}/status` with `offline`
        SetOffline = "set_offline",
    }
}

/// What an admin can do about something that keeps calls from an otomo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remedy {
    /// What keeps them.
    pub obstacle: Obstacle,
    /// What is done about it.
    pub correction: Correction,
}

impl Obstacle {
    /// What makes it go away.
    pub const fn remedy(self) -> Remedy {
        let correction = match self {
            Self::Call | Self::Held | Self::WrapUp | Self::MissedCalls | Self::Unsettled => {
                Correction::Free
            }
            Self::Break => Correction::SetOnline,
            Self::Grace => Correction::SetOffline,
        };
        Remedy {
            obstacle: self,
            correction,
        }
    }
}

/// One connection, and how it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// The connection.
    pub lease: Lease,
    /// How it counts.
    pub presence: Presence,
}

/// How a connection counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Connected.
    Connected,
    /// Gone, and in its grace.
    InGrace,
    /// Gone for good.
    Expired,
}

/// What is stored of an otomo when they are explained.
#[derive(Debug, Clone)]
pub struct Stored {
    /// What people were told, and what they chose.
    pub standing: Standing,
    /// Their connections.
    pub leases: Vec<Lease>,
    /// Their call.
    pub call: Option<(CallId, LiveCall)>,
    /// Whether they are held by one that is none of theirs.
    pub held: bool,
    /// The end of their last wrap-up.
    pub free_at: Timestamp,
}

/// Explains an otomo's status as it is `now`.
pub fn why(stored: Stored, policy: &Policy, now: Timestamp) -> Explanation {
    let Stored {
        standing,
        leases,
        call,
        held,
        free_at,
    } = stored;
    let facts = Facts {
        connected: connected(&leases, now),
        readiness: standing.readiness.lapse(now),
        call: call.map(|(_, phase)| phase),
    };
    let connections: Vec<Connection> = leases
        .into_iter()
        .map(|lease| connection(lease, now))
        .collect();
    let mut explanation = Explanation {
        published: standing.published,
        decision: decide(&facts, policy),
        facts,
        connections,
        call_id: call.map(|(id, _)| id),
        wrap_up_until: Some(free_at).filter(|free_at| now < *free_at),
        remedies: Vec::new(),
    };
    let obstacles = explanation.obstacles(held);
    explanation.remedies = obstacles.map(Obstacle::remedy).collect();
    explanation
}

impl Explanation {
    /// What keeps calls from them, in the order in which it counts.
    fn obstacles(&self, held: bool) -> impl Iterator<Item = Obstacle> + use<> {
        let readiness = &self.facts.readiness;
        let on_break = readiness.chosen == Chosen::Break;
        let missed = readiness.cause == ChosenCause::MissedCalls;
        let is = |presence| self.connections.iter().any(|it| it.presence == presence);
        let leaves = is(Presence::InGrace) && !is(Presence::Connected);
        [
            (Obstacle::Call, self.facts.call.is_some()),
            (Obstacle::Held, held),
            (Obstacle::WrapUp, self.wrap_up_until.is_some()),
            (Obstacle::MissedCalls, on_break && missed),
            (Obstacle::Break, on_break && !missed),
            (Obstacle::Grace, leaves),
            (
                Obstacle::Unsettled,
                self.decision.status != self.published.status,
            ),
        ]
        .into_iter()
        .filter_map(|(obstacle, is_there)| is_there.then_some(obstacle))
    }
}

fn connection(lease: Lease, now: Timestamp) -> Connection {
    let presence = match (lease.counts(now), lease.leaving) {
        (true, false) => Presence::Connected,
        (true, true) => Presence::InGrace,
        (false, _) => Presence::Expired,
    };
    Connection { lease, presence }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        delivery::leave::Graces,
        kernel::ids::SessionId,
        presence::rules::{Readiness, Status},
    };

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);
    const POLICY: Policy = Policy {
        busy_while_ringing: false,
        missed_limit: 3,
        graces: Graces {
            reload: Duration::from_secs(3),
            leave: Duration::from_secs(15),
        },
        restart_grace: Duration::from_secs(15),
    };

    /// An otomo who is there, online and free, but for what is changed.
    fn remedies(change: impl FnOnce(&mut Stored)) -> Vec<(&'static str, &'static str)> {
        let mut standing = Standing::new("hana".parse().unwrap(), NOW);
        standing.published.status = Status::Online;
        let lease = Lease {
            session: SessionId::new(),
            device: "phone".parse().unwrap(),
            node: "otomo-1".parse().unwrap(),
            expires_at: NOW + Duration::from_secs(1),
            leaving: false,
        };
        let mut stored = Stored {
            standing,
            leases: vec![lease],
            call: None,
            held: false,
            free_at: NOW,
        };
        change(&mut stored);
        let explained = why(stored, &POLICY, NOW).remedies.into_iter();
        explained
            .map(|it| (it.obstacle.as_str(), it.correction.as_str()))
            .collect()
    }

    #[test]
    fn whatever_keeps_calls_from_an_otomo_is_named_with_what_makes_it_go_away() {
        assert_eq!(remedies(|_| {}), []);
        let busy = |it: &mut Stored| {
            it.call = Some((CallId::new(), LiveCall::Connected));
            it.standing.published.status = Status::Busy;
        };
        assert_eq!(remedies(busy), [("call", "free")]);
        assert_eq!(remedies(|it| it.held = true), [("held", "free")]);
        let wraps_up = |it: &mut Stored| it.free_at = NOW + Duration::from_secs(1);
        assert_eq!(remedies(wraps_up), [("wrap_up", "free")]);
        let on_break = |cause| {
            move |it: &mut Stored| {
                it.standing.published.status = Status::Break;
                it.standing.readiness = Readiness {
                    chosen: Chosen::Break,
                    cause,
                    ..Readiness::NEW
                };
            }
        };
        let missed = on_break(ChosenCause::MissedCalls);
        assert_eq!(remedies(missed), [("missed_calls", "free")]);
        let own = on_break(ChosenCause::Own);
        assert_eq!(remedies(own), [("break", "set_online")]);
        let leaves = |it: &mut Stored| it.leases[0].leaving = true;
        assert_eq!(remedies(leaves), [("grace", "set_offline")]);
        let untrue = |it: &mut Stored| it.standing.published.status = Status::Busy;
        assert_eq!(remedies(untrue), [("unsettled", "free")]);
        // Nothing makes somebody connect.
        let gone = |it: &mut Stored| {
            it.leases.clear();
            it.standing.published.status = Status::Offline;
        };
        assert_eq!(remedies(gone), []);
    }
}
