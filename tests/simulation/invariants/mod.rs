//! What must hold, by the words of the rules.
//!
//! - [`stored`]: what the database says, by `sentences` with a query each, and by `memory` where it only goes forward.
//! - [`told`]: what people were told, against what is stored. [`connection`]: what is told on one connection, as it comes.
//! - [`learned`]: what somebody learns that is not theirs. [`promises`]: what all of these look at, as sentences.

pub mod connection;
pub mod learned;
pub mod memory;
pub mod promises;
pub mod sentences;
pub mod stored;
pub mod told;

use std::time::Duration;

/// How far a node's clock may be from the store's, and was in the simulation.
pub const CLOCKS_DIFFER: Duration = Duration::from_secs(4);
