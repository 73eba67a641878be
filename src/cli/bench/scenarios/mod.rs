//! What can be measured.
//!
//! - [`idle`]: memory of connections that do nothing.
//! - [`fanout`]: updates that go to everybody.
//! - [`chat`]: messages that are stored.

pub(crate) mod chat;
pub(crate) mod fanout;
pub(crate) mod idle;
