//! One call from its request to its end, as its two clients see it: what they say when they hear something, and what they
//! must hear. Pure.
//!
//! A call is right when each side has heard everything that is due to it, and nothing twice: one `incoming_call`, one
//! `call_end` for each side.

/// Candidates that each side sends, like a client with two interfaces; the end of them is one more.
const CANDIDATES: u8 = 3;

/// One of the two clients of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Caller,
    Otomo,
}

/// What a side says, beside the candidates that go with an offer and an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Say {
    Accept,
    Offer,
    Answer,
    Connected,
    End,
}

/// What a side may hear of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    RequestAck,
    Incoming,
    AcceptAck,
    Accepted,
    SignalingStart,
    Offer,
    Answer,
    Candidate,
    Connected,
    EndAck,
    End,
}

impl Heard {
    const COUNT: usize = 11;

    /// From a message's type. `None` for what is no part of a call that goes well.
    pub(super) fn of(kind: &[u8]) -> Option<Self> {
        Some(match kind {
            b"call_request_ack" => Self::RequestAck,
            b"incoming_call" => Self::Incoming,
            b"call_accept_ack" => Self::AcceptAck,
            b"call_accepted" => Self::Accepted,
            b"signaling_start" => Self::SignalingStart,
            b"webrtc_offer" => Self::Offer,
            b"webrtc_answer" => Self::Answer,
            b"ice_candidate" => Self::Candidate,
            b"call_connected" => Self::Connected,
            b"call_end_request_ack" => Self::EndAck,
            b"call_end" => Self::End,
            _ => return None,
        })
    }

    /// How often a side hears this in one call.
    const fn due(self, side: Side) -> u8 {
        use Side::{Caller, Otomo};
        match (self, side) {
            (Self::Candidate, _) => CANDIDATES,
            (Self::SignalingStart | Self::Connected | Self::End, _)
            | (Self::RequestAck | Self::Accepted | Self::Answer | Self::EndAck, Caller)
            | (Self::Incoming | Self::AcceptAck | Self::Offer, Otomo) => 1,
            (Self::RequestAck | Self::Accepted | Self::Answer | Self::EndAck, Otomo)
            | (Self::Incoming | Self::AcceptAck | Self::Offer, Caller) => 0,
        }
    }
}

/// Messages that one side hears in a call that goes well.
const fn all_due(side: Side) -> u8 {
    let common = 3 + CANDIDATES;
    match side {
        Side::Caller => common + 4,
        Side::Otomo => common + 3,
    }
}

/// What must not be heard: once too often, or by the wrong side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooMuch;

/// A call under way.
#[derive(Debug, Default)]
pub(super) struct Cycle {
    caller: Ears,
    otomo: Ears,
}

/// What one side has heard, and how much of it.
#[derive(Debug, Default)]
struct Ears {
    counts: [u8; Heard::COUNT],
    all: u8,
}

impl Ears {
    fn count(&self, heard: Heard) -> u8 {
        self.counts.get(heard as usize).copied().unwrap_or(0)
    }
}

impl Cycle {
    /// A side has heard something. Returns what it says now.
    pub(super) fn heard(&mut self, side: Side, heard: Heard) -> Result<Option<Say>, TooMuch> {
        let ears = match side {
            Side::Caller => &mut self.caller,
            Side::Otomo => &mut self.otomo,
        };
        let count = ears.counts.get_mut(heard as usize).ok_or(TooMuch)?;
        if *count >= heard.due(side) {
            return Err(TooMuch);
        }
        *count += 1;
        ears.all += 1;
        let knows_the_other = |description| {
            ears.count(description) == 1 && ears.count(Heard::Candidate) == CANDIDATES
        };
        Ok(match (side, heard) {
            (Side::Otomo, Heard::Incoming) => Some(Say::Accept),
            (Side::Caller, Heard::SignalingStart) => Some(Say::Offer),
            // Candidates come after the description that they belong to.
            (Side::Otomo, Heard::Offer) => Some(Say::Answer),
            (Side::Caller, Heard::Candidate) if knows_the_other(Heard::Answer) => {
                Some(Say::Connected)
            }
            (Side::Otomo, Heard::Candidate) if knows_the_other(Heard::Offer) => {
                Some(Say::Connected)
            }
            (Side::Caller, Heard::Connected) => Some(Say::End),
            _ => None,
        })
    }

