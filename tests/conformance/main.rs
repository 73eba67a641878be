//! What every implementation of an interface must do, each suite called once per implementation.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that fails, fails by panicking"
)]

mod backplane;
mod outage;
mod pace;
#[path = "../support/postgres.rs"]
#[allow(dead_code, reason = "other suites ask for more of it")]
mod postgres;
mod registry;
mod schema;
mod server;
mod store;
#[path = "../support/waiting.rs"]
#[allow(dead_code, reason = "other suites ask for more of it")]
mod waiting;
