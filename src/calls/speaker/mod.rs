//! Says what is stored: each effect of a step, in its order, to whom it concerns.
//!
//! What is stored first is said first, also across calls: the coordinator hands over the outcomes in the order of the
//! commits, one after the other. The order of what one client hears is the order of the calls to dispatch. [`again`]: what is
//! said once more, in case it was lost.

mod again;

use std::{collections::BTreeSet, future::Future, pin::Pin, sync::Arc};

pub(super) use self::again::Again;
use super::{
    hints, ice,
    kept::KeptCandidates,
    live::LivePeople,
    messages::Asker,
    records::sweep::Mark,
    routes::Routes,
    rules::{
        call::{Call, Device, PhaseName, Side},
        command::{Happening, Remaining},
        effect::{Answer, Audience, Devices, Durable, Notice, Spoken, Step, TimelineEvent},
        ending::Hangup,
        refusal::Refusal,
    },
    task::{Origin, Task, Work},
    transactions::{Outcome, Stored},
    wire,
};
use crate::{
    backplane::Link,
    delivery::{dispatch::Dispatch, lines::To},
    kernel::{
        config::CallsConfig,
        ids::{CallId, DeviceId, UserId},
        metrics::Metrics,
        time::Timestamp,
    },
    points::Points,
    presence::Presence,
    protocol::{
        error_code::ErrorCode,
        event::{Error, Event},
        fault::Fault,
        frame::Frame,
    },
    store::Handle,
};

/// Speaks for the coordinator, on its thread.
pub(super) struct Speaker {
    pub(super) dispatch: Dispatch,
    pub(super) presence: Presence,
    pub(super) points: Points,
    pub(super) store: Handle,
    pub(super) config: CallsConfig,
    pub(super) live: LivePeople,
    pub(super) routes: Routes,
    pub(super) kept: KeptCandidates,
    pub(super) metrics: Arc<Metrics>,
}

/// What came of saying something.
#[derive(Default)]
pub(super) struct Said {
    /// The calls as they are now.
    pub(super) calls: Vec<Call>,
    /// What people know now.
    pub(super) marks: Vec<Mark>,
    /// Devices on which a call depends from now on. They may have gone while the command was on its way; their leaving was
    /// told when there was no call to tell it of.
    pub(super) watched: Vec<(CallId, Device)>,
    /// Otomo who were away when they were called, and may have come back before anybody here knew of the call.
    pub(super) away: Vec<(CallId, UserId)>,
    /// Rings on their way, each with the number of outboxes that it enters.
    pub(super) rings: Vec<(CallId, Count)>,
    /// Why the command was not taken. Whoever asked over a connection has been told.
    pub(super) refusal: Option<Refusal>,
}

/// A number that delivery will know in a moment.
pub(super) type Count = Pin<Box<dyn Future<Output = usize>>>;

impl Speaker {
    /// Says what a transaction came to.
    pub(super) async fn say(&self, task: &Task, outcome: Outcome) -> Said {
        let mut said = Said {
            refusal: outcome.refusal,
            ..Said::default()
        };
        // Before anybody hears a word: who leaves after they have heard one is known to be in a call.
        for stored in &outcome.steps {
            self.live.note(&stored.step.next);
            self.routes.close(stored.step.next.id);
            let persisted = |it: &Durable| matches!(it, Durable::Persist(..));
            if stored.step.durable.iter().any(persisted) {
                hints::tell(self.dispatch.backplane(), &stored.step.next);
            }
        }
        for mut stored in outcome.steps {
            self.record(&stored.step);
            for spoken in &stored.step.spoken {
                match spoken {
                    Spoken::Status => {
                        let changes = std::mem::take(&mut stored.changes);
                        self.presence.changed(changes).await;
                    }
                    spoken => self.say_one(&stored, spoken, task, &mut said),
                }
            }
            said.away.extend(called_while_away(&stored.step));
            said.marks.extend(stored.mark);
            said.calls.push(stored.step.next);
        }
        if let Some(refusal) = &said.refusal {
            self.refuse(task, refusal);
        }
        said
    }

    /// All of a change has been said: its two devices may reach each other right away. Not where other nodes may change the
    /// call, nor if a request has ended it meanwhile, whose lane is another.
    pub(super) fn open_route(&self, call: &Call) {
        let alone = self.dispatch.backplane().link() == Link::Alone;
        if alone && self.live.call_of(&call.caller) == Some(call.id) {
            self.routes.open(call);
        }
    }

    /// Says what a signal came to, which is never stored.
    pub(super) fn pass_on(&self, task: &Task, outcome: Result<Step, Refusal>) {
        match outcome {
            Ok(step) => {
                let stored = Stored::new(step);
                for spoken in &stored.step.spoken {
                    self.say_one(&stored, spoken, task, &mut Said::default());
                }
            }
            Err(refusal) => self.refuse(task, &refusal),
        }
    }

