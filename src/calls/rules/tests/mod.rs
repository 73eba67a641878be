//! The rules of calls, tested without a server: a golden table of everything, a model test of long stories,
//! and a test for each point that is easy to get wrong.
#![allow(clippy::wildcard_enum_match_arm)]

mod cases;
mod driver;
mod golden;
mod metered;
mod model;
mod requesting;
mod ringing;
mod talking;
mod words;
mod world;
