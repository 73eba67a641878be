//! Server-Sent Events: the same session over plain HTTP.

mod ending;
mod opening;
mod resuming;
