//! What is heard on a connection.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Instant,
};

use ::redis::{PushInfo, PushKind, Value};
use bytes::Bytes;
use tokio::sync::Notify;

use super::Shared;
use crate::{
    backplane::{
        Channel, Message,
        envelope::{Envelope, Garbled, Kind},
    },
    kernel::now_and_then::NowAndThen,
};

/// What one connection brings. The client library calls it as it reads, so nothing here waits.
pub(super) struct Incoming {
    shared: Arc<Shared>,
    /// The last probe that came back.
    pub(super) probe: AtomicU64,
    pub(super) probed: Notify,
    /// The connection has ended.
    pub(super) ended: Notify,
    /// Nothing that comes from now on counts. Changed under the lock of the outbox.
    pub(super) over: AtomicBool,
    log: Mutex<NowAndThen>,
}

impl Incoming {
    pub(super) fn new(shared: &Arc<Shared>) -> Arc<Self> {
        Arc::new(Self {
            shared: Arc::clone(shared),
            probe: AtomicU64::new(0),
            probed: Notify::new(),
            ended: Notify::new(),
            over: AtomicBool::new(false),
            log: Mutex::default(),
        })
    }

    pub(super) fn push(&self, push: PushInfo) {
        match push.kind {
            PushKind::Disconnection => self.ended.notify_one(),
            PushKind::Message => {
                if let Err(garbled) = self.message(push.data) {
                    self.garbled(&garbled);
                }
            }
            // Confirmations, which are answers too, and what we do not ask for.
            _ => {}
        }
    }

    fn message(&self, data: Vec<Value>) -> Result<(), Garbled> {
        let mut data = data.into_iter();
        let (Some(Value::BulkString(name)), Some(Value::BulkString(payload))) =
            (data.next(), data.next())
        else {
            return Err(Garbled::Short);
        };
        let name = std::str::from_utf8(&name).ok();
        let channel = name.and_then(Channel::named);
        let channel = channel.ok_or(Garbled::Name("channel"))?;
        let envelope = Envelope::decode(Bytes::from(payload))?;
        if envelope.speaker == self.shared.speaker {
            self.own(&envelope);
            return Ok(());
        }
        match envelope.kind {
            Kind::Skip | Kind::Hear => {
                let message = Message {
                    from: envelope.speaker.node,
                    channel,
                    subject: envelope.subject,
                    body: envelope.body,
                };
                self.shared.listeners.tell(message);
            }
            Kind::Gap => {
                log::info!(
                    "messages of a node were lost node={}",
                    envelope.speaker.node
                );
                self.shared.listeners.gap();
            }
            // Of another node that has our name by mistake: it probes for itself.
            Kind::Probe => {}
        }
        Ok(())
    }

    /// Something that this node said has come back.
    fn own(&self, envelope: &Envelope) {
        match envelope.kind {
            Kind::Probe => {
                self.probe.store(envelope.number, Ordering::Release);
                self.probed.notify_one();
            }
            Kind::Hear => {
                let mut outbox = self.shared.outbox();
                if self.over.load(Ordering::Acquire) {
                    return;
                }
                if let Some(message) = outbox.came_back(envelope.number) {
                    self.shared.listeners.tell(message);
                }
            }
            Kind::Skip | Kind::Gap => {}
        }
    }

    /// Something on our channels cannot be read. It is counted, and logged now and then.
    fn garbled(&self, garbled: &Garbled) {
        self.shared.metrics.backplane.dropped.of("garbled").inc();
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(times) = log.count(Instant::now()) {
            log::warn!("a message from Redis is not ours times={times} cause={garbled}");
        }
    }
}
