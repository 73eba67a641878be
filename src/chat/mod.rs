//! Chat (source document 002): people write to each other, and find everything again after a dead spot.
//!
//! ```text
//!   session ---> Chat ---> store: message, cursor and inbox of all members (one transaction)
//!                 |            |
//!                 |<- committed-+
//!                 +---> dispatch: one frame for all members, then the answer to the sender
//! ```
//! - [`rules`]: what may be written, and where a reader stands. Pure.
//! - [`records`]: where it is kept. `transactions`: what is stored in one piece; [`groups`]: the same of who is in it.
//! - `typing`: who is writing. `comings`: who comes and goes. [`message`]: what is sent and kept. `wire`: the same in the words of the protocol.
//! - [`fault`]: why something was not done.
//!
//! Why no actor: but for who is writing, nothing is kept between two messages. The store's writer puts all messages in one order, and the inbox gives
//! each member theirs; what overtakes on the way to a client is put right there
//! ([`delivery::inbox::cursor`](crate::delivery::inbox::cursor)).

mod comings;
pub mod fault;
pub mod groups;
pub mod message;
pub mod records;
pub mod rules;
mod transactions;
mod typing;
mod wire;

use std::{convert::Infallible, future::Future, sync::Arc};

use self::{
    groups::Beginning,
    message::{Draft, Message, Sent},
    records::{
        Position,
        listing::{self, Conversation, Place},
        messages::{self, Span},
        partners,
    },
    transactions::{Told, Unsent},
    typing::Typing,
};
use crate::{
    delivery::{dispatch::Dispatch, inbox, line::Client, roster::Remaining},
    kernel::{
        config::ChatConfig,
        ids::{ConversationId, EventId, SessionId, UserId},
    },
    protocol::event::{FriendStatusSnapshot, UnreadSnapshot},
    store::{Handle, StoreError, Tx},
};

pub use fault::ChatFault;

/// Conversations in the snapshot of one user: those with the latest messages.
const UNREAD_MAX: u32 = 1_000;

/// The chat, for the rooms above. Clones share everything.
#[derive(Clone)]
pub struct Chat(Arc<Shared>);

struct Shared {
    store: Handle,
    dispatch: Dispatch,
    typing: Typing,
    config: ChatConfig,
}

impl Chat {
    /// A chat over what is stored.
    pub fn new(store: Handle, dispatch: Dispatch, config: ChatConfig) -> Self {
        let typing = Typing::new(store.clone(), dispatch.clone(), &config);
        Self(Arc::new(Shared {
            typing,
            store,
            dispatch,
            config,
        }))
    }

    /// Sends a message. It is queued at the call, so messages are stored in the order of the calls; once it is, all members
    /// are told, also if nobody waits for the answer any more. Must be called on an arbiter.
    ///
    /// A message that the sender has sent before, by its client's id, is not sent again: the answer is the first one's.
    ///
    /// # Errors
    /// The refusals of [`ChatFault`], and those of the store. Nothing is sent then.
    pub fn send(
        &self,
        sender: &UserId,
        draft: Draft,
    ) -> impl Future<Output = Result<Sent, ChatFault>> + use<> {
        let queued = rules::check(&draft, sender, self.0.config.max_body).map(|()| {
            let (sender, draft) = (sender.clone(), draft.clone());
            let ids = transactions::Ids::new();
            self.0
                .store
                .write(move |tx| transactions::send(tx, &sender, &draft, &ids))
        });
        let (chat, sender) = (self.clone(), sender.clone());
        in_any_case(async move {
            match queued?.await {
                Ok(told) => {
                    // What was being written is there.
                    chat.0.typing.stop(&sender, told.answer.conversation);
                    Ok(Sent::Now(chat.tell(told)))
                }
                Err(Unsent::SentBefore) => chat.sent_before(sender, draft).await,
                Err(Unsent::Refused(fault)) => Err(fault),
            }
        })
    }

    /// Moves a reader's cursor forward, and tells the members if it did. Answers where it is now. Must be called on an
    /// arbiter.
    ///
    /// # Errors
    /// [`ChatFault::ConversationNotFound`], [`ChatFault::BeyondEnd`], or those of the store.
    pub fn read(
        &self,
        reader: &UserId,
        conversation: ConversationId,
        seq: u64,
    ) -> impl Future<Output = Result<u64, ChatFault>> + use<> {
        let (reader, event) = (reader.clone(), EventId::new());
        let queued = self
            .0
            .store
            .write(move |tx| transactions::read(tx, &reader, conversation, seq, event));
        let chat = self.clone();
        in_any_case(async move { Ok(chat.tell(queued.await?)) })
    }

