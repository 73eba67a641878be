//! `/api/conversations`: the asker's conversations and their members. Any other is answered as if it did not exist.

use actix_web::web::{Data, Json, Path, Query, ReqData};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::json;

use super::messages::MessageView;
use crate::{
    chat::{
        groups::ConversationRequest,
        records::listing::{Conversation, Member, Place},
        rules::{Kind, MEMBERS_MAX},
    },
    contract::NoContent,
    kernel::{
        ids::{ConversationId, UserId},
        iso::Iso,
        person_name::{self, PersonName},
        time::Timestamp,
    },
    people::Person,
    rest::{
        Answer, Shared,
        body::Body,
        error::ApiError,
        idempotency::IdempotencyHeader,
        paging::{Page, Paging},
    },
};

/// One conversation, as the asker sees it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Conversation")]
pub(super) struct ConversationView {
    conversation_id: ConversationId,
    kind: Kind,
    /// Of a group that has one.
    title: Option<String>,
    created_by: UserId,
    created_at: Iso,
    /// When its last message came, or when it began.
    last_at: Iso,
    /// The `messageSeq` of its last message; 0 before the first.
    last_seq: u64,
    /// The last message that the asker has seen.
    read_seq: u64,
    /// Messages after that which are of others.
    unread: u64,
    last_message: Option<MessageView>,
    members: Vec<MemberView>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ConversationMember")]
struct MemberView {
    user_id: UserId,
    name: String,
    avatar: Option<String>,
    /// The last message that they have seen.
    read_seq: u64,
    /// When they had; `null` if they have not seen any.
    read_at: Option<Iso>,
}

impl From<Conversation> for ConversationView {
    fn from(it: Conversation) -> Self {
        Self {
            conversation_id: it.position.conversation,
            kind: it.kind,
            title: it.title,
            created_by: it.creator,
            created_at: it.created_at.into(),
            last_at: it.last_at.into(),
            last_seq: it.position.last,
            read_seq: it.position.read,
            unread: it.position.unread(),
            last_message: it.last_message.map(MessageView::from),
            members: it.members.into_iter().map(MemberView::from).collect(),
        }
    }
}

impl From<Member> for MemberView {
    fn from(member: Member) -> Self {
        Self {
            user_id: member.user,
            name: member.name,
            avatar: member.avatar,
            read_seq: member.read,
            read_at: member.read_at.map(Iso::from),
        }
    }
}

/// A place in the list, for cursors: when the last message was stored, in milliseconds, and which.
#[derive(Serialize, Deserialize)]
pub(super) struct ListPlace(i64, ConversationId);

/// `GET /api/conversations?limit=&cursor=`: those with the latest messages first.
pub(super) async fn list(
    shared: Data<Shared>,
    who: ReqData<Person>,
    paging: Query<Paging>,
) -> Answer<Page<ConversationView>> {
    let after: Option<ListPlace> = paging.after()?;
    let after = after.map(|ListPlace(last_at, conversation)| Place {
        last_at: Timestamp::from_millis(last_at),
        conversation,
    });
    let found = shared.chat.conversations(&who.user, after, paging.rows());
    let place = |it: &Conversation| ListPlace(it.last_at.millis(), it.position.conversation);
    let page = paging.page(found.await?, place, ConversationView::from);
    Ok(Json(page))
}

/// `GET /api/conversations/{id}`
pub(super) async fn show(
    shared: Data<Shared>,
    who: ReqData<Person>,
    id: Path<ConversationId>,
) -> Answer<ConversationView> {
    let found = shared.chat.conversation(&who.user, *id);
    Ok(Json(found.await?.into()))
}

/// A conversation that is to begin.
#[derive(JsonSchema)]
#[schemars(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[schemars(rename = "ConversationToBegin")]
#[schemars(example = json!({"kind": "direct", "userId": "otomo-123"}))]
#[schemars(example = json!({"kind": "group", "members": ["taro", "hanako"], "title": "週末"}))]
pub(super) enum Begin {
    /// With one other person.
    Direct {
        #[schemars(rename = "userId")]
        user_id: UserId,
    },
    /// With several: all but the asker, who is a member anyway.
    Group {
        #[schemars(length(max = MEMBERS_MAX))]
        members: Vec<UserId>,
        /// A name for it.
        #[schemars(with = "Option<PersonName>")]
        title: Option<String>,
    },
}

/// The fields of all kinds. A choice that is made by serde has no places for what is wrong in it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BeginFields {
    kind: BeginKind,
    user_id: Option<UserId>,
    members: Option<Vec<UserId>>,
    title: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum BeginKind {
    Direct,
    Group,
}

impl<'de> Deserialize<'de> for Begin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let given = BeginFields::deserialize(deserializer)?;
        let missing = D::Error::missing_field;
        match (given.kind, given.user_id, given.members, given.title) {
            (BeginKind::Direct, _, Some(_), _) => {
                Err(D::Error::unknown_field("members", &["userId"]))
            }
            (BeginKind::Direct, _, _, Some(_)) => {
                Err(D::Error::unknown_field("title", &["userId"]))
            }
            (BeginKind::Direct, user, None, None) => {
                let user_id = user.ok_or_else(|| missing("userId"))?;
                Ok(Self::Direct { user_id })
            }
            (BeginKind::Group, Some(_), _, _) => {
                Err(D::Error::unknown_field("userId", &["members", "title"]))
            }
            (BeginKind::Group, None, members, title) => {
                let members = members.ok_or_else(|| missing("members"))?;
                Ok(Self::Group { members, title })
            }
        }
    }
}

/// `POST /api/conversations`: of two people there is one, which this finds or begins; a group is a new one each time, or
/// one for each `Idempotency-Key`.
pub(super) async fn begin(
    shared: Data<Shared>,
    who: ReqData<Person>,
    key: IdempotencyHeader,
    Body(begin): Body<Begin>,
) -> Answer<ConversationView> {
    let wanted = match begin {
        Begin::Direct { user_id } => ConversationRequest::Direct(user_id),
        Begin::Group { members, title } => {
            let fit = title.as_deref().map(person_name::check).transpose();
            fit.map_err(|fault| ApiError::bad_request(format!("title: {fault}")))?;
            ConversationRequest::Group {
                members,
                title,
                key: key.0,
            }
        }
    };
    let begun = shared.chat.begin(&who.user, wanted);
    Ok(Json(begun.await?.into()))
}

/// `PUT /api/conversations/{id}/members/{user}`: any member adds somebody.
pub(super) async fn add(
    shared: Data<Shared>,
    who: ReqData<Person>,
    path: Path<(ConversationId, UserId)>,
) -> Answer<ConversationView> {
    let (id, newcomer) = path.into_inner();
    shared.chat.add(&who.user, id, &newcomer).await?;
    let found = shared.chat.conversation(&who.user, id);
    Ok(Json(found.await?.into()))
}

/// `DELETE /api/conversations/{id}/members/{user}`: a member leaves, or the creator of the group takes somebody out.
pub(super) async fn remove(
    shared: Data<Shared>,
    who: ReqData<Person>,
    path: Path<(ConversationId, UserId)>,
) -> Result<NoContent, ApiError> {
    let (id, gone) = path.into_inner();
    shared.chat.remove(&who.user, id, &gone).await?;
    Ok(NoContent)
}
