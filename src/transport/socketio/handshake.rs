//! WebSockets: one that begins a session, or one that is to take over from long polling.

use std::{rc::Rc, sync::Arc};

use actix_http::{Request, Response, StatusCode};

use super::{
    channel::{Client, message_limits},
    fault::BadRequest,
    http::open_packet,
    link::Link,
    query::{self, Transport},
    registry::{self, Kind, PollingEndpoint, RequestPermit, Route, Sid, Sids},
    start,
};
use crate::{
    session::{
        env::Env,
        gate::{Gate, Permit},
        hello::Hello,
    },
    transport::{
        frames::{Connection, Socket, Wire},
        refusal::{Denied, Refusal},
        upgrade::{self, Taken},
    },
};

/// A WebSocket that is let in.
pub(in crate::transport) struct Admitted(Purpose);

enum Purpose {
    /// It begins a session.
    Begins(Box<Hello>, Permit),
    /// It wants to take over from long polling.
    TakesOver(Arc<PollingEndpoint>, RequestPermit),
}

/// Checks a handshake.
pub(in crate::transport) fn shake_hands(
    request: &Request,
    env: &Env,
    gate: &Gate,
    sids: &Sids,
) -> Result<(Response<()>, Admitted), Denied> {
    let head = request.head();
    let sid = query::read(head, Transport::WebSocket).map_err(|bad| bad.answer(None))?;
    let mut response = upgrade::response(request, env).map_err(|refusal| in_its_words(&refusal))?;
    let purpose = match sid {
        None => {
            let (hello, permit) = query::admit(head, env, gate)?;
            Purpose::Begins(Box::new(hello), permit)
        }
        Some(sid) => {
            let second = || BadRequest::Malformed.answer(Some("this session has a WebSocket"));
            let endpoint = match sids.find(&sid) {
                None => return Err(BadRequest::UnknownSid.answer(None)),
                Some(Route::Polling(endpoint)) if !endpoint.is_upgraded() => endpoint,
                Some(Route::Polling(_) | Route::Socket) => return Err(second()),
            };
            let permit = endpoint.acquire(Kind::Socket).ok_or_else(second)?;
            Purpose::TakesOver(endpoint, permit)
        }
    };
    Ok((response.finish().drop_body(), Admitted(purpose)))
}

/// A refusal of the handshake, as Engine.IO says it.
fn in_its_words(refusal: &Refusal) -> Denied {
    let bad = match refusal.status() {
        StatusCode::FORBIDDEN => BadRequest::Forbidden,
        StatusCode::METHOD_NOT_ALLOWED => BadRequest::HandshakeMethod,
        _ => BadRequest::Malformed,
    };
    bad.answer(Some(refusal.message()))
}

impl Admitted {
    /// Starts the session, or hands the WebSocket to the one that is there.
    pub(in crate::transport) fn begin<W: Wire>(
        self,
        taken: Taken<W>,
        env: Rc<Env>,
        sids: &Arc<Sids>,
    ) {
        let taken = Taken {
            wire: taken.wire.into_any(),
            response: taken.response,
            read_ahead: taken.read_ahead,
        };
        let (hello, permit) = match self.0 {
            Purpose::Begins(hello, permit) => (hello, permit),
            Purpose::TakesOver(endpoint, permit) => {
                // If the session has ended meanwhile, the WebSocket ends with it.
                let _ = endpoint.send(registry::Request::Socket(Box::new(taken), permit));
                return;
            }
        };
        let sid = Sid::new(&env.node);
        let socket = Socket::new(taken.wire, taken.response);
        let link = Link::socket(sid.clone(), Rc::clone(&socket));
        // Known before its client can know of it.
        let registration = sids.register(sid.clone(), Route::Socket);
        link.say(&open_packet(&sid, &[], &env.config.socketio));
        let limits = message_limits(&env.config);
        let client = Client {
            env: Rc::clone(&env),
            link: Rc::clone(&link),
            hello: *hello,
            registration,
            permit,
        };
        let connection = Connection::new(socket, taken.read_ahead, limits, None);
        start(env, link, client.on_socket(connection));
    }
}
