//! What other nodes store of calls, and which devices are on none.
//!
//! ```text
//!   hint: call, version ──> read it again ──> learned: lanes, people, kept candidates
//!   every ten seconds (every second while the others are not heard),
//!   after a gap, when a node has died: look at all live calls ───────────────────> learned
//!                                                                               ──> devices that are nowhere ──> left
//! ```
//! A device that is not here may be on any node, so before it counts as gone the others are asked. An answer may be late: a
//! device that was taken for gone and is here is told to the call as soon as this node hears of it.

use std::collections::BTreeSet;

use actix::{WeakAddr, fut::wrap_future, prelude::*};

use super::{CallCoordinator, unheard};
use crate::{
    backplane::{Link, Listener, News, Subject},
    calls::{
        hints::Hint,
        messages::{Hinted, Learned, Missed},
        records,
        rules::{
            call::{Call, Device, Side},
            command::{Happening, Remaining},
        },
        speaker::Again,
        task::Task,
        transactions::Stored,
    },
    delivery::dispatch::Dispatch,
    kernel::{
        ids::{CallId, UserId},
        logging::chain,
    },
    store::StoreError,
};

/// Of so many looks one is also for calls of which nobody is on this node: each node has its turn with them now and then.
const LOOKS_FOR_ALL: u32 = 3;

/// Questions to other nodes that are under way together.
const ASKED_AT_ONCE: usize = 64;

/// A device on which a call depends, and that may be gone.
struct Question {
    call: CallId,
    device: Device,
    /// Whether any other device of that person will do.
    any: bool,
}

impl CallCoordinator {
    /// Whether there are other nodes, as far as is configured.
    pub(super) fn has_others(&self) -> bool {
        self.link() != Link::Alone
    }

    fn link(&self) -> Link {
        self.speaker.dispatch.backplane().link()
    }

    /// Begins to hear the other nodes, if there are any.
    pub(super) fn join_others(&self, ctx: &mut Context<Self>) {
        if self.has_others() {
            let dispatch = self.speaker.dispatch.clone();
            let news = dispatch.backplane().listen(Subject::Calls);
            ctx.spawn(wrap_future(hear(news, dispatch, ctx.address().downgrade())));
        }
    }

    /// Looks at all live calls when it is time to: often while other nodes are not heard.
    pub(super) fn look_sometimes(&mut self, ctx: &mut Context<Self>) {
        self.ticks = self.ticks.wrapping_add(1);
        let due = match self.link() {
            Link::Alone => false,
            Link::Down => true,
            Link::Up => self.ticks.is_multiple_of(super::sweeper::LOOK_TICKS),
        };
        if due {
            if self.link() == Link::Up && !self.unheard && !self.looking {
                self.heard.nothing_missed();
            }
            self.looks = self.looks.wrapping_add(1);
            self.look(self.looks.is_multiple_of(LOOKS_FOR_ALL), ctx);
        }
    }

    fn look(&mut self, for_all: bool, ctx: &mut Context<Self>) {
        if std::mem::replace(&mut self.looking, true) {
            // What has happened since that one began it may not see.
            self.look_again |= for_all || self.unheard;
            return;
        }
        let unheard = std::mem::take(&mut self.unheard) || self.link() == Link::Down;
        let again = match unheard {
            true => Again::Everything,
            false => Again::HowFar,
        };
        let surely = self.heard.surely();
        let mut known: BTreeSet<CallId> = self.speaker.live.calls().into_iter().collect();
        // Also those that are over, and of whose end people here may still have to hear: because they were busy with something else
        // at the look that found it, or because the link was not known to be down.
        known.extend(surely.keys());
        let dispatch = self.speaker.dispatch.clone();
        let (now, ring) = (self.store.now(), self.speaker.config.ring_timeout);
        let read = self.store.read(move |conn| {
            let mut calls = records::live(conn)?;
            let is_missing = |calls: &[Call], id: CallId| calls.iter().all(|call| call.id != id);
            known.retain(|id| is_missing(&calls, *id));
            let over: Vec<CallId> = known.into_iter().collect();
            calls.extend(records::find_many(conn, &over)?);
            let mut lately = unheard::over_lately(conn, now, ring)?;
            lately.retain(|call| is_missing(&calls, call.id));
            let all = calls.iter().chain(&lately);
            let restated = unheard::restatements(conn, all, &surely, &dispatch)?;
            Ok((calls, restated))
        });
        let looked = read.into_actor(self).then(
            move |read: Result<(Vec<Call>, Vec<Stored>), StoreError>, coordinator, ctx| {
                let questions = match read {
                    Ok((calls, restated)) => {
                        for call in &calls {
                            coordinator.learned(call, ctx);
                        }
                        coordinator.restate_here(&restated, again);
                        coordinator.looked_at(&calls, for_all)
                    }
                    Err(fault) => {
                        coordinator.unheard |= unheard;
                        log::warn!("live calls not read cause={}", chain(&fault));
                        Vec::new()
                    }
                };
                let dispatch = coordinator.speaker.dispatch.clone();
                wrap_future(answers(dispatch, questions))
            },
        );
        ctx.spawn(looked.map(|left, coordinator: &mut Self, ctx| {
            coordinator.looking = false;
            for (call, happening) in left {
                coordinator.happened(Task::event(call, happening));
            }
            if std::mem::take(&mut coordinator.look_again) {
                coordinator.look(true, ctx);
            }
        }));
    }

