//! Otomo: the realtime layer of an app in one binary.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)
)]

pub mod audit;
pub mod calls;
pub mod cli;
pub mod delivery;
pub mod kernel;
pub mod people;
pub mod presence;
pub mod protocol;
pub mod store;