    /// How far somebody has read, and up to where in their stream of events that is true.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn unread(&self, user: &UserId) -> Result<UnreadSnapshot, StoreError> {
        let user = user.clone();
        let read = self.0.store.read(move |conn| {
            let head = inbox::records::extent(conn, &user)?.head;
            let positions = records::positions(conn, &user, UNREAD_MAX)?;
            Ok::<_, StoreError>((head, positions))
        });
        let (head, positions): (_, Vec<Position>) = read.await?;
        Ok(UnreadSnapshot {
            as_of_seq: head.get(),
            conversations: positions.iter().map(Into::into).collect(),
        })
    }

    /// Somebody writes a word: the other members are told, unless they were a moment ago, or are too many. With the session
    /// on which they write, whose end is the end of it.
    ///
    /// # Errors
    /// [`ChatFault::ConversationNotFound`], or those of the store.
    pub async fn start_typing(
        &self,
        user: &UserId,
        session: Option<SessionId>,
        conversation: ConversationId,
    ) -> Result<(), ChatFault> {
        self.0.typing.word(user, session, conversation).await
    }

    /// Somebody has stopped writing.
    pub fn stop_typing(&self, user: &UserId, conversation: ConversationId) {
        self.0.typing.stop(user, conversation);
    }

    /// A session is over, and so is what was being written on it. With the last one its user was last seen.
    pub fn left(&self, client: &Client, remaining: Remaining) {
        self.0.typing.left(client);
        if remaining.of_user == 0 {
            let user = client.user.clone();
            // Nobody waits for it. A commit that fails is in the store's log; where the queue is full, it matters more that
            // messages get through than when somebody was last seen.
            let left = move |tx: &mut Tx<'_>| partners::leave(tx, &user);
            drop(self.0.store.write::<_, StoreError, _>(left));
        }
    }

    /// Tells conversation partners who comes and goes, for as long as it is polled; one task of the server does that.
    pub async fn follow_comings(&self) -> Infallible {
        comings::follow(&self.0).await
    }

    /// Who of somebody's conversation partners is there.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn partners(&self, of: &UserId) -> Result<FriendStatusSnapshot, StoreError> {
        comings::snapshot(&self.0, of).await
    }

    /// Ends the typing of those who have stopped, for as long as it is polled; one task of the server does that.
    pub async fn expire_typing(&self) -> Infallible {
        self.0.typing.expire().await
    }

    /// Somebody's conversations that come after a place, those with the latest messages first, at most `limit`.
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

    /// One of somebody's conversations.
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

    /// A part of a conversation, and where the asker stands in it.
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

    /// Begins a conversation, or finds that of two people.
    ///
    /// # Errors
    /// The refusals of [`ChatFault`], and those of the store. Nothing has begun then.
    pub async fn begin(
        &self,
        creator: &UserId,
        beginning: Beginning,
    ) -> Result<Conversation, ChatFault> {
        let (new, by) = (ConversationId::new(), creator.clone());
        let begun = self
            .0
            .store
            .write(move |tx| groups::begin(tx, &by, &beginning, new));
        let id = begun.await?;
        self.conversation(creator, id).await
    }

    /// Adds somebody to a group. Every member may.
    ///
    /// # Errors
    /// The refusals of [`ChatFault`], and those of the store.
    pub async fn add(
        &self,
        asker: &UserId,
        to: ConversationId,
        newcomer: &UserId,
    ) -> Result<(), ChatFault> {
        let (asker, newcomer) = (asker.clone(), newcomer.clone());
        let added = move |tx: &mut Tx<'_>| groups::add(tx, &asker, to, &newcomer);
        self.0.store.write(added).await
    }

    /// Takes somebody out of a group: they hear nothing of it any more.
    ///
    /// # Errors
    /// The refusals of [`ChatFault`], and those of the store.
    pub async fn remove(
        &self,
        asker: &UserId,
        from: ConversationId,
        who: &UserId,
    ) -> Result<(), ChatFault> {
        let gone = who.clone();
        let (asker, who) = (asker.clone(), who.clone());
        let removed = move |tx: &mut Tx<'_>| groups::remove(tx, &asker, from, &who);
        self.0.store.write(removed).await?;
        self.0.typing.stop(&gone, from);
        Ok(())
    }

    /// The message of an earlier attempt, if this is the same message.
    async fn sent_before(&self, sender: UserId, draft: Draft) -> Result<Sent, ChatFault> {
        let found = self
            .0
            .store
            .read(move |conn| transactions::sent_before(conn, &sender, &draft));
        found.await.map(Sent::Before)
    }

    /// Tells all members what is stored.
    fn tell<T>(&self, told: Told<T>) -> T {
        for (user, seq) in &told.places {
            if let Some(frame) = &told.frame {
                self.0.dispatch.durable(user, *seq, frame);
            }
        }
        told.answer
    }
}

/// Does it to its end, also if nobody waits for the answer.
fn in_any_case<T: 'static>(
    work: impl Future<Output = Result<T, ChatFault>> + 'static,
) -> impl Future<Output = Result<T, ChatFault>> {
    let task = actix_rt::spawn(work);
    async move { task.await.unwrap_or(Err(ChatFault::Stopped)) }
}
