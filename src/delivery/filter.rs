//! What one connection receives: the topics it asked for and, if it narrowed the chat, one person's conversation alone.
//!
//! A filter never changes while its connection lasts: the `prev` of a durable event is the previous event that passed it.

use crate::{
    kernel::ids::{ConversationId, UserId},
    protocol::{
        event::{FriendStatusSnapshot, UnreadSnapshot},
        frame::Frame,
        spec::{Topic, Topics},
    },
};

/// What one connection receives.
#[derive(Debug, Clone)]
pub struct Filter {
    topics: Topics,
    /// `None`: everybody. Boxed, because almost no connection has one.
    partner: Option<Box<Partner>>,
}

/// The one person to whom a connection's chat is narrowed (`customerId`, source document 002).
#[derive(Debug, Clone)]
struct Partner {
    user: UserId,
    conversation: ConversationId,
}

impl Filter {
    /// Everything of these topics.
    pub fn new(topics: Topics) -> Self {
        Self {
            topics,
            partner: None,
        }
    }

    /// Of the chat, only the conversation of `listener` and `partner`, and whether the partner is online.
    #[must_use]
    pub fn narrowed_to(mut self, listener: &UserId, partner: UserId) -> Self {
        self.partner = Some(Box::new(Partner {
            conversation: ConversationId::between(listener, &partner),
            user: partner,
        }));
        self
    }

    /// Whether anything of a topic may pass.
    pub fn wants(&self, topic: Topic) -> bool {
        self.topics.contains(topic)
    }

    /// Whether a frame passes.
    pub fn passes(&self, frame: &Frame) -> bool {
        let topic = frame.topic();
        self.passes_all_of(topic) || (self.wants(topic) && self.concerns_partner(frame))
    }

    /// Whether everything of a topic passes, whomever it concerns.
    pub(super) fn passes_all_of(&self, topic: Topic) -> bool {
        let of_people = matches!(topic, Topic::Chat | Topic::Friends);
        self.wants(topic) && (!of_people || self.partner.is_none())
    }

    fn concerns_partner(&self, frame: &Frame) -> bool {
        let Some(partner) = &self.partner else {
            return true;
        };
        match (frame.key(), frame.conversation()) {
            (Some(key), _) => *key.id == *partner.user.as_str(),
            (None, Some(conversation)) => conversation == partner.conversation,
            // Snapshots, which are narrowed when they are made.
            (None, None) => true,
        }
    }

    /// Narrows a snapshot to what the filter lets through of its changes.
    #[must_use]
    pub fn narrow_unread(&self, mut snapshot: UnreadSnapshot) -> UnreadSnapshot {
        if let Some(partner) = &self.partner {
            let conversations = &mut snapshot.conversations;
            conversations.retain(|it| it.conversation_id == partner.conversation);
        }
        snapshot
    }

    /// Narrows a snapshot in the same way.
    #[must_use]
    pub fn narrow_statuses(&self, mut snapshot: FriendStatusSnapshot) -> FriendStatusSnapshot {
        if let Some(partner) = &self.partner {
            snapshot.statuses.retain(|user, _| *user == partner.user);
            snapshot.last_seen.retain(|user, _| *user == partner.user);
        }
        snapshot
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::event::{Event, HeartbeatAck, TypingStop, UserOnline};

    fn user(name: &str) -> UserId {
        name.parse().unwrap()
    }

    fn stops_typing(conversation_id: ConversationId) -> Frame {
        let user_id = user("hana");
        let stopped = TypingStop {
            conversation_id,
            user_id,
        };
        Frame::new(&stopped.into())
    }

    fn comes(name: &str) -> Frame {
        let online = UserOnline {
            user_id: user(name),
            timestamp: 0,
        };
        Frame::new(&online.into())
    }

    #[test]
    fn a_narrowed_connection_hears_of_one_person_alone() {
        let filter = Filter::new(Topics::ALL).narrowed_to(&user("taro"), user("hana"));
        let with = |name| ConversationId::between(&user("taro"), &user(name));
        assert!(filter.passes(&stops_typing(with("hana"))));
        assert!(!filter.passes(&stops_typing(with("jiro"))));
        assert!(filter.passes(&comes("hana")) && !filter.passes(&comes("jiro")));
        let stored = stops_typing(with("jiro"));
        let json = String::from_utf8(stored.json().to_vec()).unwrap();
        assert!(!filter.passes(&Frame::stored(stored.name(), stored.topic(), json)));
        let system = Event::from(HeartbeatAck { timestamp: 0 });
        assert!(filter.passes(&Frame::new(&system)));
    }

    #[test]
    fn a_connection_hears_the_topics_it_named() {
        let filter = Filter::new("otomo".parse().unwrap());
        assert!(filter.wants(Topic::Otomo) && !filter.wants(Topic::Chat));
        assert!(!filter.passes(&comes("hana")));
    }
}
