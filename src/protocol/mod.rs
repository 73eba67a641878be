//! Floor 1: the wire. Every command a client may send, every event it may get, and the codes that say
//! what went wrong. One protocol for all transports; a transport only decides how bytes are framed.
//!
//! - [`command`]: what comes in, decoded and checked.
//! - [`event`]: what goes out, one struct per message, with what delivery must know of it ([`spec`]).
//! - [`course`]: how far a call has come by what an event says of it.
//! - [`described`]: a message as the tables of both describe it. [`schema`]: how messages look, for programs.
//! - [`publishing`]: which events backends may publish.
//! - [`frame`]: an event encoded once, shared by all who get it. [`tracking`]: how one that was published fares.
//! - [`stored`]: an event that was stored as it goes out.
//! - [`event_stream`]: how Server-Sent Events are written. [`socket_io`]: how packets of Socket.IO are.
//! - [`credentials`]: how clients say who they are, in the words of the documents.
//! - [`error_code`], [`fault`], [`close_code`]: the catalogue of what can go wrong.
//!
//! Domain rooms never derive these names; they map their own types onto them.

pub mod close_code;
pub mod command;
pub mod course;
pub mod credentials;
pub mod described;
pub mod error_code;
pub mod event;
pub mod event_stream;
pub mod fault;
pub mod frame;
pub mod publishing;
pub mod schema;
pub mod socket_io;
pub mod spec;
pub mod stored;
pub mod tracking;
