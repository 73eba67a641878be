//! What is stored in one piece about who is in a conversation.

use super::{
    fault::ChatFault,
    records::{self, NewConversation},
    rules::{self, Kind, MEMBERS_MAX},
    transactions::Told,
};
use crate::{
    kernel::{
        identity::Role,
        ids::{ConversationId, IdempotencyKey, UserId},
    },
    people,
    store::{Conn, Tx},
};

/// A conversation that somebody wants to begin, with others.
#[derive(Debug, Clone)]
pub enum Beginning {
    /// With one other person. If the two have one already, that is it.
    Direct(UserId),
    /// With any number of others.
    Group {
        /// The others.
        members: Vec<UserId>,
        /// A name for it.
        title: Option<String>,
        /// What the creator's client calls it. The same key again is the same group, whatever has become of it meanwhile.
        key: Option<IdempotencyKey>,
    },
}

/// Begins a conversation, a group as `new` unless that has begun already; says which one it is.
pub(super) fn begin(
    tx: &mut Tx<'_>,
    creator: &UserId,
    beginning: &Beginning,
    new: ConversationId,
) -> Result<Told<ConversationId>, ChatFault> {
    let (kind, others, title) = match beginning {
        Beginning::Direct(partner) => return direct(tx, creator, partner),
        Beginning::Group { members, title, .. } => (Kind::Group, members, title.as_deref()),
    };
    if records::nature(tx, new)?.is_some() {
        return Ok(Told::nothing(new));
    }
    let members = rules::group(creator, others)?;
    for member in &members {
        known(tx, member)?;
    }
    let conversation = NewConversation {
        id: new,
        kind,
        title,
        creator,
        members: &members,
    };
    records::insert(tx, conversation)?;
    Ok(Told::regrouped(new, members))
}

/// The conversation of two people. It begins now if there was none.
pub(super) fn direct(
    tx: &mut Tx<'_>,
    creator: &UserId,
    partner: &UserId,
) -> Result<Told<ConversationId>, ChatFault> {
    if creator == partner {
        return Err(ChatFault::WithOneself);
    }
    if let Some(known) = records::direct(tx, creator, partner)? {
        return Ok(Told::nothing(known));
    }
    known(tx, partner)?;
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
    Ok(Told::regrouped(id, members))
}

/// Adds somebody to a group, if they are not in it. What was written before they came counts as read.
pub(super) fn add(
    tx: &mut Tx<'_>,
    asker: &UserId,
    to: ConversationId,
    newcomer: &UserId,
) -> Result<Told<()>, ChatFault> {
    let mut members = of_group(tx, asker, to)?;
    if members.contains(newcomer) {
        return Ok(Told::nothing(()));
    }
    if members.len() >= MEMBERS_MAX {
        return Err(ChatFault::TooManyMembers);
    }
    known(tx, newcomer)?;
    records::join(tx, newcomer, to)?;
    members.push(newcomer.clone());
    Ok(Told::regrouped((), members))
}

/// Takes somebody out of a group: they themselves, or whoever began it.
pub(super) fn remove(
    tx: &mut Tx<'_>,
    asker: &UserId,
    from: ConversationId,
    who: &UserId,
) -> Result<Told<()>, ChatFault> {
    let members = of_group(tx, asker, from)?;
    if asker != who && records::nature(tx, from)?.is_none_or(|it| it.creator != *asker) {
        return Err(ChatFault::NotYours);
    }
    if !members.contains(who) {
        return Err(ChatFault::UserNotFound(who.clone()));
    }
    records::leave(tx, who, from)?;
    Ok(Told::regrouped((), members))
}

/// The members of a group that the asker is in.
fn of_group(conn: &mut Conn, asker: &UserId, id: ConversationId) -> Result<Vec<UserId>, ChatFault> {
    let members = records::members(conn, id)?;
    if !members.contains(asker) {
        return Err(ChatFault::ConversationNotFound);
    }
    match records::nature(conn, id)? {
        Some(nature) if nature.kind == Kind::Group => Ok(members),
        _ => Err(ChatFault::NoGroup),
    }
}

/// Whether somebody can be talked with. Backends do not talk.
fn known(conn: &mut Conn, user: &UserId) -> Result<(), ChatFault> {
    let person = people::records::find(conn, user)?;
    match person {
        Some(person) if person.role != Role::Service => Ok(()),
        _ => Err(ChatFault::UserNotFound(user.clone())),
    }
}
