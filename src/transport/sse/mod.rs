//! Server-Sent Events (HTML Living Standard, section 9.2): `GET /sse` and `GET /api/chat/sse`, and `POST /api/commands` for
//! what their clients have to say.
//!
//! The session is the same as on a WebSocket, with another sink. It runs in a task of its own, not in the response's body:
//! the dispatcher polls a body only while the client reads, so the heartbeat and the timeouts of a session inside it would
//! stop with a client that stops reading.
//!
//! - `stream`: from the request to the stream. `handoff`: the bounded queue from the session to the body. `body`: the
//!   response's body. [`connection`]: the socket under it, to end it from outside.
//! - `commands`: from a posted command to its answer. `passing`: those for sessions of other nodes.
//!
//! How the end of a client is noticed:
//! - it closes its connection: at once, because the dispatcher reads on and serves no half-closed connections;
//! - it stops reading: after `outbox.write_timeout`;
//! - its network is gone: by the kernel, when a heartbeat is not acknowledged;
//! - it resets a stream of HTTP/2: at the next write, at the latest the heartbeat.

mod body;
mod commands;
pub mod connection;
mod handoff;
mod passing;
mod stream;

use std::{rc::Rc, sync::Arc};

use actix::StreamHandler;
use actix_web::{
    HttpRequest,
    web::{self, ServiceConfig},
};

use self::{handoff::Progress, stream::Flavour};
use crate::{
    delivery::leave::Leave,
    session::{Session, SessionContext, env::Env, gate::Gate},
    transport::peers::{self, Courier},
};

/// Adds the streams to the HTTP application of one worker.
pub fn routes(
    env: Rc<Env>,
    gate: Arc<Gate>,
    courier: Option<Rc<Courier>>,
) -> impl FnOnce(&mut ServiceConfig) {
    move |routes| {
        for (path, flavour) in [("/sse", Flavour::ALL), ("/api/chat/sse", Flavour::CHAT)] {
            let (env, gate) = (Rc::clone(&env), Arc::clone(&gate));
            let open = move |request: HttpRequest| {
                stream::open(request, flavour, Rc::clone(&env), Arc::clone(&gate))
            };
            routes.route(path, web::get().to(open));
        }
        if let Some(courier) = courier.clone() {
            let env = Rc::clone(&env);
            let answer = move |request: HttpRequest, body: web::Payload| {
                passing::answer(request, body, Rc::clone(&env), Rc::clone(&courier))
            };
            routes.route(peers::COMMANDS, web::post().to(answer));
        }
        let answer = move |request: HttpRequest, body: web::Payload| {
            commands::answer(request, body, Rc::clone(&env), courier.clone())
        };
        routes.route("/api/commands", web::post().to(answer));
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
