//! What the world does with a command: the server's part in miniature. Each effect is interpreted as the
//! server does it, with an assertion for what the database would enforce.

use std::{collections::BTreeSet, mem, num::NonZeroU32};

use super::{
    words,
    world::{OTOMOS, World},
};
use crate::{
    calls::rules::{
        call::{Call, Device, PhaseName, Side},
        command::{Command, Happening, Remaining},
        effect::{Audience, Devices, Durable, Spoken, Step},
        invariants,
        refusal::Refusal,
        request::{Facts, Request},
        step::advance,
    },
    kernel::ids::{CallId, UserId},
    presence::rules::{Callable, Reach},
};

impl World {
    pub(super) fn facts(&self, request: &Request) -> Facts {
        let people = [&request.caller.user, &request.otomo];
        let live = people
            .into_iter()
            .filter_map(|user| self.participants.get(user));
        let live: BTreeSet<_> = live.collect();
        let otomo = &request.otomo;
        Facts {
            known: self.calls.get(&request.id).cloned(),
            live: live.into_iter().map(|id| self.calls[id].clone()).collect(),
            called: OTOMOS.contains(&otomo.as_str()).then(|| Callable {
                reach: self.reach(otomo),
                on_break: self.on_break.contains(otomo),
                free_at: self.free_at.get(otomo).copied().unwrap_or_default(),
            }),
            price: self
                .prices
                .get(otomo)
                .and_then(|price| NonZeroU32::new(*price)),
            balances: self.balances.clone(),
            over_rate: false,
            draining: self.draining,
        }
    }

    /// Who of this user's devices is there.
    pub(super) fn remaining(&self, user: &UserId) -> Remaining {
        if self.here.iter().any(|device| device.user == *user) {
            Remaining::Others
        } else {
            Remaining::Nobody
        }
    }

    fn reach(&self, otomo: &UserId) -> Reach {
        let leaving = self.leaving_until.get(otomo);
        if self.remaining(otomo) == Remaining::Others {
            Reach::Connected
        } else if leaving.is_some_and(|until| self.now < *until) {
            Reach::Leaving
        } else {
            Reach::Offline
        }
    }

    pub(super) fn happens_to(&mut self, device: &Device, happening: Happening) {
        if let Some(call) = self.participants.get(&device.user).copied() {
            self.command(call, Command::Happened(happening), None)
                .unwrap();
        }
    }

    pub(super) fn command(
        &mut self,
        call: CallId,
        command: Command,
        asker: Option<&Device>,
    ) -> Result<(), Refusal> {
        let call = self.calls.get(&call).ok_or(Refusal::NotParticipant)?;
        let advance = advance(call, &command, self.moment(call), &self.policy);
        self.apply(advance.overdue, None);
        let step = advance.outcome?;
        self.apply(vec![step], asker);
        Ok(())
    }

    /// Everything durable of all steps, then everything spoken.
    pub(super) fn apply(&mut self, steps: Vec<Step>, asker: Option<&Device>) {
        for step in &steps {
            for durable in &step.durable {
                self.write(step, *durable);
            }
            assert_eq!(
                self.calls.get(&step.next.id),
                Some(&step.next),
                "not stored"
            );
        }
        for step in &steps {
            for spoken in &step.spoken {
                self.transcript.push((step.next.id, spoken.clone()));
                self.say(&step.next, spoken, asker);
            }
        }
        if !self.slow {
            self.deliver();
        }
    }

    fn write(&mut self, step: &Step, durable: Durable) {
        let call = &step.next;
        match durable {
            Durable::Persist(..) => {
                let before = self.calls.insert(call.id, call.clone());
                assert_eq!(
                    before.as_ref().map_or(0, |call| call.version) + 1,
                    call.version
                );
                if let Some(before) = &before {
                    assert_eq!(invariants::broken_by(before, step), None, "{step:#?}");
                }
                if !call.is_live() {
                    *self.ends.entry(call.id).or_default() += 1;
                }
            }
            Durable::Note(..) => {}
            Durable::Charge(charge) => {
                let key = (call.id, charge.number);
                assert_eq!(self.taken.insert(key, charge.points), None, "charged twice");
                let balance = self.balances.entry(call.caller.clone()).or_default();
                *balance -= charge.points;
                assert!(*balance >= 0, "{step:#?}");
            }
            Durable::Reserve => {
                for side in Side::ALL {
                    let person = call.person(*side).clone();
                    assert_eq!(self.participants.insert(person, call.id), None, "taken");
                }
            }
            Durable::Release => {
                for side in Side::ALL {
                    assert_eq!(self.participants.remove(call.person(*side)), Some(call.id));
                }
            }
            Durable::CountMissed => {
                let count = self.missed.entry(call.otomo.clone()).or_default();
                *count += 1;
                if *count >= self.missed_limit {
                    *count = 0;
                    self.on_break.insert(call.otomo.clone());
                }
            }
            Durable::ResetMissed => {
                self.missed.remove(&call.otomo);
            }
            Durable::WrapUp { until } => {
                self.free_at.insert(call.otomo.clone(), until);
            }
            Durable::Settle => {
                for side in Side::ALL {
                    self.settle(call.person(*side).clone());
                }
            }
            Durable::LeaveMissed => self.left_missed.push(call.id),
        }
    }

