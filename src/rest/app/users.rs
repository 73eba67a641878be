//! `/api/users`: people as their friends and conversation partners see them.

use actix_web::web::{Data, Json, Path, ReqData};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    chat::status::TypingTo,
    friends::queries::Status,
    kernel::{
        ids::{ConversationId, UserId},
        iso::Iso,
    },
    people::Person,
    rest::{Answer, Shared},
};

/// `UserStatus` of source document 002.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "UserStatus")]
pub(super) struct StatusView {
    user_id: UserId,
    is_online: bool,
    /// When they last came or went; `null` if they were never online.
    last_seen: Option<Iso>,
    /// Whether they are typing to the asker.
    is_typing: bool,
    typing_to: Option<TypingToView>,
    /// When they became known.
    created_at: Iso,
    /// When the stored part of it last changed.
    updated_at: Iso,
}

/// The id of the other one of two, or of a group's conversation.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "TypingTo")]
enum TypingToView {
    Person(UserId),
    Group(ConversationId),
}

impl StatusView {
    fn new(user_id: UserId, status: Status, typing_to: Option<TypingTo>) -> Self {
        let Status {
            is_online,
            last_seen,
            created_at,
        } = status;
        Self {
            user_id,
            is_online,
            last_seen: last_seen.map(Iso::from),
            is_typing: typing_to.is_some(),
            typing_to: typing_to.map(|to| match to {
                TypingTo::Person(user) => TypingToView::Person(user),
                TypingTo::Group(conversation) => TypingToView::Group(conversation),
            }),
            created_at: created_at.into(),
            updated_at: last_seen.unwrap_or(created_at).into(),
        }
    }
}

/// `GET /api/users/{id}/status`: the asker's own, or that of a friend or somebody who is in a conversation with them.
pub(super) async fn status(
    shared: Data<Shared>,
    who: ReqData<Person>,
    id: Path<UserId>,
) -> Answer<StatusView> {
    let status = shared.friends.status(&who.user, &id).await?;
    let typing_to = shared.chat.typing_to(&who.user, &id).await?;
    Ok(Json(StatusView::new(id.into_inner(), status, typing_to)))
}
