//! Who is connected: each connection has a queue of its own, and a message that many get is held once and counted.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use slab::Slab;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What a message asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// The sender is this number; it hears the message itself.
    Introduce(u32),
    /// For every connection.
    Broadcast,
    /// Back to the sender.
    Echo,
    /// For the connection with this number.
    Direct(u32),
}

impl Command {
    /// What `text` asks for; nothing if it is not of the protocol.
    pub fn read(text: &[u8]) -> Option<Self> {
        match text.split_first()? {
            (b'i', rest) => number(rest).map(Self::Introduce),
            (b'b', _) => Some(Self::Broadcast),
            (b'e', _) => Some(Self::Echo),
            (b'd', rest) => number(rest).map(Self::Direct),
            _ => None,
        }
    }
}

/// The digits that `text` begins with.
fn number(text: &[u8]) -> Option<u32> {
    let end = text.iter().position(|byte| !byte.is_ascii_digit());
    let digits = &text[..end.unwrap_or(text.len())];
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Everybody who is connected. A copy is the same hub.
pub struct Hub<M>(Arc<Mutex<Members<M>>>);

struct Members<M> {
    all: Slab<UnboundedSender<M>>,
    /// Of those who have said their number: where they are in `all`.
    numbered: HashMap<u32, usize>,
}

/// What a connection is to be sent.
pub type Inbox<M> = UnboundedReceiver<M>;

/// A connection's place in the hub, free again once this is dropped.
pub struct Member<M> {
    hub: Hub<M>,
    key: usize,
    number: Option<u32>,
}

impl<M: Clone> Hub<M> {
    /// A place for one more connection.
    pub fn join(&self) -> (Member<M>, Inbox<M>) {
        let (outbox, inbox) = unbounded_channel();
        let key = self.members().all.insert(outbox);
        let member = Member {
            hub: self.clone(),
            key,
            number: None,
        };
        (member, inbox)
    }
}

impl<M> Hub<M> {
    fn members(&self) -> MutexGuard<'_, Members<M>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<M> Clone for Hub<M> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<M> Default for Hub<M> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Members {
            all: Slab::new(),
            numbered: HashMap::new(),
        })))
    }
}

impl<M: Clone> Member<M> {
    /// Does what `command`, which came with `message`, asks for. Gives the message back if it is the sender who hears it.
    pub fn obey(&mut self, command: Command, message: M) -> Option<M> {
        let mut members = self.hub.members();
        match command {
            Command::Introduce(number) => {
                members.numbered.insert(number, self.key);
                self.number = Some(number);
                Some(message)
            }
            Command::Echo => Some(message),
            Command::Broadcast => {
                for (_, outbox) in &members.all {
                    // Whose connection has just ended hears nothing.
                    let _ = outbox.send(message.clone());
                }
                None
            }
            Command::Direct(number) => {
                let key = members.numbered.get(&number);
                if let Some(outbox) = key.and_then(|key| members.all.get(*key)) {
                    let _ = outbox.send(message);
                }
                None
            }
        }
    }
}

impl<M> Drop for Member<M> {
    fn drop(&mut self) {
        let mut members = self.hub.members();
        members.all.remove(self.key);
        if let Some(number) = self.number
            && members.numbered.get(&number) == Some(&self.key)
        {
            members.numbered.remove(&number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_letter_says_what_to_do() {
        assert_eq!(Command::read(b"i17"), Some(Command::Introduce(17)));
        assert_eq!(Command::read(b"b17 x"), Some(Command::Broadcast));
        assert_eq!(Command::read(b"e"), Some(Command::Echo));
        assert_eq!(Command::read(b"d17 x"), Some(Command::Direct(17)));
        for foreign in ["", "x", "i", "d x"] {
            assert_eq!(Command::read(foreign.as_bytes()), None, "{foreign}");
        }
    }

    #[test]
    fn who_has_left_is_told_nothing() {
        let hub = Hub::default();
        let (mut ann, mut to_ann) = hub.join();
        let (mut bob, mut to_bob) = hub.join();
        assert_eq!(bob.obey(Command::Introduce(2), "i2"), Some("i2"));
        assert_eq!(ann.obey(Command::Direct(2), "d2 x"), None);
        assert_eq!(to_bob.try_recv(), Ok("d2 x"));
        drop(bob);
        ann.obey(Command::Direct(2), "d2 y");
        ann.obey(Command::Broadcast, "b");
        assert_eq!(to_ann.try_recv(), Ok("b"));
        assert!(to_bob.try_recv().is_err());
    }
}
