//! `GET /ws`: native WebSocket (RFC 6455), one text frame per message.
//!
//! - `handshake`: from a request to a session. `sink`: the transport's end of the session's line. What drives the session is
//!   the stream of messages of a connection (`transport::frames`).

pub(super) mod handshake;
mod sink;
#[cfg(test)]
mod sizes;

use actix::StreamHandler;
use actix_web_actors::ws::{CloseCode as ClientCode, CloseReason, Message};

use super::frames::{Ended, Unreadable};
use crate::{
    delivery::leave::Leave,
    protocol::close_code::CloseCode,
    session::{Session, SessionContext},
};

/// Where it is served.
pub(super) const PATH: &str = "/ws";

impl StreamHandler<Result<Message, Ended>> for Session {
    fn handle(&mut self, item: Result<Message, Ended>, ctx: &mut SessionContext) {
        match item {
            Ok(Message::Text(text)) => self.receive(text.as_bytes(), ctx),
            Ok(Message::Nop) => self.write(),
            Ok(Message::Ping(_)) => self.heard_control(ctx),
            Ok(Message::Pong(_)) => self.ponged(ctx),
            Ok(Message::Close(reason)) => self.disconnected(left_with(reason), ctx),
            // The connection hands out whole text messages only.
            Ok(Message::Binary(_) | Message::Continuation(_)) => {
                self.close(CloseCode::Unsupported, "send text, not binary", ctx);
            }
            Err(Ended::Eof) => self.disconnected(Leave::Reload, ctx),
            Err(Ended::Broken(error)) => {
                log::debug!("connection broke cause={error}");
                self.disconnected(Leave::Broken, ctx);
            }
            Err(Ended::Unreadable(unreadable)) => {
                let (code, reason) = goodbye(&unreadable);
                self.close(code, reason, ctx);
            }
        }
    }

    fn finished(&mut self, ctx: &mut SessionContext) {
        self.disconnected(Leave::Broken, ctx);
    }
}

/// How a client leaves that closes with a reason, or without one.
pub(super) fn left_with(reason: Option<CloseReason>) -> Leave {
    match reason.map(|reason| reason.code) {
        Some(ClientCode::Normal) => Leave::Clean,
        Some(ClientCode::Away) | None => Leave::Reload,
        Some(_) => Leave::Broken,
    }
}

/// What RFC 6455 (section 7.4.1) says of a fault in framing.
pub(super) fn goodbye(unreadable: &Unreadable) -> (CloseCode, &'static str) {
    match unreadable {
        Unreadable::TooLarge => (
            CloseCode::TooLarge,
            "a message is larger, or in more fragments, than allowed",
        ),
        Unreadable::NotUtf8 => (CloseCode::InvalidUtf8, "text must be UTF-8"),
        Unreadable::Binary => (CloseCode::Unsupported, "send text, not binary"),
        Unreadable::Protocol(_) => (CloseCode::Protocol, "a frame breaks the WebSocket protocol"),
    }
}
