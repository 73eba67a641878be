//! Several nodes: real processes on a real PostgreSQL and a real Redis, and people who connect to any of them. Each file is one
//! part of the product (`calls`, `chat`, ..) or one kind of trouble (`dying`, `freezing`, `outages`, `races`, and `chaos` for
//! all at once; `ways`: that they come as they are made); [`harness`] has the words that all are written in.
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
mod calls;
mod chaos;
mod chat;
mod commands;
mod draining;
mod dying;
mod freezing;
mod friends;
mod harness;
#[path = "../support/history/mod.rs"]
mod history;
mod outages;
mod pace;
mod points;
#[path = "../support/postgres.rs"]
#[allow(
    dead_code,
    reason = "shared with the tests of the store, which use all of it"
)]
mod postgres;
mod presence;
mod proxy;
mod races;
mod rooms;
#[path = "../server/support/mod.rs"]
#[allow(
    dead_code,
    unused_imports,
    reason = "shared with the tests of sockets, which use all of it"
)]
mod support;
mod ways;
