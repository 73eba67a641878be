//! The transport's end of a session's line: each frame of ours is one text frame.

use std::time::Duration;

use actix_web_actors::ws::Message;
use bytes::{Bytes, BytesMut};

use crate::{
    delivery::{
        express::{BareSocket, Seat},
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

    fn say(&self, write: &dyn Fn(&mut Vec<u8>)) -> Accepted {
        self.say_text(write)
    }

    fn send_shared(&self, bytes: &Bytes) -> Accepted {
        Socket::send_shared(self, bytes)
    }

    fn bare(&self, seat: &Seat) -> Option<BareSocket> {
        Socket::bare(self, seat)
    }

    fn finish_shared(&self, bytes: &Bytes, written: usize) {
        Socket::finish_shared(self, bytes, written);
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

#[cfg(test)]
mod tests {
    use std::{
        io::ErrorKind,
        pin::Pin,
        rc::Rc,
        task::{Context, Poll, Waker},
        time::Duration,
    };

    use actix_rt::{net::TcpStream, time::timeout};
    use futures_core::Stream as _;
    use tokio::{io::AsyncReadExt as _, net::TcpListener};

    use super::*;
    use crate::{
        delivery::outbox::Limits,
        protocol::{
            event::{Event, HeartbeatAck},
            frame::{Frame, Stamp},
        },
        transport::frames::{Connection, MessageLimits},
    };

    const ANSWER: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\n\r\n";

    /// Longer than anything takes that a test waits for.
    const PATIENCE: Duration = Duration::from_secs(10);

    const LIMITS: MessageLimits = MessageLimits {
        bytes: 64,
        fragments: 1,
        binary: false,
    };

    /// Goal: a client that is known costs one write before it is ready. Method: the task that reads looks at the socket, as it
    /// does before anything is known of the client, and nothing leaves; then the first frame takes the answer along.
    #[actix_rt::test]
    async fn what_is_held_leaves_with_the_first_frame() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut client = TcpStream::connect(address).await.unwrap();
        let (wire, _) = listener.accept().await.unwrap();
        let socket = Socket::holding(wire, Bytes::from_static(ANSWER));
        let mut connection = Connection::new(Rc::clone(&socket), BytesMut::new(), LIMITS, None);
        let mut task = Context::from_waker(Waker::noop());
        assert!(Pin::new(&mut connection).poll_next(&mut task).is_pending());
        let nothing = client.try_read(&mut [0]).map_err(|error| error.kind());
        assert_eq!(nothing, Err(ErrorKind::WouldBlock));
        let mut outbox = Outbox::gated();
        outbox.open();
        let limits = Limits {
            soft: 1_000,
            hard: 1_000,
        };
        let frame = Frame::new(&Event::from(HeartbeatAck { timestamp: 0 }));
        let stamp = Stamp::None;
        let _ = outbox.push(Queued { frame, stamp }, &limits);
        Sink::pump(&*socket, &mut outbox);
        let mut read = [0; 1_000];
        let count = client.read(&mut read).await.unwrap();
        assert!(
            read.starts_with(ANSWER) && count > ANSWER.len() + 20,
            "{count}"
        );
    }

    /// Goal: a client whose snapshots take long is not left without an answer, and is written what there is of them. Method:
    /// two come at a time, of whom one has gone when its time comes; and others after them.
    #[actix_rt::test]
    async fn what_is_held_leaves_alone_if_nothing_comes_for_a_while() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        for _ in 0..2 {
            let _other = TcpStream::connect(address).await.unwrap();
            let (wire, _) = listener.accept().await.unwrap();
            let gone = Socket::holding(wire, Bytes::from_static(ANSWER));
            let mut client = TcpStream::connect(address).await.unwrap();
            let (wire, _) = listener.accept().await.unwrap();
            let socket = Socket::holding(wire, Bytes::from_static(ANSWER));
            drop(gone);
            let mut connection = Connection::new(Rc::clone(&socket), BytesMut::new(), LIMITS, None);
            let mut task = Context::from_waker(Waker::noop());
            assert!(Pin::new(&mut connection).poll_next(&mut task).is_pending());
            let mut read = [0; 1_000];
            let read_some = timeout(PATIENCE, client.read(&mut read)).await;
            let count = read_some.expect("it comes by itself").unwrap();
            assert_eq!(read.get(..count), Some(ANSWER));
            let next = Pin::new(&mut connection).poll_next(&mut task);
            assert!(matches!(next, Poll::Ready(Some(Ok(Message::Nop)))));
        }
    }

    /// Goal: no bare write overtakes what the long way has begun. Method: the other end reads nothing, so that of a large
    /// piece a part is left.
    #[actix_rt::test]
    async fn a_line_is_taken_off_the_express_where_a_part_of_what_all_are_told_is_left() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let _client = TcpStream::connect(address).await.unwrap();
        let (wire, _) = listener.accept().await.unwrap();
        let socket = Socket::new(wire, Bytes::new());
        let seat = Seat::alone();
        assert_eq!(
            Socket::send_shared(&socket, &Bytes::from_static(b"x")),
            Accepted::Taken
        );
        seat.board_for_tests(Socket::bare(&socket, &seat).unwrap());
        let large = Bytes::from(vec![0; 64 << 20]);
        assert_eq!(Socket::send_shared(&socket, &large), Accepted::Taken);
        assert!(!seat.is_boarded());
    }
}
