//! The session's end of a connection: a sink that takes what a network would carry. While the client reads, that is all; once it
//! has stopped, what fits into the buffers on the way.

use std::{cell::Cell, rc::Rc, time::Duration};

use bytes::{Bytes, BytesMut};
use otomo::{
    delivery::{
        line::{Accepted, Sink},
        outbox::Outbox,
        queued::Queued,
    },
    protocol::{close_code::CloseCode, frame::WireFormat},
};
use tokio::{
    sync::{Notify, mpsc},
    time::Instant,
};

use crate::{
    invariants::promises::OUTBOX_BOUNDED,
    link::{Down, Lag},
};

/// Bytes that fit on the way to a client that does not read.
const ROOM: usize = 512;

/// Whether a client reads, and how much has come since it does not.
#[derive(Default)]
pub struct Reader {
    stopped: Cell<bool>,
    unread: Cell<usize>,
    goes_on: Notify,
}

impl Reader {
    pub fn stop(&self) {
        self.stopped.set(true);
    }

    pub fn has_stopped(&self) -> bool {
        self.stopped.get()
    }

    pub fn go_on(&self) {
        self.stopped.set(false);
        self.unread.set(0);
        self.goes_on.notify_waiters();
    }

    /// Resolves as soon as it reads.
    pub async fn reads(&self) {
        while self.stopped.get() {
            self.goes_on.notified().await;
        }
    }

    /// How many bytes may be on the way to it.
    fn room(&self) -> usize {
        match self.stopped.get() {
            true => ROOM.saturating_sub(self.unread.get()),
            false => usize::MAX,
        }
    }
}

/// What a session writes to.
pub struct Wire {
    down: mpsc::UnboundedSender<(Instant, Down)>,
    lag: Rc<Lag>,
    reader: Rc<Reader>,
    /// `outbox.hard_limit`.
    most: usize,
    stalled: Cell<Option<Instant>>,
}

impl Wire {
    pub fn new(
        down: mpsc::UnboundedSender<(Instant, Down)>,
        lag: &Rc<Lag>,
        reader: &Rc<Reader>,
        most: usize,
    ) -> Self {
        Self {
            down,
            lag: Rc::clone(lag),
            reader: Rc::clone(reader),
            most,
            stalled: Cell::new(None),
        }
    }

    fn write(&self, down: Down) {
        // The client may have gone.
        let _ = self.down.send((self.lag.arrival(), down));
    }

    fn write_frames(&self, mut bytes: &[u8]) {
        self.stalled.set(None);
        if self.reader.has_stopped() {
            self.reader.unread.update(|unread| unread + bytes.len());
        }
        while let Some((payload, rest)) = split_text_frame(bytes) {
            let event = serde_json::from_slice(payload).expect("frames are JSON");
            self.write(Down::Event(event));
            bytes = rest;
        }
    }

    /// Writes what an outbox hands out for so many bytes. Returns whether there was anything.
    fn write_from(&self, outbox: &mut Outbox<Queued>, most: usize) -> bool {
        let mut bytes = BytesMut::new();
        let pulled = outbox.pull(most, &mut |queued: Queued| {
            queued
                .frame
                .write(queued.stamp, WireFormat::WebSocket, &mut bytes);
        });
        self.write_frames(&bytes);
        pulled > 0
    }
}

impl Sink for Wire {
    fn pump(&self, outbox: &mut Outbox<Queued>) {
        assert!(
            outbox.live_bytes() <= self.most,
            "{OUTBOX_BOUNDED}: {}",
            outbox.live_bytes()
        );
        while !outbox.is_idle() {
            let room = self.reader.room();
            if room == 0 {
                let since = self.stalled.get().unwrap_or_else(Instant::now);
                return self.stalled.set(Some(since));
            }
            if !self.write_from(outbox, room) {
                return;
            }
        }
    }

    fn send_shared(&self, bytes: &Bytes) -> Accepted {
        if self.reader.room() == 0 {
            return Accepted::Busy;
        }
        self.write_frames(bytes);
        Accepted::Taken
    }

    fn format(&self) -> WireFormat {
        WireFormat::WebSocket
    }

    fn ping(&self) {
        self.write(Down::Ping);
    }

    fn stalled(&self) -> Option<Duration> {
        self.stalled.get().map(|since| since.elapsed())
    }

    fn finish(&self, outbox: &mut Outbox<Queued>, code: CloseCode, _: &str) {
        self.write_from(outbox, usize::MAX);
        self.write(Down::Closed(code.number()));
    }

    fn abort(&self) {
        self.write(Down::Cut);
    }
}

/// The payload of the first text frame (RFC 6455, section 5.2), and what follows it.
fn split_text_frame(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (header, length) = match bytes {
        [] => return None,
        [0x81, 126, high, low, ..] => (4, u16::from_be_bytes([*high, *low]).into()),
        [0x81, 127, length @ ..] => {
            let length = u64::from_be_bytes(length[..8].try_into().expect("eight bytes"));
            (10, usize::try_from(length).expect("it fits"))
        }
        [0x81, length, ..] => (2, usize::from(*length)),
        _ => panic!("no text frame: {bytes:?}"),
    };
    Some(bytes[header..].split_at(length))
}
