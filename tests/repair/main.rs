//! `otomo doctor` and what it mends: the database of a real server that was killed in the middle of a busy life, broken on
//! purpose. Each breakage is found, mended, and forgotten, on SQLite and on PostgreSQL, by the real binary.
//!
//! [`town`] is the life that the database has seen, [`ward`] a copy of it that can be broken, [`breakages`] one test for each
//! thing that may not be, [`belongings`] and [`keeping`] what stays whatever is wrong, [`numbers`] what is counted on from
//! numbers that are none, [`random`] many at once, [`refusing`] when nothing is mended, [`schema`] what is lost of the tables
//! themselves, [`texts`] what only SQLite stores, [`known`] what nobody can mend and somebody lives with, [`reading`] what a
//! server tells before anybody mends it, [`calls`] what stands beside a
//! call, [`admin`] what is mended while a server runs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub
)]

mod admin;
#[path = "../rest/api.rs"]
#[allow(
    dead_code,
    reason = "shared with the tests of REST, which use all of it"
)]
mod api;
mod belongings;
mod breakages;
mod calls;
mod keeping;
mod known;
mod numbers;
#[path = "../support/postgres.rs"]
#[allow(
    dead_code,
    reason = "shared with the tests of the store, which use all of it"
)]
mod postgres;
mod random;
mod reading;
mod references;
mod refusing;
mod schema;
#[path = "../server/support/mod.rs"]
#[allow(
    dead_code,
    unused_imports,
    reason = "shared with the tests of sockets, which use all of it"
)]
mod support;
mod texts;
mod town;
mod ward;
