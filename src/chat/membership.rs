//! Conversations begin, and people join and leave groups. Everybody concerned gets fresh snapshots at once, because their
//! conversation partners have changed.

use super::{
    Chat, ChatFault, detached, groups, groups::ConversationRequest, records::listing::Conversation,
};
use crate::{
    kernel::ids::{ConversationId, UserId},
    store::Tx,
};

impl Chat {
    /// Begins a conversation, or finds the one that two people have. Must be called on an arbiter. It counts as a message of its
    /// creator (`limits.messages_per_minute`), since everybody in it hears of it; one that is there already is found all the same.
    ///
    /// # Errors
    /// The refusals of [`ChatFault`], and those of the store. Nothing has begun then.
    pub async fn begin(
        &self,
        creator: &UserId,
        request: ConversationRequest,
    ) -> Result<Conversation, ChatFault> {
        let by = creator.clone();
        let new = match &request {
            ConversationRequest::Group { key: Some(key), .. } => {
                ConversationId::keyed(creator, key)
            }
            ConversationRequest::Group { key: None, .. } | ConversationRequest::Direct(_) => {
                ConversationId::new()
            }
        };
        if let Some(wait) = self.0.rate.take(creator) {
            let known = move |conn: &mut _| groups::begun(conn, &by, &request, new);
            let known = self.0.store.read(known).await?;
            let known = known.ok_or(ChatFault::RateLimited(wait))?;
            return self.conversation(creator, known).await;
        }
        let begun = self
            .0
            .store
            .write(move |tx| groups::begin(tx, &by, &request, new));
        let chat = self.clone();
        let id = detached(async move { begun.await.map(|outcome| chat.publish(outcome)) }).await?;
        self.conversation(creator, id).await
    }

    /// Adds somebody to a group. Every member may. Must be called on an arbiter. It counts as a message, too.
    ///
    /// # Errors
    /// The refusals of [`ChatFault`], and those of the store.
    pub async fn add(
        &self,
        asker: &UserId,
        to: ConversationId,
        newcomer: &UserId,
    ) -> Result<(), ChatFault> {
        if let Some(wait) = self.0.rate.take(asker) {
            return Err(ChatFault::RateLimited(wait));
        }
        let (asker, newcomer) = (asker.clone(), newcomer.clone());
        let added = move |tx: &mut Tx<'_>| groups::add(tx, &asker, to, &newcomer);
        let added = self.0.store.write(added);
        let chat = self.clone();
        detached(async move { added.await.map(|outcome| chat.publish(outcome)) }).await
    }

    /// Takes somebody out of a group: they receive nothing more of it. Must be called on an arbiter.
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
        let removed = self.0.store.write(removed);
        let chat = self.clone();
        detached(async move {
            chat.publish(removed.await?);
            chat.0.typing.stop(&gone, from);
            Ok(())
        })
        .await
    }
}
