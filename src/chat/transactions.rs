//! What is stored in one piece: a fact, and in the inbox of every member that they are to be told of it.

use super::{
    fault::ChatFault,
    groups,
    message::{Draft, Message, Target},
    records::{
        self,
        messages::{self, Inserted},
    },
    rules,
};
use crate::{
    delivery::inbox::{self, Seq, records::NewEvent},
    kernel::ids::{ConversationId, EventId, MessageId, UserId},
    protocol::{
        event::{Event, MessageRead},
        frame::Frame,
    },
    store::{Conn, StoreError, Tx},
};

/// Something that is stored, and what members are to be told of it.
pub(super) struct Told<T> {
    /// For the one who asked.
    pub(super) answer: T,
    /// Where it is in the streams of whom.
    pub(super) places: Vec<(UserId, Seq)>,
    /// The same for all of them. `None` if there is no event of it.
    pub(super) frame: Option<Frame>,
    /// For whom it is another matter now who talks with whom: they are told by snapshots.
    pub(super) regrouped: Vec<UserId>,
}

impl<T> Told<T> {
    /// Nothing has changed.
    pub(super) fn nothing(answer: T) -> Self {
        Self::regrouped(answer, Vec::new())
    }

    /// Who is in a conversation has.
    pub(super) fn regrouped(answer: T, regrouped: Vec<UserId>) -> Self {
        Self {
            answer,
            places: Vec::new(),
            frame: None,
            regrouped,
        }
    }
}

/// Why a message was not stored.
#[derive(Debug)]
pub(super) enum Unsent {
    /// The sender's client has used its id before: for the same message, or for another.
    SentBefore,
    /// It may not be.
    Refused(ChatFault),
}

impl<F: Into<ChatFault>> From<F> for Unsent {
    fn from(fault: F) -> Self {
        Self::Refused(fault.into())
    }
}

/// The ids of what a message may bring with it, made before the job: one that is run again makes the same.
pub(super) struct Ids {
    message: MessageId,
    event: EventId,
}

impl Ids {
    pub(super) fn new() -> Self {
        Self {
            message: MessageId::new(),
            event: EventId::new(),
        }
    }
}

/// Stores a message, and with its first one the conversation of two people.
///
/// What was sent before is found by the key of `messages`, at the end, where everything else is undone again: nearly no
/// message is a repeat, and none is to pay for the look.
pub(super) fn send(
    tx: &mut Tx<'_>,
    sender: &UserId,
    draft: &Draft,
    ids: &Ids,
) -> Result<Told<Message>, Unsent> {
    let (found, members) = match &draft.target {
        Target::Conversation(id) => (Told::nothing(*id), records::members(tx, *id)?),
        Target::User(partner) => {
            let found = groups::direct(tx, sender, partner)?;
            (found, vec![sender.clone(), partner.clone()])
        }
    };
    let conversation = found.answer;
    if !members.contains(sender) {
        return Err(ChatFault::ConversationNotFound.into());
    }
    let seq = records::next_seq(tx, conversation)?.ok_or(ChatFault::ConversationNotFound)?;
    let message = Message {
        id: ids.message,
        conversation,
        seq,
        sender: sender.clone(),
        client_message_id: draft.client_message_id.clone(),
        body: draft.body.clone(),
        data: draft.data.clone(),
        created_at: tx.now(),
    };
    if messages::insert(tx, &message)? == Inserted::IdTaken {
        return Err(Unsent::SentBefore);
    }
    records::put_cursor(tx, sender, conversation, seq)?;
    let event = Event::NewMessage((&message).into());
    let told = tell(tx, message, &event, ids.event, &members)?;
    Ok(Told {
        regrouped: found.regrouped,
        ..told
    })
}

/// The message that a sender has sent before, if it is the same as this one.
pub(super) fn sent_before(
    conn: &mut Conn,
    sender: &UserId,
    draft: &Draft,
) -> Result<Message, ChatFault> {
    let target = match &draft.target {
        Target::Conversation(id) => Some(*id),
        Target::User(partner) => records::direct(conn, sender, partner)?,
    };
    let stored = messages::find_sent(conn, sender, &draft.client_message_id)?;
    let same = |it: &Message| it.says(draft) && Some(it.conversation) == target;
    stored.filter(same).ok_or(ChatFault::OtherMessage)
}

/// Moves a reader's cursor forward.
pub(super) fn read(
    tx: &mut Tx<'_>,
    reader: &UserId,
    conversation: ConversationId,
    seen: u64,
    event: EventId,
) -> Result<Told<u64>, ChatFault> {
    let position = records::position(tx, reader, conversation)?;
    let position = position.ok_or(ChatFault::ConversationNotFound)?;
    let cursor = rules::cursor(position.read, position.last, seen)?;
    if cursor == position.read {
        return Ok(Told::nothing(cursor));
    }
    records::put_cursor(tx, reader, conversation, cursor)?;
    let members = records::members(tx, conversation)?;
    let told = Event::MessageRead(MessageRead {
        conversation_id: conversation,
        message_seq: cursor,
        user_id: reader.clone(),
        timestamp: tx.now().unix_seconds(),
    });
    Ok(tell(tx, cursor, &told, event, &members)?)
}

/// Puts an event into the inbox of every member, encoded once for all of them.
fn tell<T>(
    tx: &mut Tx<'_>,
    answer: T,
    event: &Event,
    id: EventId,
    members: &[UserId],
) -> Result<Told<T>, StoreError> {
    let frame = Frame::new(event);
    let spec = frame.spec();
    let body = std::str::from_utf8(frame.json())
        .map_err(|fault| StoreError::corrupt(format!("an event is no text: {fault}")))?;
    let new = NewEvent {
        id,
        topic: spec.topic,
        type_name: spec.name,
        body,
        expires_at: None,
    };
    let places = inbox::records::append(tx, &new, members)?;
    Ok(Told {
        answer,
        places,
        frame: Some(frame),
        regrouped: Vec::new(),
    })
}
