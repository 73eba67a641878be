//! A world small enough to hold in one hand: people with devices, a table of calls, a clock. Tests say what
//! people do and ask what they hear; what happens in between is in `driver`.
//!
//! Devices are named after their people: `hana-1` is a device of `hana`.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use uuid::Uuid;

use crate::{
    calls::rules::{
        call::{Call, Device},
        command::{Ask, Authority, Command, Happening, Remaining, Signal},
        effect::Spoken,
        meter::Moment,
        policy::Policy,
        refusal::Refusal,
        request::{Request, open},
    },
    kernel::{
        config::{ConnectedBy, PartialMinute},
        ids::{CallId, UserId},
        time::Timestamp,
    },
};

/// Who takes calls; everybody else only makes them.
pub(super) const OTOMOS: [&str; 2] = ["hana", "yuki"];

const START: Timestamp = Timestamp::from_millis(1_706_604_120_000);

/// Between two signs of life of the server.
const ALIVE_INTERVAL: Duration = seconds(5);

/// How long after leaving a person may still be rung, once they are back.
const LEAVE_GRACE: Duration = Duration::from_secs(15);

pub(super) struct World {
    pub(super) now: Timestamp,
    pub(super) policy: Policy,
    /// `calls.missed_limit`, which is presence's to apply.
    pub(super) missed_limit: u32,
    pub(super) draining: bool,
    pub(super) on_break: BTreeSet<UserId>,
    /// Whether news waits for [`World::deliver`] instead of arriving at once.
    pub(super) slow: bool,
    /// What a minute with an otomo costs.
    pub(super) prices: BTreeMap<UserId, u32>,
    /// The points that people have.
    pub(super) balances: BTreeMap<UserId, i64>,
    /// What was taken for each charge of a call.
    pub(super) taken: BTreeMap<(CallId, u32), i64>,
    /// `call_missed` in inboxes.
    pub(super) left_missed: Vec<CallId>,
    pub(super) missed: BTreeMap<UserId, u32>,
    pub(super) calls: BTreeMap<CallId, Call>,
    pub(super) participants: BTreeMap<UserId, CallId>,
    pub(super) free_at: BTreeMap<UserId, Timestamp>,
    pub(super) here: BTreeSet<Device>,
    pub(super) leaving_until: BTreeMap<UserId, Timestamp>,
    pub(super) kept: BTreeMap<CallId, usize>,
    /// What came of what was said, on its way back to the calls.
    pub(super) news: VecDeque<(CallId, Happening)>,
    /// Everything that was to be said, whoever was there to hear it.
    pub(super) transcript: Vec<(CallId, Spoken)>,
    /// What reached whom, in words.
    pub(super) said: Vec<(CallId, Device, String)>,
    pub(super) ends: BTreeMap<CallId, u32>,
    /// The status that everybody sees of each otomo.
    pub(super) shown: BTreeMap<UserId, &'static str>,
    /// Statuses that were settled and not said yet.
    pub(super) changed: Vec<(UserId, &'static str)>,
}

impl World {
    /// Taro may call; Hana and Yuki take calls. Each is there with two devices.
    pub(super) fn new() -> Self {
        let devices = ["taro-1", "taro-2", "hana-1", "hana-2", "yuki-1", "yuki-2"];
        Self {
            here: devices.into_iter().map(device).collect(),
            ..Self::empty()
        }
    }

    /// Nobody is there.
    pub(super) fn empty() -> Self {
        Self {
            now: START,
            policy: policy(),
            missed_limit: 3,
            draining: false,
            on_break: BTreeSet::new(),
            slow: false,
            prices: BTreeMap::new(),
            balances: BTreeMap::new(),
            taken: BTreeMap::new(),
            left_missed: Vec::new(),
            missed: BTreeMap::new(),
            calls: BTreeMap::new(),
            participants: BTreeMap::new(),
            free_at: BTreeMap::new(),
            here: BTreeSet::new(),
            leaving_until: BTreeMap::new(),
            kept: BTreeMap::new(),
            news: VecDeque::new(),
            transcript: Vec::new(),
            said: Vec::new(),
            ends: BTreeMap::new(),
            shown: BTreeMap::new(),
            changed: Vec::new(),
        }
    }

