//! The chat from end to end below the sockets: sessions and the chat on a real database, with clients that write down
//! what they hear.
//!
//! What people see of each rule is tested over real connections (`tests/server/chat`). Here are long stories, in which
//! all of it happens in any order and at once.
//!
//! - `fixture`: a server without sockets. `phone`: one connection to it. `recorder`: its transport.
//! - `model`: the stories, and what everybody must hear in them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that fails, fails by panicking"
)]

#[path = "../support/database.rs"]
#[allow(dead_code, reason = "other suites ask for more of it")]
mod database;
mod fixture;
#[path = "../support/messages.rs"]
mod messages;
mod model;
mod phone;
#[path = "../support/postgres.rs"]
#[allow(dead_code, reason = "other suites ask for more of it")]
mod postgres;
#[path = "../support/recorder.rs"]
mod recorder;
#[path = "../support/waiting.rs"]
#[allow(dead_code, reason = "other suites ask for more of it")]
mod waiting;