    /// Answers a client that its command was not done.
    pub(super) fn fail(&self, asker: &Asker, call: CallId, fault: Fault) {
        let fault = fault.about("callId", call.to_string());
        self.reply(asker, &Error::new(&fault, self.now()).into());
    }

    /// Tells the device that calls that a charge could not be stored.
    pub(super) fn charge_failed(&self, call: &Call, number: u32) {
        self.metrics.call_charges.of("failed").inc();
        let message = "a minute of this call could not be charged; it will be tried again, and the call goes on";
        let fault = Fault::new(ErrorCode::BillingFailed, message)
            .about("callId", call.id.to_string())
            .about("tickNumber", number);
        let error = Frame::new(&Error::new(&fault, self.now()).into());
        let device = call.caller_device.clone();
        self.dispatch
            .tell(To::Device(call.caller.clone(), device), error);
    }

    fn say_one(&self, stored: &Stored, spoken: &Spoken, task: &Task, said: &mut Said) {
        let call = &stored.step.next;
        match spoken {
            Spoken::Ring(devices) => said.rings.extend(self.ring(stored, devices, task)),
            Spoken::Tell(to, notice) => self.tell(call, to, *notice),
            Spoken::Relay(to) => {
                if self.cannot_reach(call, to) {
                    self.refuse(task, &Refusal::PeerUnavailable);
                } else if let Some(signal) = signal(call, task) {
                    self.dispatch.tell(recipients(call, to), signal);
                }
            }
            Spoken::KeepCandidate => {
                if let Some(candidate) = signal(call, task) {
                    self.kept.keep(call.id, candidate);
                }
            }
            Spoken::RelayKept(to) => {
                for candidate in self.kept.take(call.id) {
                    self.dispatch.tell(recipients(call, to), candidate);
                }
            }
            // Said again after a crash it has no place in the inbox at hand; sessions read it there when they begin.
            Spoken::MissedCall => {
                if let Some((seq, frame)) = &stored.missed {
                    self.dispatch.durable(&call.otomo, *seq, frame);
                }
            }
            Spoken::Charged => stored.charged.iter().for_each(|it| self.points.publish(it)),
            Spoken::Answer(answer) => self.answer(call, *answer, task),
            Spoken::Watch(side) => said.watched.extend(bound(call, *side)),
            // Said in its place by who may wait for it.
            Spoken::Status => {}
        }
    }

    /// Rings devices of the otomo. While nobody has been rung yet it matters how many outboxes the ring enters.
    fn ring(&self, stored: &Stored, devices: &Devices, task: &Task) -> Option<(CallId, Count)> {
        let call = &stored.step.next;
        let frame = self.incoming(stored)?;
        let to = match (devices, &task.origin) {
            // The device's other sessions have heard it.
            (Devices::Only(_), Origin::Arrival(at)) => To::Session(*at),
            _ => recipients_of(call, Side::Otomo, devices),
        };
        if call.phase.name() != PhaseName::Requesting {
            self.dispatch.tell(to, frame);
            return None;
        }
        let entered: Count = Box::pin(self.dispatch.tell_counted(to, frame));
        Some((call.id, entered))
    }

    fn incoming(&self, stored: &Stored) -> Option<Frame> {
        let call = &stored.step.next;
        let incoming = wire::incoming(call, stored.caller.as_ref()?, self.now())?;
        Some(Frame::new(&incoming.into()))
    }

    fn tell(&self, call: &Call, to: &Audience, notice: Notice) {
        let frame = self.notice(call, to, notice);
        self.dispatch.tell(recipients(call, to), frame);
    }

    fn notice(&self, call: &Call, to: &Audience, notice: Notice) -> Frame {
        let now = self.now();
        let person = call.person(to.side);
        let event = wire::notice(call, to.side, notice, now, || {
            ice::servers(&self.config, person, now)
        });
        Frame::new(&event)
    }

    fn answer(&self, call: &Call, answer: Answer, task: &Task) {
        if let Some(asker) = task.asker() {
            self.reply(asker, &wire::answer(call, answer));
        }
    }

    fn refuse(&self, task: &Task, refusal: &Refusal) {
        let Some(asker) = task.asker() else { return };
        let fault = match (&task.work, refusal) {
            (Work::Open(_, Some(wait)), Refusal::RateLimited) => {
                wire::refusal(refusal).retry_after(*wait)
            }
            _ => wire::refusal(refusal),
        };
        self.fail(asker, task.call, fault);
    }

