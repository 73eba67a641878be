//! The transport's end of a session's line: over a WebSocket, or for the client's next poll. The session does not notice when
//! one takes the place of the other.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use actix_web_actors::ws::{CloseReason, Message};
use bytes::{Bytes, BytesMut};
use serde_json::json;
use tokio::sync::oneshot;

use super::{
    packet_log::PacketLog,
    polling::{End, Polling},
    registry::Sid,
};
use crate::{
    delivery::{
        line::{Accepted, Sink},
        outbox::Outbox,
        queued::Queued,
    },
    kernel::ids::SessionId,
    protocol::{
        close_code::CloseCode, error_code::ErrorCode, frame::WireFormat, socket_io::SEPARATOR,
    },
    transport::{
        frames::{AnyWire, Socket},
        refusal,
    },
};

const PING: &str = "2";

/// Leaves the namespace.
const DISCONNECT: &str = "41";

/// How far a client has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It has yet to connect to the namespace.
    Waiting,
    /// It wants to; the session says whether it may.
    Connecting(SessionId),
    /// It is served.
    Connected,
    /// Goodbye has been said.
    Ended,
}

enum Carrier {
    Polling(Polling),
    Socket(Rc<Socket<AnyWire>>),
    /// There is none any more.
    Gone,
}

/// The way to one client, shared by its session's line and the stream that drives the session.
pub(super) struct Link {
    log: PacketLog,
    carrier: RefCell<Carrier>,
    stage: Cell<Stage>,
    /// The stream, to look whether this is over.
    stream: RefCell<Option<Waker>>,
}

impl Link {
    /// To a client that polls.
    pub(super) fn polling(sid: Sid) -> Rc<Self> {
        Self::new(sid, Carrier::Polling(Polling::new()))
    }

    /// To a client on a WebSocket.
    pub(super) fn socket(sid: Sid, socket: Rc<Socket<AnyWire>>) -> Rc<Self> {
        Self::new(sid, Carrier::Socket(socket))
    }

    fn new(sid: Sid, carrier: Carrier) -> Rc<Self> {
        Rc::new(Self {
            log: PacketLog::new(sid),
            carrier: RefCell::new(carrier),
            stage: Cell::new(Stage::Waiting),
            stream: RefCell::default(),
        })
    }

    pub(super) fn log(&self) -> &PacketLog {
        &self.log
    }

    /// The client wants to connect. The session's first event, or its goodbye, says whether it may.
    pub(super) fn begin(&self, session: SessionId) {
        self.stage.set(Stage::Connecting(session));
    }

    /// Says something before what is in the outbox. The caller bounds how often.
    pub(super) fn say(&self, packet: &str) {
        match &mut *self.carrier.borrow_mut() {
            Carrier::Socket(socket) => {
                self.log.said(packet.as_bytes());
                socket.say(Message::Text(packet.into()));
            }
            Carrier::Polling(polling) => {
                polling.say(packet.as_bytes());
                polling.flush(None, &self.log);
            }
            Carrier::Gone => {}
        }
    }

    /// Refuses a namespace, in the library's own words.
    pub(super) fn refuse_namespace(&self, namespace: &str) {
        let error = json!({"message": "Invalid namespace"});
        self.say(&format!("44{namespace},{error}"));
    }

    /// Refuses a client that cannot say who it is.
    pub(super) fn refuse_auth(&self, message: &str) {
        let error = json!({"message": message, "data": {"code": ErrorCode::BadRequest}});
        self.say(&format!("44{error}"));
    }

    /// A poll has come.
    pub(super) fn polled(&self, poll: oneshot::Sender<Bytes>) {
        match &mut *self.carrier.borrow_mut() {
            Carrier::Polling(polling) => {
                polling.polled(poll);
                if self.stage.get() == Stage::Ended {
                    polling.flush(None, &self.log);
                }
            }
            // A WebSocket has taken over meanwhile; dropped, the poll learns that there is nothing to wait for.
            Carrier::Socket(_) | Carrier::Gone => {}
        }
    }

    /// What is ready goes out, and a poll that must not wait is let go. Resolves when the client has given a poll up.
    pub(super) fn poll_given_up(&self, task: &mut Context<'_>) -> Poll<()> {
        let mut carrier = self.carrier.borrow_mut();
        let Carrier::Polling(polling) = &mut *carrier else {
            return Poll::Pending;
        };
        polling.flush(None, &self.log);
        polling.release_if_probed(&self.log);
        match polling.poll_mut() {
            Some(poll) => poll.poll_closed(task),
            None => Poll::Pending,
        }
    }

    /// A WebSocket is about to take over, or is not any more.
    pub(super) fn probed(&self, probed: bool) {
        if let Carrier::Polling(polling) = &mut *self.carrier.borrow_mut() {
            polling.probed(probed);
            polling.release_if_probed(&self.log);
        }
    }

    /// A WebSocket takes over.
    pub(super) fn upgrade(&self, socket: Rc<Socket<AnyWire>>) {
        let next = Carrier::Socket(Rc::clone(&socket));
        let Carrier::Polling(mut polling) = self.carrier.replace(next) else {
            return;
        };
        polling.release(&self.log);
        let over = self.stage.get() == Stage::Ended;
        let ready = polling.into_ready();
        let packets = std::str::from_utf8(&ready).unwrap_or_default();
        let packets = packets.split(char::from(SEPARATOR));
        for packet in packets.filter(|packet| !packet.is_empty()) {
            self.log.said(packet.as_bytes());
            socket.say(Message::Text(packet.into()));
        }
        if over {
            socket.abort();
        }
    }