    // What people do.

    /// A new call, which must be taken.
    pub(super) fn requests(&mut self, caller: &str, otomo: &str) -> CallId {
        let id = call_id(self.calls.len());
        self.requests_as(id, caller, otomo).unwrap();
        id
    }

    /// A request with this id.
    pub(super) fn requests_as(
        &mut self,
        id: CallId,
        caller: &str,
        otomo: &str,
    ) -> Result<(), Refusal> {
        let request = Request {
            id,
            caller: device(caller),
            otomo: user(otomo),
        };
        let facts = self.facts(&request);
        let steps = open(&request, &facts, self.now, &self.policy)?;
        self.apply(steps, Some(&request.caller));
        Ok(())
    }

    /// A device asks something of a call.
    pub(super) fn asks(&mut self, by: &str, call: CallId, ask: Ask) -> Result<(), Refusal> {
        let by = device(by);
        let ask = match ask {
            Ask::Signal { signal, .. } => Ask::Signal {
                signal,
                kept: self.kept.get(&call).copied().unwrap_or(0),
            },
            other => other,
        };
        self.command(call, Command::Asked(by.clone(), ask), Some(&by))
    }

    /// A device goes.
    pub(super) fn leaves(&mut self, gone: &str) {
        let gone = device(gone);
        if self.here.remove(&gone) {
            let left = Happening::Left(gone.clone(), self.remaining(&gone.user));
            if self.remaining(&gone.user) == Remaining::Nobody {
                let until = self.now + LEAVE_GRACE;
                self.leaving_until.insert(gone.user.clone(), until);
            }
            self.happens_to(&gone, left);
        }
    }

    /// A device comes, or comes back.
    pub(super) fn arrives(&mut self, back: &str) {
        let back = device(back);
        self.here.insert(back.clone());
        self.leaving_until.remove(&back.user);
        self.happens_to(&back, Happening::Arrived(back.clone()));
    }

    /// A call in which media flows on `taro-1` and `hana-1`.
    pub(super) fn talks(&mut self) -> CallId {
        let call = self.accepted();
        self.asks("taro-1", call, Ask::Connected).unwrap();
        self.asks("hana-1", call, Ask::Connected).unwrap();
        self.said.clear();
        call
    }

    /// A call of `taro-1` that `hana-1` has accepted.
    pub(super) fn accepted(&mut self) -> CallId {
        let call = self.rings();
        self.asks("hana-1", call, Ask::Accept).unwrap();
        self.said.clear();
        call
    }

    /// A call of `taro-1` that rings at Hana's.
    pub(super) fn rings(&mut self) -> CallId {
        let call = self.requests("taro-1", "hana");
        self.said.clear();
        call
    }

    // What happens.

    pub(super) fn media(&mut self, call: CallId, happening: Happening) -> Result<(), Refusal> {
        self.command(call, Command::Happened(happening), None)
    }

    pub(super) fn stops(&mut self, call: CallId, authority: Authority) {
        let stopped = Command::Happened(Happening::Stopped(authority));
        self.command(call, stopped, None).unwrap();
    }

    /// What came of what was said goes back to the calls.
    pub(super) fn deliver(&mut self) {
        while let Some((call, happening)) = self.news.pop_front() {
            self.command(call, Command::Happened(happening), None)
                .unwrap();
        }
    }

    /// Time passes, and the sweeper comes by at the end of it.
    pub(super) fn wait(&mut self, span: Duration) {
        self.now = self.now + span;
        self.sweep();
    }

    /// Fires what is due.
    pub(super) fn sweep(&mut self) {
        let due = |call: &Call| call.due_at().is_some_and(|at| at <= self.now);
        let overdue: Vec<_> = self
            .calls
            .values()
            .filter(|call| due(call))
            .map(|call| call.id)
            .collect();
        for call in overdue {
            let passed = Command::Happened(Happening::DeadlinePassed);
            self.command(call, passed, None).unwrap();
        }
    }

