//! Server-Sent Events (HTML Living Standard, section 9.2): `GET /sse` and `GET /api/chat/sse`, and `POST /api/commands` for
//! what their clients have to say.
//!
//! The session is the same as on a WebSocket, with another sink. It runs in a task of its own, not in the response's body:
//! the dispatcher polls a body only while the client reads, so the heartbeat and the timeouts of a session inside it would
//! stop with a client that stops reading.
//!
//! - `stream`: from the request to the stream. `handoff`: the bounded queue from the session to the body. `body`: the
//!   response's body. The socket under it, to end it from outside, is the [`connection`](super::connection)'s.
//! - `commands`: from a posted command to its answer. `passing`: those for sessions of other nodes.
//!
//! How the end of a client is noticed:
//! - it closes its connection: at once, because the dispatcher reads on and serves no half-closed connections;
//! - it stops reading: after `outbox.write_timeout`;
//! - its network is gone: by the kernel, when a heartbeat is not acknowledged;
//! - it resets a stream of HTTP/2: at the next write, at the latest the heartbeat.

mod body;
mod commands;
mod handoff;
mod passing;
mod stream;

use std::{
    future::{Ready, ready},
    rc::Rc,
    sync::Arc,
};

use actix::StreamHandler;
use actix_web::{
    Error, FromRequest, HttpRequest,
    dev::Payload,
    error::ErrorInternalServerError,
    web::{self, ServiceConfig},
};

use self::handoff::Progress;
#[cfg(any(test, fuzzing))]
pub(super) use self::stream::last_event;
use crate::{
    contract::{
        Access, Area, Tag, post, stream,
        takes::{Operation, Schemas, Takes},
    },
    delivery::leave::Leave,
    protocol::error_code::ErrorCode::{self, RateLimited},
    session::{Session, SessionContext, env::Env, gate::Gate},
    transport::peers::{self, Courier},
};

const STREAMS: Tag = Tag {
    name: "Streams",
    description: "Server-Sent Events, and what their clients have to say.",
};

/// What the handlers of one worker share.
#[derive(Clone)]
struct Site {
    env: Rc<Env>,
    gate: Arc<Gate>,
    /// The way to other nodes, where there are any.
    courier: Option<Rc<Courier>>,
}

impl FromRequest for Site {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let site = request.app_data::<Self>().cloned();
        ready(site.ok_or_else(|| ErrorInternalServerError("no streams are served here")))
    }
}

impl Takes for Site {
    fn describe(_: &mut Operation, _: &mut Schemas) {}
}

/// The streams, and the way back.
pub fn area() -> Area {
    let after = "The last `id:` that came: wins over `lastSeq`. Browsers send it by themselves.";
    Area::new("", Access::Streams).with(
        &STREAMS,
        [
            stream(
                "/sse",
                "openStream",
                self::stream::all,
                "All your events, as a stream",
            )
            .details(
                "Events have names, unless `events=unnamed` is asked for. A comment comes \
             every 25 s where nothing else does.",
            )
            .header("Last-Event-ID", after)
            .refuses([RateLimited]),
            stream(
                "/api/chat/sse",
                "openChatStream",
                self::stream::chat,
                "The events of your chat, as a stream",
            )
            .details("Events have no names, unless `events=named` is asked for.")
            .header("Last-Event-ID", after)
            .refuses([RateLimited]),
            post(
                "/api/commands",
                "sendCommand",
                commands::answer,
                "Say something as a socket would",
            )
            .details(
                "One command in, its acknowledgement out, or its error with the status that \
             its code has. The session of a stream of yours handles it: say which, by \
             `session` or by `device`. `SESSION_NOT_FOUND` says that this stream is over; any \
             other error is the command's own.",
            )
            .refuses(ErrorCode::ALL.iter().copied()),
        ],
    )
}

/// Adds the streams to the HTTP application of one worker.
pub fn routes(
    env: Rc<Env>,
    gate: Arc<Gate>,
    courier: Option<Rc<Courier>>,
) -> impl FnOnce(&mut ServiceConfig) {
    move |routes| {
        if let Some(courier) = courier.clone() {
            let env = Rc::clone(&env);
            let answer = move |request: HttpRequest, body: web::Payload| {
                passing::answer(request, body, Rc::clone(&env), Rc::clone(&courier))
            };
            routes.route(peers::COMMANDS, web::post().to(answer));
        }
        routes.app_data(Site { env, gate, courier });
        area().serve(routes);
    }
}

impl StreamHandler<Progress> for Session {
    fn handle(&mut self, _: Progress, _: &mut SessionContext) {
        self.heard();
        self.write();
    }

    /// The connection has ended. An event stream has no goodbye, so this may be a reload.
    fn finished(&mut self, ctx: &mut SessionContext) {
        self.disconnected(Leave::Reload, ctx);
    }
}
