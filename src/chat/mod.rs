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
//! - [`message`]: what is sent and kept. `wire`: the same in the words of the protocol. [`retention`]: how long it is kept.
//! - `membership`: groups begin and change. `queries`: what is asked, and the snapshots. [`status`]: that of one person.
//! - `typing`: who is writing. `comings`: who comes and goes. `last_seen`: when they were there.
//! - [`fault`]: why something was not done.
//!
//! Why no actor: but for who is writing and who is known to be there, nothing is kept between two messages. The store's
//! writer puts all messages in one order, and the inbox gives each member theirs; what overtakes on the way to a client is
//! put right there ([`delivery::inbox::cursor`](crate::delivery::inbox::cursor)).

mod comings;
pub mod fault;
pub mod groups;
mod last_seen;
mod membership;
pub mod message;
mod queries;
pub mod records;
pub mod retention;
pub mod rules;
pub mod status;
mod transactions;
mod typing;
mod wire;

use std::{convert::Infallible, future::Future, sync::Arc, time::Duration};

use self::{
    comings::Comings,
    message::{Draft, Sent},
    transactions::{Told, Unsent},
    typing::Typing,
};
use crate::{
    delivery::dispatch::Dispatch,
    kernel::{
        config::{ChatConfig, Config},
        ids::{ConversationId, EventId, NodeId, SessionId, UserId},
        user_rate::UserRate,
    },
    store::{Handle, StoreError, Tx},
};

pub use fault::ChatFault;
pub use queries::Snapshots;

/// The chat, for the rooms above. Clones share everything.
#[derive(Clone)]
pub struct Chat(Arc<Shared>);

struct Shared {
    store: Handle,
    dispatch: Dispatch,
    typing: Typing,
    comings: Comings,
    rate: UserRate,
    node: NodeId,
    config: ChatConfig,
}

impl Chat {
    /// A chat over what is stored, on this node.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn start(
        store: Handle,
        dispatch: Dispatch,
        config: &Config,
        node: &NodeId,
    ) -> Result<Self, StoreError> {
        let chat = Self(Arc::new(Shared {
            typing: Typing::new(store.clone(), dispatch.clone(), &config.chat),
            comings: Comings::default(),
            rate: UserRate::per_minute(config.limits.messages_per_minute),
            config: config.chat,
            node: node.clone(),
            store,
            dispatch,
        }));
        chat.settle().await?;
        Ok(chat)
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
            if let Some(wait) = self.0.rate.take(sender) {
                return Err(wait);
            }
            let (sender, draft) = (sender.clone(), draft.clone());
            let ids = transactions::Ids::new();
            let send = move |tx: &mut Tx<'_>| transactions::send(tx, &sender, &draft, &ids);
            Ok(self.0.store.write(send))
        });
        let (chat, sender) = (self.clone(), sender.clone());
        in_any_case(async move {
            let queued = match queued? {
                Ok(queued) => queued,
                Err(wait) => return chat.sent_too_fast(sender, draft, wait).await,
            };
            match queued.await {
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

    /// Forgets who has not sent a message lately. To be called every so often.
    pub fn tidy(&self) {
        self.0.rate.tidy();
    }

    /// Tells conversation partners who comes and goes, for as long as it is polled; one task of the server does that.
    pub async fn follow_comings(&self) -> Infallible {
        comings::follow(&self.0).await
    }

    /// Ends the typing of those who have stopped, for as long as it is polled; one task of the server does that.
    pub async fn expire_typing(&self) -> Infallible {
        self.0.typing.expire().await
    }

    /// The message of an earlier attempt, if this is the same message.
    async fn sent_before(&self, sender: UserId, draft: Draft) -> Result<Sent, ChatFault> {
        let found = self
            .0
            .store
            .read(move |conn| transactions::sent_before(conn, &sender, &draft));
        found.await.map(Sent::Before)
    }

    /// Whoever is over the limit sends nothing, but may still ask what became of a message.
    async fn sent_too_fast(
        &self,
        sender: UserId,
        draft: Draft,
        wait: Duration,
    ) -> Result<Sent, ChatFault> {
        match self.sent_before(sender, draft).await {
            Err(ChatFault::OtherMessage) => Err(ChatFault::RateLimited(wait)),
            known => known,
        }
    }

    /// Tells all members what is stored.
    fn tell<T>(&self, told: Told<T>) -> T {
        for (user, seq) in &told.places {
            if let Some(frame) = &told.frame {
                self.0.dispatch.durable(user, *seq, frame);
            }
        }
        for user in &told.regrouped {
            self.0.dispatch.chat_outdated(user);
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
