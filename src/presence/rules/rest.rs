//! What a status may be in a database that nobody serves. While servers run a status follows from the facts to the second; what
//! they leave behind was right when they last looked, and leases and breaks have run out since. The next start gives it another
//! look.

use super::{
    decide::{Facts, LiveCall, decide},
    lease::{Lease, connected},
    policy::Policy,
    settle::Standing,
    status::Status,
};
use crate::kernel::time::Timestamp;

/// The statuses that may be stored, by what had run out when somebody last looked: first the one where nothing had, which is
/// what an otomo is held to until they are back.
pub fn at_rest(
    standing: &Standing,
    leases: &[Lease],
    call: Option<LiveCall>,
    policy: &Policy,
    now: Timestamp,
) -> Vec<Status> {
    let readiness = standing.readiness;
    let mut statuses = Vec::new();
    for connected in [!leases.is_empty(), connected(leases, now)] {
        for readiness in [readiness, readiness.lapse(now)] {
            let facts = Facts {
                connected,
                readiness,
                call,
            };
            let status = decide(&facts, policy).status;
            if !statuses.contains(&status) {
                statuses.push(status);
            }
        }
    }
    statuses
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        delivery::leave::Graces,
        kernel::ids::SessionId,
        presence::rules::{Chosen, ChosenCause, Readiness},
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

    fn lease(expires_in: i64) -> Lease {
        Lease {
            session: SessionId::new(),
            device: "phone".parse().unwrap(),
            node: "otomo-1".parse().unwrap(),
            expires_at: Timestamp::from_millis(NOW.millis() + expires_in),
            leaving: false,
        }
    }

    fn on_break_until(until: i64) -> Standing {
        let standing = Standing::new("hana".parse().unwrap(), NOW);
        let readiness = Readiness {
            chosen: Chosen::Break,
            cause: ChosenCause::Own,
            until: Some(Timestamp::from_millis(NOW.millis() + until)),
            missed: 0,
        };
        Standing {
            readiness,
            ..standing
        }
    }

    #[test]
    fn what_ran_out_since_may_have_been_seen_or_not() {
        let standing = Standing::new("hana".parse().unwrap(), NOW);
        let statuses = |standing: &Standing, leases: &[Lease], call| {
            at_rest(standing, leases, call, &POLICY, NOW)
        };
        assert_eq!(statuses(&standing, &[], None), [Status::Offline]);
        assert_eq!(statuses(&standing, &[lease(1)], None), [Status::Online]);
        let [online, offline] = [Status::Online, Status::Offline];
        assert_eq!(statuses(&standing, &[lease(-1)], None), [online, offline]);
        let over = on_break_until(-1);
        assert_eq!(statuses(&over, &[lease(1)], None), [Status::Break, online]);
        assert_eq!(
            statuses(&on_break_until(1), &[lease(1)], None),
            [Status::Break]
        );
        // A call outlasts whatever has run out.
        let talking = Some(LiveCall::Connected);
        assert_eq!(statuses(&over, &[lease(-1)], talking), [Status::Busy]);
    }
}
