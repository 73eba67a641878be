//! The questions that the chat answers: the snapshot, conversations, histories.

use super::{
    Chat, ChatFault,
    message::Message,
    records::{
        self, Position,
        listing::{self, Conversation, Place},
        messages::{self, Span},
    },
};
use crate::{
    delivery::inbox::{self, Seq},
    kernel::ids::{ConversationId, UserId},
    protocol::event::UnreadSnapshot,
    store::{Conn, StoreError},
};

/// Conversations in the snapshot of one user: those with the latest messages.
const UNREAD_MAX: u32 = 1_000;

/// The snapshot of somebody whose stream reaches to `head` at the moment at which this is read.
///
/// # Errors
/// Those of the store.
pub fn read_snapshot(
    conn: &mut Conn,
    of: &UserId,
    head: Seq,
) -> Result<UnreadSnapshot, StoreError> {
    let positions = records::positions(conn, of, UNREAD_MAX)?;
    Ok(UnreadSnapshot {
        as_of_seq: head.get(),
        conversations: positions.iter().map(Into::into).collect(),
    })
}

impl Chat {
    /// How far a user has read, and up to where in their stream of events that is true.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn snapshot(&self, of: &UserId) -> Result<UnreadSnapshot, StoreError> {
        let user = of.clone();
        let read = self.0.store.read(move |conn| {
            let head = inbox::records::extent(conn, &user)?.head;
            read_snapshot(conn, &user, head)
        });
        read.await
    }

    /// A user's conversations after a place in the list, those with the latest messages first, at most `limit`.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn conversations(
        &self,
        of: &UserId,
        after: Option<Place>,
        limit: u32,
    ) -> Result<Vec<Conversation>, StoreError> {
        let of = of.clone();
        let page = move |conn: &mut _| listing::page(conn, &of, after, limit);
        self.0.store.read(page).await
    }

    /// One of a user's conversations.
    ///
    /// # Errors
    /// [`ChatFault::ConversationNotFound`], or those of the store.
    pub async fn conversation(
        &self,
        of: &UserId,
        id: ConversationId,
    ) -> Result<Conversation, ChatFault> {
        let of = of.clone();
        let found = self.0.store.read(move |conn| listing::find(conn, &of, id));
        found.await?.ok_or(ChatFault::ConversationNotFound)
    }

    /// A part of a conversation's history, and the asker's position in it.
    ///
    /// # Errors
    /// [`ChatFault::ConversationNotFound`], or those of the store.
    pub async fn history(
        &self,
        asker: &UserId,
        of: ConversationId,
        span: Span,
        limit: u32,
    ) -> Result<(Position, Vec<Message>), ChatFault> {
        let asker = asker.clone();
        let read = self.0.store.read(move |conn| {
            let position = records::position(conn, &asker, of)?;
            let position = position.ok_or(ChatFault::ConversationNotFound)?;
            Ok((position, messages::history(conn, of, span, limit)?))
        });
        read.await
    }
}
