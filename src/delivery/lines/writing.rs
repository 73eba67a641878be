//! What lines of a worker are given by its own thread, and when they write it.

use std::{rc::Rc, task::Waker};

use actix_rt::time::Instant;

use super::Lines;
use crate::{
    delivery::line::{Accepted, Delivered, Line},
    kernel::ids::{DeviceId, UserId},
    protocol::{event::Event, frame::Frame},
};

/// Lines that are written at the end of one session's turn, at most; the worker writes the others.
const NOTED: usize = 64;

impl Lines {
    /// Says something to one device of a user, unless it has no lines here or one of them has not heard all that was broadcast
    /// before. Returns whether it was said.
    pub(in crate::delivery) fn say(&self, user: &UserId, device: &DeviceId, event: &Event) -> bool {
        let lines = self.of_user(user, |client| client.device == *device);
        let latest = self.latest_round.get();
        if lines.is_empty() || lines.iter().any(|line| line.seat().seen() < latest) {
            return false;
        }
        let topic = event.spec().topic;
        for line in &lines {
            // A filter that looks into events needs a frame: `push` asks it.
            let said = line.hears_all_of(topic) && line.say(event, None) == Accepted::Taken;
            if said || line.push(Frame::new(event)) == Delivered::Yes {
                self.note(line);
            }
        }
        true
    }

    /// Has those lines write that were given something which is due: for a session, at the end of its turn. If they are
    /// many, the worker goes on with the others at once.
    pub fn write_noted(&self) {
        if self.writes.borrow().more_due() && self.write_due(NOTED) {
            self.writer.borrow().wake_by_ref();
        }
    }

    /// This is the worker's task, to be woken when something is due.
    pub(in crate::delivery) fn written_by(&self, task: &Waker) {
        let mut writer = self.writer.borrow_mut();
        if !writer.will_wake(task) {
            writer.clone_from(task);
        }
    }

    /// Remembers what a line was given to write; the worker writes it when it is due.
    pub(in crate::delivery) fn note(&self, line: &Rc<Line>) {
        if self.writes.borrow_mut().note(line) {
            self.counters.joined(1);
        }
    }

    /// Has lines write what is due, `count` of them at most. Returns whether more is due.
    pub(in crate::delivery) fn write_due(&self, count: usize) -> bool {
        // Taken out first: writing may wake a session.
        let due = self.writes.borrow_mut().take_due(Instant::now(), count);
        for line in due {
            line.pump();
        }
        self.writes.borrow().more_due()
    }

    /// When a line has something to write that has to wait.
    pub(in crate::delivery) fn next_write(&self) -> Option<Instant> {
        self.writes.borrow().next_due()
    }
}
