//! Our own rules, where neither the compiler nor clippy sees them: which room may use which, what pure code may not
//! touch, how long things may be, what must not be in the repository.
//!
//! Each check is a function over files that returns its faults, and is run twice: over the repository, where it must
//! find none, and over a bad sample, where it must find one, so that a check that cannot fail is noticed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that fails, fails by panicking"
)]

mod dependencies;
mod floors;
mod habits;
mod logs;
mod repository;
mod secrets;
mod security;
mod sizes;
mod source;

/// Fails with every fault, one to a line.
#[track_caller]
fn assert_tidy(faults: Vec<String>) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}
