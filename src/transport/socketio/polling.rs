//! Where a client is that polls: the poll that waits, and what is ready for the next one.
//!
//! Packets are only made ready when a poll can take them; until then frames wait in the outbox, where its limits hold. What
//! was handed to a poll counts as delivered, as in the reference server; what a poll was too late for is kept for the next.

use std::time::Duration;

use actix_rt::time::Instant;
use bytes::{BufMut as _, Bytes, BytesMut};
use tokio::sync::oneshot;

use super::packet_log::PacketLog;
use crate::{
    delivery::{outbox::Outbox, queued::Queued},
    protocol::{frame::WireFormat, socket_io::SEPARATOR},
};

/// The packets of one payload: python-engineio takes no more (`Payload.max_decode_packets`).
pub(super) const PACKETS_MAX: usize = 16;

/// The bytes of one payload, but for one frame that is larger. Compare what a socket writes at once.
pub(super) const PAYLOAD_MAX: usize = 64 * 1024;

/// Says nothing, but lets a poll go.
const NOOP: &[u8] = b"6";

/// The end of a connection.
const CLOSE: &[u8] = b"1";

/// Whether a client is to come back by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    ForNow,
    ForGood,
}

/// A client that polls.
pub(super) struct Polling {
    poll: Option<oneshot::Sender<Bytes>>,
    /// Packets that go first, each followed by a separator.
    ready: BytesMut,
    /// Since when no poll waits.
    idle_since: Instant,
    /// Whether a WebSocket is about to take over: then no poll waits.
    probed: bool,
    /// Whether everything has been said.
    closing: bool,
}

impl Polling {
    pub(super) fn new() -> Self {
        Self {
            poll: None,
            ready: BytesMut::new(),
            idle_since: Instant::now(),
            probed: false,
            closing: false,
        }
    }

    /// A poll has come.
    pub(super) fn polled(&mut self, poll: oneshot::Sender<Bytes>) {
        self.poll = Some(poll);
    }

    /// Makes a packet ready, before what is in the outbox.
    pub(super) fn say(&mut self, packet: &[u8]) {
        self.ready.put_slice(packet);
        self.ready.put_u8(SEPARATOR);
    }

    /// Says everything that is left, and, for good, that the connection ends. One that should come back is not told: its next
    /// poll finds no session, which every library takes for a lost connection (python-engineio does not come back after a
    /// close packet).
    pub(super) fn close(&mut self, outbox: &mut Outbox<Queued>, last_word: Option<&str>, end: End) {
        outbox.pull(usize::MAX, &mut |item| put(item, &mut self.ready));
        if let Some(last_word) = last_word {
            self.say(last_word.as_bytes());
        }
        if end == End::ForGood {
            self.say(CLOSE);
        }
        self.closing = true;
    }

    /// Whether everything has been said and taken.
    pub(super) fn is_over(&self) -> bool {
        self.closing && self.ready.is_empty()
    }

    /// Answers the poll that waits with what is ready and, as far as there is room, what is in the outbox.
    pub(super) fn flush(&mut self, outbox: Option<&mut Outbox<Queued>>, log: &PacketLog) {
        if self.poll.as_ref().is_none_or(oneshot::Sender::is_closed) {
            return;
        }
        let (mut payload, mut packets) = first_packets(&mut self.ready);
        if let (Some(outbox), true) = (outbox, self.ready.is_empty()) {
            // One by one: an outbox counts bytes.
            while packets < PACKETS_MAX
                && payload.len() < PAYLOAD_MAX
                && outbox.pull(1, &mut |item| put(item, &mut payload)) > 0
            {
                packets += 1;
            }
        }
        if !payload.is_empty() {
            log.said_payload(&payload);
            self.answer(payload.freeze());
        }
    }

    /// Answers the poll that waits with bytes that many lines share. Returns whether that was possible.
    pub(super) fn flush_shared(&mut self, payload: &Bytes, log: &PacketLog) -> bool {
        let waits = self.poll.as_ref().is_some_and(|poll| !poll.is_closed());
        let fits = || payload.iter().filter(|byte| **byte == SEPARATOR).count() <= PACKETS_MAX;
        if !waits || !self.ready.is_empty() || !fits() {
            return false;
        }
        log.said_payload(payload);
        self.answer(payload.clone());
        true
    }

    fn answer(&mut self, mut payload: Bytes) {
        let Some(poll) = self.poll.take() else {
            return;
        };
        payload.truncate(payload.len() - 1);
        match poll.send(payload) {
            Ok(()) => self.idle_since = Instant::now(),
            Err(unsent) => {
                let behind = std::mem::take(&mut self.ready);
                self.say(&unsent);
                self.ready.unsplit(behind);
            }
        }
    }

    /// A WebSocket is about to take over, or is not any more.
    pub(super) fn probed(&mut self, probed: bool) {
        self.probed = probed;
    }

    /// Lets the poll go if it must not wait.
    pub(super) fn release_if_probed(&mut self, log: &PacketLog) {
        if self.probed {
            self.release(log);
        }
    }

    /// Lets the poll go.
    pub(super) fn release(&mut self, log: &PacketLog) {
        if let Some(poll) = self.poll.take() {
            log.said(NOOP);
            self.idle_since = Instant::now();
            // A client that has given it up needs no answer.
            let _ = poll.send(Bytes::from_static(NOOP));
        }
    }

