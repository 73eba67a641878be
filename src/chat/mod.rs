//! Chat (source document 002): people write to each other, and lose nothing in a dead spot.
//!
//! ```text
//!   session ---> Chat ---> store: message, cursor and inbox of all members (one transaction)
//!                 |            |
//!                 |<- committed-+
//!                 +---> dispatch: one frame for all members, then the answer to the sender
//! ```
//! - [`rules`]: what may be sent, how far somebody has read, who is typing. Pure.
//! - [`message`]: a message as it is sent and kept. `wire`: the same in the words of the protocol.
//! - [`records`]: the queries. [`repair`]: what may not be stored. `transactions`: the writes about messages. [`groups`]: those
//!   about members.
//! - `membership`: conversations begin, people join and leave. `queries`: lists, histories, and the snapshot.
//! - `typing`: who is typing. [`status`]: where one person is typing. [`retention`]: how long messages are kept.
//!   [`fault`]: why something was refused.
//!
//! Why no actor: apart from who is typing, nothing is kept between two commands. The store puts the messages of a conversation
//! into one order, and the inbox gives each member theirs; what overtakes on the way to a client is put right there ([`delivery::inbox::cursor`](crate::delivery::inbox::cursor)).

pub mod fault;
pub mod groups;
mod membership;
pub mod message;
pub mod queries;
pub mod records;
pub mod repair;
pub mod retention;
pub mod rules;
pub mod status;
mod transactions;
mod typing;
mod wire;

use std::{convert::Infallible, future::Future, sync::Arc, time::Duration};

#[cfg(any(test, fuzzing))]
pub(crate) use self::typing::fuzz;
use self::{
    message::{Draft, Sent},
    transactions::{Outcome, SendError},
    typing::Typing,
};
use crate::{
    delivery::{dispatch::Dispatch, line::Client},
    kernel::{
        config::{ChatConfig, Config},
        ids::{ConversationId, EventId, SessionId, UserId},
        keyed_rate::KeyedRate,
    },
    store::{Handle, Tx},
};

pub use fault::ChatFault;

/// The chat, for the rooms above. Clones share everything.
#[derive(Clone)]
pub struct Chat(Arc<Shared>);

struct Shared {
    store: Handle,
    dispatch: Dispatch,
    typing: Typing,
    rate: KeyedRate<UserId>,
    config: ChatConfig,
}

impl Chat {
    /// A chat over what is stored.
    pub fn new(store: Handle, dispatch: Dispatch, config: &Config) -> Self {
        Self(Arc::new(Shared {
            typing: Typing::new(store.clone(), dispatch.clone(), &config.chat),
            rate: KeyedRate::per_minute(&config.limits, |limits| limits.messages_per_minute),
            config: config.chat,
            store,
            dispatch,
        }))
    }

    /// Sends a message. It is queued at the call, so messages are stored in the order of the calls; once it is stored it is
    /// published, even if nobody waits for the answer any more. Must be called on an arbiter.
    ///
    /// A message whose `clientMessageId` the sender has used before is not sent again: it gets the answer of the first one.
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
        detached(async move {
            let queued = match queued? {
                Ok(queued) => queued,
                Err(wait) => return chat.sent_too_fast(sender, draft, wait).await,
            };
            match queued.await {
                Ok(outcome) => {
                    // What they were typing has been sent.
                    chat.0.typing.stop(&sender, outcome.answer.conversation);
                    Ok(Sent::Now(chat.publish(outcome)))
                }
                Err(SendError::AlreadySent) => chat.sent_before(sender, draft).await,
                Err(SendError::Refused(fault)) => Err(fault),
            }
        })
    }

    /// Moves a reader's cursor forward, and tells the members if it moved. Returns where it is now. Must be called on an
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
        detached(async move { Ok(chat.publish(queued.await?)) })
    }

    /// A user is typing: the other members are told, unless they were told a moment ago or are too many. It ends with
    /// `session`, if there is one.
    ///
    /// # Errors
    /// [`ChatFault::ConversationNotFound`], or those of the store.
    pub async fn start_typing(
        &self,
        user: &UserId,
        session: Option<SessionId>,
        conversation: ConversationId,
    ) -> Result<(), ChatFault> {
        self.0.typing.start(user, session, conversation).await
    }

    /// A user has stopped typing.
    pub fn stop_typing(&self, user: &UserId, conversation: ConversationId) {
        self.0.typing.stop(user, conversation);
    }

    /// Forgets the rates of users who have not sent anything lately. To be called every so often.
    pub fn tidy(&self) {
        self.0.rate.tidy();
    }

    /// A session has ended, and with it its typing.
    pub fn left(&self, client: &Client) {
        self.0.typing.disconnected(client);
    }

    /// Ends the typing of users who have fallen silent, or are done on another node, for as long as it is polled: by one task
    /// of the server.
    pub async fn expire_typing(&self) -> Infallible {
        self.0.typing.keep().await
    }

    /// The message of an earlier attempt, if this is the same message.
    async fn sent_before(&self, sender: UserId, draft: Draft) -> Result<Sent, ChatFault> {
        let found = self
            .0
            .store
            .read(move |conn| transactions::find_sent(conn, &sender, &draft));
        found.await.map(Sent::Before)
    }

    /// A sender over the limit sends nothing, but a repeated message still gets the answer of its first attempt.
    async fn sent_too_fast(
        &self,
        sender: UserId,
        draft: Draft,
        wait: Duration,
    ) -> Result<Sent, ChatFault> {
        match self.sent_before(sender, draft).await {
            Err(ChatFault::ClientMessageIdReused) => Err(ChatFault::RateLimited(wait)),
            known => known,
        }
    }

    /// Delivers what a transaction has stored to everybody concerned, and returns its answer.
    fn publish<T>(&self, outcome: Outcome<T>) -> T {
        for (user, seq) in &outcome.places {
            if let Some(frame) = &outcome.frame {
                self.0.dispatch.durable(user, *seq, frame);
            }
        }
        for user in &outcome.regrouped {
            self.0.dispatch.chat_outdated(user);
        }
        outcome.answer
    }
}

/// Runs to its end even if nobody waits for the answer.
fn detached<T: 'static>(
    work: impl Future<Output = Result<T, ChatFault>> + 'static,
) -> impl Future<Output = Result<T, ChatFault>> {
    let task = actix_rt::spawn(work);
    async move { task.await.unwrap_or(Err(ChatFault::Stopped)) }
}
