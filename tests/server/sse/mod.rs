//! Server-Sent Events: the same session over plain HTTP.

mod commands;
mod ending;
mod opening;
mod resuming;
