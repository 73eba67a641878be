//! Friends below the sockets, on a real database: who is whose friend after any story, and who was told what.
//!
//! What people hear over real connections is tested in `tests/server/friends`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that fails, fails by panicking"
)]

mod asking;
mod fixture;
