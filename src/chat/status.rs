//! The status of one person (`UserStatus` in source document 002), for themselves and their conversation partners. To anybody
//! else they do not exist.

use super::{
    Chat, ChatFault,
    records::{self, last_seen, partners},
    rules::Kind,
};
use crate::{
    kernel::{
        ids::{ConversationId, UserId},
        time::Timestamp,
    },
    people,
    store::{Conn, StoreError},
};

/// The status of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserStatus {
    /// Whether they are online.
    pub is_online: bool,
    /// When they last came or went, if they ever did.
    pub last_seen: Option<Timestamp>,
    /// Where they are typing right now, as far as the viewer was told.
    pub typing_to: Option<TypingTo>,
    /// When the server first knew them.
    pub created_at: Timestamp,
}

/// Where somebody is typing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypingTo {
    /// To the other of two people.
    Person(UserId),
    /// In a group.
    Group(ConversationId),
}

impl Chat {
    /// The status of a user, as `viewer` may see it.
    ///
    /// # Errors
    /// [`ChatFault::UserNotFound`] for anybody but the viewer and their conversation partners, or those of the store.
    pub async fn status(&self, viewer: &UserId, of: &UserId) -> Result<UserStatus, ChatFault> {
        let typing = self.0.typing.seen_by(viewer, of).await;
        let (viewer, user) = (viewer.clone(), of.clone());
        let stored = self.0.store.read(move |conn| {
            let shared = partners::shared(conn, &viewer, &user)?;
            let created_at = people::records::known_since(conn, &user)?
                .filter(|_| viewer == user || !shared.is_empty());
            let Some(created_at) = created_at else {
                return Err(ChatFault::UserNotFound(user.clone()));
            };
            let typing = typing.into_iter().find(|it| shared.contains(it));
            let typing_to = typing.map(|it| typing_to(conn, &user, it)).transpose()?;
            Ok((created_at, last_seen::find(conn, &user)?, typing_to))
        });
        let (created_at, last_seen, typing_to) = stored.await?;
        let connectedness = self.0.dispatch.roster().connectedness();
        Ok(UserStatus {
            is_online: connectedness.is_online(of),
            last_seen,
            typing_to,
            created_at,
        })
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
