//! `/socket.io/`: Socket.IO v4 on Engine.IO v4, over long polling and WebSocket, with the upgrade from one to the other. The
//! official clients work unchanged.
//!
//! # What is as everywhere
//! A Socket.IO session is a [`Session`] with another sink: the same credentials, topics, outbox, limits, resume and drain. It
//! begins when the client connects to the namespace `/`, with `auth: {token, lastSeq?, topics?, device?}`; what the handshake
//! said in headers and query counts too. An event's name is its `type`. A command is an event of the client's; with an
//! acknowledgement callback its answer comes there, else as an event.
//!
//! # What Socket.IO has of its own
//! - A refused client gets a CONNECT_ERROR `{message, data: {code, closeCode}}` and stays away, as its library does then. A
//!   server that cannot serve it right now closes without one, and the library comes back by itself.
//! - Likewise at the end: after `closing` comes a DISCONNECT only if the client is not to come back; a library that gets one
//!   never does by itself. Where it should come back, the connection just ends, which the library takes for a lost one.
//! - Clients are pinged in each interval, whatever they say ([`Session::pinging_steadily`]).
//! - Binary attachments become base64 strings in their places: commands are JSON.
//! - A payload of a poll has at most 16 packets: python-engineio refuses more.
//! - JSONP is not served: clients of version 4 do not speak it.
//!
//! # Where things run
//! A session lives on the worker where its handshake came. Requests of long polling come to any worker; they find it in the
//! table of [`Sids`] and talk to it through a bounded channel ([`registry`]). Nothing waits for a poll but the outbox: a poll
//! takes what is there when it comes, so limits and thinning hold as on a socket. A WebSocket that comes to take over is
//! handed to the session's worker, whichever took it in. One that begins a session stays where it is, and its deliveries are
//! the same shared bytes, in the same one write, as on `/ws`.
//!
//! - `http`: requests of long polling. `handshake`: WebSockets. `query` and `fault`: what both are asked, and refuse.
//! - `passing`: requests for sessions of other nodes.
//! - [`registry`]: which sessions there are, and the way to those that poll.
//! - `channel`: what the client sends, as the stream that drives the session; with `auth`, what it says of itself, `requests`,
//!   what comes from one that polls, and `probe`, a WebSocket that wants to take over.
//! - `link`: what it is sent; with `polling`, where there is no socket. `packet`: packets in. `packet_log`: both ways, for
//!   those who debug.

mod auth;
mod channel;
mod fault;
#[cfg(any(test, fuzzing))]
pub(super) mod fuzz;
mod handshake;
mod http;
mod link;
mod packet;
mod packet_log;
mod passing;
mod polling;
mod probe;
mod query;
pub mod registry;
mod requests;

use std::{rc::Rc, sync::Arc};

use actix::StreamHandler;
use actix_web::{
    HttpRequest,
    web::{self, ServiceConfig},
};

pub(super) use self::handshake::{Admitted, shake_hands};
pub use self::registry::Sids;
use self::{
    channel::{Channel, Heard},
    http::Site,
    link::Link,
};
use crate::{
    delivery::leave::Leave,
    protocol::close_code::CloseCode,
    session::{
        Session, SessionContext,
        env::Env,
        gate::Gate,
        hello::{Credentials, Hello, Options},
    },
    transport::peers::{self, Courier},
};

/// Where Socket.IO is served: with a slash at the end, unless clients are told otherwise.
pub(super) const PATHS: [&str; 2] = ["/socket.io/", "/socket.io"];

/// Adds long polling to the HTTP application of one worker.
pub fn routes(
    env: Rc<Env>,
    gate: Arc<Gate>,
    sids: Arc<Sids>,
    courier: Option<Rc<Courier>>,
) -> impl FnOnce(&mut ServiceConfig) {
    let site = Rc::new(Site {
        env,
        gate,
        sids,
        courier: courier.clone(),
    });
    move |routes| {
        if let Some(courier) = courier {
            let site = Rc::clone(&site);
            let answer = move |request: HttpRequest, body: web::Payload| {
                passing::answer(request, body, Rc::clone(&site), Rc::clone(&courier))
            };
            routes.route(peers::SOCKET_IO, web::to(answer));
        }
        for path in PATHS {
            let site = Rc::clone(&site);
            let answer = move |request: HttpRequest, body: web::Payload| {
                http::answer(request, body, Rc::clone(&site))
            };
            routes.route(path, web::to(answer));
        }
    }
}

/// Starts a session in a task of its own. It waits for the client to connect.
fn start(env: Rc<Env>, link: Rc<Link>, channel: Channel) {
    let unknown = Hello {
        credentials: Credentials::Awaited,
        options: Options::default(),
        address: None,
    };
    let session = Session::new(env, link, unknown).pinging_steadily();
    SessionContext::default().run(session, channel);
}

impl StreamHandler<Heard> for Session {
    fn handle(&mut self, heard: Heard, ctx: &mut SessionContext) {
        match heard {
            Heard::Flush => self.write(),
            Heard::Pong => self.ponged(ctx),
            Heard::Control => self.heard_control(ctx),
            Heard::Connect(hello, link) => {
                link.begin(self.id());
                self.introduce(*hello, ctx);
            }
            Heard::Command(json, None) => self.receive(&json, ctx),
            Heard::Command(json, Some(number)) => self.receive_acknowledged(&json, number, ctx),
            Heard::Refused => {
                let reason = "too many faulty messages";
                self.count_fault(CloseCode::ProtocolErrors, reason, ctx);
            }
            Heard::Fault(fault) => {
                let (code, reason) = fault.goodbye();
                self.close(code, reason, ctx);
            }
            Heard::Left(leave) => self.disconnected(leave, ctx),
        }
    }

    /// The stream ends when all goodbyes are said.
    fn finished(&mut self, ctx: &mut SessionContext) {
        self.disconnected(Leave::Broken, ctx);
    }
}
