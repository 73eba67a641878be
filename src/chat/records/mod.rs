//! The tables `conversations` and `members`.
//!
//! - [`messages`]: the messages. [`listing`]: conversations as their members see them. [`pruning`]: old messages go.

pub mod listing;
pub mod messages;
pub mod pruning;

use diesel::prelude::*;

use super::rules::{self, Kind};
use crate::{
    kernel::ids::{ConversationId, UserId},
    store::{
        Conn, Lossy, StoreError, Tx, lock, prepared, readable, run,
        sql::schema::{conversations, members},
    },
};

/// A conversation that begins.
#[derive(Debug, Clone, Copy)]
pub struct NewConversation<'a> {
    /// Which one it will be.
    pub id: ConversationId,
    /// Of two people, or of a group.
    pub kind: Kind,
    /// The name that a group was given.
    pub title: Option<&'a str>,
    /// Who begins it.
    pub creator: &'a UserId,
    /// Who is in it, the creator among them, each once.
    pub members: &'a [UserId],
}

/// Where a member stands in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The conversation.
    pub conversation: ConversationId,
    /// Its last message.
    pub last: u64,
    /// Its last message that was pruned.
    pub floor: u64,
    /// The last message that the member has seen, or cannot see any more.
    pub read: u64,
}

impl Position {
    /// As the database has it.
    fn of(id: ConversationId, last: i64, floor: i64, read: i64) -> Result<Self, StoreError> {
        let (last, floor) = (seq_from(last)?, seq_from(floor)?);
        Ok(Self {
            conversation: id,
            last,
            floor,
            read: rules::seen(seq_from(read)?, floor),
        })
    }

    /// Messages that the member has yet to see.
    pub fn unread(&self) -> u64 {
        rules::unread(self.read, self.last)
    }
}

/// The conversation of two people, if they have one.
pub fn direct(
    conn: &mut Conn,
    one: &UserId,
    other: &UserId,
) -> Result<Option<ConversationId>, StoreError> {
    let pair = one.pair(other);
    let id = run!(conn, |c| conversations::table
        .filter(conversations::pair.eq(pair))
        .select(conversations::id)
        .get_result::<String>(c)
        .optional())?;
    id.map(conversation).transpose()
}

/// Begins a conversation, with nothing in it.
pub fn insert(tx: &mut Tx<'_>, new: NewConversation<'_>) -> Result<(), StoreError> {
    let id = new.id.to_string();
    let now = tx.now().millis();
    let pair = match (new.kind, new.members) {
        (Kind::Direct, [one, other]) => Some(one.pair(other)),
        _ => None,
    };
    let row = (
        conversations::id.eq(&id),
        conversations::kind.eq(new.kind.as_str()),
        conversations::title.eq(new.title),
        conversations::pair.eq(pair),
        conversations::created_by.eq(new.creator.as_str()),
        conversations::created_at.eq(now),
        conversations::last_seq.eq(0),
        conversations::last_at.eq(now),
        conversations::floor.eq(0),
    );
    run!(tx, |c| diesel::insert_into(conversations::table)
        .values(row)
        .execute(c))?;
    for member in new.members {
        let row = (
            members::user_id.eq(member.as_str()),
            members::conversation_id.eq(&id),
            members::joined_at.eq(now),
            members::read_seq.eq(0),
        );
        run!(tx, |c| diesel::insert_into(members::table)
            .values(row)
            .execute(c))?;
    }
    Ok(())
}

/// Keeps others from writing into a conversation, and from changing who is in it, before the transaction ends.
/// [`next_seq`] does so too.
pub fn lock(tx: &mut Tx<'_>, of: ConversationId) -> Result<(), StoreError> {
    let of = conversations::table.find(of.to_string());
    lock!(tx, of.select(conversations::id))
}

/// Keeps others from moving a member's cursor before the transaction ends.
pub fn lock_cursor(
    tx: &mut Tx<'_>,
    of: &UserId,
    conversation: ConversationId,
) -> Result<(), StoreError> {
    let member = members::table.find((of.as_str(), conversation.to_string()));
    lock!(tx, member.select(members::user_id))
}

/// What never changes about a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationInfo {
    /// Of two people, or of a group.
    pub kind: Kind,
    /// Who began it.
    pub creator: UserId,
}

/// What never changes about a conversation; `None` if there is none.
pub fn info(conn: &mut Conn, of: ConversationId) -> Result<Option<ConversationInfo>, StoreError> {
    let row = run!(conn, |c| conversations::table
        .find(of.to_string())
        .select((conversations::kind, conversations::created_by))
        .get_result::<(String, String)>(c)
        .optional())?;
    let Some((kind, creator)) = row else {
        return Ok(None);
    };
    Ok(Some(ConversationInfo {
        kind: kind_from(&kind)?,
        creator: user(creator)?,
    }))
}

