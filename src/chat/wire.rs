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
            data: send.data.map(readable).transpose()?,
        })
    }
}

/// What an app adds, if every client can read it. It is passed on as it is, so what JSON allows and many a parser refuses
/// (half a surrogate pair, a number beyond a double: RFC 8259, sections 6 and 8.2) would stop those clients at each replay.
fn readable(json: Box<RawValue>) -> Result<Box<RawValue>, ChatFault> {
    match serde_json::from_str::<serde_json::Value>(json.get()) {
        Ok(_) => Ok(one_line(json)),
        Err(_) => Err(ChatFault::UnreadableData),
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
    fn data_that_some_clients_cannot_read_is_refused() {
        let number = "9".repeat(8_000);
        for json in [r#"{"x":"\ud83d"}"#, r#"{"\udc00":1}"#, "1e999", &number] {
            let data = RawValue::from_string(json.to_owned()).unwrap();
            let refused = readable(data);
            assert!(matches!(refused, Err(ChatFault::UnreadableData)), "{json}");
        }
        let fine = r#"{"x": "\ud83d\ude00", "y": [1.50, null]}"#;
        let data = RawValue::from_string(fine.to_owned()).unwrap();
        assert_eq!(readable(data).unwrap().get(), fine);
    }

    #[test]
    fn what_an_app_adds_stays_as_it_is_on_one_line() {
        let json = "{\"a\\n\": [1.50,\r\n 2]}";
        let json = RawValue::from_string(json.to_owned()).unwrap();
        assert_eq!(one_line(json).get(), "{\"a\\n\": [1.50,   2]}");
    }
}
