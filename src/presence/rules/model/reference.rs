//! The reference: what the rules speak of, and their formula.

use proptest::prelude::*;
use proptest_state_machine::ReferenceStateMachine;

use super::{DEVICES, Ending, Happening, happening, next_phase};
use crate::{
    delivery::leave::Leave,
    kernel::time::Timestamp,
    presence::rules::{Chosen, LiveCall, Policy, Status, tests::POLICY},
};

/// Where a device is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Device {
    Away,
    Here,
    InGrace(Timestamp),
}

/// One otomo, in the words of the rules.
#[derive(Debug, Clone)]
pub(super) struct Reference {
    pub(super) policy: Policy,
    pub(super) now: Timestamp,
    devices: [Device; DEVICES],
    pub(super) chosen: Chosen,
    until: Option<Timestamp>,
    pub(super) missed: u32,
    call: Option<LiveCall>,
    /// What people see.
    pub(super) shown: Status,
}

impl Reference {
    /// The table at the head of [`rules`](crate::presence::rules), written once more.
    fn status(&self) -> Status {
        let talks = matches!(self.call, Some(LiveCall::Connecting | LiveCall::Connected));
        let rings = self.policy.busy_while_ringing && self.call == Some(LiveCall::Ringing);
        if talks || rings {
            Status::Busy
        } else if self.devices.iter().all(|device| *device == Device::Away) {
            Status::Offline
        } else if self.chosen == Chosen::Break {
            Status::Break
        } else {
            Status::Online
        }
    }

    fn choose(&mut self, chosen: Chosen, until: Option<Timestamp>) {
        self.chosen = chosen;
        self.until = until;
    }

    fn leave(&mut self, device: usize, leave: Leave) {
        let grace = match leave {
            Leave::Clean => None,
            Leave::Reload => Some(self.policy.graces.reload),
            Leave::Broken => Some(self.policy.graces.leave),
            Leave::ServerClosed(wait) => Some(self.policy.graces.leave + wait),
        };
        self.devices[device] =
            grace.map_or(Device::Away, |grace| Device::InGrace(self.now + grace));
    }

    fn end(&mut self, ending: Ending) {
        self.call = None;
        match ending {
            Ending::Other => {}
            Ending::Rejected => self.missed = 0,
            Ending::Missed => {
                self.missed += 1;
                if self.policy.missed_limit > 0 && self.missed >= self.policy.missed_limit {
                    self.missed = 0;
                    if self.chosen == Chosen::Online {
                        self.choose(Chosen::Break, None);
                    }
                }
            }
        }
    }

    /// What time alone changes.
    fn tick(&mut self) {
        for device in &mut self.devices {
            if matches!(device, Device::InGrace(until) if *until <= self.now) {
                *device = Device::Away;
            }
        }
        if self.until.is_some_and(|until| until <= self.now) {
            self.choose(Chosen::Online, None);
        }
        self.shown = self.status();
    }
}

impl ReferenceStateMachine for Reference {
    type State = Self;
    type Transition = Happening;

    fn init_state() -> BoxedStrategy<Self> {
        (any::<bool>(), 0_u32..4)
            .prop_map(|(busy_while_ringing, missed_limit)| Reference {
                policy: Policy {
                    busy_while_ringing,
                    missed_limit,
                    ..POLICY
                },
                now: Timestamp::from_millis(1_000_000),
                devices: [Device::Away; DEVICES],
                chosen: Chosen::Online,
                until: None,
                missed: 0,
                call: None,
                shown: Status::Offline,
            })
            .boxed()
    }

    fn transitions(_: &Self) -> BoxedStrategy<Happening> {
        happening().boxed()
    }

    fn preconditions(state: &Self, happening: &Happening) -> bool {
        let accepted = matches!(state.call, Some(LiveCall::Connecting | LiveCall::Connected));
        match happening {
            Happening::Leave(device, _) => state.devices[*device] == Device::Here,
            Happening::Request => state.call.is_none(),
            Happening::Progress => state.call.is_some_and(|call| call != LiveCall::Connected),
            // What was accepted can neither be missed nor rejected.
            Happening::End(Ending::Other) => state.call.is_some(),
            Happening::End(Ending::Missed | Ending::Rejected) => state.call.is_some() && !accepted,
            Happening::Connect(_)
            | Happening::Choose(..)
            | Happening::ForceOffline
            | Happening::Pass(_)
            | Happening::Restart(_)
            | Happening::Watch => true,
        }
    }

    fn apply(mut state: Self, happening: &Happening) -> Self {
        match happening {
            Happening::Connect(device) => {
                if state.shown == Status::Offline {
                    state.choose(Chosen::Online, None);
                }
                state.devices[*device] = Device::Here;
            }
            Happening::Leave(device, leave) => state.leave(*device, *leave),
            Happening::Choose(chosen, lasting, _) => {
                let until = lasting.filter(|_| *chosen == Chosen::Break);
                state.choose(*chosen, until.map(|lasting| state.now + lasting));
            }
            Happening::ForceOffline => {
                state.call = None;
                state.devices = [Device::Away; DEVICES];
            }
            Happening::Request => state.call = Some(LiveCall::Requesting),
            Happening::Progress => {
                state.call = next_phase(state.call);
                if state.call == Some(LiveCall::Connecting) {
                    state.missed = 0;
                }
            }
            Happening::End(ending) => state.end(*ending),
            Happening::Pass(span) => state.now = state.now + *span,
            Happening::Restart(away) => {
                state.now = state.now + *away;
                let held = state.now + state.policy.restart_grace;
                for device in &mut state.devices {
                    *device = match *device {
                        Device::Away => Device::Away,
                        Device::InGrace(promised) => Device::InGrace(held.max(promised)),
                        Device::Here => Device::InGrace(held),
                    };
                }
            }
            Happening::Watch => {}
        }
        state.tick();
        state
    }
}
