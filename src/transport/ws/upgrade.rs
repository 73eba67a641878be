//! The handshake: from an HTTP request to a session (RFC 6455, section 4.2).
//!
//! `actix-http` hands over every request that asks to upgrade, on any path; the app's routes, CORS and
//! limits do not see them. So this checks path, method and version itself and answers the rest.
//!
//! A bad token or origin is not refused with a status, which pages cannot read, but by a session that
//! says `closing` and closes with 4001 or 4002.

use std::{convert::Infallible, rc::Rc, sync::Arc, time::Duration};

use actix::{Context, StreamHandler};
use actix_codec::{Encoder as _, Framed};
use actix_http::{
    ConnectionType, Request, Response, StatusCode, Version,
    body::{BodySize, MessageBody as _},
    h1,
    header::{self, HeaderValue},
    ws::{HandshakeError, handshake},
};
use actix_service::{ServiceFactory, fn_service};
use actix_web_actors::ws::Message;
use bytes::BytesMut;
use tokio::io::AsyncWriteExt as _;

use super::{
    connection::{Connection, Ended},
    fragments::MessageLimits,
    socket::Socket,
    wire::Wire,
};
use crate::{
    kernel::config::FOREIGN_HOST,
    protocol::{error_code::ErrorCode, fault::Fault, spec::Topics},
    session::{
        Session,
        env::Env,
        gate::{Gate, Permit},
        hello::{Credentials, Hello},
    },
    transport::{
        credentials::{self, BEARER},
        refusal::Refusal,
    },
};

/// Where WebSockets are served.
const PATH: &str = "/ws";

/// How long a client has to take the answer to a handshake that is refused.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(5);

/// The service that takes connections over on one worker.
pub fn service<W: Wire + 'static>(
    env: Rc<Env>,
    gate: Arc<Gate>,
) -> impl ServiceFactory<
    (Request, Framed<W, h1::Codec>),
    Config = (),
    Response = (),
    Error = Infallible,
    InitError = (),
> {
    fn_service(move |(request, framed): (Request, Framed<W, h1::Codec>)| {
        let (env, gate) = (Rc::clone(&env), Arc::clone(&gate));
        async move {
            take_over(request, framed, env, &gate).await;
            Ok(())
        }
    })
}

async fn take_over<W: Wire + 'static>(
    request: Request,
    framed: Framed<W, h1::Codec>,
    env: Rc<Env>,
    gate: &Gate,
) {
    let mut parts = framed.into_parts();
    match shake_hands(&request, &env, gate) {
        Ok((response, hello, permit)) => {
            let message = h1::Message::Item((response.set_body(()), BodySize::None));
            if parts.codec.encode(message, &mut parts.write_buf).is_ok() {
                let before = parts.write_buf.freeze();
                begin(
                    env,
                    Socket::new(parts.io, before),
                    parts.read_buf,
                    hello,
                    permit,
                );
            }
        }
        Err(refusal) => {
            let (mut response, body) = refusal.answer();
            response
                .head_mut()
                .set_connection_type(ConnectionType::Close);
            let size = body.size();
            let message = h1::Message::Item((response.set_body(()), size));
            let encoded = parts.codec.encode(message, &mut parts.write_buf).is_ok()
                && parts
                    .codec
                    .encode(h1::Message::Chunk(Some(body)), &mut parts.write_buf)
                    .is_ok();
            if encoded {
                let goodbye = async {
                    parts.io.write_all(&parts.write_buf).await?;
                    parts.io.shutdown().await
                };
                // A client that does not take the answer is cut off: it has nothing here.
                let _ = actix_rt::time::timeout(REFUSAL_TIMEOUT, goodbye).await;
            }
        }
    }
}

fn shake_hands(
    request: &Request,
    env: &Env,
    gate: &Gate,
) -> Result<(Response<()>, Hello, Permit), Refusal> {
    if request.path() != PATH {
        let message = format!("there is no WebSocket here; connect to {PATH}");
        return Err(Fault::new(ErrorCode::NotFound, message).into());
    }
    let hosts = request.head().headers.get_all(header::HOST);
    let mut hosts = hosts.map(|host| host.to_str().unwrap_or_default());
    if !hosts.all(|host| env.config.admits_host(host)) {
        return Err(Fault::new(ErrorCode::Forbidden, FOREIGN_HOST).into());
    }
    // RFC 6455, section 4.1: a client says HTTP/1.1 or higher.
    if request.version() < Version::HTTP_11 {
        let message = "a WebSocket needs HTTP/1.1";
        return Err(Fault::new(ErrorCode::BadRequest, message).into());
    }
    let mut response = handshake(request.head()).map_err(|fault| not_a_handshake(&fault))?;
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
    Ok((response.finish().drop_body(), hello, permit))
}

fn not_a_handshake(fault: &HandshakeError) -> Refusal {
    let status = match fault {
        HandshakeError::GetMethodRequired => StatusCode::METHOD_NOT_ALLOWED,
        // RFC 6455, section 4.4: the answer names the version that would do.
        HandshakeError::UnsupportedVersion | HandshakeError::NoVersionHeader => {
            StatusCode::UPGRADE_REQUIRED
        }
        _ => StatusCode::BAD_REQUEST,
    };
    let fault = Fault::new(ErrorCode::BadRequest, fault.to_string());
    Refusal::with_status(status, fault)
}

/// Starts the session in a task of its own, so that the HTTP dispatcher and the request are freed.
fn begin<W: Wire + 'static>(
    env: Rc<Env>,
    socket: Rc<Socket<W>>,
    read_ahead: BytesMut,
    hello: Hello,
    permit: Permit,
) {
    let limits = MessageLimits {
        bytes: env.config.limits.message_size,
        fragments: env.config.limits.fragments as usize,
    };
    // Copied: what was read shares the buffer in which the request came.
    let read_ahead = BytesMut::from(&*read_ahead);
    let connection = Connection::new(Rc::clone(&socket), read_ahead, limits, permit);
    let mut ctx = Context::new();
    <Session as StreamHandler<Result<Message, Ended>>>::add_stream(connection, &mut ctx);
    ctx.run(Session::new(env, socket, hello));
}
