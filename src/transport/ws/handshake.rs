//! From an HTTP request to a session.
//!
//! A bad token or origin is not refused with a status, which pages cannot read, but by a session that
//! says `closing` and closes with 4001 or 4002.

use std::rc::Rc;

use actix_http::{
    Request, Response,
    header::{self, HeaderValue},
};

use crate::{
    protocol::spec::Topics,
    session::{
        Session, SessionContext,
        env::Env,
        gate::{Gate, Permit},
        hello::{Credentials, Hello},
    },
    transport::{
        credentials::{self, BEARER},
        frames::{Connection, MessageLimits, Socket, Wire},
        refusal::Refusal,
        upgrade::{self, Taken},
    },
};

/// A client that may begin a session.
pub(in crate::transport) struct Admitted {
    hello: Hello,
    permit: Permit,
}

/// Checks a handshake.
pub(in crate::transport) fn shake_hands(
    request: &Request,
    env: &Env,
    gate: &Gate,
) -> Result<(Response<()>, Admitted), Refusal> {
    let mut response = upgrade::response(request, env)?;
    let now = env.store.now();
    let hello = credentials::read(request.head(), &env.config, &env.verifier, now, Topics::ALL)?;
    let in_call = match &hello.credentials {
        Credentials::Known(identity) => env.calls.is_live(&identity.user),
        Credentials::Awaited | Credentials::Refused(..) => false,
    };
    let permit = gate.admit(hello.address, in_call)?;
    let permit = permit.counted_in(env.metrics.connections.of("websocket"));
    if credentials::offers_bearer(request.head()) {
        let accepted = (
            header::SEC_WEBSOCKET_PROTOCOL,
            HeaderValue::from_static(BEARER),
        );
        response.insert_header(accepted);
    }
    let admitted = Admitted { hello, permit };
    Ok((response.finish().drop_body(), admitted))
}

impl Admitted {
    /// Starts the session in a task of its own, so that the HTTP dispatcher and the request are freed.
    pub(in crate::transport) fn begin<W: Wire + 'static>(self, taken: Taken<W>, env: Rc<Env>) {
        let limits = MessageLimits {
            bytes: env.config.limits.now().message_size,
            fragments: env.config.limits.now().fragments as usize,
            binary: false,
        };
        let Self { hello, permit } = self;
        // A client that is known has something to hear at once: the answer to its handshake leaves with that.
        let socket = match &hello.credentials {
            Credentials::Known(_) => Socket::holding(taken.wire, taken.response),
            Credentials::Awaited | Credentials::Refused(..) => {
                Socket::new(taken.wire, taken.response)
            }
        };
        let connection =
            Connection::new(Rc::clone(&socket), taken.read_ahead, limits, Some(permit));
        SessionContext::default().run(Session::new(env, socket, hello), connection);
    }
}