    /// Tells calls who is here. Returns whose devices have to be asked for.
    fn looked_at(&mut self, calls: &[Call], for_all: bool) -> Vec<Question> {
        let mut questions = Vec::new();
        for call in calls {
            self.welcome(call);
            // While the others are not heard nobody can say that a device is nowhere.
            if self.link() == Link::Up && (for_all || self.concerns(call)) {
                let sides = Side::ALL.iter();
                questions.extend(sides.filter_map(|side| self.question(call, *side)));
            }
        }
        questions
    }

    /// Whom to ask for on one side of a call: who is thought to be there, and is not here.
    fn question(&self, call: &Call, side: Side) -> Option<Question> {
        if !call.is_live() || call.lost().until(side).is_some() {
            return None;
        }
        let (bound, user) = (call.bound_device(side), call.person(side));
        let here = match bound {
            Some(id) => self.speaker.dispatch.roster().has_device(user, id),
            None => self.is_here(user),
        };
        (!here).then(|| Question {
            call: call.id,
            device: Device {
                user: user.clone(),
                // Of an otomo who has not accepted yet it does not matter which was the last.
                id: bound.unwrap_or(&call.caller_device).clone(),
            },
            any: bound.is_none(),
        })
    }

    /// Another node says that it has changed a call.
    fn hinted(&mut self, hint: Hint, ctx: &mut Context<Self>) {
        if self.lanes.is_news(hint.call, hint.version) {
            self.unread.insert(hint.call);
            self.read_unread(ctx);
        }
    }

    /// Reads what others have changed, one time after the other: what is heard of meanwhile is read together.
    fn read_unread(&mut self, ctx: &mut Context<Self>) {
        if self.reading || self.unread.is_empty() {
            return;
        }
        self.reading = true;
        let unread: Vec<CallId> = std::mem::take(&mut self.unread).into_iter().collect();
        let read = self
            .store
            .read(move |conn| records::find_many(conn, &unread));
        let taken =
            read.into_actor(self)
                .map(|read: Result<Vec<Call>, StoreError>, coordinator, ctx| {
                    coordinator.reading = false;
                    match read {
                        Ok(calls) => calls.iter().for_each(|call| {
                            coordinator.learned(call, ctx);
                            coordinator.welcome(call);
                        }),
                        // The next look finds them.
                        Err(fault) => log::warn!("changed calls not read cause={}", chain(&fault)),
                    }
                    coordinator.read_unread(ctx);
                });
        ctx.spawn(taken);
    }

    /// Takes in a call as somebody has read it, if it is news here and somebody here is concerned.
    fn learned(&mut self, call: &Call, ctx: &mut Context<Self>) {
        let known = self.lanes.known(call.id).is_some();
        if !self.lanes.is_news(call.id, call.version) || !(known || self.concerns(call)) {
            return;
        }
        self.heard.learn(call);
        self.speaker.live.note(call);
        self.speaker.learned(call);
        self.failed_charges.settle(call);
        self.lanes.learn(call);
        self.lanes.tidy(call.id);
        self.arm(ctx);
    }

    /// Whether one of its people is connected here.
    fn concerns(&self, call: &Call) -> bool {
        Side::ALL
            .iter()
            .any(|side| self.is_here(call.person(*side)))
    }

    fn is_here(&self, user: &UserId) -> bool {
        !self.speaker.dispatch.roster().sessions(user).is_empty()
    }

