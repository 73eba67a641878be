//! What a client makes of what it is told, by the written rules alone (web/docs).

#[path = "../server/mirror/calls.rs"]
mod calls;
#[path = "../server/mirror/statuses.rs"]
mod statuses;
#[path = "../server/mirror/unread.rs"]
mod unread;

pub use self::{calls::Calls, statuses::Statuses, unread::Unread};