    fn say(&mut self, call: &Call, spoken: &Spoken, asker: Option<&Device>) {
        match spoken {
            Spoken::Ring(devices) => {
                let to = Audience {
                    side: Side::Otomo,
                    devices: devices.clone(),
                };
                let happening = match self.tell(call, &to, "incoming_call") {
                    0 => Happening::Unreached,
                    _ => Happening::Rang,
                };
                self.news.push_back((call.id, happening));
            }
            Spoken::Tell(to, notice) => {
                self.tell(call, to, &words::notice(*notice));
            }
            Spoken::Relay(to) => {
                self.tell(call, to, "signal");
            }
            Spoken::KeepCandidate => *self.kept.entry(call.id).or_default() += 1,
            Spoken::RelayKept(to) => {
                for _ in 0..self.kept.remove(&call.id).unwrap_or(0) {
                    self.tell(call, to, "signal");
                }
            }
            Spoken::Charged => {
                let balance = self.balance(&call.caller);
                let caller = Audience::all(Side::Caller);
                self.tell(call, &caller, &format!("sp_update{{{balance}}}"));
            }
            Spoken::MissedCall => assert_eq!(self.left_missed.last(), Some(&call.id)),
            Spoken::Status => {
                for (otomo, status) in mem::take(&mut self.changed) {
                    for device in &self.here {
                        let words = format!("{otomo} is {status}");
                        self.said.push((call.id, device.clone(), words));
                    }
                }
            }
            Spoken::Answer(answer) => {
                let asker = asker.expect("nobody asked").clone();
                self.said.push((call.id, asker, words::answer(answer)));
            }
            Spoken::Watch(side) => {
                let bound = Device {
                    user: call.person(*side).clone(),
                    id: call.bound_device(*side).unwrap().clone(),
                };
                if !self.here.contains(&bound) {
                    let remaining = self.remaining(&bound.user);
                    let left = Happening::Left(bound, remaining);
                    self.news.push_back((call.id, left));
                }
            }
        }
    }

    /// The status of somebody who is there; a change is for the next `Status` to say.
    fn settle(&mut self, otomo: UserId) {
        let call = self.live().find(|call| call.side(&otomo).is_some());
        let busy = call.is_some_and(|call| match call.phase.name() {
            PhaseName::Requesting | PhaseName::Ended => false,
            PhaseName::Ringing => self.policy.busy_while_ringing,
            PhaseName::Connecting | PhaseName::Connected => true,
        });
        let status = match (busy, self.on_break.contains(&otomo)) {
            (true, _) => "busy",
            (false, true) => "break",
            (false, false) => "online",
        };
        let shown = self.shown.insert(otomo.clone(), status);
        if OTOMOS.contains(&otomo.as_str()) && shown.unwrap_or("online") != status {
            self.changed.push((otomo, status));
        }
    }

    /// To whoever is there; how many that were.
    fn tell(&mut self, call: &Call, to: &Audience, words: &str) -> usize {
        let person = call.person(to.side);
        let meant = |device: &&Device| {
            device.user == *person
                && match &to.devices {
                    Devices::All => true,
                    Devices::Only(only) => device.id == *only,
                    Devices::Except(except) => device.id != *except,
                }
        };
        let here: Vec<_> = self.here.iter().filter(meant).cloned().collect();
        let reached = here.len();
        let said = here
            .into_iter()
            .map(|device| (call.id, device, words.to_owned()));
        self.said.extend(said);
        reached
    }
}
