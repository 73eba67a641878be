//! `/api/conversations/{id}/messages`, `/read` and `/typing`: a conversation's history, the asker's cursor in it, and whether
//! they are typing.

use actix_web::web::{Data, Json, Path, Query, ReqData};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{json, value::RawValue};

use crate::{
    chat::{message::Message, records::messages::Span},
    contract::{NoContent, parameter},
    kernel::{
        ids::{ClientMessageId, ConversationId, MessageId, UserId},
        iso::Iso,
        whole::whole,
    },
    people::Person,
    protocol::{command::MessageSend, event::MessageReadAck},
    rest::{Answer, Shared, body::Body, error::ApiError, paging::Size},
};

/// One message.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Message")]
pub(super) struct MessageView {
    message_id: MessageId,
    conversation_id: ConversationId,
    /// Its place in the conversation, counted from 1 without gaps.
    message_seq: u64,
    sender_id: UserId,
    body: String,
    /// Whatever its sender's app put beside the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Box<RawValue>>,
    client_message_id: ClientMessageId,
    created_at: Iso,
}

impl From<Message> for MessageView {
    fn from(message: Message) -> Self {
        Self {
            message_id: message.id,
            conversation_id: message.conversation,
            message_seq: message.seq,
            sender_id: message.sender,
            body: message.body,
            data: message.data,
            client_message_id: message.client_message_id,
            created_at: message.created_at.into(),
        }
    }
}

/// Which part of the history: what comes after a message, or what came before it; the latest without either.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Around {
    /// Messages after the one with this `messageSeq`, the next ones first.
    #[serde(default, deserialize_with = "after")]
    after: Option<u64>,
    /// Messages before the one with this `messageSeq`, those just before it. Not together with `after`.
    #[serde(default, deserialize_with = "before")]
    before: Option<u64>,
}

fn after<'de, D: Deserializer<'de>>(given: D) -> Result<Option<u64>, D::Error> {
    parameter::parse_optional(given, "after must be the messageSeq of a message")
}

fn before<'de, D: Deserializer<'de>>(given: D) -> Result<Option<u64>, D::Error> {
    parameter::parse_optional(given, "before must be the messageSeq of a message")
}

/// A part of the history, the oldest message first.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "MessageHistory")]
pub(super) struct History {
    items: Vec<MessageView>,
    /// The oldest message that is kept. Where `items` begin with it there is nothing before them.
    first_seq: u64,
    /// The newest message.
    last_seq: u64,
}

/// `GET /api/conversations/{id}/messages?after=|before=&limit=`: the place in the conversation is the cursor.
pub(super) async fn list(
    shared: Data<Shared>,
    who: ReqData<Person>,
    id: Path<ConversationId>,
    around: Query<Around>,
    size: Query<Size>,
) -> Answer<History> {
    let span = match (around.after, around.before) {
        (None, None) => Span::Latest,
        (Some(seq), None) => Span::After(seq),
        (None, Some(seq)) => Span::Before(seq),
        (Some(_), Some(_)) => return Err(ApiError::bad_request("either after or before")),
    };
    let read = shared.chat.history(&who.user, *id, span, size.limit());
    let (position, messages) = read.await?;
    Ok(Json(History {
        items: messages.into_iter().map(MessageView::from).collect(),
        first_seq: position.floor + 1,
        last_seq: position.last,
    }))
}

/// A message to send to the conversation.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "MessageToSend")]
#[schemars(example = json!({"clientMessageId": "0f1f6f58-5a3b-4c34-9f0e-3d8f6f4e2a11", "body": "こんにちは"}))]
pub(super) struct Send {
    /// Made by the client, a new one for each message: a repeat of the same message is known by it.
    client_message_id: ClientMessageId,
    /// At most `chat.max_body` bytes, without the character U+0000.
    #[schemars(length(min = 1), regex(pattern = r"^[^\x00]+$"))]
    body: String,
    /// Whatever the app wants to put beside the text: at most `chat.max_body` bytes of JSON.
    data: Option<Box<RawValue>>,
}

/// `POST /api/conversations/{id}/messages`: as `message_send` does.
pub(super) async fn send(
    shared: Data<Shared>,
    who: ReqData<Person>,
    id: Path<ConversationId>,
    Body(send): Body<Send>,
) -> Answer<MessageView> {
    let Send {
        client_message_id,
        body,
        data,
    } = send;
    let draft = MessageSend {
        conversation_id: Some(*id),
        to_user_id: None,
        client_message_id,
        body,
        data,
    };
    let sent = shared.chat.send(&who.user, draft.try_into()?).await?;
    Ok(Json(sent.message().clone().into()))
}

/// How far the asker has read.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ReadUpTo")]
pub(super) struct Read {
    /// The last message that the asker has seen.
    #[serde(deserialize_with = "whole")]
    message_seq: u64,
}

/// `POST /api/conversations/{id}/read`: as `message-read` does. Answers where the cursor is now.
pub(super) async fn read(
    shared: Data<Shared>,
    who: ReqData<Person>,
    id: Path<ConversationId>,
    Body(read): Body<Read>,
) -> Answer<MessageReadAck> {
    let cursor = shared.chat.read(&who.user, *id, read.message_seq);
    Ok(Json(MessageReadAck {
        conversation_id: *id,
        message_seq: cursor.await?,
    }))
}

/// Whether the asker is typing.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "TypingNow")]
pub(super) struct Typing {
    typing: bool,
}

/// `POST /api/conversations/{id}/typing`: as `typing-start` and `typing-stop` do.
pub(super) async fn typing(
    shared: Data<Shared>,
    who: ReqData<Person>,
    id: Path<ConversationId>,
    Body(typing): Body<Typing>,
) -> Result<NoContent, ApiError> {
    if typing.typing {
        shared.chat.start_typing(&who.user, None, *id).await?;
    } else {
        shared.chat.stop_typing(&who.user, *id);
    }
    Ok(NoContent)
}
