//! Why a command was not taken. A refusal changes nothing and is told to the asker alone.

use super::{call::PhaseName, ending::Outcome};

/// Why a command was not taken, in the words of the domain; the wire's error code is chosen above.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not one of the two people, or no such call: deliberately the same.
    #[error("you are not a participant of this call, or there is none by this id")]
    NotParticipant,
    /// A participant, but this is the other side's to do: the caller cannot accept, the otomo not cancel.
    #[error("this is for the other side to do")]
    WrongSide,
    /// Another device of the otomo was first.
    #[error("another device has accepted this call; leave it to that one")]
    AlreadyAccepted {
        /// Where the call is now.
        phase: PhaseName,
    },
    /// The call is over.
    #[error("this call is over ({outcome}, {reason})")]
    AlreadyEnded {
        /// How far it came.
        outcome: Outcome,
        /// Why it went no further.
        reason: &'static str,
    },
    /// The phase does not allow it.
    #[error("not possible while the call is {phase}")]
    InvalidPhase {
        /// Where the call is now.
        phase: PhaseName,
    },
    /// A signal or a media report of a device that does not talk in this call.
    #[error("another device of yours talks in this call; leave it to that one")]
    OtherDevice,
    /// An offer or an answer before the accept: there is nobody to pass it to.
    #[error("nobody has accepted this call yet; wait for signaling_start")]
    SignalTooEarly,
    /// More early candidates than are kept.
    #[error("too many candidates before the call was accepted; wait for signaling_start")]
    TooManyCandidates,
    /// The other side's device is gone and may come back.
    #[error("the other side is reconnecting; try again in a moment")]
    PeerUnavailable,
    /// The id is taken by a call between other people.
    #[error("this call id belongs to another call; make a new UUID for each call")]
    DuplicateCallId,
    /// The caller is in another call.
    #[error("you are in another call; end that one first")]
    CallerBusy,
    /// The called user is not an otomo, or is the caller themselves.
    #[error("no otomo is known by this id")]
    OtomoNotFound,
    /// The caller cannot pay for one minute.
    #[error(
        "a minute of this call costs {required} points, and you have {balance}; get more and try again"
    )]
    InsufficientPoints {
        /// The price of a minute.
        required: i64,
        /// What the caller has.
        balance: i64,
    },
    /// More requests than `limits.calls_per_minute`.
    #[error("too many call requests; wait a while and try again")]
    RateLimited,
}
