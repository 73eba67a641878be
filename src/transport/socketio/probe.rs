//! A WebSocket that wants to take over from long polling: `2probe`, `3probe`, and `5` once the client has let its last poll end.
//! Until then the session goes on polling, and whatever becomes of the WebSocket does not touch it.

use std::{
    future::Future as _,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use actix_rt::time::{Sleep, sleep};
use actix_web_actors::ws::Message;
use futures_core::Stream as _;

use super::{packet_log::PacketLog, registry::RequestPermit};
use crate::transport::{
    frames::{AnyWire, Connection, MessageLimits, Socket},
    upgrade::Taken,
};

const ASKED: &str = "2probe";
const ANSWERED: &str = "3probe";
const UPGRADE: &str = "5";

/// The WebSocket of one client that polls.
pub(super) struct Probe {
    pub(super) socket: Rc<Socket<AnyWire>>,
    pub(super) connection: Connection<AnyWire>,
    /// Whether it was asked and answered.
    probed: bool,
    /// Pings and pongs that came.
    controls: u32,
    deadline: Pin<Box<Sleep>>,
    /// No other one has it meanwhile.
    _permit: RequestPermit,
}

/// Pings and pongs of the WebSocket that may come before it takes over. No client sends any then; those that came after it are
/// counted by its session.
const CONTROLS_MAX: u32 = 20;

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// It works: the client lets its polls end.
    Probed,
    /// It takes over.
    TakesOver,
    /// It has come to nothing.
    Abandoned,
}

impl Probe {
    /// `patience` is the time in which it must have taken over.
    pub(super) fn new(
        taken: Taken<AnyWire>,
        permit: RequestPermit,
        limits: MessageLimits,
        patience: Duration,
    ) -> Self {
        let socket = Socket::new(taken.wire, taken.response);
        let connection = Connection::new(Rc::clone(&socket), taken.read_ahead, limits, None);
        Self {
            socket,
            connection,
            probed: false,
            controls: 0,
            deadline: Box::pin(sleep(patience)),
            _permit: permit,
        }
    }

    /// Goes on.
    pub(super) fn poll(&mut self, task: &mut Context<'_>, log: &PacketLog) -> Poll<Step> {
        while let Poll::Ready(message) = Pin::new(&mut self.connection).poll_next(task) {
            let packet = match message {
                Some(Ok(Message::Text(packet))) => packet,
                Some(Ok(Message::Nop)) => continue,
                Some(Ok(Message::Ping(_) | Message::Pong(_))) if self.controls < CONTROLS_MAX => {
                    self.controls += 1;
                    continue;
                }
                Some(Ok(_) | Err(_)) | None => return self.abandon(),
            };
            log.heard(&packet);
            match &*packet {
                // Once: no answer waits for a client that does not read the one before.
                ASKED if !self.probed => {
                    log.said(ANSWERED.as_bytes());
                    self.socket.say(Message::Text(ANSWERED.into()));
                    self.probed = true;
                    return Poll::Ready(Step::Probed);
                }
                UPGRADE if self.probed => return Poll::Ready(Step::TakesOver),
                _ => return self.abandon(),
            }
        }
        match self.deadline.as_mut().poll(task) {
            Poll::Ready(()) => self.abandon(),
            Poll::Pending => Poll::Pending,
        }
    }

    fn abandon(&mut self) -> Poll<Step> {
        self.socket.abort();
        Poll::Ready(Step::Abandoned)
    }
}
