//! Server-Sent Events: the same session over plain HTTP.

mod commands;
mod ending;
mod http2;
mod narrowed;
mod opening;
mod resuming;
