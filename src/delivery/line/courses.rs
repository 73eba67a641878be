//! How far a client has heard of the calls that it was told of last.

use std::{cell::Cell, collections::VecDeque};

use crate::{
    kernel::ids::CallId,
    protocol::{
        course::{Course, Place, Stage},
        frame::Frame,
    },
};

/// The most calls that are remembered. What is late is so by seconds, and what is said again is half a minute old: by default nobody
/// asks for more calls in a whole one (`limits.calls_per_minute`), though each may be refused at once.
const REMEMBERED_MAX: usize = 64;

/// The calls that a client was told of last, and how far it knows each. Boxed, because almost nobody is in a call.
#[derive(Default)]
pub(super) struct Courses(Cell<Option<Box<Known>>>);

#[derive(Debug, Default)]
struct Known(VecDeque<Heard>);

/// How far a client knows a call.
#[derive(Debug)]
struct Heard {
    call: CallId,
    stage: Stage,
    /// Whether it was told the end itself, and not only an answer or a snapshot by which the call is over.
    ended: bool,
}

impl Courses {
    /// Whether the client knows already that a call has come further than a frame says.
    pub(super) fn outran(&self, frame: &Frame) -> bool {
        self.look(|known| known.outran(frame))
    }

    /// Whether a frame tells an end that the client was told already. Two nodes may say the same end, each when it can.
    pub(super) fn ended(&self, frame: &Frame) -> bool {
        self.look(|known| known.ended(frame))
    }

    /// Whether the client knows already all that a frame says of how far a call is.
    pub(super) fn knows(&self, frame: &Frame) -> bool {
        self.look(|known| known.knows(frame))
    }

    /// The client is told. Returns whether it knows of a call now that it is further than before.
    pub(super) fn hear(&self, frame: &Frame) -> bool {
        let mut known = self.0.take().unwrap_or_default();
        let further = known.hear(frame);
        self.0.set(Some(known));
        further
    }

    fn look(&self, look: impl FnOnce(&Known) -> bool) -> bool {
        let Some(known) = self.0.take() else {
            return false;
        };
        let found = look(&known);
        self.0.set(Some(known));
        found
    }
}

impl Known {
    fn outran(&self, frame: &Frame) -> bool {
        frame.courses().iter().any(|course| self.is_late(course))
    }

    fn ended(&self, frame: &Frame) -> bool {
        let ended = |course: &Course| {
            let heard = self.of(course.call);
            course.place == Place::Reached(Stage::Over) && heard.is_some_and(|it| it.ended)
        };
        frame.courses().iter().any(ended)
    }

    fn knows(&self, frame: &Frame) -> bool {
        let knows = |course: &Course| match course.place {
            Place::Reached(stage) | Place::Beside(stage) => self.stage(course.call) >= Some(stage),
            Place::OnTheWay => self.stage(course.call) == Some(Stage::Over),
        };
        !frame.courses().is_empty() && frame.courses().iter().all(knows)
    }

    fn hear(&mut self, frame: &Frame) -> bool {
        let mut further = false;
        for course in frame.courses() {
            let (stage, ended) = match course.place {
                Place::Reached(stage) => (stage, stage == Stage::Over),
                Place::Beside(stage) => (stage, false),
                Place::OnTheWay => continue,
            };
            further |= self.reach(course.call, stage, ended);
        }
        further
    }

    fn is_late(&self, course: &Course) -> bool {
        let known = self.stage(course.call);
        match course.place {
            Place::Reached(stage) => known > Some(stage),
            Place::OnTheWay => known == Some(Stage::Over),
            Place::Beside(_) => false,
        }
    }

    fn of(&self, call: CallId) -> Option<&Heard> {
        self.0.iter().find(|heard| heard.call == call)
    }

    fn stage(&self, call: CallId) -> Option<Stage> {
        self.of(call).map(|heard| heard.stage)
    }

