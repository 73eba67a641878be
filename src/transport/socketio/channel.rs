//! What a client sends, over whichever transport, as the stream that drives its session.

use std::{
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, ready},
};

use actix_web_actors::ws::Message;
use bytes::Bytes;
use futures_core::Stream;
use tokio::sync::mpsc;

use super::{
    auth,
    fault::Fault,
    link::Link,
    packet::{Decoder, MAIN, Packet},
    probe::{Probe, Step},
    registry::{PollingEndpoint, Posted, Registration, Request},
    requests::Requests,
};
use crate::{
    delivery::leave::Leave,
    kernel::config::Config,
    session::{env::Env, gate::Permit, hello::Hello},
    transport::{
        frames::{AnyWire, Connection, Ended, MessageLimits},
        ws,
    },
};

/// Bytes of a namespace's name. The name is in the answer of a refusal, to clients that nobody knows yet.
const NAMESPACE_MAX: usize = 64;

/// What a client does, as far as its session is concerned.
pub(super) enum Heard {
    /// All that came has been handled, or there is room: what waits can be written.
    Flush,
    /// It answered a ping.
    Pong,
    /// It pinged, by a frame of the WebSocket itself, or answered so.
    Control,
    /// It wants to connect, and says who it is.
    Connect(Box<Hello>, Rc<Link>),
    /// It sends a command, perhaps one to be acknowledged.
    Command(Vec<u8>, Option<u64>),
    /// It asked for something that it was refused.
    Refused,
    /// It broke the protocol.
    Fault(Fault),
    /// It has gone.
    Left(Leave),
}

/// What comes from one client.
pub(super) struct Channel {
    env: Rc<Env>,
    link: Rc<Link>,
    source: Source,
    decoder: Decoder,
    /// What the handshake said of the client, until it connects.
    hello: Option<Box<Hello>>,
    /// Whether what comes is thrown away: the end has begun.
    discarding: bool,
    _registration: Registration,
    /// Counts the session for as long as it is held.
    _permit: Permit,
}

enum Source {
    Socket(Box<Connection<AnyWire>>),
    Polling(Box<Requests>),
}

/// What a session's stream belongs to.
pub(super) struct Client {
    pub(super) env: Rc<Env>,
    pub(super) link: Rc<Link>,
    pub(super) hello: Hello,
    pub(super) registration: Registration,
    pub(super) permit: Permit,
}

impl Client {
    /// A client on a WebSocket.
    pub(super) fn on_socket(self, connection: Connection<AnyWire>) -> Channel {
        self.channel(Source::Socket(Box::new(connection)))
    }

    /// A client that polls.
    pub(super) fn polling(
        self,
        endpoint: Arc<PollingEndpoint>,
        receiver: mpsc::Receiver<Request>,
    ) -> Channel {
        self.channel(Source::Polling(Box::new(Requests::new(endpoint, receiver))))
    }

    fn channel(self, source: Source) -> Channel {
        Channel {
            env: self.env,
            link: self.link,
            source,
            decoder: Decoder::default(),
            hello: Some(Box::new(self.hello)),
            discarding: false,
            _registration: self.registration,
            _permit: self.permit,
        }
    }
}

/// How large messages of a WebSocket may be.
pub(super) fn message_limits(config: &Config) -> MessageLimits {
    MessageLimits {
        bytes: config.socketio.max_payload,
        fragments: config.limits.now().fragments as usize,
        binary: true,
    }
}

impl Channel {
    /// Handles a packet. `None` if it does not concern the session.
    fn text(&mut self, packet: &str) -> Option<Heard> {
        if self.discarding {
            return None;
        }
        self.link.log().heard(packet);
        match self.decoder.text(packet, &self.env.config.socketio) {
            Ok(packet) => self.take(packet),
            Err(fault) => Some(self.fault(fault)),
        }
    }

    fn binary(&mut self, bytes: Bytes) -> Option<Heard> {
        if self.discarding {
            return None;
        }
        self.link.log().heard_binary(bytes.len());
        match self.decoder.binary(bytes, &self.env.config.socketio) {
            Ok(packet) => self.take(packet),
            Err(fault) => Some(self.fault(fault)),
        }
    }

    fn take(&mut self, packet: Packet) -> Option<Heard> {
        match packet {
            Packet::Nothing => None,
            Packet::Pong => Some(Heard::Pong),
            // The connection ends without a word: this may be a reload.
            Packet::Close => Some(self.left(Leave::Reload)),
            // A server that does not hear CONNECT first closes the connection at once.
            Packet::Disconnect | Packet::Unasked | Packet::Command(..) if self.hello.is_some() => {
                Some(self.fault(Fault::OutOfPlace))
            }
            Packet::Disconnect => Some(self.left(Leave::Clean)),
            Packet::Unasked => None,
            Packet::Connect(namespace, _) if namespace.len() > NAMESPACE_MAX => {
                Some(self.fault(Fault::NamespaceTooLong))
            }
            Packet::Connect(namespace, _) if namespace.as_str() != MAIN => {
                self.link.refuse_namespace(&namespace);
                Some(Heard::Refused)
            }
            Packet::Connect(_, auth) => Some(self.connect(auth.as_deref())),
            Packet::Command(json, _) if json.len() > self.env.config.limits.now().message_size => {
                Some(self.fault(Fault::TooLarge))
            }
            Packet::Command(json, number) => Some(Heard::Command(json, number)),
        }
    }