    fn reply(&self, asker: &Asker, event: &Event) {
        let tell = |frame| self.dispatch.tell(To::Session(asker.at), frame);
        asker.reply.send(event, tell);
    }

    /// That a device is gone; `None` if it is there.
    pub(super) fn absence(&self, device: Device) -> Option<Happening> {
        let roster = self.dispatch.roster();
        if roster.has_device(&device.user, &device.id) {
            return None;
        }
        let remaining = match roster.sessions(&device.user).is_empty() {
            true => Remaining::Nobody,
            false => Remaining::Others,
        };
        Some(Happening::Left(device, remaining))
    }

    /// The devices of a person that are connected to this node.
    pub(super) fn devices_here(&self, user: &UserId) -> Vec<Device> {
        let sessions = self.dispatch.roster().sessions(user);
        let devices: BTreeSet<DeviceId> = sessions.into_iter().map(|it| it.device).collect();
        let device = |id| Device {
            user: user.clone(),
            id,
        };
        devices.into_iter().map(device).collect()
    }

    /// Whether a device is not connected here, and no other node is heard that may have it.
    fn cannot_reach(&self, call: &Call, to: &Audience) -> bool {
        let Devices::Only(device) = &to.devices else {
            return false;
        };
        let (user, roster) = (call.person(to.side), self.dispatch.roster());
        self.dispatch.backplane().link() != Link::Up && !roster.has_device(user, device)
    }

    /// Another node has changed a call: what is kept here for the device that accepts it is passed on, or is not needed any
    /// more.
    pub(super) fn learned(&self, call: &Call) {
        let accepted = call.accepted().filter(|_| call.is_live());
        if accepted.is_none() && call.is_live() {
            return;
        }
        for candidate in self.kept.take(call.id) {
            if let Some(accepted) = accepted {
                let to = To::Device(call.otomo.clone(), accepted.device.clone());
                self.dispatch.tell(to, candidate);
            }
        }
    }

    /// Counts and logs what was stored.
    fn record(&self, step: &Step) {
        let call = &step.next;
        if step.points() > 0 {
            self.metrics.call_charges.of("made").inc();
        }
        for durable in &step.durable {
            let Durable::Persist(event, by) = durable else {
                continue;
            };
            let (id, phase) = (call.id, call.phase.name());
            let (user, otomo) = (&call.caller, &call.otomo);
            match (event, call.end(), call.connection()) {
                (TimelineEvent::Ended, Some(end), _) => {
                    let (outcome, reason) = (end.outcome(), end.reason());
                    log::info!(
                        "call ended call={id} phase={phase} user={user} otomo={otomo} by={by} outcome={outcome} reason={reason}"
                    );
                    self.metrics.calls_ended.of(outcome.as_str()).inc();
                    if end.hangup() == Some(Hangup::LowBalance) {
                        self.metrics.call_charges.of("insufficient").inc();
                    }
                    // Nobody will accept, so nobody will take what was kept.
                    drop(self.kept.take(id));
                }
                (event, _, connection) => {
                    log::info!(
                        "call {event} call={id} phase={phase} user={user} otomo={otomo} by={by}"
                    );
                    let up = connection.filter(|_| *event == TimelineEvent::Connected);
                    if let (Some(up), Some(accepted)) = (up, call.accepted()) {
                        self.metrics.call_setup.took(accepted.at.until(up.at));
                    }
                }
            }
        }
    }

    fn now(&self) -> Timestamp {
        self.store.now()
    }
}

/// The device on which a call depends on this side.
fn bound(call: &Call, side: Side) -> Option<(CallId, Device)> {
    let device = Device {
        user: call.person(side).clone(),
        id: call.bound_device(side)?.clone(),
    };
    Some((call.id, device))
}

/// The otomo of a call that was just opened, if they were away.
fn called_while_away(step: &Step) -> Option<(CallId, UserId)> {
    let call = &step.next;
    let opened = step.durable.contains(&Durable::Reserve);
    (opened && call.lost().otomo.is_some()).then(|| (call.id, call.otomo.clone()))
}

/// The signal that was asked, as the other side gets it.
fn signal(call: &Call, task: &Task) -> Option<Frame> {
    match &task.work {
        Work::Signal(from, payload) => Some(Frame::new(&payload.event(call.id, &from.user))),
        Work::Open(..) | Work::Command(_) | Work::Restate => None,
    }
}

fn recipients(call: &Call, to: &Audience) -> To {
    recipients_of(call, to.side, &to.devices)
}

fn recipients_of(call: &Call, side: Side, devices: &Devices) -> To {
    let user = call.person(side).clone();
    match devices {
        Devices::All => To::User(user),
        Devices::Only(device) => To::Device(user, device.clone()),
        Devices::Except(device) => To::OtherDevices(user, device.clone()),
    }
}