    /// The poll, to see whether it is given up.
    pub(super) fn poll_mut(&mut self) -> Option<&mut oneshot::Sender<Bytes>> {
        self.poll.as_mut()
    }

    /// For how long no poll has waited; `None` if one does.
    pub(super) fn idle(&self) -> Option<Duration> {
        self.poll.is_none().then(|| self.idle_since.elapsed())
    }

    /// What is ready, for the WebSocket that takes over.
    pub(super) fn into_ready(self) -> Bytes {
        self.ready.freeze()
    }
}

fn put(item: Queued, out: &mut BytesMut) {
    item.frame
        .write(item.stamp, WireFormat::SocketIoPacket, out);
}

/// Takes the first packets out, as many as fit into one payload, and counts them.
fn first_packets(ready: &mut BytesMut) -> (BytesMut, usize) {
    let ends = ready
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == SEPARATOR);
    let mut packets = 0;
    let mut taken = 0;
    for (at, _) in ends.take(PACKETS_MAX) {
        if packets > 0 && at > PAYLOAD_MAX {
            break;
        }
        packets += 1;
        taken = at + 1;
    }
    (ready.split_to(taken), packets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        delivery::outbox::Limits,
        kernel::ids::NodeId,
        protocol::{
            event::{Event, HeartbeatAck},
            frame::{Frame, Stamp},
        },
        transport::socketio::registry::Sid,
    };

    fn log() -> PacketLog {
        let node: NodeId = "n".parse().unwrap();
        PacketLog::new(Sid::new(&node))
    }

    fn outbox(frames: i64) -> Outbox<Queued> {
        let mut outbox = Outbox::gated();
        outbox.open();
        for timestamp in 0..frames {
            let frame = Frame::new(&Event::from(HeartbeatAck { timestamp }));
            let stamp = Stamp::None;
            let _ = outbox.push(Queued { frame, stamp }, &Limits::NONE);
        }
        outbox
    }

    fn poll(polling: &mut Polling) -> oneshot::Receiver<Bytes> {
        let (poll, answered) = oneshot::channel();
        polling.polled(poll);
        answered
    }

    fn numbers(payload: &Bytes) -> Vec<i64> {
        let text = std::str::from_utf8(payload).unwrap();
        let number = |packet: &str| {
            let event: serde_json::Value =
                serde_json::from_str(packet.strip_prefix("42").unwrap()).unwrap();
            event[1]["timestamp"].as_i64().unwrap()
        };
        text.split('\u{1e}').map(number).collect()
    }

    #[test]
    fn a_payload_has_no_more_packets_than_every_client_takes() {
        let (mut polling, mut outbox) = (Polling::new(), outbox(20));
        let mut seen = Vec::new();
        for expected in [16, 4] {
            let mut answered = poll(&mut polling);
            polling.flush(Some(&mut outbox), &log());
            let payload = numbers(&answered.try_recv().unwrap());
            assert_eq!(payload.len(), expected);
            seen.extend(payload);
        }
        assert_eq!(seen, (0..20).collect::<Vec<_>>());
        let shared = Bytes::from("42[\"x\",{}]\u{1e}".repeat(PACKETS_MAX + 1));
        let _answered = poll(&mut polling);
        assert!(!polling.flush_shared(&shared, &log()));
    }

    #[test]
    fn without_a_poll_everything_stays_in_the_outbox() {
        let (mut polling, mut outbox) = (Polling::new(), outbox(3));
        polling.flush(Some(&mut outbox), &log());
        drop(poll(&mut polling));
        polling.flush(Some(&mut outbox), &log());
        assert!(!outbox.is_idle() && polling.ready.is_empty());
    }

    #[test]
    fn the_last_words_come_in_as_many_payloads_as_they_need_and_the_end_last() {
        let (mut polling, mut outbox) = (Polling::new(), outbox(20));
        polling.close(&mut outbox, Some("41"), End::ForGood);
        let mut packets = Vec::new();
        while !polling.is_over() {
            let mut answered = poll(&mut polling);
            polling.flush(None, &log());
            let payload = answered.try_recv().unwrap();
            let text = String::from_utf8(payload.to_vec()).unwrap();
            packets.extend(text.split('\u{1e}').map(str::to_owned));
        }
        assert_eq!(packets.len(), 22);
        assert_eq!(packets[20..], ["41", "1"]);
    }

    #[test]
    fn whoever_is_to_come_back_finds_that_the_session_has_ended() {
        let (mut polling, mut outbox) = (Polling::new(), outbox(1));
        polling.close(&mut outbox, None, End::ForNow);
        let mut answered = poll(&mut polling);
        polling.flush(None, &log());
        assert_eq!(numbers(&answered.try_recv().unwrap()), [0]);
        assert!(polling.is_over());
    }

    #[test]
    fn a_poll_that_must_not_wait_is_let_go() {
        let mut polling = Polling::new();
        let mut answered = poll(&mut polling);
        polling.release_if_probed(&log());
        assert!(answered.try_recv().is_err());
        polling.probed(true);
        polling.release_if_probed(&log());
        assert_eq!(&*answered.try_recv().unwrap(), NOOP);
    }
}
