//! What a long history costs. The short form fills a small database and asks everything of it once; the long one
//! (`scripts/test long growth`) has a million calls and ten million messages, and holds the server to its times.
//!
//! That no query goes through a whole table is held by every test that has a server in its process (`support/plans.rs`).
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
mod fill;
mod history;
#[path = "../server/support/mod.rs"]
#[allow(
    dead_code,
    unused_imports,
    reason = "shared with the tests of sockets, which use all of it"
)]
mod support;
