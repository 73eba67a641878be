//! The coordinator: takes what comes to calls through their lanes, one at a time for each call, and through the store.
//!
//! ```text
//!   ask, happening ──> lane of the call ──> store job ──> results, in the order of the commits
//!                         ^    |                              |
//!                         |    └ signal: said at once         ├─ said (speaker), answered
//!                         └──── what was found out, next ─────┘
//! ```
//! A request concerns two people and may touch calls in other lanes. Nothing is locked for that: each job reads what is
//! stored in its own transaction, and what two jobs dispute is settled there. Here only the order is kept.
//!
//! The actor never waits: a job's result comes back in the order of the jobs ([`Ordered`]), and is said in full before the
//! next one is.
//!
//! - `handlers`: what it does with each message. `sweeper`: what it does by itself. `billing`: charges that failed. `others`:
//!   what other nodes do. `unheard`: what of that nobody here heard.

mod billing;
mod handlers;
mod others;
mod sweeper;
mod unheard;

use std::{collections::BTreeSet, rc::Rc, time::Duration};

use actix::{fut::wrap_future, prelude::*};

use self::{billing::FailedCharges, sweeper::Alarm};
use super::{
    fault::CallsFault,
    heard::Heard,
    lane::Lanes,
    records::facts::Circumstances,
    rules::{
        call::{Call, Device},
        command::{Ask, Command, Happening},
        meter::Moment,
        step::step,
    },
    speaker::{Said, Speaker},
    spoken::Unnoted,
    task::{Origin, Payload, Task, Work},
    transactions::{Job, Policies, Unstored},
};
use crate::{
    kernel::{
        ids::{CallId, UserId},
        keyed_rate::KeyedRate,
        logging::chain,
        time::Timestamp,
    },
    store::{
        Handle, StoreError,
        ordered::{Ordered, TakeResults, TakesInOrder},
    },
};

/// Room in the mailbox. Ten thousand asks are a second's work; who finds it full is told to come back.
const MAILBOX: usize = 10_000;

/// How often a command may be outrun by another node before its asker is told to try again. Each time the other command was
/// stored, so two that meet ten times are a fault.
const OUTRUN_MAX: u32 = 10;

/// Before what could not be stored, and must not be lost, is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// The actor.
pub(super) struct CallCoordinator {
    store: Handle,
    speaker: Rc<Speaker>,
    policies: Policies,
    request_rate: KeyedRate<UserId>,
    lanes: Lanes<Task>,
    results: Ordered<Self>,
    unnoted: Unnoted,
    /// How far people here have heard of calls. Nothing on a node that is alone.
    heard: Heard,
    failed_charges: FailedCharges,
    alarm: Option<Alarm>,
    /// Whether a sweep is on its way. It looks at all that waits when it runs, so a second one has nothing to do.
    sweeping: bool,
    draining: bool,
    /// Calls that other nodes have changed, and that are to be read.
    unread: BTreeSet<CallId>,
    /// Whether a read of those is under way.
    reading: bool,
    /// Whether a look at all live calls is under way.
    looking: bool,
    /// Whether another look is due after that one.
    look_again: bool,
    /// Whether what others said may not have been heard here since the last look.
    unheard: bool,
    /// Seconds since the start, by which looks are due.
    ticks: u32,
    /// Looks since the start: one in a few is for all calls.
    looks: u32,
}

impl CallCoordinator {
    /// A coordinator that knows these calls are live: they were, when the server stopped, after its last sign of life.
    pub(super) fn new(
        speaker: Speaker,
        policies: Policies,
        request_rate: KeyedRate<UserId>,
        left_behind: &[Call],
        alive_at: Option<Timestamp>,
    ) -> Self {
        let mut lanes = Lanes::default();
        for call in left_behind {
            speaker.live.note(call);
            lanes.learn(call);
            // What is overdue is fired first, by the rules.
            lanes.happened(
                call.id,
                Task::event(call.id, Happening::Restarted(alive_at)),
            );
        }
        Self {
            store: speaker.store.clone(),
            speaker: Rc::new(speaker),
            policies,
            request_rate,
            lanes,
            results: Ordered::default(),
            unnoted: Unnoted::default(),
            heard: Heard::default(),
            failed_charges: FailedCharges::default(),
            alarm: None,
            sweeping: false,
            draining: false,
            unread: BTreeSet::new(),
            reading: false,
            looking: false,
            look_again: false,
            unheard: false,
            ticks: 0,
            looks: 0,
        }
    }

    /// Goes on in a lane, if it is free.
    fn run(&mut self, call: CallId) {
        while let Some(task) = self.lanes.next(call) {
            if !self.says_at_once(&task) {
                return self.have_stored(task);
            }
            self.lanes.free(call);
        }
        self.lanes.tidy(call);
    }

    /// Passes on a signal in a call that is known here. Not if its time is up: then the end has to be stored first. Nor is it
    /// refused here where other nodes may know better: the store has the last word.
    fn says_at_once(&self, task: &Task) -> bool {
        let (Work::Signal(from, payload), Some(call)) = (&task.work, self.lanes.known(task.call))
        else {
            return false;
        };
        let now = self.store.now();
        if call.due_at().is_some_and(|due_at| due_at <= now) {
            return false;
        }
        let command = self.signal(call.id, from, payload);
        // A signal costs nothing, so nobody has to look at what the caller has.
        let moment = Moment { now, balance: 0 };
        let outcome = step(call, &command, moment, &self.policies.calls);
        if outcome.is_err() && self.has_others() {
            return false;
        }
        self.speaker.pass_on(task, outcome);
        true
    }

