//! Whoever wants what is not theirs, against a real server. `web/docs/security.md` says who they are, what they want, and which
//! of these tests holds what stops them; where another suite shows it already, the page names that one.
//!
//! | what they try | file |
//! |---|---|
//! | an action that is not their role's, or about what is not theirs: every endpoint and every command, for everybody | `roles` |
//! | to be somebody else by a token | `tokens` |
//! | to read what belongs to others, or to tell whether it exists | `others` |
//! | to have a page of theirs do it in somebody's browser | `pages` |
//! | to write a line into the log, or a header into an answer | `injection` |
//! | to find a secret in the log, an error, a page, or by how long a comparison takes | `secrets` |
//! | to use up what others need | `floods` |
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub
)]

#[path = "../rest/api.rs"]
#[allow(
    dead_code,
    reason = "shared with the tests of REST, which use all of it"
)]
mod api;
mod floods;
mod injection;
mod others;
#[path = "../server/socketio/packets.rs"]
#[allow(
    dead_code,
    reason = "shared with the tests of Socket.IO, which use all of it"
)]
mod packets;
mod pages;
mod roles;
mod secrets;
#[path = "../server/support/mod.rs"]
#[allow(
    dead_code,
    unused_imports,
    reason = "shared with the tests of sockets, which use all of it"
)]
mod support;
mod tokens;
mod ways;
