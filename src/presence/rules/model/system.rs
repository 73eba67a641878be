//! The system under test: what is stored, changed through the rules.

use std::time::Duration;

use proptest_state_machine::StateMachineTest;

use super::{Ending, Happening, next_phase, reference::Reference};
use crate::{
    delivery::leave::Leave,
    kernel::{
        ids::{CallId, SessionId},
        time::Timestamp,
    },
    presence::rules::*,
};

/// How long a lease counts without being renewed.
const LEASE: Duration = Duration::from_secs(10);

/// What is stored of one otomo, and who looks at the list.
pub(super) struct System {
    policy: Policy,
    now: Timestamp,
    standing: Standing,
    leases: Vec<Lease>,
    call: Option<LiveCall>,
    watchers: Vec<Watcher>,
}

/// Somebody's list: the snapshot that they got, and every update since.
struct Watcher {
    snapshot: Published,
    updates: Vec<StatusChange>,
}

impl System {
    fn lease(&self, device: usize) -> Lease {
        Lease {
            session: SessionId::new(),
            device: format!("device-{device}").parse().unwrap(),
            node: "node-1".parse().unwrap(),
            expires_at: self.now + LEASE,
            leaving: false,
        }
    }

    fn change_readiness(&mut self, change: impl FnOnce(Readiness) -> Readiness) {
        self.standing.readiness = change(self.standing.readiness);
    }

    fn connect(&mut self, device: usize) {
        let arriving = self.lease(device);
        self.standing = self.standing.clone().arrived();
        self.leases.retain(|lease| !lease.gives_way_to(&arriving));
        // Takes the place of a session that is still there, as the connection policy `takeover` does.
        self.leases
            .retain(|lease| lease.leaving || lease.device != arriving.device);
        self.leases.push(arriving);
    }

    fn leave(&mut self, device: usize, leave: Leave) {
        let leaving = self.lease(device).device;
        let place = self.leases.iter().position(|lease| lease.device == leaving);
        let lease = self.leases.remove(place.unwrap());
        self.leases
            .extend(lease.left(leave, &self.leases, &self.policy, self.now));
    }

    fn act(&mut self, happening: Happening) {
        let (policy, now) = (self.policy, self.now);
        match happening {
            Happening::Connect(device) => self.connect(device),
            Happening::Leave(device, leave) => self.leave(device, leave),
            Happening::Choose(chosen, lasting, by) => self.change_readiness(|readiness| {
                let until = lasting.map(|lasting| now + lasting);
                readiness.choose(chosen, until, by, now).unwrap()
            }),
            Happening::ForceOffline => {
                assert_eq!(force(Status::Offline), Ok(Forced::Offline));
                self.call = None;
                self.leases.clear();
            }
            Happening::Request => self.call = Some(LiveCall::Requesting),
            Happening::Progress => {
                self.call = next_phase(self.call);
                if self.call == Some(LiveCall::Connecting) {
                    self.change_readiness(Readiness::answered);
                }
            }
            Happening::End(ending) => {
                self.call = None;
                self.change_readiness(|readiness| match ending {
                    Ending::Missed => readiness.missed(&policy),
                    Ending::Rejected => readiness.answered(),
                    Ending::Other => readiness,
                });
            }
            Happening::Pass(span) => {
                self.now = self.now + span;
                for lease in self.leases.iter_mut().filter(|lease| !lease.leaving) {
                    lease.expires_at = self.now + LEASE;
                }
            }
            Happening::Restart(away) => {
                self.now = self.now + away;
                let held = self.leases.drain(..);
                self.leases = held.map(|lease| lease.held(&policy, now + away)).collect();
            }
            Happening::Watch => self.watchers.push(Watcher {
                snapshot: self.standing.published,
                updates: Vec::new(),
            }),
        }
    }

    /// What each of the room's transactions ends with.
    fn settle(&mut self) {
        let (before, now) = (self.standing.published, self.now);
        let settled = settle(
            self.standing.clone(),
            &self.leases,
            self.call,
            &self.policy,
            now,
        );
        self.standing = settled.standing;
        self.leases.retain(|lease| lease.counts(now));
        let Some(change) = settled.change else { return };
        assert!(invariants::no_update_repeats(&before, &change));
        for watcher in &mut self.watchers {
            watcher.updates.push(change.clone());
        }
    }
}

impl StateMachineTest for System {
    type SystemUnderTest = Self;
    type Reference = Reference;

    fn init_test(reference: &Reference) -> Self {
        Self {
            policy: reference.policy,
            now: reference.now,
            standing: Standing::new("otomo-1".parse().unwrap(), reference.now),
            leases: Vec::new(),
            call: None,
            watchers: Vec::new(),
        }
    }

    fn apply(mut system: Self, _: &Reference, happening: Happening) -> Self {
        system.act(happening);
        system.settle();
        system
    }

    fn check_invariants(system: &Self, reference: &Reference) {
        let published = system.standing.published;
        assert_eq!(published.status, reference.shown);
        assert_eq!(system.standing.readiness.chosen, reference.chosen);
        assert_eq!(system.standing.readiness.missed, reference.missed);

        let call = system.call.map(|phase| (CallId::new(), phase));
        let stored = Stored {
            standing: system.standing.clone(),
            leases: system.leases.clone(),
            call,
            held: false,
            free_at: system.now,
        };
        let explanation = why(stored, &system.policy, system.now);
        assert_eq!(explanation.decision.status, published.status);
        assert!(invariants::the_cause_explains_the_status(
            &explanation.decision
        ));
        assert!(invariants::busy_means_in_call(
            &explanation.facts,
            &explanation.decision,
            &system.policy
        ));
        for watcher in &system.watchers {
            assert!(invariants::a_snapshot_and_its_updates_are_fresh(
                &watcher.snapshot,
                &watcher.updates,
                &published
            ));
        }
    }
}
