//! The protocols of others, by the bytes: what a client sees that keeps their rules, and one that breaks them.
//!
//! | protocol | rules from | folder |
//! |---|---|---|
//! | WebSocket | RFC 6455; the numbered cases of the Autobahn test suite | `websocket` |
//! | Engine.IO 4, Socket.IO 5 | their published documents and test suites | `socketio` |
//! | Server-Sent Events | HTML Living Standard, section 9.2 | `event_stream` |
//! | HTTP/1.1 | RFC 9110, RFC 9112 | `http` |
//!
//! Each test is a table of cases against a real server on a real socket, and says at its end how many there were. What these
//! protocols carry, and that nothing else is disturbed by who breaks them, is `tests/server`'s to test.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub
)]

mod event_stream;
mod http;
mod socketio;
#[path = "../server/support/mod.rs"]
#[allow(
    dead_code,
    unused_imports,
    reason = "shared with the tests of sockets, which use all of it"
)]
mod support;
mod tally;
mod websocket;
