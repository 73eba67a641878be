//! Says on this node what a call has come to, to those of its clients who have not heard it.

use super::{Speaker, recipients, recipients_of};
use crate::calls::{
    rules::{call::Side, effect::Spoken},
    transactions::Stored,
};

/// How much is said again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::calls) enum Again {
    /// All that there is to say, since nothing was heard.
    Everything,
    /// How far a call is, in case that was lost.
    HowFar,
}

impl Speaker {
    /// Says what a call has come to. What is in an inbox is not said again: who has not heard it reads it there.
    pub(in crate::calls) fn say_again_here(&self, stored: &Stored, again: Again) {
        let call = &stored.step.next;
        for spoken in &stored.step.spoken {
            let (to, frame) = match spoken {
                Spoken::Ring(devices) => match self.incoming(stored) {
                    Some(ring) => (recipients_of(call, Side::Otomo, devices), ring),
                    None => continue,
                },
                Spoken::Tell(to, notice) => (recipients(call, to), self.notice(call, to, *notice)),
                _ => continue,
            };
            if again == Again::Everything || frame.says_how_far() {
                self.dispatch.tell_again_here(&to, &frame);
            }
        }
    }
}
