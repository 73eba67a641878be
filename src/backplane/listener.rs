//! How a room of the house hears what other nodes say to it.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::Bytes;
use tokio::sync::mpsc;

use super::{Channel, Subject};
use crate::kernel::{ids::NodeId, metrics::Metrics};

/// News that wait for a listener. Listeners do little with each, so this is what comes in a moment in which none of them
/// gets its turn; what comes beyond it is lost, and the listener is told so ([`News::Gap`]).
const NEWS_KEPT: usize = 16_384;

/// Something that a node said.
#[derive(Debug, Clone)]
pub struct Message {
    /// Which node; this one only with [`Echo::Hear`](super::Echo::Hear).
    pub from: NodeId,
    /// Where it was said.
    pub channel: Channel,
    /// What it is about.
    pub subject: Subject,
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

/// Hears what is about a subject, or about several in one order.
#[derive(Debug)]
pub struct Listener(Option<Hearing>);

#[derive(Debug)]
struct Hearing {
    news: mpsc::Receiver<News>,
    /// There was no room for something.
    missed: Arc<AtomicBool>,
}

impl Listener {
    /// One that never hears anything.
    pub(super) fn silent() -> Self {
        Self(None)
    }

    /// The next news. Nothing is lost if it is dropped before it is ready.
    pub async fn next(&mut self) -> News {
        if let Some(Hearing { news, missed }) = &mut self.0
            && let Some(next) = news.recv().await
        {
            if !missed.swap(false, Ordering::AcqRel) {
                return next;
            }
            // Whoever has missed something looks into the store, and finds there what waits here too, and this.
            return News::Gap;
        }
        std::future::pending().await
    }
}

/// Those who hear, by subject.
#[derive(Debug)]
pub(super) struct Listeners {
    ears: RwLock<HashMap<Subject, Ear>>,
    metrics: Arc<Metrics>,
}

#[derive(Debug, Clone)]
struct Ear {
    news: mpsc::Sender<News>,
    missed: Arc<AtomicBool>,
}

impl Listeners {
    pub(super) fn new(metrics: Arc<Metrics>) -> Self {
        Self {
            ears: RwLock::default(),
            metrics,
        }
    }

    /// Whoever listened to one of the subjects before hears nothing more of it.
    pub(super) fn listen(&self, subjects: &[Subject]) -> Listener {
        let (sender, news) = mpsc::channel(NEWS_KEPT);
        let missed = Arc::<AtomicBool>::default();
        let ear = Ear {
            news: sender,
            missed: Arc::clone(&missed),
        };
        let mut ears = self.ears.write().unwrap_or_else(PoisonError::into_inner);
        ears.extend(subjects.iter().map(|subject| (*subject, ear.clone())));
        Listener(Some(Hearing { news, missed }))
    }

    /// Tells whoever listens to its subject. Never waits.
    pub(super) fn tell(&self, message: Message) {
        let ears = self.ears.read().unwrap_or_else(PoisonError::into_inner);
        let Some(ear) = ears.get(&message.subject) else {
            return;
        };
        let metrics = &self.metrics.backplane;
        metrics.heard.of(message.subject.as_str()).inc();
        if !ear.tell(News::Message(message)) {
            metrics.dropped.of("slow_listener").inc();
        }
    }

    /// Tells everybody that they may have missed something.
    pub(super) fn gap(&self) {
        self.metrics.backplane.gaps.inc();
        let ears = self.ears.read().unwrap_or_else(PoisonError::into_inner);
        for ear in ears.values() {
            ear.tell(News::Gap);
        }
    }
}

impl Ear {
    /// Returns whether there was room for it.
    fn tell(&self, news: News) -> bool {
        match self.news.try_send(news) {
            Ok(()) => true,
            Err(mpsc::error::TrySendError::Full(_)) => {
                self.missed.store(true, Ordering::Release);
                false
            }
            // Nobody listens any more.
            Err(mpsc::error::TrySendError::Closed(_)) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_listener_that_is_too_slow_is_told_that_it_missed_something() {
        let listeners = Listeners::new(Arc::default());
        let mut listener = listeners.listen(&[Subject::Calls]);
        let say = |number: usize| {
            let message = Message {
                from: "n2".parse().unwrap(),
                channel: Channel::Everyone,
                subject: Subject::Calls,
                body: number.to_string().into(),
            };
            listeners.tell(message);
        };
        (0..=NEWS_KEPT).for_each(say);
        assert!(matches!(listener.next().await, News::Gap));
        let News::Message(second) = listener.next().await else {
            panic!("a gap is told once");
        };
        assert_eq!(&second.body[..], b"1");
        assert_eq!(
            listeners
                .metrics
                .backplane
                .dropped
                .of("slow_listener")
                .get(),
            1
        );
    }
}
