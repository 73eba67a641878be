//! The questions that the chat answers: snapshots, conversations, histories.

use std::collections::BTreeMap;

use super::{
    Chat, ChatFault,
    message::Message,
    records::{
        self, Position,
        listing::{self, Conversation, Place},
        messages::{self, Span},
        partners,
    },
};
use crate::{
    delivery::inbox,
    kernel::ids::{ConversationId, UserId},
    protocol::event::{FriendStatusSnapshot, UnreadSnapshot},
    store::StoreError,
};

/// Conversations in the snapshot of one user: those with the latest messages.
const UNREAD_MAX: u32 = 1_000;

/// The state of the chat that one user's client starts from.
#[derive(Debug)]
pub struct Snapshots {
    /// How far they have read, and up to where in their stream of events that is true.
    pub unread: UnreadSnapshot,
    /// Who of their conversation partners is there.
    pub partners: FriendStatusSnapshot,
}

impl Chat {
    /// The snapshots of one user. Who is online is looked up last: any change that they do not contain is announced after
    /// this future is ready.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn snapshots(&self, of: &UserId) -> Result<Snapshots, StoreError> {
        let user = of.clone();
        let read = self.0.store.read(move |conn| {
            let head = inbox::records::extent(conn, &user)?.head;
            let positions = records::positions(conn, &user, UNREAD_MAX)?;
            let partners = partners::with_last_seen(conn, &user)?;
            Ok::<_, StoreError>((head, positions, partners))
        });
        let (head, positions, partners) = read.await?;
        let unread = UnreadSnapshot {
            as_of_seq: head.get(),
            conversations: positions.iter().map(Into::into).collect(),
        };
        let mut snapshot = FriendStatusSnapshot {
            statuses: BTreeMap::new(),
            last_seen: BTreeMap::new(),
        };
        let announced = self.0.online.announced();
        for (user, seen) in partners {
            let online = announced.is_online(&user);
            if let Some(seen) = seen.filter(|_| !online) {
                let seconds = seen.unix_seconds();
                snapshot.last_seen.insert(user.clone(), seconds);
            }
            snapshot.statuses.insert(user, online);
        }
        // Those who left while this was being read.
        for (user, seen) in announced.departures() {
            if snapshot.statuses.get(user) == Some(&false) {
                let known = snapshot.last_seen.entry(user.clone()).or_default();
                *known = seen.unix_seconds().max(*known);
            }
        }
        Ok(Snapshots {
            unread,
            partners: snapshot,
        })
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