/// Puts somebody into a conversation. What is in it counts as read.
pub fn join(tx: &mut Tx<'_>, who: &UserId, to: ConversationId) -> Result<(), StoreError> {
    let now = tx.now().millis();
    let id = to.to_string();
    let last = run!(tx, |c| conversations::table
        .find(&id)
        .select(conversations::last_seq)
        .get_result::<i64>(c))?;
    let row = (
        members::user_id.eq(who.as_str()),
        members::conversation_id.eq(&id),
        members::joined_at.eq(now),
        members::read_seq.eq(last),
    );
    run!(tx, |c| diesel::insert_into(members::table)
        .values(row)
        .execute(c))
    .map(drop)
}

/// Takes somebody out of a conversation.
pub fn leave(tx: &mut Tx<'_>, who: &UserId, from: ConversationId) -> Result<(), StoreError> {
    let member = members::table.find((who.as_str(), from.to_string()));
    run!(tx, |c| diesel::delete(member).execute(c)).map(drop)
}

/// Who is in a conversation; nobody if there is none.
pub fn members(conn: &mut Conn, of: ConversationId) -> Result<Vec<UserId>, StoreError> {
    let users = run!(conn, |c| members::table
        .filter(members::conversation_id.eq(of.to_string()))
        .select(members::user_id)
        .load::<String>(c))?;
    users.into_iter().map(user).collect()
}

/// Takes the next `messageSeq` of a conversation; `None` if there is no such conversation.
pub fn next_seq(tx: &mut Tx<'_>, of: ConversationId) -> Result<Option<u64>, StoreError> {
    let now = tx.now().millis();
    let next = diesel::update(conversations::table.find(of.to_string()))
        .set((
            conversations::last_seq.eq(conversations::last_seq + 1),
            conversations::last_at.eq(now),
        ))
        .returning(conversations::last_seq);
    let taken = run!(tx, |c| prepared(next).get_result::<i64>(c).optional())?;
    taken.map(seq_from).transpose()
}

/// Where a member stands; `None` for somebody who is not a member, and for a conversation that does not exist.
pub fn position(
    conn: &mut Conn,
    of: &UserId,
    conversation: ConversationId,
) -> Result<Option<Position>, StoreError> {
    let row = run!(conn, |c| members::table
        .find((of.as_str(), conversation.to_string()))
        .inner_join(conversations::table)
        .select(PositionRow::as_select())
        .get_result(c)
        .optional())?;
    row.map(Position::try_from).transpose()
}

/// Where somebody stands in their conversations, those with the latest messages first.
pub fn positions(conn: &mut Conn, of: &UserId, limit: u32) -> Result<Vec<Position>, StoreError> {
    let rows: Vec<PositionRow> = run!(conn, |c| members::table
        .filter(members::user_id.eq(of.as_str()))
        .inner_join(conversations::table)
        .order((conversations::last_at.desc(), conversations::id.desc()))
        .limit(i64::from(limit))
        .select(PositionRow::as_select())
        .load(c))?;
    readable(rows.into_iter().map(Position::try_from))
}

/// Sets a member's cursor. The caller has made sure that it moves forward.
pub fn put_cursor(
    tx: &mut Tx<'_>,
    of: &UserId,
    conversation: ConversationId,
    read: u64,
) -> Result<(), StoreError> {
    let now = tx.now().millis();
    let member = members::table.find((of.as_str(), conversation.to_string()));
    let moved = diesel::update(member).set((
        members::read_seq.eq(seq_column(read)),
        members::read_at.eq(now),
    ));
    run!(tx, |c| prepared(moved).execute(c)).map(drop)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = conversations)]
struct PositionRow {
    #[diesel(deserialize_as = Lossy)]
    id: String,
    last_seq: i64,
    floor: i64,
    #[diesel(select_expression = members::read_seq)]
    read_seq: i64,
}

impl TryFrom<PositionRow> for Position {
    type Error = StoreError;

    fn try_from(row: PositionRow) -> Result<Self, StoreError> {
        let id = conversation(row.id)?;
        Self::of(id, row.last_seq, row.floor, row.read_seq)
    }
}

fn conversation(column: String) -> Result<ConversationId, StoreError> {
    let corrupt = |fault| StoreError::corrupt(format!("conversation {column:?}: {fault}"));
    column.parse().map_err(corrupt)
}

fn kind_from(column: &str) -> Result<Kind, StoreError> {
    let corrupt = |fault| StoreError::corrupt(format!("conversations.kind: {fault}"));
    column.parse().map_err(corrupt)
}

fn user(column: String) -> Result<UserId, StoreError> {
    let corrupt = |fault| StoreError::corrupt(format!("member {column:?}: {fault}"));
    column.parse().map_err(corrupt)
}

/// A place in a conversation, from its column.
fn seq_from(column: i64) -> Result<u64, StoreError> {
    u64::try_from(column)
        .map_err(|fault| StoreError::corrupt(format!("place {column} in a conversation: {fault}")))
}

/// The column of a place in a conversation. A place beyond its range is beyond every conversation too.
fn seq_column(place: u64) -> i64 {
    i64::try_from(place).unwrap_or(i64::MAX)
}