    /// The server dies and is back at once: every session is gone, what is stored is there.
    pub(super) fn restarts(&mut self) {
        self.is_down_for(Duration::ZERO);
    }

    /// The same after a while.
    pub(super) fn is_down_for(&mut self, span: Duration) {
        let alive_at = Some(self.alive_at());
        self.now = self.now + span;
        self.here.clear();
        self.kept.clear();
        self.news.clear();
        let live: Vec<_> = self.live().map(|call| call.id).collect();
        for call in live {
            let restarted = Happening::Restarted(alive_at);
            self.command(call, Command::Happened(restarted), None)
                .unwrap();
        }
    }

    /// The last sign of life of the server.
    fn alive_at(&self) -> Timestamp {
        let intervals = START.until(self.now).as_secs() / ALIVE_INTERVAL.as_secs();
        START + seconds(intervals * ALIVE_INTERVAL.as_secs())
    }

    /// Somebody gets points.
    pub(super) fn grants(&mut self, to: &str, points: i64) {
        *self.balances.entry(user(to)).or_default() += points;
    }

    // What one may ask the world.

    /// The points that somebody has.
    pub(super) fn balance(&self, of: &UserId) -> i64 {
        self.balances.get(of).copied().unwrap_or(0)
    }

    /// When something comes to this call.
    pub(super) fn moment(&self, call: &Call) -> Moment {
        Moment {
            now: self.now,
            balance: self.balance(&call.caller),
        }
    }

    /// What was taken for the charges of a call, in their order.
    pub(super) fn taken(&self, id: CallId) -> Vec<(u32, i64)> {
        let taken = self.taken.iter();
        let of_call = taken.filter(|((call, _), _)| *call == id);
        of_call
            .map(|((_, number), points)| (*number, *points))
            .collect()
    }

    pub(super) fn call(&self, id: CallId) -> &Call {
        &self.calls[&id]
    }

    pub(super) fn calls(&self) -> impl Iterator<Item = &Call> {
        self.calls.values()
    }

    pub(super) fn live(&self) -> impl Iterator<Item = &Call> {
        self.calls().filter(|call| call.is_live())
    }

    /// How often this call has ended.
    pub(super) fn ends(&self, id: CallId) -> u32 {
        self.ends.get(&id).copied().unwrap_or(0)
    }

    /// How a call ended: `outcome, reason`.
    pub(super) fn end(&self, id: CallId) -> String {
        let end = self.call(id).end().expect("the call goes on");
        format!("{}, {}", end.outcome(), end.reason())
    }

    /// How many rings in a row this otomo has left unanswered.
    pub(super) fn missed_in_a_row(&self, otomo: &str) -> u32 {
        self.missed.get(&user(otomo)).copied().unwrap_or(0)
    }

    /// What a device has heard since it was last asked, in order.
    pub(super) fn hears(&mut self, listener: &str) -> Vec<String> {
        let listener = device(listener);
        let mut heard = Vec::new();
        self.said.retain(|(_, to, words)| {
            if *to == listener {
                heard.push(words.clone());
            }
            *to != listener
        });
        heard
    }
}

pub(super) fn user(name: &str) -> UserId {
    name.parse().unwrap()
}

pub(super) fn device(name: &str) -> Device {
    let (person, _) = name.split_once('-').unwrap();
    Device {
        user: user(person),
        id: name.parse().unwrap(),
    }
}

pub(super) fn call_id(number: usize) -> CallId {
    Uuid::from_u128(number as u128 + 1).into()
}

/// The defaults of `config/default.toml`.
pub(super) const fn policy() -> Policy {
    Policy {
        ring_timeout: seconds(30),
        connect_timeout: seconds(20),
        loss_grace: seconds(10),
        ring_loss_grace: seconds(5),
        wrap_up: Duration::ZERO,
        connected_by: ConnectedBy::Both,
        busy_while_ringing: false,
        minute: seconds(60),
        partial_minute: PartialMinute::None,
    }
}

pub(super) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A candidate, offer or answer as a device sends it; the world fills in how many are kept.
pub(super) const fn signal(signal: Signal) -> Ask {
    Ask::Signal { signal, kept: 0 }
}
