//! Server-Sent Events (HTML Living Standard, section 9.2): `GET /sse` and `GET /api/chat/sse`; and
//! `POST /api/commands`, by which their clients speak.
//!
//! The session is the same as on a WebSocket, with another sink. It runs in a task of its own, not in the response's
//! body: a body is asked for more only while its client takes something, so a session in it would stop with a client
//! that stops reading, and its heartbeat and its time limits with it.
//!
//! - `stream`: from the request to the stream. `handoff`: from the session to the body, bounded. `body`: what HTTP sends.
//! - `commands`: from a posted command to its answer. [`connection`]: ending a connection from outside.
//!
//! A client that closes its connection is noticed at once (the dispatcher reads it, and does not serve half-closed
//! connections); one that takes nothing by `outbox.write_timeout`; one whose network is gone by the kernel, which gets no
//! acknowledgement for a heartbeat. On HTTP/2 a reset stream is noticed at the next write, which is the heartbeat's at the
//! latest.

mod body;
mod commands;
pub mod connection;
mod handoff;
mod stream;

use std::{rc::Rc, sync::Arc};

use actix::{Context, StreamHandler};
use actix_web::{
    HttpRequest,
    web::{self, ServiceConfig},
};

use self::{handoff::Taken, stream::Flavour};
use crate::{
    delivery::leave::Leave,
    session::{Session, env::Env, gate::Gate},
};

/// Adds the streams to the HTTP application of one worker.
pub fn routes(env: Rc<Env>, gate: Arc<Gate>) -> impl FnOnce(&mut ServiceConfig) {
    move |routes| {
        for (path, flavour) in [("/sse", Flavour::ALL), ("/api/chat/sse", Flavour::CHAT)] {
            let (env, gate) = (Rc::clone(&env), Arc::clone(&gate));
            let open = move |request: HttpRequest| {
                stream::open(request, flavour, Rc::clone(&env), Arc::clone(&gate))
            };
            routes.route(path, web::get().to(open));
        }
        let answer = move |request: HttpRequest, body: web::Payload| {
            commands::answer(request, body, Rc::clone(&env))
        };
        routes.route("/api/commands", web::post().to(answer));
    }
}

impl StreamHandler<Taken> for Session {
    fn handle(&mut self, _: Taken, _: &mut Context<Self>) {
        self.heard();
        self.write();
    }

    /// The connection is over, without a goodbye: there is none.
    fn finished(&mut self, ctx: &mut Context<Self>) {
        self.disconnected(Leave::Reload, ctx);
    }
}
