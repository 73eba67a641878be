//! Where one person is typing (`UserStatus` in source document 002), as others in the conversation see it.

use super::{Chat, records, rules::Kind};
use crate::{
    kernel::ids::{ConversationId, UserId},
    people::circle,
    store::{Conn, StoreError},
};

/// Where somebody is typing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypingTo {
    /// To the other of two people.
    Person(UserId),
    /// In a group.
    Group(ConversationId),
}

impl Chat {
    /// Where a user is typing right now, as far as `viewer` was told and still shares the conversation.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn typing_to(
        &self,
        viewer: &UserId,
        of: &UserId,
    ) -> Result<Option<TypingTo>, StoreError> {
        let typing = self.0.typing.seen_by(viewer, of).await;
        if typing.is_empty() {
            return Ok(None);
        }
        let (viewer, user) = (viewer.clone(), of.clone());
        let read = self.0.store.read(move |conn| {
            let shared = circle::shared(conn, &viewer, &user)?;
            let typing = typing.into_iter().find(|it| shared.contains(it));
            typing.map(|it| typing_to(conn, &user, it)).transpose()
        });
        read.await
    }
}

fn typing_to(conn: &mut Conn, writer: &UserId, of: ConversationId) -> Result<TypingTo, StoreError> {
    let group = TypingTo::Group(of);
    if records::info(conn, of)?.is_none_or(|it| it.kind == Kind::Group) {
        return Ok(group);
    }
    let members = records::members(conn, of)?;
    let partner = members.into_iter().find(|it| it != writer);
    Ok(partner.map_or(group, TypingTo::Person))
}