    fn have_stored(&mut self, task: Task) {
        let (job, policies) = (self.job(&task), self.policies);
        let stored = self.store.write(move |tx| job.run(tx, &policies));
        let speaker = Rc::clone(&self.speaker);
        let concluded = async move {
            let said = match stored.await {
                Ok(outcome) => Ok(speaker.say(&task, outcome).await),
                Err(fault) => Err(fault),
            };
            (task, said)
        };
        self.results
            .push(concluded, |(task, said), coordinator, ctx| match said {
                Ok(said) => coordinator.conclude(task, said, ctx),
                Err(fault) => coordinator.failed(task, fault, ctx),
            });
    }

    fn job(&self, task: &Task) -> Job {
        match &task.work {
            Work::Open(request, wait) => {
                let circumstances = Circumstances {
                    over_rate: wait.is_some(),
                    draining: self.draining,
                };
                Job::Request(request.clone(), circumstances)
            }
            Work::Command(command) => Job::Command(task.call, command.clone()),
            Work::Signal(from, payload) => {
                Job::Command(task.call, self.signal(task.call, from, payload))
            }
            Work::Restate => Job::Restate(task.call),
        }
    }

    fn signal(&self, call: CallId, from: &Device, payload: &Payload) -> Command {
        let ask = Ask::Signal {
            signal: payload.signal(),
            kept: self.speaker.kept.count(call),
        };
        Command::Asked(from.clone(), ask)
    }

    /// All that a task came to is stored and said.
    fn conclude(&mut self, task: Task, said: Said, ctx: &mut Context<Self>) {
        self.lanes.free(task.call);
        if let Origin::Order(answer) = task.origin {
            // An asker who no longer waits has gone.
            let _ = answer.send(said.refusal.map_or(Ok(()), |refusal| Err(refusal.into())));
        }
        if self.has_others() {
            said.calls.iter().for_each(|call| self.heard.learn(call));
            said.marks.iter().for_each(|mark| self.heard.said(mark));
        }
        for mark in said.marks {
            self.unnoted.note(mark);
        }
        for call in &said.calls {
            self.failed_charges.settle(call);
            self.lanes.learn(call);
            self.lanes.tidy(call.id);
            // A candidate may have been kept on the strength of what was so before another node stored the accept.
            if let Some(known) = self.lanes.known(call.id) {
                self.speaker.learned(known);
            }
        }
        for (call, device) in said.watched {
            self.ask_for(call, device, ctx);
        }
        for (call, otomo) in said.away {
            self.ask_who_came(call, otomo, ctx);
        }
        for (call, count) in said.rings {
            let counted = wrap_future::<_, Self>(count).map(move |entered, coordinator, _| {
                let happening = match entered {
                    0 => Happening::Unreached,
                    _ => Happening::Rang,
                };
                coordinator.happened(Task::event(call, happening));
            });
            ctx.spawn(counted);
        }
        for call in &said.calls {
            self.speaker.open_route(call);
        }
        self.run(task.call);
        self.arm(ctx);
    }

    /// Nothing was stored, so nothing is said, except to the asker.
    fn failed(&mut self, mut task: Task, fault: Unstored, ctx: &mut Context<Self>) {
        let call = task.call;
        if matches!(fault, Unstored::Outrun) && task.outrun < OUTRUN_MAX {
            task.outrun += 1;
            self.lanes.put_back(call, task);
            return self.run(call);
        }
        let level = match &fault {
            // The store's own numbers say so, and there would be as many lines as commands.
            Unstored::Store(StoreError::Overloaded(_)) => log::Level::Debug,
            _ => log::Level::Warn,
        };
        log::log!(
            level,
            "call not changed call={call} cause={}",
            chain(&fault)
        );
        self.tell_of_failed_charge(&task);
        let fault = CallsFault::from(fault);
        if !task.is_event() || task.comes_again() {
            self.refuse(task, &fault);
            self.lanes.free(call);
            return self.run(call);
        }
        // Nobody may be left waiting for a store that is away.
        for waiting in self.lanes.hold(call, task, Task::is_event) {
            self.refuse(waiting, &fault);
        }
        ctx.run_later(TRY_AGAIN, move |coordinator, _| {
            coordinator.lanes.resume(call);
            coordinator.run(call);
        });
    }

    /// Tells who waits for a task, if somebody does, that it was not done.
    fn refuse(&self, task: Task, fault: &CallsFault) {
        match task.origin {
            Origin::Client(asker) => self.speaker.fail(&asker, task.call, fault.clone().into()),
            // An asker who no longer waits has gone.
            Origin::Order(answer) => drop(answer.send(Err(fault.clone()))),
            Origin::Arrival(_) | Origin::Nobody => {}
        }
    }

    /// Something happened to a call.
    fn happened(&mut self, task: Task) {
        let call = task.call;
        self.lanes.happened(call, task);
        self.run(call);
    }
}

impl TakesInOrder for CallCoordinator {
    fn results(&mut self) -> &mut Ordered<Self> {
        &mut self.results
    }
}

impl Actor for CallCoordinator {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.set_mailbox_capacity(MAILBOX);
        ctx.spawn(TakeResults);
        self.begin(ctx);
        self.join_others(ctx);
    }
}
