//! The systems of the product, under which the document lists operations.

use crate::contract::Tag;

const fn tag(name: &'static str, description: &'static str) -> Tag {
    Tag { name, description }
}

pub(super) const ACCOUNT: Tag = tag("Account", "Who you are.");
pub(super) const OTOMO: Tag = tag("Otomo", "Who can be called right now.");
pub(super) const CALLS: Tag = tag(
    "Calls",
    "Calls that have been, and what a device needs to take one.",
);
pub(super) const CHAT: Tag = tag(
    "Chat",
    "Conversations, their messages, and how far people have read.",
);
pub(super) const FRIENDS: Tag = tag("Friends", "Who is whose friend, and who of them is online.");
pub(super) const POINTS: Tag = tag("Points", "What you have, and how it came to that.");
pub(super) const INBOX: Tag = tag(
    "Inbox",
    "What must not be missed, for clients without a connection.",
);
pub(super) const USERS: Tag = tag("Users", "For backends: who there is.");
pub(super) const LEDGER: Tag = tag("Ledger", "For backends: points given and taken.");
pub(super) const MEDIA: Tag = tag("Media", "For media servers: what they see of a call.");
pub(super) const EVENTS: Tag = tag("Events", "For backends: what they have to say to users.");
pub(super) const ROOMS: Tag = tag("Rooms", "For backends: who may be where.");
pub(super) const ADMIN: Tag = tag(
    "Admin",
    "What admins see and correct; every correction is audited.",
);
pub(super) const OPERATIONS: Tag = tag("Operations", "For operators and their tools.");
