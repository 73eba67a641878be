//! Typing over nodes. Who types is known to the node that they type on, which tells all members wherever they are. So others
//! have to be told only that somebody has sent the message on another device, and to be asked who wants to know where somebody
//! is typing.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use actix_rt::time::timeout;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::{
    backplane::{Backplane, Channel, Echo, Link, Subject},
    kernel::ids::{ConversationId, NodeId, UserId},
};

/// How long an answer is waited for: whoever asks wants to draw a line in a list.
const PATIENCE: Duration = Duration::from_millis(300);

/// Nodes that one person is connected to; the answers of more are not waited for.
const ANSWERS_MAX: usize = 16;

/// What nodes say to each other of typing.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(super) enum Word {
    /// A user is not typing in a conversation any more.
    Stopped {
        user: UserId,
        conversation: ConversationId,
    },
    /// Where is a user typing, as far as somebody was told?
    Asked {
        question: u64,
        viewer: UserId,
        user: UserId,
    },
    /// There, the latest first.
    Answered {
        question: u64,
        conversations: Vec<ConversationId>,
    },
}

impl Word {
    /// What a message says; `None` if it cannot be read.
    pub(super) fn decode(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    pub(super) fn encode(&self) -> Bytes {
        // Nothing in it can fail to be written.
        serde_json::to_vec(self).unwrap_or_default().into()
    }
}

/// Where the answers to a question go.
type Asker = mpsc::Sender<Vec<ConversationId>>;

/// The other nodes, as far as typing goes.
pub(super) struct Others {
    backplane: Backplane,
    questions: AtomicU64,
    open: Mutex<HashMap<u64, Asker>>,
}

impl Others {
    pub(super) fn new(backplane: Backplane) -> Self {
        Self {
            backplane,
            questions: AtomicU64::new(0),
            open: Mutex::default(),
        }
    }

    /// Tells the nodes on which a user may be typing that they have stopped.
    pub(super) fn stopped(&self, user: &UserId, conversation: ConversationId) {
        if self.backplane.link() == Link::Up {
            let stopped = Word::Stopped {
                user: user.clone(),
                conversation,
            };
            self.tell(&Channel::User(user.clone()), &stopped);
        }
    }

    /// Asks them where the user is typing, as far as `viewer` was told.
    pub(super) async fn ask(&self, viewer: &UserId, user: &UserId) -> Vec<ConversationId> {
        if self.backplane.link() != Link::Up {
            return Vec::new();
        }
        let question = self.questions.fetch_add(1, Ordering::Relaxed);
        let (asker, mut answers) = mpsc::channel(ANSWERS_MAX);
        self.open().insert(question, asker);
        let asked = Word::Asked {
            question,
            viewer: viewer.clone(),
            user: user.clone(),
        };
        let mut seen = Vec::new();
        let gathered = async {
            let channel = Channel::User(user.clone());
            let told =
                self.backplane
                    .tell_counted(&channel, Subject::Typing, asked.encode(), Echo::Skip);
            for _ in 0..told.await.min(ANSWERS_MAX) {
                let Some(answer) = answers.recv().await else {
                    break;
                };
                seen.extend(answer);
            }
        };
        // What has come by then is what is known.
        let _ = timeout(PATIENCE, gathered).await;
        self.open().remove(&question);
        seen
    }

    /// Answers a node that has asked.
    pub(super) fn answer(&self, to: NodeId, question: u64, conversations: Vec<ConversationId>) {
        let answered = Word::Answered {
            question,
            conversations,
        };
        self.tell(&Channel::Node(to), &answered);
    }

    /// An answer has come.
    pub(super) fn answered(&self, question: u64, conversations: Vec<ConversationId>) {
        if let Some(asker) = self.open().get(&question) {
            // Full of answers: one more is not waited for.
            let _ = asker.try_send(conversations);
        }
    }

    fn tell(&self, channel: &Channel, word: &Word) {
        let tell = word.encode();
        self.backplane
            .tell(channel, Subject::Typing, tell, Echo::Skip);
    }

    fn open(&self) -> MutexGuard<'_, HashMap<u64, Asker>> {
        // Whole between any two statements.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_what_is_heard() {
        let (user, conversation) = ("taro".parse::<UserId>().unwrap(), ConversationId::new());
        let words = [
            Word::Stopped {
                user: user.clone(),
                conversation,
            },
            Word::Asked {
                question: 1,
                viewer: user.clone(),
                user,
            },
            Word::Answered {
                question: 1,
                conversations: vec![conversation],
            },
        ];
        for word in words {
            assert_eq!(Word::decode(&word.encode()), Some(word));
        }
        assert_eq!(Word::decode(b"something else"), None);
    }
}
