//! The write transactions about who is in a conversation.

use super::{
    fault::ChatFault,
    records::{self, NewConversation},
    rules::{self, Kind, MEMBERS_MAX},
    transactions::Outcome,
};
use crate::{
    kernel::{
        identity::Role,
        ids::{ConversationId, IdempotencyKey, UserId},
    },
    people,
    store::{Conn, StoreError, Tx},
};

/// A conversation that somebody asks to begin.
#[derive(Debug, Clone)]
pub enum ConversationRequest {
    /// With one other person. Two people have one conversation: if it exists, that is it.
    Direct(UserId),
    /// With any number of others.
    Group {
        /// The others.
        members: Vec<UserId>,
        /// A name for it.
        title: Option<String>,
        /// Chosen by the creator's client: the same key again means the same group, whatever has become of it.
        key: Option<IdempotencyKey>,
    },
}

/// Begins a conversation and returns its id. A group gets the id `new`, unless that exists already.
pub(super) fn begin(
    tx: &mut Tx<'_>,
    creator: &UserId,
    request: &ConversationRequest,
    new: ConversationId,
) -> Result<Outcome<ConversationId>, ChatFault> {
    let (others, title) = match request {
        ConversationRequest::Direct(partner) => return direct(tx, creator, partner),
        ConversationRequest::Group { members, title, .. } => (members, title.as_deref()),
    };
    if records::info(tx, new)?.is_some() {
        return Ok(Outcome::unchanged(new));
    }
    let members = rules::group(creator, others)?;
    for member in &members {
        require_person(tx, member)?;
    }
    let conversation = NewConversation {
        id: new,
        kind: Kind::Group,
        title,
        creator,
        members: &members,
    };
    records::insert(tx, conversation)?;
    Ok(Outcome::regrouped(new, members))
}

/// The conversation that is there already, where the same is asked for again. A group without a key never is.
pub(super) fn begun(
    conn: &mut Conn,
    creator: &UserId,
    request: &ConversationRequest,
    new: ConversationId,
) -> Result<Option<ConversationId>, StoreError> {
    match request {
        ConversationRequest::Direct(partner) => records::direct(conn, creator, partner),
        ConversationRequest::Group { .. } => Ok(records::info(conn, new)?.map(|_group| new)),
    }
}

/// The conversation of two people, begun now if they had none.
pub(super) fn direct(
    tx: &mut Tx<'_>,
    creator: &UserId,
    partner: &UserId,
) -> Result<Outcome<ConversationId>, ChatFault> {
    if creator == partner {
        return Err(ChatFault::WithOneself);
    }
    if let Some(id) = records::direct(tx, creator, partner)? {
        return Ok(Outcome::unchanged(id));
    }
    require_person(tx, partner)?;
    let id = ConversationId::between(creator, partner);
    let members = vec![creator.clone(), partner.clone()];
    let conversation = NewConversation {
        id,
        kind: Kind::Direct,
        title: None,
        creator,
        members: &members,
    };
    records::insert(tx, conversation)?;
    Ok(Outcome::regrouped(id, members))
}

/// Adds somebody to a group, if they are not in it. What was written before they came counts as read.
pub(super) fn add(
    tx: &mut Tx<'_>,
    asker: &UserId,
    to: ConversationId,
    newcomer: &UserId,
) -> Result<Outcome<()>, ChatFault> {
    records::lock(tx, to)?;
    let mut members = group_members(tx, asker, to)?;
    if members.contains(newcomer) {
        return Ok(Outcome::unchanged(()));
    }
    if members.len() >= MEMBERS_MAX {
        return Err(ChatFault::TooManyMembers);
    }
    require_person(tx, newcomer)?;
    records::join(tx, newcomer, to)?;
    members.push(newcomer.clone());
    Ok(Outcome::regrouped((), members))
}

/// Takes somebody out of a group: they themselves, or whoever began it.
pub(super) fn remove(
    tx: &mut Tx<'_>,
    asker: &UserId,
    from: ConversationId,
    who: &UserId,
) -> Result<Outcome<()>, ChatFault> {
    records::lock(tx, from)?;
    let members = group_members(tx, asker, from)?;
    if asker != who && records::info(tx, from)?.is_none_or(|it| it.creator != *asker) {
        return Err(ChatFault::NotCreator);
    }
    if !members.contains(who) {
        return Err(ChatFault::UserNotFound(who.clone()));
    }
    records::leave(tx, who, from)?;
    Ok(Outcome::regrouped((), members))
}

/// The members of a group that the asker is in.
fn group_members(
    conn: &mut Conn,
    asker: &UserId,
    id: ConversationId,
) -> Result<Vec<UserId>, ChatFault> {
    let members = records::members(conn, id)?;
    if !members.contains(asker) {
        return Err(ChatFault::ConversationNotFound);
    }
    match records::info(conn, id)? {
        Some(info) if info.kind == Kind::Group => Ok(members),
        _ => Err(ChatFault::NotAGroup),
    }
}

/// Refuses a partner who is unknown, or a backend.
fn require_person(conn: &mut Conn, user: &UserId) -> Result<(), ChatFault> {
    let person = people::records::find(conn, user)?;
    match person {
        Some(person) if person.role != Role::Service => Ok(()),
        _ => Err(ChatFault::UserNotFound(user.clone())),
    }
}
