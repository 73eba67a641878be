//! The chat in the words of the protocol.

use serde_json::value::RawValue;

use super::{
    fault::ChatFault,
    message::{Draft, Message, Target},
    records::Position,
};
use crate::protocol::{
    command::MessageSend,
    event::{MessageSendAck, NewMessage, UnreadConversation},
};

impl TryFrom<MessageSend> for Draft {
    type Error = ChatFault;

    fn try_from(send: MessageSend) -> Result<Self, ChatFault> {
        let target = match (send.conversation_id, send.to_user_id) {
            (Some(conversation), None) => Target::Conversation(conversation),
            (None, Some(user)) => Target::User(user),
            (None, None) | (Some(_), Some(_)) => return Err(ChatFault::NoTarget),
        };
        Ok(Self {
            target,
            client_message_id: send.client_message_id,
            body: send.body,
            data: send.data.map(one_line),
        })
    }
}

/// The same JSON in one line, because a line break would end a field of an event stream. Strings have them escaped.
fn one_line(json: Box<RawValue>) -> Box<RawValue> {
    if !json.get().contains(['\n', '\r']) {
        return json;
    }
    let line = json.get().replace(['\n', '\r'], " ");
    RawValue::from_string(line).unwrap_or(json)
}

impl From<&Message> for NewMessage {
    fn from(message: &Message) -> Self {
        Self {
            message_id: message.id,
            conversation_id: message.conversation,
            message_seq: message.seq,
            sender_id: message.sender.clone(),
            body: message.body.clone(),
            data: message.data.clone(),
            client_message_id: message.client_message_id.clone(),
            created_at: message.created_at.unix_seconds(),
        }
    }
}

impl From<&Message> for MessageSendAck {
    fn from(message: &Message) -> Self {
        Self {
            client_message_id: message.client_message_id.clone(),
            message_id: message.id,
            conversation_id: message.conversation,
            message_seq: message.seq,
            created_at: message.created_at.unix_seconds(),
        }
    }
}

impl From<&Position> for UnreadConversation {
    fn from(position: &Position) -> Self {
        Self {
            conversation_id: position.conversation,
            last_seq: position.last,
            read_seq: position.read,
            unread: position.unread(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_app_adds_stays_as_it_is_on_one_line() {
        let json = "{\"a\\n\": [1.50,\r\n 2]}";
        let json = RawValue::from_string(json.to_owned()).unwrap();
        assert_eq!(one_line(json).get(), "{\"a\\n\": [1.50,   2]}");
    }
}