    /// Tells a call of devices that it takes for lost, and that are here.
    fn welcome(&mut self, call: &Call) {
        if !call.is_live() || !self.lanes.is_quiet(call.id) {
            return;
        }
        for side in Side::ALL {
            if call.lost().until(*side).is_none() {
                continue;
            }
            for device in self.speaker.devices_here(call.person(*side)) {
                if call
                    .bound_device(*side)
                    .is_none_or(|bound| *bound == device.id)
                {
                    self.happened(Task::event(call.id, Happening::Arrived(device)));
                }
            }
        }
    }

    /// Tells a call that a device is gone, if it is on no node.
    pub(super) fn ask_for(&mut self, call: CallId, device: Device, ctx: &mut Context<Self>) {
        if self.link() != Link::Up {
            // Nobody else, or nobody who could be asked.
            if let Some(left) = self.speaker.absence(device) {
                self.happened(Task::event(call, left));
            }
            return;
        }
        let dispatch = self.speaker.dispatch.clone();
        if dispatch.roster().has_device(&device.user, &device.id) {
            return;
        }
        let question = Question {
            call,
            device,
            any: false,
        };
        let left = wrap_future::<_, Self>(answers(dispatch, vec![question]));
        ctx.spawn(left.map(|left, coordinator, _| {
            for (call, happening) in left {
                coordinator.happened(Task::event(call, happening));
            }
        }));
    }

    /// Tells a call of every device of its otomo, wherever they are.
    pub(super) fn ask_who_came(&mut self, call: CallId, otomo: UserId, ctx: &mut Context<Self>) {
        if self.link() != Link::Up {
            for device in self.speaker.devices_here(&otomo) {
                self.happened(Task::event(call, Happening::Arrived(device)));
            }
            return;
        }
        let devices = wrap_future::<_, Self>(self.speaker.dispatch.devices(&otomo));
        ctx.spawn(devices.map(move |devices, coordinator, _| {
            for id in devices {
                let user = otomo.clone();
                let arrived = Happening::Arrived(Device { user, id });
                coordinator.happened(Task::event(call, arrived));
            }
        }));
    }
}

impl Handler<Hinted> for CallCoordinator {
    type Result = ();

    fn handle(&mut self, Hinted(hint): Hinted, ctx: &mut Context<Self>) {
        self.hinted(hint, ctx);
    }
}

impl Handler<Learned> for CallCoordinator {
    type Result = ();

    fn handle(&mut self, Learned(call): Learned, ctx: &mut Context<Self>) {
        self.learned(&call, ctx);
    }
}

impl Handler<Missed> for CallCoordinator {
    type Result = ();

    fn handle(&mut self, missed: Missed, ctx: &mut Context<Self>) {
        self.unheard |= matches!(missed, Missed::Gap);
        self.look(true, ctx);
    }
}

/// What has become of devices that may be gone: a number of them at a time, for an answer may take a second.
async fn answers(dispatch: Dispatch, questions: Vec<Question>) -> Vec<(CallId, Happening)> {
    let mut left = Vec::new();
    let mut questions = questions.into_iter();
    loop {
        let some = questions.by_ref().take(ASKED_AT_ONCE);
        let asked: Vec<_> = some
            .map(|question| actix_rt::spawn(answer(dispatch.clone(), question)))
            .collect();
        if asked.is_empty() {
            return left;
        }
        for answered in asked {
            // A question that panicked is asked again with the next look.
            left.extend(answered.await.ok().flatten());
        }
    }
}

async fn answer(dispatch: Dispatch, question: Question) -> Option<(CallId, Happening)> {
    let Question { call, device, any } = question;
    let devices = dispatch.devices(&device.user).await;
    let remaining = match devices.is_empty() {
        true => Remaining::Nobody,
        false => Remaining::Others,
    };
    let there = devices.contains(&device.id) || (any && remaining == Remaining::Others);
    (!there).then_some((call, Happening::Left(device, remaining)))
}

/// Takes to the coordinator what others say, one message after the other.
async fn hear(mut news: Listener, dispatch: Dispatch, coordinator: WeakAddr<CallCoordinator>) {
    loop {
        let news = news.next().await;
        let Some(coordinator) = coordinator.upgrade() else {
            return;
        };
        let taken = match news {
            // The next look finds it.
            News::Message(_) if !dispatch.is_current() => continue,
            News::Message(message) => match Hint::decode(&message.body) {
                Some(hint) => coordinator.send(Hinted(hint)).await,
                None => continue,
            },
            News::Gap => coordinator.send(Missed::Gap).await,
        };
        if taken.is_err() {
            return;
        }
    }
}