    /// Whether nothing comes and nothing goes any more. A WebSocket knows that itself.
    pub(super) fn is_over(&self, task: &Context<'_>) -> bool {
        *self.stream.borrow_mut() = Some(task.waker().clone());
        match &*self.carrier.borrow() {
            Carrier::Polling(polling) => polling.is_over(),
            Carrier::Socket(_) => false,
            Carrier::Gone => true,
        }
    }

    /// Answers the client's goodbye.
    pub(super) fn part(&self) {
        if let Carrier::Socket(socket) = &*self.carrier.borrow() {
            let normal = CloseCode::Normal.number().into();
            socket.say(Message::Close(Some(CloseReason {
                code: normal,
                description: None,
            })));
        }
    }

    fn wake(&self) {
        if let Some(stream) = &*self.stream.borrow() {
            stream.wake_by_ref();
        }
    }

    fn encode(&self, item: Queued, out: &mut BytesMut) {
        let before = out.len();
        item.frame.write(item.stamp, WireFormat::SocketIoFrame, out);
        self.log.said_frames(out.get(before..).unwrap_or_default());
    }

    /// What a client hears last beside `closing`, if anything.
    fn last_word(stage: Stage, code: CloseCode, reason: &str) -> Option<String> {
        match stage {
            Stage::Connecting(_) if is_refusal(code) => {
                let data = json!({"code": refusal::error_code(code), "closeCode": code.number()});
                let error = json!({"message": reason, "data": data});
                Some(format!("44{error}"))
            }
            Stage::Connected if !code.reconnect() => Some(DISCONNECT.to_owned()),
            Stage::Waiting | Stage::Connecting(_) | Stage::Connected | Stage::Ended => None,
        }
    }
}

/// Whether a client that is not let in is to be told so. Else the server cannot serve it right now, and it comes back by itself.
fn is_refusal(code: CloseCode) -> bool {
    !code.reconnect()
        || matches!(
            code,
            CloseCode::TokenExpired | CloseCode::TooManyConnections
        )
}

impl Sink for Link {
    fn pump(&self, outbox: &mut Outbox<Queued>) {
        if let (Stage::Connecting(session), false) = (self.stage.get(), outbox.is_idle()) {
            self.stage.set(Stage::Connected);
            self.say(&format!("40{}", json!({"sid": session})));
        }
        if self.stage.get() != Stage::Connected {
            return;
        }
        match &mut *self.carrier.borrow_mut() {
            Carrier::Socket(socket) => socket.pump(outbox, |item, out| self.encode(item, out)),
            Carrier::Polling(polling) => polling.flush(Some(outbox), &self.log),
            Carrier::Gone => {}
        }
    }

    fn send_shared(&self, bytes: &Bytes) -> Accepted {
        if self.stage.get() != Stage::Connected {
            return Accepted::Busy;
        }
        match &mut *self.carrier.borrow_mut() {
            Carrier::Socket(socket) => {
                let accepted = socket.send_shared(bytes);
                if accepted == Accepted::Taken {
                    self.log.said_frames(bytes);
                }
                accepted
            }
            Carrier::Polling(polling) => match polling.flush_shared(bytes, &self.log) {
                true => Accepted::Taken,
                false => Accepted::Busy,
            },
            Carrier::Gone => Accepted::Busy,
        }
    }

    fn format(&self) -> WireFormat {
        match &*self.carrier.borrow() {
            Carrier::Polling(_) => WireFormat::SocketIoPacket,
            Carrier::Socket(_) | Carrier::Gone => WireFormat::SocketIoFrame,
        }
    }

    fn ping(&self) {
        self.say(PING);
    }

    fn stalled(&self) -> Option<Duration> {
        match &*self.carrier.borrow() {
            Carrier::Polling(polling) => polling.idle(),
            Carrier::Socket(socket) => socket.stalled(),
            Carrier::Gone => None,
        }
    }

    fn finish(&self, outbox: &mut Outbox<Queued>, code: CloseCode, reason: &str) {
        let stage = self.stage.replace(Stage::Ended);
        if stage == Stage::Ended {
            return;
        }
        if stage != Stage::Connected {
            // Events are for those who are connected.
            outbox.clear();
        }
        let last_word = Self::last_word(stage, code, reason);
        match &mut *self.carrier.borrow_mut() {
            Carrier::Socket(socket) => {
                if let Some(packet) = &last_word {
                    self.log.said(packet.as_bytes());
                }
                let last_word = last_word.map(|packet| Message::Text(packet.into()));
                let encode = |item, out: &mut BytesMut| self.encode(item, out);
                socket.finish(outbox, encode, last_word, code, reason);
            }
            Carrier::Polling(polling) => {
                let comes_back = code.reconnect() && last_word.is_none();
                let end = if comes_back {
                    End::ForNow
                } else {
                    End::ForGood
                };
                polling.close(outbox, last_word.as_deref(), end);
                polling.flush(None, &self.log);
            }
            Carrier::Gone => {}
        }
        self.wake();
    }

    fn abort(&self) {
        self.stage.set(Stage::Ended);
        match self.carrier.replace(Carrier::Gone) {
            Carrier::Socket(socket) => socket.abort(),
            Carrier::Polling(mut polling) => polling.release(&self.log),
            Carrier::Gone => {}
        }
        self.wake();
    }
}
