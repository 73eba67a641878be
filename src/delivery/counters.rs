//! What one worker counts of its delivery, with the handles of the counters kept at hand.

use std::{cell::RefCell, sync::Arc, time::Duration};

use prometheus_client::metrics::{counter::Counter, gauge::Gauge};

use crate::kernel::metrics::{Handles, Metrics};

/// What broadcast messages are counted as: looking at the type of each would cost more than telling it.
const BROADCAST: &str = "broadcast";

/// The counters of one worker.
pub(super) struct Counters {
    metrics: Arc<Metrics>,
    heard: RefCell<Handles>,
    out: RefCell<Handles>,
    replaced: Counter,
    no_room: Counter,
    joined: Counter,
    waiting: Gauge,
}

impl Counters {
    pub(super) fn new(metrics: Arc<Metrics>) -> Self {
        Self {
            heard: RefCell::default(),
            out: RefCell::default(),
            replaced: metrics.drops.of("replaced"),
            no_room: metrics.drops.of("no_room"),
            joined: metrics.joins.clone(),
            waiting: metrics.outbox_bytes.clone(),
            metrics,
        }
    }

    /// Messages of a type were queued for, or written to, so many clients.
    pub(super) fn sent(&self, name: &'static str, count: u64) {
        let mut out = self.out.borrow_mut();
        out.of(name, &self.metrics.messages_out).inc_by(count);
    }

    /// A command of this type came.
    pub(super) fn heard(&self, name: &'static str) {
        let mut heard = self.heard.borrow_mut();
        heard.of(name, &self.metrics.messages_in).inc();
    }

    /// Messages were broadcast: to how many clients each, all together, and how many of them left
    /// together with another one. Only states are.
    pub(super) fn broadcast(&self, messages: u64, joined: u64) {
        if messages > 0 {
            self.sent(BROADCAST, messages);
            self.joined(joined);
        }
    }

    /// So many updates leave together with another one.
    pub(super) fn joined(&self, count: u64) {
        self.joined.inc_by(count);
    }

    /// A client that reads slowly was spared a state, because there is a newer one.
    pub(super) fn replaced(&self) {
        self.replaced.inc();
    }

    /// A client that reads slowly was spared an ephemeral event, because too much waits for it.
    pub(super) fn no_room(&self) {
        self.no_room.inc();
    }

    /// The bytes that wait for a client have changed.
    pub(super) fn waiting(&self, before: usize, after: usize) {
        let signed = |bytes: usize| i64::try_from(bytes).unwrap_or(i64::MAX);
        if before != after {
            self.waiting.inc_by(signed(after) - signed(before));
        }
    }

    /// All clients have been told what was broadcast.
    pub(super) fn fanned_out(&self, took: Duration) {
        self.metrics.broadcast.took(took);
    }
}
