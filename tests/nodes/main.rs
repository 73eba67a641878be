//! Nodes that share a PostgreSQL database: who has a place, who has lost it, and what becomes of what the dead left.
//!
//! A node that is frozen is one whose `keep` nobody polls: its process does nothing, while the others see its lease run out.
//!
//! - `fixture`: nodes on a database of their own. `joining`: names and places. `expiry`: nodes that were away for too long.
//!   `outages`: a database that is.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that fails, fails by panicking"
)]

mod expiry;
mod fixture;
mod joining;
#[path = "../support/listener.rs"]
#[allow(dead_code, reason = "other suites hear what it is told")]
mod listener;
#[path = "../support/messages.rs"]
mod messages;
mod outages;
#[path = "../support/postgres.rs"]
#[allow(dead_code, reason = "other suites ask for more of it")]
mod postgres;
#[path = "../support/recorder.rs"]
mod recorder;
#[path = "../support/waiting.rs"]
#[allow(dead_code, reason = "other suites ask for more of it")]
mod waiting;
