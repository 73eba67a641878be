//! A real server, real WebSockets, and people who talk through them. Each file is one part of the
//! product; [`support`] has the words that all are written in.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub
)]

mod actions;
mod answers;
#[path = "../rest/api.rs"]
#[allow(
    dead_code,
    reason = "shared with the tests of REST, which use all of it"
)]
mod api;
mod backup;
mod bad_input;
mod calls;
mod chat;
mod closing;
mod connecting;
mod crash;
mod deaf;
mod draining;
mod friends;
mod law;
mod mirror;
mod order;
mod points;
mod presence;
mod reloading;
mod rooms;
mod socketio;
mod sse;
mod support;
mod tls;