    fn reach(&mut self, call: CallId, stage: Stage, ended: bool) -> bool {
        if let Some(heard) = self.0.iter_mut().find(|heard| heard.call == call) {
            let further = heard.stage < stage;
            heard.stage = stage.max(heard.stage);
            heard.ended |= ended;
            return further;
        }
        if self.0.len() == REMEMBERED_MAX {
            self.0.pop_front();
        }
        self.0.push_back(Heard { call, stage, ended });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::event::{
        CallCancelAck, CallCancelled, CallPeerBack, CallPhase, CallRequestAck, CallRinging,
        CallSnapshot, CancelReason, Event, HeartbeatAck, OfCall,
    };

    fn ringing(call_id: CallId) -> Frame {
        Frame::new(&CallRinging(OfCall { call_id }).into())
    }

    fn cancelled(call_id: CallId, reason: CancelReason) -> Frame {
        let timestamp = 1;
        let cancelled = CallCancelled {
            call_id,
            reason,
            timestamp,
        };
        Frame::new(&cancelled.into())
    }

    fn back(call_id: CallId) -> Frame {
        Frame::new(&CallPeerBack(OfCall { call_id }).into())
    }

    #[test]
    fn what_a_client_hears_of_a_call_goes_forward() {
        let (call, courses) = (CallId::new(), Courses::default());
        let [taken, over] = [
            CancelReason::AnsweredElsewhere,
            CancelReason::CallerCancelled,
        ]
        .map(|reason| cancelled(call, reason));
        assert!(courses.hear(&taken));
        assert!(courses.outran(&ringing(call)) && courses.knows(&ringing(call)));
        assert!(!courses.outran(&back(call)) && !courses.knows(&back(call)));
        assert!(courses.hear(&over) && !courses.hear(&taken));
        for late in [&ringing(call), &taken, &back(call)] {
            assert!(courses.outran(late) && courses.knows(late), "{late:?}");
        }
        assert!(!courses.outran(&over) && courses.knows(&over));
        assert!(!courses.outran(&ringing(CallId::new())));
    }

    #[test]
    fn an_answer_is_never_late_and_tells_all_the_same() {
        let (call_id, courses) = (CallId::new(), Courses::default());
        let ended: Event = CallRequestAck {
            call_id,
            status: CallPhase::Ended,
            outcome: None,
            reason: None,
            joined_call_id: None,
        }
        .into();
        let answer = Frame::answer(&ended, None);
        assert!(courses.hear(&answer) && !courses.outran(&answer));
        assert!(courses.outran(&ringing(call_id)));
    }

    #[test]
    fn an_end_is_told_once_whoever_says_it_and_behind_an_answer_that_tells_of_it() {
        let (call_id, courses) = (CallId::new(), Courses::default());
        let over = cancelled(call_id, CancelReason::CallerCancelled);
        let answer = Frame::answer(&CallCancelAck(OfCall { call_id }).into(), None);
        assert!(courses.hear(&answer) && !courses.ended(&over));
        courses.hear(&over);
        assert!(courses.ended(&over) && !courses.ended(&answer));
        // What waits behind the gate is that end, and stays.
        assert!(!courses.outran(&over));
    }

    #[test]
    fn what_says_nothing_of_calls_is_neither_late_nor_known() {
        let courses = Courses::default();
        let nothing = CallSnapshot {
            call: None,
            recent: Vec::new(),
        };
        let heartbeat = HeartbeatAck { timestamp: 1 };
        for frame in [Frame::new(&nothing.into()), Frame::new(&heartbeat.into())] {
            assert!(
                !courses.outran(&frame) && !courses.knows(&frame),
                "{frame:?}"
            );
        }
    }

    #[test]
    fn of_many_calls_the_last_are_remembered() {
        let courses = Courses::default();
        let calls = [(); REMEMBERED_MAX + 1].map(|()| CallId::new());
        for call in calls {
            courses.hear(&cancelled(call, CancelReason::Timeout));
        }
        let late = calls.map(|call| courses.outran(&ringing(call)));
        assert!(!late[0] && late[1..].iter().all(|late| *late));
    }
}
