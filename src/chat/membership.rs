//! Conversations begin, and people come into a group and go. Whoever that concerns is told by snapshots, at once: who they
//! talk with is another matter now.

use super::{
    Chat, ChatFault, groups, groups::Beginning, in_any_case, records::listing::Conversation,
};
use crate::{
    kernel::ids::{ConversationId, UserId},
    store::Tx,
};

impl Chat {
    /// Begins a conversation, or finds that of two people. Must be called on an arbiter.
    ///
    /// # Errors
    /// The refusals of [`ChatFault`], and those of the store. Nothing has begun then.
    pub async fn begin(
        &self,
        creator: &UserId,
        beginning: Beginning,
    ) -> Result<Conversation, ChatFault> {
        let by = creator.clone();
        let new = match &beginning {
            Beginning::Group { key: Some(key), .. } => ConversationId::keyed(creator, key),
            Beginning::Group { key: None, .. } | Beginning::Direct(_) => ConversationId::new(),
        };
        let begun = self
            .0
            .store
            .write(move |tx| groups::begin(tx, &by, &beginning, new));
        let chat = self.clone();
        let id = in_any_case(async move { begun.await.map(|told| chat.tell(told)) }).await?;
        self.conversation(creator, id).await
    }

    /// Adds somebody to a group. Every member may. Must be called on an arbiter.
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
        let added = self.0.store.write(added);
        let chat = self.clone();
        in_any_case(async move { added.await.map(|told| chat.tell(told)) }).await
    }

    /// Takes somebody out of a group: they hear nothing of it any more. Must be called on an arbiter.
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
        in_any_case(async move {
            chat.tell(removed.await?);
            chat.0.typing.stop(&gone, from);
            Ok(())
        })
        .await
    }
}