    fn connect(&mut self, said: Option<&str>) -> Heard {
        let Some(hello) = &self.hello else {
            return self.fault(Fault::OutOfPlace);
        };
        match auth::introduced(hello, said.unwrap_or("{}"), &self.env) {
            Ok(hello) => {
                self.hello = None;
                Heard::Connect(Box::new(hello), Rc::clone(&self.link))
            }
            Err(bad) => {
                self.link.refuse_auth(&bad);
                Heard::Refused
            }
        }
    }

    fn fault(&mut self, fault: Fault) -> Heard {
        log::debug!(
            "client broke the protocol sid={} cause={fault}",
            self.link.log().sid()
        );
        self.end(Posted::Refused);
        Heard::Fault(fault)
    }

    fn left(&mut self, leave: Leave) -> Heard {
        self.end(Posted::Taken);
        self.link.part();
        Heard::Left(leave)
    }

    /// The end begins: nothing that still comes is looked at.
    fn end(&mut self, posted: Posted) {
        self.discarding = true;
        if let Source::Polling(requests) = &mut self.source {
            requests.answer_post(posted);
        }
    }

    fn poll_socket(&mut self, task: &mut Context<'_>) -> Poll<Option<Heard>> {
        loop {
            let Source::Socket(connection) = &mut self.source else {
                return Poll::Ready(None);
            };
            let heard = match ready!(Pin::new(&mut **connection).poll_next(task)) {
                None => return Poll::Ready(None),
                Some(Ok(Message::Text(packet))) => self.text(&packet),
                Some(Ok(Message::Binary(bytes))) => self.binary(bytes),
                Some(Ok(Message::Nop)) => Some(Heard::Flush),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => Some(Heard::Control),
                Some(Ok(Message::Continuation(_))) => None,
                Some(Ok(Message::Close(reason))) => Some(Heard::Left(ws::left_with(reason))),
                Some(Err(Ended::Eof)) => Some(Heard::Left(Leave::Reload)),
                Some(Err(Ended::Broken(error))) => {
                    log::debug!("connection broke cause={error}");
                    Some(Heard::Left(Leave::Broken))
                }
                Some(Err(Ended::Unreadable(unreadable))) => Some(self.fault(unreadable.into())),
            };
            if heard.is_some() {
                return Poll::Ready(heard);
            }
        }
    }

    fn poll_polling(&mut self, task: &mut Context<'_>) -> Poll<Option<Heard>> {
        loop {
            let Source::Polling(requests) = &mut self.source else {
                return self.poll_socket(task);
            };
            if let Some(packet) = requests.next_packet() {
                match self.text(&packet) {
                    None => continue,
                    heard => return Poll::Ready(heard),
                }
            }
            if std::mem::take(&mut requests.handled) {
                return Poll::Ready(Some(Heard::Flush));
            }
            if let Poll::Ready(step) = requests.poll_probe(task, &self.link) {
                self.step(step);
                return Poll::Ready(Some(Heard::Flush));
            }
            match requests.receiver.poll_recv(task) {
                Poll::Ready(Some(request)) => match self.request(request) {
                    None => continue,
                    heard => return Poll::Ready(heard),
                },
                // The endpoint is held here.
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => {}
            }
            // A page that is left gives its poll up.
            ready!(self.link.poll_given_up(task));
            return Poll::Ready(Some(self.left(Leave::Reload)));
        }
    }

    fn request(&mut self, request: Request) -> Option<Heard> {
        let Source::Polling(requests) = &mut self.source else {
            return None;
        };
        match request {
            Request::Poll(poll) => {
                self.link.polled(poll);
                Some(Heard::Flush)
            }
            Request::Post(_, done) if self.discarding => {
                // A client that has given its post up needs no answer.
                let _ = done.send(Posted::Refused);
                None
            }
            Request::Post(payload, done) => {
                requests.posted(payload, done);
                None
            }
            Request::Socket(taken, permit) => {
                let config = &self.env.config;
                let patience = config.server.handshake_timeout;
                let limits = message_limits(config);
                requests.probe = Some(Probe::new(*taken, permit, limits, patience));
                None
            }
            Request::Fault(_) if self.discarding => None,
            Request::Fault(fault) => Some(self.fault(fault)),
        }
    }

    /// What a WebSocket that wants to take over has come to.
    fn step(&mut self, step: Step) {
        let Source::Polling(requests) = &mut self.source else {
            return;
        };
        let count = |outcome| self.env.metrics.upgrades.of(outcome).inc();
        match step {
            Step::Probed => self.link.probed(true),
            Step::Abandoned => {
                count("abandoned");
                requests.probe = None;
                self.link.probed(false);
            }
            Step::TakesOver => {
                count("done");
                let Some(probe) = requests.probe.take() else {
                    return;
                };
                requests.endpoint.upgraded();
                self.link.upgrade(probe.socket);
                // Requests that came meanwhile are dropped with their endpoint, and answered as to a session that polls no more.
                self.source = Source::Socket(Box::new(probe.connection));
            }
        }
    }
}

impl Stream for Channel {
    type Item = Heard;

    fn poll_next(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Heard>> {
        let this = self.get_mut();
        if this.link.is_over(task) {
            if let Source::Polling(requests) = &mut this.source {
                requests.answer_handled_post();
            }
            return Poll::Ready(None);
        }
        match &this.source {
            Source::Socket(_) => this.poll_socket(task),
            Source::Polling(_) => this.poll_polling(task),
        }
    }
}
