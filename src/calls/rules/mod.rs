//! What a call may do. Pure: no clock, no randomness, no database, no socket, no log. The lane of a call
//! ([`step::advance`]) gives it a command and the time and gets back the next call and what to do about it.
//!
//! ```text
//!              open           Rang             Accept            media is up
//!   (request) ------> requesting ----> ringing -------> connecting ----------> connected
//!       |                 |    \__________|_______________^ |                      |
//!       | refused,        |               | Accept          |                      |
//!       | joined          | Reject, Cancel, End, lost,      | End, lost, media     | End, lost,
//!       v                 v deadline      v                 v lost, deadline       v media lost
//!     ended             ended           ended             ended                  ended
//! ```
//! A metered call that is connected stays so with each charge, until the points do not reach.
//!
//! - [`call`], [`ending`]: the call, its phases, how it ends. [`due`]: what time alone does to it. [`meter`]: what it costs.
//! - [`command`]: what comes to a call. [`request`]: what opens one. [`refusal`]: why something is not taken.
//! - [`step`]: the table of (phase, command); its arms are in `ring` (before the accept), `talk` and `media`
//!   (after it).
//! - [`effect`]: what follows, to be stored and then to be said. [`speech`]: who hears what, in which order.
//! - [`invariants`]: what must hold whatever the rules look like.
//!
//! What the lane owes the rules:
//! - Everything durable of all steps in one transaction, then everything spoken, in order.
//! - What it finds out while it speaks comes back as commands: whether a ring reached anybody
//!   ([`effect::Spoken::Ring`]), whether a bound device is gone already ([`effect::Spoken::Watch`]).
//! - How many points the caller of a metered call has, read in the transaction that stores what follows from it.
//! - A wake-up at [`call::Call::due_at`], and for each live call one
//!   [`Restarted`](command::Happening::Restarted) after a start.
//! - [`speech::restate`] for a call whose `spoken_version` trails its version.
//!
//! `tests/golden/call_table.txt` is this room read aloud: every phase, every command, every device.
#![deny(clippy::wildcard_enum_match_arm)]

pub mod call;
pub mod command;
pub mod due;
pub mod effect;
pub mod ending;
pub mod invariants;
mod media;
pub mod meter;
pub mod policy;
pub mod refusal;
pub mod request;
mod ring;
pub mod speech;
pub mod step;
mod talk;

#[cfg(test)]
mod tests;
