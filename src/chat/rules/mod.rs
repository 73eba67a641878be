//! What may be sent, how far somebody has read, and who is typing. Pure: no clock, no database.

#[cfg(test)]
mod tests;
pub mod typing;

use super::{
    fault::ChatFault,
    message::{Draft, Target},
};
use crate::kernel::{ids::UserId, names::named};

named! {
    /// What kind of conversation it is.
    #[schemars(rename = "ConversationKind")]
    pub enum Kind {
        /// Of two people; there is one for each pair.
        Direct = "direct",
        /// Of up to 256 people.
        Group = "group",
    }
}

/// The most people in a group.
pub const MEMBERS_MAX: usize = 256;

/// Checks what can be checked of a message without the database.
///
/// # Errors
/// What is wrong with it.
pub fn check(draft: &Draft, sender: &UserId, max_body: usize) -> Result<(), ChatFault> {
    if draft.target == Target::User(sender.clone()) {
        return Err(ChatFault::WithOneself);
    }
    if draft.body.trim().is_empty() {
        return Err(ChatFault::Empty);
    }
    if draft.body.contains('\0') {
        return Err(ChatFault::ZeroCharacter);
    }
    let data = draft.data.as_ref().map_or(0, |data| data.get().len());
    for (what, size) in [("body", draft.body.len()), ("data", data)] {
        if size > max_body {
            let max = max_body;
            return Err(ChatFault::TooLarge { what, max });
        }
    }
    Ok(())
}

/// The members of a new group: its creator and the others, each once.
///
/// # Errors
/// [`ChatFault::TooManyMembers`] above [`MEMBERS_MAX`].
pub fn group(creator: &UserId, others: &[UserId]) -> Result<Vec<UserId>, ChatFault> {
    let mut members = others.to_vec();
    members.push(creator.clone());
    members.sort_unstable();
    members.dedup();
    if members.len() > MEMBERS_MAX {
        return Err(ChatFault::TooManyMembers);
    }
    Ok(members)
}

/// The cursor of a reader who has seen the messages up to `seen`: it moves forward or stays.
///
/// # Errors
/// [`ChatFault::BeyondEnd`] for a message that is not there yet.
pub fn cursor(read: u64, last: u64, seen: u64) -> Result<u64, ChatFault> {
    if seen > last {
        return Err(ChatFault::BeyondEnd { last });
    }
    Ok(read.max(seen))
}

/// The last message that a reader has seen, or can no longer see because it was pruned (up to `floor`). So clients can tell
/// what is unread without knowing the floor.
pub fn seen(read: u64, floor: u64) -> u64 {
    read.max(floor)
}

/// Messages that a reader has yet to see. Their own are not among them: sending moves the cursor.
pub fn unread(read: u64, last: u64) -> u64 {
    last.saturating_sub(read)
}
