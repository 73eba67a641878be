//! What an otomo's status follows from, and what changes it. Pure: no clock, no database, no actor.
//!
//! ```text
//!   facts                                               status
//!   a call is connecting or connected .................. busy
//!   else no session is connected and no grace runs ..... offline
//!   else the otomo has chosen a break .................. break
//!   else ............................................... online
//! ```
//! The status is computed, never set, so nobody can be stuck `busy`. What is stored are the facts: a
//! [`Lease`] per connection, the otomo's [`Readiness`], the live call; and what people were last told
//! ([`Published`]). Everything that happens changes facts, then [`settle()`] compares. All of it is one
//! transaction of the caller's.
//!
//! | what happens | what changes |
//! |---|---|
//! | a session connects | a lease; [`Standing::arrived`]; leases that it [replaces](Lease::gives_way_to) go |
//! | a session leaves | its lease: [`Lease::left`] |
//! | the otomo chooses | [`Readiness::choose`] |
//! | a ring is missed, or answered | [`Readiness::missed`], [`Readiness::answered`] |
//! | an admin decides | [`force()`], [`Readiness::freed`] |
//! | the server starts | the leases it left behind: [`Lease::held`] |
//! | time passes | [`settle()`] sees leases and choices run out |

mod callable;
mod decide;
mod force;
pub mod invariants;
mod lease;
mod policy;
mod readiness;
mod rest;
mod settle;
mod status;
mod why;

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;

pub use callable::{Callable, Reach};
pub use decide::{Cause, Decision, Facts, LiveCall, decide};
pub use force::{Busy, Forced, force};
pub use lease::{Lease, connected};
pub use policy::Policy;
pub use readiness::{Chooser, Chosen, ChosenCause, PastUntil, Readiness};
pub use rest::at_rest;
pub use settle::{Published, Settled, Standing, StatusChange, settle};
pub use status::{Rank, Status, list_order};
pub use why::{Connection, Correction, Explanation, Obstacle, Presence, Remedy, Stored, why};
