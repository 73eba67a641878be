//! How a room of the house hears what other nodes say to it.

use bytes::Bytes;
use tokio::sync::mpsc;

use super::Channel;
use crate::kernel::ids::NodeId;

/// Something that a node said.
#[derive(Debug, Clone)]
pub struct Message {
    /// Which node; this one only with [`Echo::Hear`](super::Echo::Hear).
    pub from: NodeId,
    /// Where it was said.
    pub channel: Channel,
    /// What the subject's room makes of it.
    pub body: Bytes,
}

/// What a listener hears.
#[derive(Debug, Clone)]
pub enum News {
    /// Something was said.
    Message(Message),
    /// Things may have been said that were not heard: the link was down, or the listener too slow.
    Gap,
}

/// Hears what is about one subject.
#[derive(Debug)]
pub struct Listener(Option<mpsc::Receiver<News>>);

impl Listener {
    /// One that never hears anything.
    pub(super) fn silent() -> Self {
        Self(None)
    }

    /// The next news. Nothing is lost if it is dropped before it is ready.
    pub async fn next(&mut self) -> News {
        if let Some(news) = &mut self.0
            && let Some(news) = news.recv().await
        {
            return news;
        }
        std::future::pending().await
    }
}
