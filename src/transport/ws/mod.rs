//! `GET /ws`: native WebSocket (RFC 6455), one text frame per message.
//!
//! The connection is taken over at the upgrade: `actix-http` hands its byte stream to [`upgrade`], the
//! HTTP dispatcher with its buffers is freed, and from then on one task per connection, the session's
//! actor, reads and writes it. Why not `actix_web_actors::ws::WebsocketContext`: that actor is polled by
//! the response body, so a client that stops reading stops its own actor (its heartbeat does not fire, a
//! message to stop is not handled), what is sent to it queues without bound, and it costs 17 to 20 KB
//! a connection. Frames, codec and close reasons are still those of the actix crates.
//!
//! - [`upgrade`]: the handshake. `connection`: reading, as the stream that drives the session.
//! - `socket`: writing. `wire`: TCP or TLS under both.
//! - `fragments` and `header`: limits that the codec does not hold.

mod connection;
mod fragments;
mod header;
mod socket;
pub mod upgrade;
mod wire;

use actix::{Context, StreamHandler};
use actix_web_actors::ws::{CloseCode as ClientCode, Message};

use self::{connection::Ended, fragments::Unreadable};
use crate::{delivery::leave::Leave, protocol::close_code::CloseCode, session::Session};

impl StreamHandler<Result<Message, Ended>> for Session {
    fn handle(&mut self, item: Result<Message, Ended>, ctx: &mut Context<Self>) {
        match item {
            Ok(Message::Text(text)) => self.receive(text.as_bytes(), ctx),
            Ok(Message::Nop) => self.write(),
            Ok(Message::Ping(_) | Message::Pong(_)) => self.heard(),
            Ok(Message::Close(reason)) => {
                let leave = match reason.map(|reason| reason.code) {
                    Some(ClientCode::Normal) => Leave::Clean,
                    Some(ClientCode::Away) | None => Leave::Reload,
                    Some(_) => Leave::Broken,
                };
                self.disconnected(leave, ctx);
            }
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

    fn finished(&mut self, ctx: &mut Context<Self>) {
        self.disconnected(Leave::Broken, ctx);
    }
}

/// What RFC 6455 (section 7.4.1) says of a fault in framing.
fn goodbye(unreadable: &Unreadable) -> (CloseCode, &'static str) {
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
