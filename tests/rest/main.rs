//! REST over real HTTP against a real server. Each file is one part of the API; [`api`] has the words that all are written
//! in.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub
)]

mod admin;
mod api;
mod apps;
mod calls;
mod chat;
mod credentials;
mod development;
mod events;
mod friends;
mod groups;
mod metrics;
mod monitoring;
mod openapi;
mod operators;
mod pages;
mod points;
mod servers;
mod shapes;
mod slow;
mod stalled;
#[path = "../server/support/mod.rs"]
#[allow(
    dead_code,
    unused_imports,
    reason = "shared with the tests of sockets, which use all of it"
)]
mod support;
mod users;
