//! What the Rust peers of the side-by-side measurement share: the plain protocol (`../README.md`), who is connected, and how
//! they listen.

mod hub;
mod listener;

pub use hub::{Command, Hub, Inbox, Member};
pub use listener::{listen, run};