    /// Whether the otomo has heard that it is called.
    pub(super) fn has_rung(&self) -> bool {
        self.otomo.count(Heard::Incoming) > 0
    }

    /// Whether the caller has heard that the call is accepted.
    pub(super) fn is_accepted(&self) -> bool {
        self.caller.count(Heard::Accepted) > 0
    }

    /// Whether both sides have heard everything.
    pub(super) fn is_complete(&self) -> bool {
        self.caller.all == all_due(Side::Caller) && self.otomo.all == all_due(Side::Otomo)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Heard; Heard::COUNT] = [
        Heard::RequestAck,
        Heard::Incoming,
        Heard::AcceptAck,
        Heard::Accepted,
        Heard::SignalingStart,
        Heard::Offer,
        Heard::Answer,
        Heard::Candidate,
        Heard::Connected,
        Heard::EndAck,
        Heard::End,
    ];

    /// What both hear in one call, in one of its orders, and what they say to it.
    const CALL: [(Side, Heard, Option<Say>); 19] = {
        use Side::{Caller, Otomo};
        [
            (Caller, Heard::RequestAck, None),
            (Otomo, Heard::Incoming, Some(Say::Accept)),
            (Otomo, Heard::SignalingStart, None),
            (Otomo, Heard::AcceptAck, None),
            (Caller, Heard::Accepted, None),
            (Caller, Heard::SignalingStart, Some(Say::Offer)),
            (Otomo, Heard::Offer, Some(Say::Answer)),
            (Otomo, Heard::Candidate, None),
            (Otomo, Heard::Candidate, None),
            (Otomo, Heard::Candidate, Some(Say::Connected)),
            (Caller, Heard::Answer, None),
            (Caller, Heard::Candidate, None),
            (Caller, Heard::Candidate, None),
            (Caller, Heard::Candidate, Some(Say::Connected)),
            (Otomo, Heard::Connected, None),
            (Caller, Heard::Connected, Some(Say::End)),
            (Caller, Heard::End, None),
            (Caller, Heard::EndAck, None),
            (Otomo, Heard::End, None),
        ]
    };

    fn played() -> Cycle {
        let mut cycle = Cycle::default();
        for (side, heard, says) in CALL {
            assert!(!cycle.is_complete(), "before {side:?} hears {heard:?}");
            assert_eq!(cycle.heard(side, heard), Ok(says), "{side:?} {heard:?}");
        }
        cycle
    }

    #[test]
    fn a_call_is_complete_when_both_have_heard_everything_and_not_before() {
        assert!(played().is_complete());
    }

    #[test]
    fn nothing_may_be_heard_twice_or_by_the_wrong_side() {
        for side in [Side::Caller, Side::Otomo] {
            for heard in ALL {
                assert_eq!(played().heard(side, heard), Err(TooMuch), "{heard:?}");
            }
        }
        assert_eq!(
            Cycle::default().heard(Side::Caller, Heard::Incoming),
            Err(TooMuch)
        );
    }

    #[test]
    fn what_is_due_adds_up() {
        for side in [Side::Caller, Side::Otomo] {
            let due: u8 = ALL.iter().map(|heard| heard.due(side)).sum();
            assert_eq!(due, all_due(side));
        }
    }

    #[test]
    fn what_ends_a_call_early_is_no_part_of_it() {
        for kind in ["call_rejected", "call_cancelled", "error", "call_missed"] {
            assert_eq!(Heard::of(kind.as_bytes()), None);
        }
    }
}
