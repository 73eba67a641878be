//! How messages look, for programs. One truth: the tables and structs of [`command`](super::command) and
//! [`event`](super::event), whose schemas are written by schemars.
//!
//! ```text
//!   tables, structs -> messages -> asyncapi      what carries them, as AsyncAPI
//!                               -> typescript    their types
//! ```
//! - [`messages`]: every command and event as JSON Schema (draft 2020-12). `message` is how one becomes a schema, `optional` what
//!   an event leaves out.
//! - [`asyncapi`], [`typescript`]: the same as documents for other tools, written from these schemas.
//! - [`plain`]: what every schema of ours is freed of, also those of HTTP's bodies.

pub mod asyncapi;
mod message;
pub mod messages;
mod optional;
pub mod plain;
pub mod typescript;

#[cfg(test)]
mod tests;
