//! The table `messages`.

use std::{collections::HashMap, fmt::Display};

use diesel::prelude::*;
use serde_json::value::RawValue;

use super::{conversation, seq_column, seq_from};
use crate::{
    chat::message::Message,
    kernel::{
        ids::{ClientMessageId, ConversationId, UserId},
        time::Timestamp,
    },
    store::{
        Conn, Lossy, LossyIfAny, StoreError, Tx, readable, readable_page, run,
        sql::schema::{conversations, messages},
    },
};

/// The outcome of storing a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inserted {
    /// It is stored.
    Now,
    /// The sender has used its `clientMessageId` before. Nothing is stored.
    IdTaken,
}

/// Stores a message.
pub fn insert(tx: &mut Tx<'_>, message: &Message) -> Result<Inserted, StoreError> {
    let row = (
        messages::conversation_id.eq(message.conversation.to_string()),
        messages::seq.eq(seq_column(message.seq)),
        messages::id.eq(message.id.to_string()),
        messages::sender_id.eq(message.sender.as_str()),
        messages::client_message_id.eq(message.client_message_id.as_str()),
        messages::body.eq(&message.body),
        messages::data.eq(message.data.as_ref().map(|data| data.get())),
        messages::created_at.eq(message.created_at.millis()),
    );
    let stored = run!(tx, |c| diesel::insert_into(messages::table)
        .values(row)
        .on_conflict((messages::sender_id, messages::client_message_id))
        .do_nothing()
        .execute(c))?;
    Ok(if stored == 0 {
        Inserted::IdTaken
    } else {
        Inserted::Now
    })
}

/// A message by its sender and `clientMessageId`.
pub fn find_sent(
    conn: &mut Conn,
    sender: &UserId,
    client_message_id: &ClientMessageId,
) -> Result<Option<Message>, StoreError> {
    let row: Option<Row> = run!(conn, |c| messages::table
        .filter(
            messages::sender_id
                .eq(sender.as_str())
                .and(messages::client_message_id.eq(client_message_id.as_str()))
        )
        .select(Row::as_select())
        .get_result(c)
        .optional())?;
    row.map(Message::try_from).transpose()
}

/// Which part of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// Its end.
    Latest,
    /// What comes right after a `messageSeq`.
    After(u64),
    /// What comes right before a `messageSeq`.
    Before(u64),
}

/// A part of a conversation, at most `limit` messages, the oldest first.
pub fn history(
    conn: &mut Conn,
    of: ConversationId,
    span: Span,
    limit: u32,
) -> Result<Vec<Message>, StoreError> {
    let mut found = readable_page(limit, |rows, passed| {
        run!(conn, |c| {
            let all = messages::table
                .filter(messages::conversation_id.eq(of.to_string()))
                .limit(rows)
                .offset(passed)
                .select(Row::as_select())
                .into_boxed();
            match span {
                Span::Latest => all.order(messages::seq.desc()),
                Span::Before(seq) => all
                    .filter(messages::seq.lt(seq_column(seq)))
                    .order(messages::seq.desc()),
                Span::After(seq) => all
                    .filter(messages::seq.gt(seq_column(seq)))
                    .order(messages::seq.asc()),
            }
            .load::<Row>(c)
        })
    })?;
    if !matches!(span, Span::After(_)) {
        found.reverse();
    }
    Ok(found)
}

/// The last message of each of these conversations.
pub fn last_of(
    conn: &mut Conn,
    ids: &[&str],
) -> Result<HashMap<ConversationId, Message>, StoreError> {
    let rows: Vec<Row> = run!(conn, |c| messages::table
        .inner_join(conversations::table)
        .filter(messages::conversation_id.eq_any(ids))
        .filter(messages::seq.eq(conversations::last_seq))
        .select(Row::as_select())
        .load(c))?;
    let by_conversation = |row| Message::try_from(row).map(|it| (it.conversation, it));
    Ok(readable(rows.into_iter().map(by_conversation))?
        .into_iter()
        .collect())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = messages)]
struct Row {
    #[diesel(deserialize_as = Lossy)]
    conversation_id: String,
    seq: i64,
    #[diesel(deserialize_as = Lossy)]
    id: String,
    #[diesel(deserialize_as = Lossy)]
    sender_id: String,
    #[diesel(deserialize_as = Lossy)]
    client_message_id: String,
    #[diesel(deserialize_as = Lossy)]
    body: String,
    #[diesel(deserialize_as = LossyIfAny)]
    data: Option<String>,
    created_at: i64,
}

impl TryFrom<Row> for Message {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        // What the app says beside it may be damaged: it is told without that.
        let data = row.data.map(RawValue::from_string);
        let data = readable(data.map(|data| data.map_err(corrupt("data"))))?.pop();
        Ok(Self {
            id: row.id.parse().map_err(corrupt("id"))?,
            conversation: conversation(row.conversation_id)?,
            seq: seq_from(row.seq)?,
            sender: row.sender_id.parse().map_err(corrupt("sender_id"))?,
            client_message_id: row
                .client_message_id
                .parse()
                .map_err(corrupt("client_message_id"))?,
            body: row.body,
            data,
            created_at: Timestamp::from_millis(row.created_at),
        })
    }
}

fn corrupt<F: Display>(column: &'static str) -> impl FnOnce(F) -> StoreError {
    move |fault| StoreError::corrupt(format!("messages.{column}: {fault}"))
}
