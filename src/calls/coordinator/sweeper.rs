//! What the coordinator does without being asked: at the moment at which a call is due, and every second.

use std::{sync::Arc, time::Duration};

use actix::prelude::*;

use super::CallCoordinator;
use crate::{
    calls::{
        records::sweep::Mark,
        rules::command::Happening,
        task::{Origin, Task, Work},
        transactions::{self, Found},
    },
    kernel::{ids::CallId, logging::chain, time::Timestamp},
};

/// Between two looks at what waits in the database: what another node left behind, and what failed here. A call is ended
/// within a second of its deadline, whoever had it.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

/// Calls of which one job notes what people were told.
const NOTES_MAX: usize = 32;

/// How often it is time to look at all live calls, if other nodes are not heard.
const TICK: Duration = Duration::from_secs(1);

/// Of so many of those one is for a look if they are.
pub(super) const LOOK_TICKS: u32 = 10;

/// Between two times at which users who have not requested lately are forgotten.
const TIDY_EVERY: Duration = Duration::from_secs(60);

/// The timer for the call that is due next.
pub(super) struct Alarm {
    due: Timestamp,
    timer: SpawnHandle,
}

impl CallCoordinator {
    /// Brings back what was live when the server stopped, and begins to sweep.
    pub(super) fn begin(&mut self, ctx: &mut Context<Self>) {
        for call in self.speaker.live.calls() {
            self.run(call);
        }
        ctx.run_interval(SWEEP_EVERY, |coordinator, _| coordinator.sweep());
        ctx.run_interval(TIDY_EVERY, |coordinator, _| coordinator.request_rate.tidy());
        ctx.run_interval(TICK, Self::look_sometimes);
        self.arm(ctx);
    }

    /// Sets the timer to the next call that is due, if it is to ring before that or not at all.
    pub(super) fn arm(&mut self, ctx: &mut Context<Self>) {
        let Some(due) = self.lanes.next_due() else {
            return;
        };
        if self.alarm.as_ref().is_some_and(|alarm| alarm.due <= due) {
            return;
        }
        // A millisecond is the grain of the store's clock: not before it is over.
        let wait = self.store.now().until(due) + Duration::from_millis(1);
        let timer = ctx.run_later(wait, |coordinator, ctx| {
            coordinator.alarm = None;
            coordinator.fire();
            coordinator.arm(ctx);
        });
        if let Some(later) = self.alarm.replace(Alarm { due, timer }) {
            ctx.cancel_future(later.timer);
        }
    }

    /// Tells the calls that are due.
    fn fire(&mut self) {
        for call in self.lanes.take_due(self.store.now()) {
            self.pass_deadline(call);
        }
    }

    /// Notes what people were told, and takes up what waits for somebody.
    fn sweep(&mut self) {
        if self.sweeping {
            return;
        }
        self.sweeping = true;
        self.note_spoken();
        let swept = self.store.write(transactions::sweep);
        self.results.push(swept, |swept, coordinator, _| {
            coordinator.sweeping = false;
            match swept {
                Ok(found) => coordinator.take_up(found),
                Err(fault) => log::warn!("calls not swept cause={}", chain(&fault)),
            }
        });
    }

    /// Notes what people were told lately, a few calls at a time: others do not wait for all of a busy second.
    pub(super) fn note_spoken(&mut self) {
        for marks in self.unnoted.take().chunks(NOTES_MAX) {
            let marks: Arc<[Mark]> = marks.into();
            let noted = Arc::clone(&marks);
            let noted = self.store.write(move |tx| transactions::note(tx, &noted));
            self.results.push(noted, move |noted, coordinator, _| {
                if let Err(fault) = noted {
                    log::warn!("calls not noted as told cause={}", chain(&fault));
                    let again = |mark: &Mark| coordinator.unnoted.note(*mark);
                    marks.iter().for_each(again);
                }
            });
        }
    }

    fn take_up(&mut self, found: Found) {
        for call in found.due {
            self.pass_deadline(call);
        }
        for call in found.unspoken {
            // A lane that is about to speak needs no reminder.
            if self.lanes.is_quiet(call) {
                log::info!("call said again call={call}");
                self.happened(Task::new(call, Work::Restate, Origin::Nobody));
            }
        }
    }

    /// Whatever comes to a call ends it first if it is overdue, so one that has something waiting needs no more.
    fn pass_deadline(&mut self, call: CallId) {
        if self.lanes.is_quiet(call) {
            self.happened(Task::event(call, Happening::DeadlinePassed));
        }
    }
}
