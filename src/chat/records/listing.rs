//! Conversations as their members see them, the one with the latest message first.

use std::collections::HashMap;

use diesel::prelude::*;

use super::{Position, conversation, kind_from, messages, seq_from, user};
use crate::{
    chat::{message::Message, rules::Kind},
    kernel::{
        ids::{ConversationId, UserId},
        time::Timestamp,
    },
    store::{
        Conn, Lossy, LossyIfAny, StoreError, readable, readable_page, run,
        sql::schema::{conversations, members, users},
    },
};

/// One conversation, as one of its members sees it.
#[derive(Debug, Clone)]
pub struct Conversation {
    /// Of two people, or of a group.
    pub kind: Kind,
    /// The name that a group was given.
    pub title: Option<String>,
    /// Its creator.
    pub creator: UserId,
    /// When it began.
    pub created_at: Timestamp,
    /// When the last message was stored; when it began if there is none.
    pub last_at: Timestamp,
    /// The asker's position in it.
    pub position: Position,
    /// The last message.
    pub last_message: Option<Message>,
    /// Everybody in it, by id.
    pub members: Vec<Member>,
}

/// Somebody in a conversation.
#[derive(Debug, Clone)]
pub struct Member {
    /// Who it is.
    pub user: UserId,
    /// The name to show.
    pub name: String,
    /// The address of a picture.
    pub avatar: Option<String>,
    /// The last message that they have seen.
    pub read: u64,
    /// When they saw it.
    pub read_at: Option<Timestamp>,
}

/// A place in the list: the conversations after it have older last messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// When the last message was stored.
    pub last_at: Timestamp,
    /// Which one, of those with the same moment.
    pub conversation: ConversationId,
}

impl From<&Conversation> for Place {
    fn from(of: &Conversation) -> Self {
        Self {
            last_at: of.last_at,
            conversation: of.position.conversation,
        }
    }
}

/// The conversations of a user after a place, at most `limit`.
pub fn page(
    conn: &mut Conn,
    of: &UserId,
    after: Option<Place>,
    limit: u32,
) -> Result<Vec<Conversation>, StoreError> {
    let bare = readable_page(limit, |rows, passed| {
        run!(conn, |c| {
            let theirs = members::table
                .filter(members::user_id.eq(of.as_str()))
                .inner_join(conversations::table)
                .into_boxed();
            let theirs = match after {
                Some(place) => {
                    let (at, id) = (place.last_at.millis(), place.conversation.to_string());
                    let same_moment = conversations::last_at.eq(at);
                    let before = conversations::last_at.lt(at);
                    theirs.filter(before.or(same_moment.and(conversations::id.lt(id))))
                }
                None => theirs,
            };
            theirs
                .order((conversations::last_at.desc(), conversations::id.desc()))
                .limit(rows)
                .offset(passed)
                .select(Row::as_select())
                .load::<Row>(c)
        })
    })?;
    complete(conn, bare)
}

/// One conversation of a user; `None` if they are in none with this id.
pub fn find(
    conn: &mut Conn,
    of: &UserId,
    id: ConversationId,
) -> Result<Option<Conversation>, StoreError> {
    let row: Option<Row> = run!(conn, |c| members::table
        .find((of.as_str(), id.to_string()))
        .inner_join(conversations::table)
        .select(Row::as_select())
        .get_result(c)
        .optional())?;
    let bare = row.map(Conversation::try_from).transpose()?;
    let found = complete(conn, bare.into_iter().collect())?;
    Ok(found.into_iter().next())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = conversations)]
struct Row {
    #[diesel(deserialize_as = Lossy)]
    id: String,
    #[diesel(deserialize_as = Lossy)]
    kind: String,
    #[diesel(deserialize_as = LossyIfAny)]
    title: Option<String>,
    #[diesel(deserialize_as = Lossy)]
    created_by: String,
    created_at: i64,
    last_seq: i64,
    last_at: i64,
    floor: i64,
    #[diesel(select_expression = members::read_seq)]
    read_seq: i64,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = members)]
struct MemberRow {
    #[diesel(deserialize_as = Lossy)]
    conversation_id: String,
    #[diesel(deserialize_as = Lossy)]
    user_id: String,
    read_seq: i64,
    read_at: Option<i64>,
    #[diesel(select_expression = users::name)]
    #[diesel(deserialize_as = Lossy)]
    name: String,
    #[diesel(select_expression = users::avatar)]
    #[diesel(deserialize_as = LossyIfAny)]
    avatar: Option<String>,
}

/// Without its last message and its members.
impl TryFrom<Row> for Conversation {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let id = conversation(row.id)?;
        Ok(Self {
            kind: kind_from(&row.kind)?,
            title: row.title,
            creator: user(row.created_by)?,
            created_at: Timestamp::from_millis(row.created_at),
            last_at: Timestamp::from_millis(row.last_at),
            position: Position::of(id, row.last_seq, row.floor, row.read_seq)?,
            last_message: None,
            members: Vec::new(),
        })
    }
}

impl TryFrom<MemberRow> for (ConversationId, Member) {
    type Error = StoreError;

    fn try_from(row: MemberRow) -> Result<Self, StoreError> {
        let member = Member {
            user: user(row.user_id)?,
            name: row.name,
            avatar: row.avatar,
            read: seq_from(row.read_seq)?,
            read_at: row.read_at.map(Timestamp::from_millis),
        };
        Ok((conversation(row.conversation_id)?, member))
    }
}

/// Adds the last messages and the members, each with one query for all conversations.
fn complete(
    conn: &mut Conn,
    mut found: Vec<Conversation>,
) -> Result<Vec<Conversation>, StoreError> {
    let ids: Vec<String> = (found.iter())
        .map(|it| it.position.conversation.to_string())
        .collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut last = messages::last_of(conn, &ids)?;
    let mut members = members_of(conn, &ids)?;
    for it in &mut found {
        it.last_message = last.remove(&it.position.conversation);
        it.members = members
            .remove(&it.position.conversation)
            .unwrap_or_default();
    }
    Ok(found)
}

fn members_of(
    conn: &mut Conn,
    ids: &[&str],
) -> Result<HashMap<ConversationId, Vec<Member>>, StoreError> {
    let rows: Vec<MemberRow> = run!(conn, |c| members::table
        .filter(members::conversation_id.eq_any(ids))
        .inner_join(users::table)
        .order(members::user_id)
        .select(MemberRow::as_select())
        .load(c))?;
    let mut of: HashMap<_, Vec<_>> = HashMap::new();
    for (conversation, member) in readable(rows.into_iter().map(TryInto::try_into))? {
        of.entry(conversation).or_default().push(member);
    }
    Ok(of)
}
