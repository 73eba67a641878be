//! The points below the sockets, on a real database with a clock that the tests set.
//!
//! What backends and people see of each rule is tested over real connections (`tests/rest/points.rs`, `tests/server/points`).
//! Here are long stories: any orders at once, and days that come and go.
//!
//! - `fixture`: the points of a server that can be stopped, killed and started again. `model`: a ledger that cannot be wrong.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that fails, fails by panicking"
)]

#[path = "../support/database.rs"]
#[allow(dead_code, reason = "other suites ask for more of it")]
mod database;
mod fixture;
mod logged;
mod model;
#[path = "../support/postgres.rs"]
#[allow(dead_code, reason = "other suites ask for more of it")]
mod postgres;
mod recovering;
mod undelivered;
