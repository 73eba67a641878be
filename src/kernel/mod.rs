//! Floor 0: what every other room needs and nothing of the domain: ids, time, who somebody is,
//! configuration, logs and metrics.

pub mod config;
pub mod draw;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
pub mod identity;
pub mod ids;
pub mod intern;
pub mod iso;
pub mod keyed_rate;
pub mod logging;
pub mod memory;
pub mod metrics;
pub mod names;
pub mod now_and_then;
pub mod person_name;
pub mod secret;
pub mod standing;
pub mod time;
pub mod token;
pub mod type_name;
pub mod unreadable;
#[cfg(test)]
#[path = "../../tests/support/waiting.rs"]
#[allow(dead_code, reason = "shared with the suites, which ask for more of it")]
pub(crate) mod waiting;
pub mod whole;
