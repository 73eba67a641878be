//! What a client makes of what it is told, by the written rules alone (web/docs): each part keeps one snapshot up to date
//! with the events that change it.

mod calls;
mod partners;
mod statuses;
mod unread;

pub use unread::Unread;

use self::{calls::Calls, partners::Partners, statuses::Statuses};
use crate::support::{Json, field};

/// All of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    me: String,
    statuses: Statuses,
    calls: Calls,
    partners: Partners,
    unread: Option<Unread>,
}

impl Mirror {
    /// That of somebody who has not been told anything.
    pub fn of(me: &str) -> Self {
        Self {
            me: me.to_owned(),
            statuses: Statuses::default(),
            calls: Calls::default(),
            partners: Partners::default(),
            unread: None,
        }
    }

    /// Takes in whatever comes.
    pub fn hear(&mut self, event: &Json) {
        self.statuses.hear(event);
        self.calls.hear(&self.me, event);
        self.partners.hear(event);
        if field(event, "type") == "unread_snapshot" {
            self.unread = Some(Unread::of(&self.me, event));
        } else if let Some(unread) = self.unread.as_mut().filter(|_| event["prev"].is_u64()) {
            unread.hear(event);
        }
    }
}
