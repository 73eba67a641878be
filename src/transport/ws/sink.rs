//! The transport's end of a session's line: each frame of ours is one text frame.

use std::time::Duration;

use actix_web_actors::ws::Message;
use bytes::{Bytes, BytesMut};

use crate::{
    delivery::{
        line::{Accepted, Sink},
        outbox::Outbox,
        queued::Queued,
    },
    protocol::{close_code::CloseCode, frame::WireFormat},
    transport::frames::{Socket, Wire},
};

const FORMAT: WireFormat = WireFormat::WebSocket;

fn encode(item: Queued, out: &mut BytesMut) {
    item.frame.write(item.stamp, FORMAT, out);
}

impl<W: Wire> Sink for Socket<W> {
    fn pump(&self, outbox: &mut Outbox<Queued>) {
        Socket::pump(self, outbox, encode);
    }

    fn send_shared(&self, bytes: &Bytes) -> Accepted {
        Socket::send_shared(self, bytes)
    }

    fn format(&self) -> WireFormat {
        FORMAT
    }

    fn ping(&self) {
        self.say(Message::Ping(Bytes::new()));
    }

    fn stalled(&self) -> Option<Duration> {
        Socket::stalled(self)
    }

    fn finish(&self, outbox: &mut Outbox<Queued>, code: CloseCode, reason: &str) {
        Socket::finish(self, outbox, encode, None, code, reason);
    }

    fn abort(&self) {
        Socket::abort(self);
    }
}
