//! The write transactions of the chat: each stores a fact, and puts its event into the inbox of every member.

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

/// What a transaction has stored, and what to publish once it is committed.
pub(super) struct Outcome<T> {
    /// The answer to the command.
    pub(super) answer: T,
    /// The place of the event in the stream of each member.
    pub(super) places: Vec<(UserId, Seq)>,
    /// The event, the same for all of them; `None` if there is none.
    pub(super) frame: Option<Frame>,
    /// Whose conversation partners have changed: they get fresh snapshots.
    pub(super) regrouped: Vec<UserId>,
}

impl<T> Outcome<T> {
    /// Nothing has changed.
    pub(super) fn unchanged(answer: T) -> Self {
        Self::regrouped(answer, Vec::new())
    }

    /// The members of a conversation have changed.
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
pub(super) enum SendError {
    /// The sender has used the `clientMessageId` before, for this message or for another.
    AlreadySent,
    /// It was refused.
    Refused(ChatFault),
}

impl<F: Into<ChatFault>> From<F> for SendError {
    fn from(fault: F) -> Self {
        Self::Refused(fault.into())
    }
}

/// The ids that storing a message needs, drawn before the job, so that a job that is run again uses the same.
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
/// A repeated message is found by the unique key of `messages`, at the end, and everything before it is rolled back: almost
/// no message is a repeat, so none pays for a look-up.
pub(super) fn send(
    tx: &mut Tx<'_>,
    sender: &UserId,
    draft: &Draft,
    ids: &Ids,
) -> Result<Outcome<Message>, SendError> {
    let found = match &draft.target {
        Target::Conversation(id) => Outcome::unchanged(*id),
        Target::User(partner) => groups::direct(tx, sender, partner)?,
    };
    let conversation = found.answer;
    // First, because it locks the conversation: who is in it does not change from then on.
    let seq = records::next_seq(tx, conversation)?.ok_or(ChatFault::ConversationNotFound)?;
    let members = match &draft.target {
        Target::Conversation(id) => records::members(tx, *id)?,
        Target::User(partner) => vec![sender.clone(), partner.clone()],
    };
    if !members.contains(sender) {
        return Err(ChatFault::ConversationNotFound.into());
    }
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
        return Err(SendError::AlreadySent);
    }
    records::put_cursor(tx, sender, conversation, seq)?;
    let event = Event::NewMessage((&message).into());
    let stored = publish(tx, message, &event, ids.event, &members)?;
    Ok(Outcome {
        regrouped: found.regrouped,
        ..stored
    })
}

/// The message of an earlier attempt, if it was the same message.
pub(super) fn find_sent(
    conn: &mut Conn,
    sender: &UserId,
    draft: &Draft,
) -> Result<Message, ChatFault> {
    let target = match &draft.target {
        Target::Conversation(id) => Some(*id),
        Target::User(partner) => records::direct(conn, sender, partner)?,
    };
    let stored = messages::find_sent(conn, sender, &draft.client_message_id)?;
    let same = |it: &Message| it.matches(draft) && Some(it.conversation) == target;
    stored.filter(same).ok_or(ChatFault::ClientMessageIdReused)
}

/// Moves a reader's cursor forward.
pub(super) fn read(
    tx: &mut Tx<'_>,
    reader: &UserId,
    conversation: ConversationId,
    seen: u64,
    event: EventId,
) -> Result<Outcome<u64>, ChatFault> {
    records::lock_cursor(tx, reader, conversation)?;
    let position = records::position(tx, reader, conversation)?;
    let position = position.ok_or(ChatFault::ConversationNotFound)?;
    let cursor = rules::cursor(position.read, position.last, seen)?;
    if cursor == position.read {
        return Ok(Outcome::unchanged(cursor));
    }
    records::put_cursor(tx, reader, conversation, cursor)?;
    let members = records::members(tx, conversation)?;
    let moved = Event::MessageRead(MessageRead {
        conversation_id: conversation,
        message_seq: cursor,
        user_id: reader.clone(),
        timestamp: tx.now().unix_seconds(),
    });
    Ok(publish(tx, cursor, &moved, event, &members)?)
}

/// Puts an event into the inbox of every member, encoded once for all of them.
fn publish<T>(
    tx: &mut Tx<'_>,
    answer: T,
    event: &Event,
    id: EventId,
    members: &[UserId],
) -> Result<Outcome<T>, StoreError> {
    let frame = Frame::new(event);
    let new = NewEvent::of(id, &frame)?;
    let places = inbox::records::append(tx, &new, members)?;
    Ok(Outcome {
        answer,
        places,
        frame: Some(frame),
        regrouped: Vec::new(),
    })
}
